import { describe, expect, it } from 'vitest';

import { rustHash, sipHash } from '../../../../src/cincinnati/policy/siphash.ts';

describe('SipHash', () => {
  it('is as its authors have it: SipHash-2-4 of the bytes 0 to 14', () => {
    const bytes = Uint8Array.from({ length: 15 }, (_, index) => index);
    const key = [0x0706050403020100n, 0x0f0e0d0c0b0a0908n] as const;
    expect(sipHash(bytes, { rounds: [2, 4], key })).toBe(0xa129ca6149be45e5n);
  });

  it.each([
    ['', 3476900567878811119n],
    ['node-1', 1842477289928040669n],
    ['0123456789abcdef0123456789abcdef', 13257554401969295008n],
  ])('of %j is what Rust makes of it', (text, hash) => {
    expect(rustHash(text)).toBe(hash);
  });
});
