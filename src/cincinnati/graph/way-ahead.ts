/**
 * How many releases lie ahead of a node that always takes the newest one that an edge leads to. Pure; linear in the size of
 * the graph.
 *
 * Invariants:
 * - It is what the graph says now. Whom the administrator or a later graph leads elsewhere has another way.
 * - A graph that leads in a circle ends the count.
 */
import type { GraphNode } from './graph.ts';
import type { GraphView } from './graph-view.ts';

/** Of nodes by their places: the releases after each of them. Each place is counted once, whoever asks. */
export function waysAhead(
  graph: Pick<GraphView, 'nodeCount' | 'starts' | 'ends' | 'node'>,
): (place: number) => number {
  const { starts, ends, node: nodeAt } = graph;
  // Of each node its first edge, and of each edge the next one of the same node.
  const firstEdge = new Int32Array(graph.nodeCount).fill(-1);
  const nextEdge = new Int32Array(starts.length);
  for (let edge = starts.length - 1; edge >= 0; edge -= 1) {
    const start = starts[edge] ?? -1;
    nextEdge[edge] = firstEdge[start] ?? -1;
    firstEdge[start] = edge;
  }
  const newestFrom = (place: number): number | undefined => {
    let newest: number | undefined;
    let known: GraphNode | undefined;
    for (let edge = firstEdge[place] ?? -1; edge >= 0; edge = nextEdge[edge] ?? -1) {
      const end = ends[edge] ?? -1;
      const target = end === place ? undefined : nodeAt(end);
      if (
        target?.problem === undefined &&
        target !== undefined &&
        (known === undefined || isNewer(target, known))
      ) {
        newest = end;
        known = target;
      }
    }
    return newest;
  };
  const counts = new Map<number, number>();
  return (place) => {
    const way: number[] = [];
    const onTheWay = new Set<number>();
    let at: number | undefined = place;
    while (at !== undefined && !counts.has(at) && !onTheWay.has(at)) {
      way.push(at);
      onTheWay.add(at);
      at = newestFrom(at);
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
