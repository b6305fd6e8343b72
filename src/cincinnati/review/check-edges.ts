/**
 * Findings about the edges of a graph: where they lead, over what, and whom they leave behind. Pure; linear in the size of
 * the graph but for circles, of which it looks for a few.
 */
import type { GraphNode } from '../graph/graph.ts';
import type { Placed } from '../../text/json-places.ts';
import { printable } from '../../text/printable.ts';
import { findCircles } from './find-circles.ts';
import { type Findings, itemAt, type Located, memberAt } from './finding.ts';
import type { ReadGraph } from './read-graph.ts';

export interface PlacedEdge {
  readonly from: number;
  readonly to: number;
  readonly at: Located;
}

export function checkEdges(findings: Findings, root: Placed, read: ReadGraph): void {
  const list = memberAt({ place: root, path: '' }, 'edges');
  if (list.place?.kind !== 'list') {
    findings.warn(
      'no-edges',
      list,
      'edges should be a list, an empty one where there are none: Zincati and the policy engine refuse a graph without it',
    );
  }
  const edges = goodEdges(findings, list, read.graph.nodes.length);
  reportRepeated(findings, edges);
  for (const edge of edges) {
    reportEdge(findings, edge, read);
  }
  reportJumps(findings, edges, read);
  for (const circle of findCircles(read.graph.nodes.length, edges)) {
    const [first] = circle;
    const way = [...circle, ...circle.slice(0, 1)].map(({ from }) => nameOf(read, from)).join(' -> ');
    if (first !== undefined && circle.length > 1) {
      findings.error('circle', first.at, printable(`edges must not lead in a circle, got ${way}`));
    }
  }
  reportLeftBehind(findings, { place: root, path: '' }, edges, read);
}

/** What the agent counts as an edge, with its place. The others are findings. */
function goodEdges(findings: Findings, list: Located, nodeCount: number): readonly PlacedEdge[] {
  const { place } = list;
  if (place?.kind !== 'list') {
    return [];
  }
  const good: PlacedEdge[] = [];
  for (const [index, edge] of place.items.entries()) {
    const at = itemAt(list, index);
    const ends = edge.kind === 'list' ? edge.items.map(numberOf) : [];
    const [from, to] = ends;
    const isNode = (end: number | undefined): end is number =>
      end !== undefined && Number.isInteger(end) && end >= 0 && end < nodeCount;
    if (ends.length === 2 && isNode(from) && isNode(to)) {
      good.push({ from, to, at });
    } else {
      findings.error(
        'edge-astray',
        at,
        `an edge must be two indices of nodes (there are ${nodeCount}), got ${shown(edge)}`,
      );
    }
  }
  return good;
}

function numberOf(place: Placed): number | undefined {
  return place.kind === 'scalar' && typeof place.value === 'number' ? place.value : undefined;
}

function shown(edge: Placed): string {
  if (edge.kind === 'list' && edge.items.length <= 3) {
    return `[${edge.items.map((item) => (item.kind === 'scalar' ? shownScalar(item.value) : `a ${item.kind}`)).join(', ')}]`;
  }
  return edge.kind === 'scalar'
    ? shownScalar(edge.value)
    : edge.kind === 'list'
      ? `a list of ${edge.items.length}`
      : 'an object';
}

function shownScalar(value: string | number | boolean | null): string {
  return printable(JSON.stringify(value).slice(0, 80));
}

function reportRepeated(findings: Findings, edges: readonly PlacedEdge[]): void {
  const seen = new Set<string>();
  for (const { from, to, at } of edges) {
    const key = `${from} ${to}`;
    if (seen.has(key)) {
      findings.warn('repeated-edge', at, `an edge should be there once, got [${from}, ${to}] again`);
    }
    seen.add(key);
  }
}

function reportEdge(findings: Findings, { from, to, at }: PlacedEdge, read: ReadGraph): void {
  const [source, target] = [read.graph.nodes[from], read.graph.nodes[to]];
  if (from === to) {
    findings.error(
      'edge-to-itself',
      at,
      `an edge must lead to another release, got ${nameOf(read, from)} to itself`,
    );
    return;
  }
  if (
    source?.ageIndex !== undefined &&
    target?.ageIndex !== undefined &&
    target.ageIndex <= source.ageIndex
  ) {
    findings.error(
      'edge-back',
      at,
      `an edge must lead to a newer release, got ${nameOf(read, from)} (age_index ${source.ageIndex}) to ${nameOf(read, to)} (age_index ${target.ageIndex}): agents refuse a downgrade`,
    );
  }
  if (read.entries[from]?.deadend !== undefined) {
    findings.warn(
      'edge-out-of-deadend',
      at,
      `no edge should lead out of a dead-end, got ${nameOf(read, from)} to ${nameOf(read, to)}: servers take it away, and a static file does not`,
    );
  }
  if (read.entries[to]?.deadend !== undefined) {
    findings.warn(
      'edge-into-deadend',
      at,
      `nodes that take ${nameOf(read, to)} get no further update: it is a dead-end`,
    );
  }
}

