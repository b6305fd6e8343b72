/** What the selection looks at in a graph: two ways to keep one, and one way to ask it. Pure. */
import type { Graph, GraphNode } from './graph.ts';

export interface GraphView {
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly warnings: readonly string[];
  /** Of each edge that starts at a node: the place of that node. */
  readonly starts: readonly number[];
  /** Of the same edges: the place of the node that it leads to; -1: it leads nowhere. */
  readonly ends: readonly number[];
  /** The node at a place: the same object each time. Undefined where there is none. */
  readonly node: (place: number) => GraphNode | undefined;
  /** Ascending places of nodes whose payload ends like this: all of them, and perhaps some others. */
  readonly placesOf: (payloadEnd: string) => readonly number[];
}

/** A graph that was parsed whole. */
export function viewOf({ nodes, edges, edgeCount, warnings }: Graph): GraphView {
  return {
    nodeCount: nodes.length,
    edgeCount,
    warnings,
    starts: edges.map(({ from }) => from),
    ends: edges.map(({ to }) => to ?? -1),
    node: (place) => nodes[place],
    placesOf: (payloadEnd) =>
      nodes.flatMap(({ payload }, place) => (payload.endsWith(payloadEnd) ? [place] : [])),
  };
}
