import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { placeOfNode, splayOffsetMs } from '../../../src/strategies/splay.ts';

const MINUTE_MS = 60_000;
/** A thousand fixed nodes, as different as machine ids. */
const NODES = Array.from({ length: 1000 }, (_, index) =>
  createHash('md5').update(`node ${index}`).digest('hex'),
);

/** Chi-square of 20 equally likely bins: above 43.8 once in a thousand times. */
function chiSquare(values: readonly number[], most: number): number {
  const bins = new Array<number>(20).fill(0);
  for (const value of values) {
    bins[Math.min(19, Math.floor((value / most) * 20))]!++;
  }
  const expected = values.length / 20;
  return bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('the place of a node', () => {
  it('is the same every time, and no secret', () => {
    const place = placeOfNode('27e3ac02af3946af995c9940e18b0cce');
    expect(placeOfNode('27e3ac02af3946af995c9940e18b0cce')).toBe(place);
    // Pinned: an update of the agent must not move the nodes of a fleet.
    expect(place).toBe(0.19912795812958706);
  });

  it('is spread evenly over a fleet of a thousand', () => {
    const offsets = NODES.map((uuid) => splayOffsetMs(placeOfNode(uuid), 45, 60 * MINUTE_MS));
    expect(chiSquare(offsets, 45 * MINUTE_MS)).toBeLessThan(43.8);
    expect(new Set(offsets).size).toBeGreaterThan(800);
  });

  it('is spread evenly also where ids count upwards', () => {
    const offsets = NODES.map((_, index) => placeOfNode(index.toString(16).padStart(32, '0')));
    expect(chiSquare(offsets, 1)).toBeLessThan(43.8);
  });
});

describe('the offset', () => {
  it('lies within the splay and leaves the last minute of the window, in whole seconds', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 0, max: 10_080 }),
        fc.integer({ min: 1, max: 10_080 * MINUTE_MS }),
        (place, splayMinutes, lengthMs) => {
          const offset = splayOffsetMs(place, splayMinutes, lengthMs);
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(offset).toBeLessThanOrEqual(splayMinutes * MINUTE_MS);
          expect(offset).toBeLessThanOrEqual(Math.max(0, lengthMs - MINUTE_MS));
          expect(offset % 1000).toBe(0);
        },
      ),
      { seed: 6 },
    );
  });

  it('reaches both ends', () => {
    expect(splayOffsetMs(0, 45, 60 * MINUTE_MS)).toBe(0);
    expect(splayOffsetMs(1 - 1e-9, 45, 60 * MINUTE_MS)).toBe(45 * MINUTE_MS);
    expect(splayOffsetMs(1 - 1e-9, 45, 30 * MINUTE_MS)).toBe(29 * MINUTE_MS);
    expect(splayOffsetMs(1 - 1e-9, 45, MINUTE_MS)).toBe(0);
  });
});