/** Edges over a barrier: such a node misses what the barrier is there for. */
function reportJumps(findings: Findings, edges: readonly PlacedEdge[], read: ReadGraph): void {
  const { graph, entries } = read;
  const barriers = graph.nodes
    .map(({ ageIndex }, index) => ({ ageIndex, index }))
    .filter((barrier): barrier is { ageIndex: bigint; index: number } => {
      const { ageIndex, index } = barrier;
      return ageIndex !== undefined && entries[index]?.barrier !== undefined;
    })
    .toSorted((a, b) => (a.ageIndex < b.ageIndex ? -1 : 1));
  for (const { from, to, at } of edges) {
    const [low, high] = [graph.nodes[from]?.ageIndex, graph.nodes[to]?.ageIndex];
    if (low === undefined || high === undefined) {
      continue;
    }
    const over = barriers[firstAbove(barriers, low)];
    if (over !== undefined && over.ageIndex < high) {
      findings.error(
        'barrier-jumped',
        at,
        `no edge must lead over a barrier, got ${nameOf(read, from)} to ${nameOf(read, to)} over ${nameOf(read, over.index)}`,
      );
    }
  }
}

/** The place of the first barrier that is newer. */
function firstAbove(barriers: readonly { readonly ageIndex: bigint }[], ageIndex: bigint): number {
  let [low, high] = [0, barriers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const isAbove = (barriers[middle]?.ageIndex ?? ageIndex) > ageIndex;
    [low, high] = isAbove ? [low, middle] : [middle + 1, high];
  }
  return low;
}

function reportLeftBehind(
  findings: Findings,
  root: Located,
  edges: readonly PlacedEdge[],
  read: ReadGraph,
): void {
  const { graph, entries } = read;
  const list = memberAt(root, 'nodes');
  const [left, entered] = [new Set<number>(), new Set<number>()];
  for (const { from, to } of edges.filter((edge) => edge.from !== edge.to)) {
    left.add(from);
    entered.add(to);
  }
  const rank = (node: GraphNode | undefined): bigint =>
    node?.problem === undefined ? (node?.ageIndex ?? -1n) : -1n;
  const ranks = graph.nodes.map(rank);
  const highest = (places: Iterable<number>): number =>
    [...places].reduce((top, place) => ((ranks[place] ?? -1n) > (ranks[top] ?? -1n) ? place : top), -1);
  const lastTarget = highest(entered);
  const newest = highest(ranks.keys());
  const oldest = ranks.reduce(
    (low, rankOf, place) => (rankOf >= 0n && (low < 0 || rankOf < (ranks[low] ?? 0n)) ? place : low),
    -1,
  );
  for (const [index, rankOf] of ranks.entries()) {
    const isOlder = rankOf >= 0n && rankOf < (ranks[lastTarget] ?? -1n);
    if (isOlder && !left.has(index) && entries[index]?.deadend === undefined) {
      findings.error(
        'stranded',
        itemAt(list, index),
        `an edge must lead out of ${nameOf(read, index)}, or it must be a dead-end: its nodes would stay there and not be told`,
      );
    }
    if (
      entries[index]?.barrier !== undefined &&
      index !== oldest &&
      !entered.has(index) &&
      entries[index].rollout === undefined
    ) {
      findings.warn(
        'barrier-unreached',
        itemAt(list, index),
        `no edge leads into the barrier ${nameOf(read, index)}`,
      );
    }
  }
  const isAlone = graph.nodes.length < 2;
  if (!isAlone && newest >= 0 && !entered.has(newest) && entries[newest]?.rollout === undefined) {
    findings.warn(
      'newest-unreached',
      itemAt(list, newest),
      `no edge leads into the newest release, ${nameOf(read, newest)}: no node gets it`,
    );
  }
}

function nameOf({ graph }: ReadGraph, index: number): string {
  const version = graph.nodes[index]?.version ?? '';
  return version === '' ? `nodes[${index}]` : version;
}
