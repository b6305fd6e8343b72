/**
 * The update server of a plan: what it answers to a node at an instant, and when that changes. Pure.
 *
 * Invariants:
 * - The agent's own selection decides. Here only the graph is made.
 * - Between two changes of a node's view, the same question gets the same answer: the very same object.
 */
import type { CheckQuery, CheckResult } from '../agent/ports.ts';
import type { Graph } from '../cincinnati/graph/graph.ts';
import { selectUpdate, surroundingsOf } from '../cincinnati/graph/select-update.ts';
import { allEdges, type PolicyEntry, type WireEdge } from '../cincinnati/policy/offered-edges.ts';
import { firstOfferAt } from '../cincinnati/policy/rollout.ts';
import type { PlannedRelease } from './plan.ts';

/** What nodes of the same luck see between two changes. */
interface Outlook {
  readonly graph: Graph;
  readonly answers: Map<string, CheckResult>;
}

/** One node's way through the changes. */
export interface View {
  /** Instants at which something changes for this node, ascending, each once. */
  readonly changesAt: readonly number[];
  /** One more than there are changes. */
  readonly outlooks: readonly Outlook[];
}

export class UpdateServer {
  readonly #releases: readonly PlannedRelease[];
  readonly #edges: readonly WireEdge[];
  readonly #outlooks = new Map<string, Outlook>();
  readonly #views = new Map<number, View>();

  constructor(releases: readonly PlannedRelease[], edges: readonly WireEdge[] | undefined) {
    this.#releases = releases;
    this.#edges = edges ?? allEdges({ entries: releases.map(asTarget) });
  }

  /** `wariness` from 0 to 1: when the turn of this node comes in a rollout. */
  viewOf(wariness: number): View {
    const known = this.#views.get(wariness);
    if (known !== undefined) {
      return known;
    }
    const offeredAt = this.#releases.map((release) => offeredFrom(release, wariness));
    const changes = new Set<number>();
    for (const [index, { publishedAt, haltedAt }] of this.#releases.entries()) {
      changes.add(publishedAt);
      changes.add(offeredAt[index] ?? Number.POSITIVE_INFINITY);
      changes.add(haltedAt ?? Number.POSITIVE_INFINITY);
    }
    const changesAt = [...changes].filter(Number.isFinite).toSorted((a, b) => a - b);
    const outlooks = [Number.NEGATIVE_INFINITY, ...changesAt].map((at) => this.#outlookAt(at, offeredAt));
    const view = { changesAt, outlooks };
    this.#views.set(wariness, view);
    return view;
  }

  answer({ changesAt, outlooks }: View, at: number, query: CheckQuery): CheckResult {
    const outlook = outlooks[placeOf(changesAt, at)];
    if (outlook === undefined) {
      throw new Error('a view has one more outlook than changes');
    }
    const key = JSON.stringify([query.booted.payload, query.denied, query.skip, query.allowDowngrade]);
    const known = outlook.answers.get(key);
    if (known !== undefined) {
      return known;
    }
    const around = surroundingsOf(outlook.graph, query.booted);
    const answer = { ...selectUpdate(around, query), notModified: false };
    outlook.answers.set(key, answer);
    return answer;
  }

  /** `offeredAt`: of each release. */
  #outlookAt(at: number, offeredAt: readonly number[]): Outlook {
    const stages = this.#releases.map(({ publishedAt, haltedAt }, index): Stage => {
      if (at < publishedAt) {
        return 'absent';
      }
      const isHalted = haltedAt !== undefined && at >= haltedAt;
      return isHalted || at < (offeredAt[index] ?? publishedAt) ? 'kept back' : 'offered';
    });
    const key = stages.map((stage) => stage.charAt(0)).join('');
    const known = this.#outlooks.get(key);
    if (known !== undefined) {
      return known;
    }
    const outlook = { graph: this.#graphOf(stages), answers: new Map<string, CheckResult>() };
    this.#outlooks.set(key, outlook);
    return outlook;
  }

  #graphOf(stages: readonly Stage[]): Graph {
    const placeOfRelease = new Map<number, number>();
    const nodes: Graph['nodes'][number][] = [];
    for (const [index, { version, checksum, deadend }] of this.#releases.entries()) {
      if (stages[index] === 'absent') {
        continue;
      }
      placeOfRelease.set(index, nodes.length);
      nodes.push({
        payload: checksum,
        scheme: 'checksum',
        version,
        ageIndex: BigInt(index),
        deadendReason: deadend,
        problem: undefined,
      });
    }
    const edges = this.#edges.flatMap(([fromIndex, toIndex]) => {
      const from = placeOfRelease.get(fromIndex);
      const to = placeOfRelease.get(toIndex);
      const isDeadend = this.#releases[fromIndex]?.deadend !== undefined;
      return from === undefined || to === undefined || isDeadend || stages[toIndex] !== 'offered'
        ? []
        : [{ from, to }];
    });
    return { nodes, edges, edgeCount: edges.length, warnings: [] };
  }
}

/** The policy leads into rollouts and barriers alone. A release of a plan that is neither is offered to all at once. */
function asTarget(release: PlannedRelease): PolicyEntry {
  return { rollout: {}, ...release };
}

type Stage = 'absent' | 'kept back' | 'offered';

/** When the view changes next after `at`. Infinity: never. */
export function nextChangeAt({ changesAt }: View, at: number): number {
  return changesAt[placeOf(changesAt, at)] ?? Number.POSITIVE_INFINITY;
}

/** How many of them are over. */
function placeOf(changesAt: readonly number[], at: number): number {
  let place = 0;
  while ((changesAt[place] ?? Number.POSITIVE_INFINITY) <= at) {
    place += 1;
  }
  return place;
}

/** The first instant at which the server offers the release to this node. Infinity: never. */
function offeredFrom({ publishedAt, rollout }: PlannedRelease, wariness: number): number {
  return rollout === undefined ? publishedAt : firstOfferAt(rollout, wariness, publishedAt);
}
