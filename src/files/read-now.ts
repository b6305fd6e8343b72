/**
 * Reads a small file at once, for commands that have nothing else to do meanwhile: it costs them no thread.
 *
 * Invariants:
 * - Only a regular file is read, from one opened descriptor, and at most so many bytes.
 * - Opening waits for nobody: not for the writer of a FIFO, not for a device or a lease.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** O_NOCTTY: a terminal does not become that of this process. */
export const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Throws the system's error, or Error for what is no regular file or is larger than `maxBytes`. */
export function readNow(path: string, maxBytes: number): Uint8Array {
  const file = openSync(path, READ_FLAGS);
  try {
    if (!fstatSync(file).isFile()) {
      throw new Error('it must be a regular file');
    }
    // One byte more than allowed tells whether the file ends there.
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (let got = 1; got > 0 && length < buffer.length; length += got) {
      got = readSync(file, buffer, length, buffer.length - length, null);
    }
    if (length > maxBytes) {
      throw new Error(`it must have at most ${maxBytes} bytes`);
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
