/** Circles of a graph with directed edges. Pure. */

/** Whoever mends ten sees the others then. */
const MOST_CIRCLES = 10;

interface Arrow {
  readonly from: number;
  readonly to: number;
}

/** Each as its edges, in order. Once an edge closed a circle, no other circle has it. */
export function findCircles<Edge extends Arrow>(
  nodes: number,
  edges: readonly Edge[],
): readonly (readonly Edge[])[] {
  const circles: (readonly Edge[])[] = [];
  let rest = edges.filter(({ from, to }) => from !== to);
  while (circles.length < MOST_CIRCLES) {
    rest = inCircles(nodes, rest);
    const circle = firstCircle(rest);
    if (circle === undefined) {
      return circles;
    }
    circles.push(circle);
    const closing = circle.at(-1);
    rest = rest.filter((edge) => edge !== closing);
  }
  return circles;
}

/** Without the edges out of nodes that nothing leads into, over and over. What is left leads out of circles. */
function inCircles<Edge extends Arrow>(nodes: number, edges: readonly Edge[]): Edge[] {
  const entering = new Uint32Array(nodes);
  const out = new Map<number, Edge[]>();
  for (const edge of edges) {
    entering[edge.to] = (entering[edge.to] ?? 0) + 1;
    const known = out.get(edge.from);
    if (known === undefined) {
      out.set(edge.from, [edge]);
    } else {
      known.push(edge);
    }
  }
  const free = [...out.keys()].filter((node) => entering[node] === 0);
  const gone = new Set<number>();
  for (let node = free.pop(); node !== undefined; node = free.pop()) {
    gone.add(node);
    for (const { to } of out.get(node) ?? []) {
      entering[to] = (entering[to] ?? 1) - 1;
      if (entering[to] === 0) {
        free.push(to);
      }
    }
  }
  return edges.filter(({ from }) => !gone.has(from));
}

/** Every node that is left has an edge into it, so a way back from any of them comes to a node again. */
function firstCircle<Edge extends Arrow>(edges: readonly Edge[]): readonly Edge[] | undefined {
  const into = new Map<number, Edge>();
  for (const edge of edges) {
    if (!into.has(edge.to)) {
      into.set(edge.to, edge);
    }
  }
  const [start] = edges;
  const seen = new Map<number, number>();
  const way: Edge[] = [];
  for (let node = start?.from; node !== undefined;) {
    const before = seen.get(node);
    if (before !== undefined) {
      return way.slice(before).toReversed();
    }
    seen.set(node, way.length);
    const edge: Edge | undefined = into.get(node);
    if (edge === undefined) {
      return undefined;
    }
    way.push(edge);
    node = edge.from;
  }
  return undefined;
}
