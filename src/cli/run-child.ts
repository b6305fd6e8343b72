/**
 * Runs a program in the place of this one: with its terminal, its folder and its signals.
 *
 * Invariants:
 * - No shell looks at the words.
 * - A signal from the terminal reaches the program once. The terminal itself sends it to all of its foreground.
 */
import { spawn } from 'node:child_process';

import { errorCode } from '../files/error-code.ts';
import { readSmallText } from '../files/read-small-file.ts';
import { messageOf } from '../errors.ts';
import { type CaughtSignals, exitCodeOfSignal } from './caught-signals.ts';

/** As shells have them. */
const NOT_RUNNABLE = 126;
const NOT_FOUND = 127;

export interface Ended {
  readonly code: number;
  /** Why it could not be run. */
  readonly trouble?: string;
}

/** Resolves when it has ended. Never rejects. */
export function runChild([program = '', ...args]: readonly string[], signals: CaughtSignals): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    signals.passTo((name) => {
      void isFromTerminal(name).then((isSent) => {
        if (!isSent) {
          child.kill(name);
        }
      });
    });
    const over = (ended: Ended): void => {
      signals.passTo(() => undefined);
      resolve(ended);
    };
    child.once('error', (error) => {
      // A signal that cannot be sent is no end.
      if (child.pid === undefined) {
        const code = errorCode(error) === 'ENOENT' ? NOT_FOUND : NOT_RUNNABLE;
        over({ code, trouble: `cannot run it: ${messageOf(error)}` });
      }
    });
    child.once('exit', (code, signal) => {
      over({ code: signal === null ? (code ?? 1) : exitCodeOfSignal(signal) });
    });
  });
}

/** Whether the terminal has sent it to the program already. */
async function isFromTerminal(name: NodeJS.Signals): Promise<boolean> {
  if (name !== 'SIGINT' && name !== 'SIGQUIT') {
    return false;
  }
  try {
    return isForeground(await readSmallText('/proc/self/stat'));
  } catch {
    return false;
  }
}

/** `stat`: of a process, as /proc has it. Whether its group is the foreground of its terminal. Pure. */
export function isForeground(stat: string): boolean {
  // The name before it may have blanks and brackets.
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group !== undefined && group === foreground;
}
