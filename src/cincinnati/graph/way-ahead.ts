/**
 * How many releases lie ahead of a node that always takes the newest one that an edge leads to. Pure; linear in the size of
 * the graph.
 *
 * Invariants:
 * - It is what the graph says now. Whom the administrator or a later graph leads elsewhere has another way.
 * - A graph that leads in a circle ends the count.
 */
import type { Graph, GraphNode } from './graph.ts';

/** Of `nodes` by their places: the releases after each of them. Each place is counted once, whoever asks. */
export function waysAhead({ nodes, edges }: Pick<Graph, 'nodes' | 'edges'>): (place: number) => number {
  const next = new Map<number, number>();
  for (const { from, to } of edges) {
    const target = nodes[to ?? -1];
    if (to !== undefined && target !== undefined && target.problem === undefined && to !== from) {
      const known = nodes[next.get(from) ?? -1];
      if (known === undefined || isNewer(target, known)) {
        next.set(from, to);
      }
    }
  }
  const counts = new Map<number, number>();
  return (place) => {
    const way: number[] = [];
    const onTheWay = new Set<number>();
    let at: number | undefined = place;
    while (at !== undefined && !counts.has(at) && !onTheWay.has(at)) {
      way.push(at);
      onTheWay.add(at);
      at = next.get(at);
    }
    // What comes after the last one of the way: counted before, or nothing.
    let count = at === undefined ? -1 : (counts.get(at) ?? -1);
    for (const step of way.toReversed()) {
      count += 1;
      counts.set(step, count);
    }
    return counts.get(place) ?? 0;
  };
}

function isNewer(one: GraphNode, other: GraphNode): boolean {
  const [a, b] = [one.ageIndex ?? -1n, other.ageIndex ?? -1n];
  return a === b ? one.version > other.version : a > b;
}
