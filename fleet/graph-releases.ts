/**
 * The releases of an update graph, for a plan: of a saved one, or of a live server.
 *
 * Invariants:
 * - The graph is checked by the agent's own code. What the agent would not take from it, no plan has.
 * - Rollouts are what they are to the policy engine.
 */
import { readGraph, wireEdges } from '../src/cincinnati/review/read-graph.ts';
import type { WireEdge } from '../src/cincinnati/policy/offered-edges.ts';
import { readSmallFile } from '../src/files/read-small-file.ts';
import type { PlannedRelease } from '../src/fleet/plan.ts';
import { DAY_MS, MEBIBYTE } from '../src/text/units.ts';
import { isAddress } from './graph/graph-address.ts';
import type { GraphScope } from './graph/graph-scope.ts';
import { fetchGraph } from './graph/graph-source.ts';

const LARGEST_GRAPH = 64 * MEBIBYTE;

/** A file or an address; `scope` is what a server is asked for. Rejects with an error that says what is wrong. */
export async function graphBytes(source: string, scope: GraphScope): Promise<Buffer> {
  return isAddress(source) ? (await fetchGraph(source, scope)).bytes : readSmallFile(source, LARGEST_GRAPH);
}

/** All are published before `fromAt`. Throws an error that says what is wrong with the graph. */
export function graphReleases(
  bytes: Uint8Array,
  fromAt: number,
): { readonly releases: readonly PlannedRelease[]; readonly edges: readonly WireEdge[] } {
  const read = readGraph(bytes);
  const { nodes } = read.graph;
  const ranks = nodes
    .map(({ problem, ageIndex }, index) => ({ problem, ageIndex, index }))
    .filter(({ problem, ageIndex }) => problem === undefined && ageIndex !== undefined)
    .toSorted((a, b) => Number((a.ageIndex ?? 0n) - (b.ageIndex ?? 0n)) || a.index - b.index)
    .map(({ index }) => index);
  const places = new Map(ranks.map((index, place) => [index, place]));
  const releases = ranks.map((index): PlannedRelease => {
    const { version = '', payload = '', deadendReason } = nodes[index] ?? {};
    const rollout = read.entries[index]?.rollout;
    return {
      version,
      checksum: payload.slice(payload.lastIndexOf(':') + 1),
      publishedAt: fromAt - DAY_MS,
      isBad: false,
      ...(deadendReason !== undefined && { deadend: deadendReason }),
      ...(rollout !== undefined && { rollout }),
    };
  });
  if (releases.length === 0) {
    throw new Error('it must have a release that a node can take, got none');
  }
  return {
    releases,
    edges: wireEdges(read).flatMap(([from, to]): WireEdge[] => {
      const [a, b] = [places.get(from), places.get(to)];
      return a === undefined || b === undefined ? [] : [[a, b]];
    }),
  };
}
