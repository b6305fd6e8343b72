/**
 * Writes to standard error at once, whatever is at its other end.
 *
 * Invariants:
 * - A call returns when the text is written or given up. It never throws.
 * - A full pipe is waited for, but not for long.
 */
import { writeSync } from 'node:fs';

import { errorCode } from '../files/error-code.ts';

const STDERR_FD = 2;
/**
 * A reader that is only slow empties a pipe within so many waits. The agent has better things to do than wait longer.
 */
const MOST_WAITS = 20;
const WAIT_MS = 5;

export function writeToStderr(text: string, write: (bytes: Buffer) => number = writeOnce): void {
  let left = Buffer.from(text);
  let waits = 0;
  while (left.length > 0) {
    try {
      left = left.subarray(write(left));
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EINTR') {
        continue;
      }
      // EPIPE, EBADF, ENOSPC and the like: nobody reads, and there is no other place to say so.
      if (code !== 'EAGAIN' || waits++ >= MOST_WAITS) {
        return;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
    }
  }
}

function writeOnce(bytes: Buffer): number {
  return writeSync(STDERR_FD, bytes);
}
