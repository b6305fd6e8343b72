import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { findCircles } from '../../../../src/cincinnati/review/find-circles.ts';

const edge = fc.record({ from: fc.nat(7), to: fc.nat(7) });

describe('findCircles', () => {
  it('finds circles alone, and one wherever there is one', () => {
    fc.assert(
      fc.property(fc.array(edge, { maxLength: 20 }), (edges) => {
        const circles = findCircles(8, edges);
        for (const circle of circles) {
          expect(circle.length).toBeGreaterThan(1);
          for (const [index, { to }] of circle.entries()) {
            expect(circle[(index + 1) % circle.length]!.from).toBe(to);
          }
        }
        expect(circles.length > 0).toBe(hasCircle(edges.filter(({ from, to }) => from !== to)));
      }),
    );
  });

  it('ends, and names at most ten', () => {
    const edges = Array.from({ length: 50 }, (_, from) =>
      Array.from({ length: 50 }, (_unused, to) => ({ from, to })),
    ).flat();
    expect(findCircles(50, edges)).toHaveLength(10);
  });
});

/** By reaching: the slow way. */
function hasCircle(edges: readonly { readonly from: number; readonly to: number }[]): boolean {
  const reach = new Set(edges.map(({ from, to }) => `${from} ${to}`));
  for (let round = 0; round < 8; round++) {
    for (const pair of [...reach]) {
      const [from, to] = pair.split(' ');
      for (const next of edges.filter((each) => String(each.from) === to)) {
        reach.add(`${from} ${next.to}`);
      }
    }
  }
  return [...reach].some((pair) => pair.split(' ')[0] === pair.split(' ')[1]);
}
