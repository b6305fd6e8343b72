/**
 * Standard output and standard error of a command.
 *
 * Invariants:
 * - A reader that has seen enough, such as `head`, is no failure. What was asked for is still done.
 * - Output that is lost for another reason, such as a full disk, is told, and ends with 1.
 * - A stream is made when it is first written to. A command that needs none does not pay for it.
 */
import { messageOf } from '../errors.ts';
import { errorCode } from '../files/error-code.ts';
import { EXIT } from './exit-codes.ts';

type Name = 'stdout' | 'stderr';

const guarded = new Set<Name>();
const closed = new Set<Name>();
let isEndless = false;

export function out(text: string): void {
  write('stdout', text);
}

export function err(text: string): void {
  write('stderr', text);
}

/** For what would go on for ever: from now on the process ends when nobody reads it any more. */
export function endWithReader(): void {
  isEndless = true;
  if (closed.has('stdout')) {
    process.exit();
  }
}

function write(name: Name, text: string): void {
  const stream = process[name];
  if (!guarded.has(name)) {
    guarded.add(name);
    stream.on('error', (error) => lost(name, error));
  }
  if (!closed.has(name)) {
    stream.write(text);
  }
}

function lost(name: Name, error: unknown): void {
  closed.add(name);
  if (errorCode(error) === 'EPIPE') {
    if (isEndless) {
      process.exit();
    }
    return;
  }
  if (name === 'stdout') {
    err(`cannot print: ${messageOf(error)}\n`);
  }
  process.exit(EXIT.failure);
}
