/**
 * What differs between two graphs, and what that means for a node at each release. Pure.
 *
 * Invariants:
 * - Releases are the same when their payloads are, as for the agent.
 * - What a node takes, the agent's own selection says.
 */
import type { Release } from '../../agent/release.ts';
import { CincinnatiError } from '../../errors.ts';
import type { Edge, Graph, GraphNode } from '../graph/graph.ts';
import { selectUpdate, surroundingsOf } from '../graph/select-update.ts';
import type { Audience } from '../policy/offered-edges.ts';
import { offeredGraph, type ReadGraph } from './read-graph.ts';

export interface NamedRelease {
  readonly version: string;
  readonly payload: string;
}

export interface ChangedKey {
  readonly key: string;
  /** Undefined: not there. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What a node that has booted a release does next. */
export type Next =
  | { readonly kind: 'update' | 'downgrade-refused'; readonly version: string }
  | { readonly kind: 'no-update' | 'off-graph' }
  | { readonly kind: 'deadend' | 'failed'; readonly reason: string };

/** Releases whose nodes change their mind in the same way. */
export interface Shift {
  readonly at: readonly NamedRelease[];
  readonly before: Next;
  readonly after: Next;
}

export interface Difference {
  readonly added: readonly NamedRelease[];
  readonly removed: readonly NamedRelease[];
  /** Keys of the metadata, and `version`. */
  readonly changed: readonly (NamedRelease & { readonly keys: readonly ChangedKey[] })[];
  /** Pairs of versions. */
  readonly edgesAdded: readonly (readonly [from: string, to: string])[];
  readonly edgesRemoved: readonly (readonly [from: string, to: string])[];
  readonly shifts: readonly Shift[];
}

/** `audience`: which edges nodes are shown; a wariness of 0 sees all of a rollout. */
export function compareGraphs(before: ReadGraph, after: ReadGraph, audience: Audience): Difference {
  const [old, young] = [byPayload(before), byPayload(after)];
  const added = [...young].filter(([payload]) => !old.has(payload)).map(([, place]) => named(after, place));
  const removed = [...old]
    .filter(([payload]) => !young.has(payload))
    .map(([, place]) => named(before, place));
  const changed = [...old].flatMap(([payload, place]) => {
    const later = young.get(payload);
    const keys = later === undefined ? [] : changedKeys(before, place, after, later);
    return keys.length === 0 ? [] : [{ ...named(before, place), keys }];
  });
  const [oldEdges, youngEdges] = [edgeNames(before), edgeNames(after)];
  return {
    added,
    removed,
    changed,
    edgesAdded: [...youngEdges].filter(([key]) => !oldEdges.has(key)).map(([, pair]) => pair),
    edgesRemoved: [...oldEdges].filter(([key]) => !youngEdges.has(key)).map(([, pair]) => pair),
    shifts: shiftsOf(before, after, audience, [...old.values()]),
  };
}

export function isSame({ added, removed, changed, edgesAdded, edgesRemoved, shifts }: Difference): boolean {
  return [added, removed, changed, edgesAdded, edgesRemoved, shifts].every((list) => list.length === 0);
}

/** The first one counts, as for the agent. */
function byPayload({ graph }: ReadGraph): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const [place, { payload }] of graph.nodes.entries()) {
    if (payload !== '' && !places.has(payload)) {
      places.set(payload, place);
    }
  }
  return places;
}

function named({ graph }: ReadGraph, place: number): NamedRelease {
  const { version = '', payload = '' } = graph.nodes[place] ?? {};
  return { version, payload };
}

function changedKeys(
  before: ReadGraph,
  place: number,
  after: ReadGraph,
  later: number,
): readonly ChangedKey[] {
  const [old, young] = [before.metadata[place], after.metadata[later]];
  const keys = [...new Set([...(old?.keys() ?? []), ...(young?.keys() ?? [])])].toSorted();
  const pairs = [
    { key: 'version', before: before.graph.nodes[place]?.version, after: after.graph.nodes[later]?.version },
    ...keys.map((key) => ({ key, before: old?.get(key), after: young?.get(key) })),
  ];
  return pairs.filter((pair) => pair.before !== pair.after);
}

function edgeNames({ graph }: ReadGraph): ReadonlyMap<string, readonly [string, string]> {
  const names = new Map<string, readonly [string, string]>();
  for (const { from, to } of graph.edges) {
    const [source, target] = [graph.nodes[from], graph.nodes[to ?? -1]];
    if (source !== undefined && target !== undefined) {
      names.set(`${source.payload} ${target.payload}`, [source.version, target.version]);
    }
  }
  return names;
}

function shiftsOf(
  before: ReadGraph,
  after: ReadGraph,
  audience: Audience,
  places: readonly number[],
): readonly Shift[] {
  const [old, young] = [
    new NextSteps(offeredGraph(before, audience)),
    new NextSteps(offeredGraph(after, audience)),
  ];
  const shifts = new Map<string, { at: NamedRelease[]; before: Next; after: Next }>();
  for (const place of places) {
    const release = releaseOf(before.graph.nodes[place]);
    if (release === undefined) {
      continue;
    }
    const [was, is] = [old.nextOf(release), young.nextOf(release)];
    const key = JSON.stringify([was, is]);
    if (JSON.stringify(was) === JSON.stringify(is)) {
      continue;
    }
    const shift = shifts.get(key) ?? { at: [], before: was, after: is };
    shift.at.push(named(before, place));
    shifts.set(key, shift);
  }
  return [...shifts.values()];
}

/** A node whose scheme cannot be read has no hosts: hosts have one of the two. */
function releaseOf(node: GraphNode | undefined): Release | undefined {
  return node?.scheme === undefined
    ? undefined
    : { version: node.version, payload: { scheme: node.scheme, value: node.payload } };
}

class NextSteps {
  readonly #graph: Graph;
  readonly #edges = new Map<number, Edge[]>();
  readonly #places: ReadonlyMap<string, number>;

  constructor(graph: Graph) {
    this.#graph = graph;
    for (const edge of graph.edges) {
      const known = this.#edges.get(edge.from) ?? [];
      known.push(edge);
      this.#edges.set(edge.from, known);
    }
    this.#places = new Map(graph.nodes.map(({ payload }, place) => [payload, place] as const).toReversed());
  }

  nextOf(booted: Release): Next {
    // The edges of other releases would only be looked through once more for each.
    const edges = this.#edges.get(this.#places.get(booted.payload.value) ?? -1) ?? [];
    const around = surroundingsOf({ ...this.#graph, edges }, booted);
    try {
      const query = { booted, denied: [], skip: [], allowDowngrade: false };
      const { outcome, deadend } = selectUpdate(around, query);
      if (outcome.kind === 'update' || outcome.kind === 'downgrade-refused') {
        return { kind: outcome.kind, version: outcome.release.version };
      }
      return outcome.kind === 'no-update' && deadend.isDeadend
        ? { kind: 'deadend', reason: deadend.reason }
        : { kind: outcome.kind };
    } catch (error) {
      if (!(error instanceof CincinnatiError)) {
        throw error;
      }
      return { kind: 'failed', reason: error.message };
    }
  }
}
