import { describe, expect, it } from 'vitest';
import type { GraphNode } from '../../../../src/cincinnati/graph/graph.ts';
import { viewOf } from '../../../../src/cincinnati/graph/graph-view.ts';
import { waysAhead } from '../../../../src/cincinnati/graph/way-ahead.ts';

const node = (version: string, ageIndex: bigint, problem?: string): GraphNode => ({
  payload: version,
  scheme: 'checksum',
  version,
  ageIndex,
  deadendReason: undefined,
  problem,
});

function ahead(nodes: readonly GraphNode[], edges: readonly (readonly [number, number | undefined])[]) {
  const of = waysAhead(
    viewOf({
      nodes,
      edges: edges.map(([from, to]) => ({ from, to })),
      edgeCount: edges.length,
      warnings: [],
    }),
  );
  return nodes.map((_, place) => of(place));
}

describe('the way ahead', () => {
  it('takes the newest release at each node, whatever else an edge leads to', () => {
    const nodes = [node('1', 1n), node('2', 2n), node('3', 3n), node('4', 4n)];
    const all = [
      [0, 1],
      [0, 2],
      [1, 2],
      [2, 3],
    ] as const;
    expect(ahead(nodes, all)).toEqual([2, 2, 1, 0]);
    expect(ahead(nodes, [])).toEqual([0, 0, 0, 0]);
  });

  it('leaves out what cannot be a target, and edges to nowhere', () => {
    const nodes = [node('1', 1n), node('2', 2n), node('3', 3n, 'it has no payload')];
    const edges = [
      [0, 2],
      [0, 1],
      [1, undefined],
      [1, 7],
      [1, 1],
    ] as const;
    expect(ahead(nodes, edges)).toEqual([1, 0, 0]);
  });

  it('ends in a circle, and is quick on a long line', () => {
    const three = [node('1', 1n), node('2', 2n), node('3', 3n)];
    const circle = [
      [0, 1],
      [1, 2],
      [2, 0],
    ] as const;
    for (const count of ahead(three, circle)) {
      expect(count).toBeLessThan(three.length);
    }
    const line = Array.from({ length: 10_000 }, (_, place) => node(`${place}`, BigInt(place)));
    const counts = ahead(
      line,
      line.slice(1).map((_, place) => [place, place + 1] as const),
    );
    expect(counts[0]).toBe(9999);
    expect(counts.at(-1)).toBe(0);
  });
});
