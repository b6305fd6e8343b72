/**
 * SipHash with 64 bits of result. Rust's `DefaultHasher` is SipHash-1-3 with a key of zeros, and hashes a text as its
 * bytes and one byte 0xff. Pure.
 */

const MASK = 0xffff_ffff_ffff_ffffn;

export interface SipHashOptions {
  /** Rounds for each block of 8 bytes, and at the end. */
  readonly rounds: readonly [block: number, end: number];
  readonly key: readonly [bigint, bigint];
}

const RUST: SipHashOptions = { rounds: [1, 3], key: [0n, 0n] };

/** What Rust's `DefaultHasher` makes of a text. */
export function rustHash(text: string): bigint {
  return sipHash(Buffer.concat([Buffer.from(text), Buffer.of(0xff)]), RUST);
}

/** An unsigned number of 64 bits. */
export function sipHash(bytes: Uint8Array, { rounds, key: [k0, k1] }: SipHashOptions): bigint {
  let [v0, v1] = [0x736f6d6570736575n ^ k0, 0x646f72616e646f6dn ^ k1];
  let [v2, v3] = [0x6c7967656e657261n ^ k0, 0x7465646279746573n ^ k1];
  const mix = (count: number): void => {
    for (let round = 0; round < count; round++) {
      v0 = (v0 + v1) & MASK;
      v2 = (v2 + v3) & MASK;
      v1 = turned(v1, 13n) ^ v0;
      v3 = turned(v3, 16n) ^ v2;
      v0 = turned(v0, 32n);
      v2 = (v2 + v1) & MASK;
      v0 = (v0 + v3) & MASK;
      v1 = turned(v1, 17n) ^ v2;
      v3 = turned(v3, 21n) ^ v0;
      v2 = turned(v2, 32n);
    }
  };
  // The last block has what is left of the bytes, and their number as its highest byte.
  const padded = Buffer.alloc((Math.floor(bytes.length / 8) + 1) * 8);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length & 0xff;
  for (let at = 0; at < padded.length; at += 8) {
    const block = padded.readBigUInt64LE(at);
    v3 ^= block;
    mix(rounds[0]);
    v0 ^= block;
  }
  v2 ^= 0xffn;
  mix(rounds[1]);
  return v0 ^ v1 ^ v2 ^ v3;
}

function turned(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & MASK;
}
