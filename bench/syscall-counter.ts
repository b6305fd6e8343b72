/** Counts the system calls of a running process with strace, where strace exists and may attach. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';

const ATTACH_TIMEOUT_MS = 5000;

export interface SyscallCount {
  readonly all: number;
  /** Programs that were run, and processes and threads that were created. */
  readonly births: number;
}

const BIRTHS: ReadonlySet<string> = new Set(['execve', 'execveat', 'fork', 'vfork', 'clone', 'clone3']);

/** `during` begins when all threads are watched. Undefined if there is no strace, or it may not attach. */
export async function countSyscalls(
  pid: number,
  file: string,
  during: () => Promise<void>,
): Promise<SyscallCount | undefined> {
  const tracer = spawn('strace', ['-f', '-c', '-o', file, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(tracer, 'close').then(
    () => false,
    () => false,
  );
  const attached = new Promise<boolean>((resolve) => {
    tracer.stderr.on('data', (chunk: Buffer) => {
      if (chunk.includes('attached')) {
        resolve(true);
      }
    });
    setTimeout(() => resolve(false), ATTACH_TIMEOUT_MS).unref();
  });
  if (!(await Promise.race([attached, ended]))) {
    tracer.kill('SIGKILL');
    return undefined;
  }
  try {
    await during();
  } finally {
    tracer.kill('SIGINT');
    await ended;
  }
  const counted = parseSummary(readFileSync(file, 'utf8'));
  rmSync(file, { force: true });
  return counted;
}

/** Reads the table of `strace -c`. */
export function parseSummary(text: string): SyscallCount {
  let all = 0;
  let births = 0;
  for (const match of text.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?([a-z_]\w*)\s*$/gm)) {
    const calls = Number(match[1]);
    const name = match[2] ?? '';
    if (name === 'total') {
      continue;
    }
    all += calls;
    if (BIRTHS.has(name)) {
      births += calls;
    }
  }
  return { all, births };
}
