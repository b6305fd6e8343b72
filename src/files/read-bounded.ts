/** Reads a small regular file; never blocks on what turned into a FIFO meanwhile, never reads more than the limit and a byte. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

export async function readBounded(path: string, maxBytes: number): Promise<Uint8Array> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (!(await file.stat()).isFile()) {
    throw new Error('it must be a regular file');
  }
  const buffer = Buffer.alloc(maxBytes + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
    if (bytesRead === 0) {
      return Uint8Array.from(buffer.subarray(0, length));
    }
    length += bytesRead;
    if (length > maxBytes) {
      throw new Error(`it must be at most ${maxBytes} bytes long`);
    }
  }
}
