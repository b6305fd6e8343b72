/** The program as its sources have it, in a process of its own, as an operator runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import type { Outcome } from './operator.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
/** Far more than any of the tests needs. */
const LIMIT_MS = 60_000;

export interface SourceProgramOptions {
  readonly root: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningProgram {
  readonly child: ChildProcess;
  /** Resolves when it has ended and all that it wrote was read. */
  readonly outcome: Promise<Outcome>;
  /** Resolves when its standard error has the text. Rejects when it ends without. */
  said(text: string): Promise<void>;
  /** The same for standard output. */
  printed(text: string): Promise<void>;
}

/** `args`: the words after `zincati`. `--root` stands first, since a program to run may stand last. */
export function startProgram({ root, env }: SourceProgramOptions, ...args: string[]): RunningProgram {
  const child = spawn(process.execPath, [MAIN, '--root', root, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TZ: 'Europe/Berlin', ...env },
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const texts = { stdout: '', stderr: '' };
  let wake = Promise.withResolvers<undefined>();
  const rouse = (): void => {
    wake.resolve(undefined);
    wake = Promise.withResolvers();
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
      rouse();
    });
  }
  let isOver = false;
  const outcome = (once(child, 'close') as Promise<[number | null]>).then(([code]): Outcome => {
    clearTimeout(timer);
    isOver = true;
    rouse();
    return { code, ...texts };
  });
  const has = async (name: 'stdout' | 'stderr', text: string): Promise<void> => {
    while (!texts[name].includes(text)) {
      if (isOver) {
        throw new Error(
          `it ended, and ${name} must have ${JSON.stringify(text)}, got ${JSON.stringify(texts)}`,
        );
      }
      await wake.promise;
    }
  };
  return {
    child,
    outcome,
    said: (text) => has('stderr', text),
    printed: (text) => has('stdout', text),
  };
}

export function runProgram(options: SourceProgramOptions, ...args: string[]): Promise<Outcome> {
  return startProgram(options, ...args).outcome;
}
