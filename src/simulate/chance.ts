/**
 * Chance that can be drawn again: a number that depends on who draws, what for, and the how-manieth time. Pure.
 *
 * Invariant: no draw depends on another one. So a change in one node's life leaves the luck of all others as it was.
 */

/** In [0, 1). The same four give the same number, on every machine. */
export function draw(seed: number, who: string, purpose: string, n: number): number {
  return mixed(hashed(`${seed}/${who}/${purpose}/${n}`)) / 2 ** 32;
}

/** A roll for jitter, 0..10. */
export function roll(seed: number, who: string, n: number): number {
  return Math.floor(draw(seed, who, 'jitter', n) * 11);
}

/** FNV-1a of the text's UTF-16 units. */
function hashed(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** The finalizer of MurmurHash3: spreads what differs in a few bits over all of them. */
export function mixed(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
