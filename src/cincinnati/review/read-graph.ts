/**
 * A graph with what servers look at besides: barriers, dead-ends, rollouts. Pure.
 *
 * Invariants:
 * - The agent's own code reads the graph. What it refuses is refused here.
 * - Metadata means what it means to Fedora CoreOS's policy engine: a key `rollout` or `barrier` counts whatever it says.
 */
import { type Graph, parseGraph } from '../graph/graph.ts';
import { type Audience, offeredEdges, type PolicyEntry, type WireEdge } from '../policy/offered-edges.ts';
import { readRollout } from '../policy/rollout.ts';
import { GRAPH_JSON, parseJsonBytes } from '../../text/bounded-json.ts';

const PREFIX = 'org.fedoraproject.coreos.';
export const KEYS = {
  scheme: `${PREFIX}scheme`,
  ageIndex: `${PREFIX}releases.age_index`,
  barrier: `${PREFIX}updates.barrier`,
  barrierReason: `${PREFIX}updates.barrier_reason`,
  deadend: `${PREFIX}updates.deadend`,
  deadendReason: `${PREFIX}updates.deadend_reason`,
  rollout: `${PREFIX}updates.rollout`,
  startEpoch: `${PREFIX}updates.start_epoch`,
  startValue: `${PREFIX}updates.start_value`,
  durationMinutes: `${PREFIX}updates.duration_minutes`,
} as const;

export type NodeTexts = ReadonlyMap<string, string>;

export interface ReadGraph {
  readonly graph: Graph;
  /** Of each node: the texts of its metadata. */
  readonly metadata: readonly NodeTexts[];
  /** Of each node: what the policy looks at. */
  readonly entries: readonly PolicyEntry[];
  /** The nodes as they were written. */
  readonly nodes: readonly unknown[];
}

/** Throws CincinnatiError, JsonLimitError, or SyntaxError when it is no JSON. */
export function readGraph(bytes: Uint8Array): ReadGraph {
  return readGraphJson(parseJsonBytes(bytes, GRAPH_JSON));
}

/** Of decoded JSON. Throws CincinnatiError. */
export function readGraphJson(json: unknown): ReadGraph {
  const graph = parseGraph(json);
  const written: unknown = own(json, 'nodes');
  const nodes: readonly unknown[] = Array.isArray(written) ? written : [];
  const metadata = nodes.map((node): NodeTexts => {
    const texts = own(node, 'metadata');
    const entries = typeof texts === 'object' && texts !== null ? Object.entries(texts) : [];
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  });
  return { graph, metadata, entries: metadata.map(policyEntry), nodes };
}

/** What the policy makes of the metadata of a node. */
export function policyEntry(texts: NodeTexts): PolicyEntry {
  return {
    ...(texts.has(KEYS.barrier) && { barrier: texts.get(KEYS.barrierReason) ?? '' }),
    ...(texts.get(KEYS.deadend) === 'true' && { deadend: texts.get(KEYS.deadendReason) ?? '' }),
    ...(texts.has(KEYS.rollout) && {
      rollout: readRollout({
        startEpoch: texts.get(KEYS.startEpoch),
        startValue: texts.get(KEYS.startValue),
        durationMinutes: texts.get(KEYS.durationMinutes),
      }),
    }),
  };
}

/** The edges between nodes of the graph. */
export function wireEdges({ graph }: Pick<ReadGraph, 'graph'>): readonly WireEdge[] {
  return graph.edges.flatMap(({ from, to }): WireEdge[] => (to === undefined ? [] : [[from, to]]));
}

/** What the policy engine shows of it to one client. Edges that lead nowhere stay, as they do there. */
export function offeredGraph(read: ReadGraph, audience: Audience): Graph {
  const { graph, entries } = read;
  const shown = offeredEdges({ entries, edges: wireEdges(read) }, audience);
  const astray = graph.edges.filter(({ to }) => to === undefined);
  return { ...graph, edges: [...shown.map(([from, to]) => ({ from, to })), ...astray] };
}

function own(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}
