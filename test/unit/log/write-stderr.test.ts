import { describe, expect, it } from 'vitest';
import { writeToStderr } from '../../../src/log/write-stderr.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('writeToStderr', () => {
  it('goes on where a write ended, counting bytes', () => {
    let got = Buffer.alloc(0);
    writeToStderr('größer\n', (bytes) => {
      const part = bytes.subarray(0, 3);
      got = Buffer.concat([got, part]);
      return part.length;
    });
    expect(got.toString()).toBe('größer\n');
  });

  it('waits for a full pipe, but not for ever', () => {
    let attempts = 0;
    writeToStderr('x', () => {
      attempts += 1;
      if (attempts < 5) {
        throw systemError('EAGAIN');
      }
      return 1;
    });
    expect(attempts).toBe(5);
    attempts = 0;
    writeToStderr('x', () => {
      attempts += 1;
      throw systemError('EAGAIN');
    });
    expect(attempts).toBeLessThan(50);
  });

  it.each(['EPIPE', 'EBADF', 'ENOSPC', 'EIO'])('gives up in silence on %s', (code) => {
    let attempts = 0;
    writeToStderr('x', () => {
      attempts += 1;
      throw systemError(code);
    });
    expect(attempts).toBe(1);
  });
});
