/**
 * The way of one node through a graph, hop by hop, with the instants. Pure.
 *
 * Invariants:
 * - The agent's own selection decides each hop, on what the policy engine would show at that instant.
 * - Until the reboot a newer release replaces a staged one, as on a node.
 * - It ends: no release is booted twice.
 */
import type { CheckResult } from '../../agent/ports.ts';
import type { Payload, Release } from '../../agent/release.ts';
import { CincinnatiError } from '../../errors.ts';
import type { GraphNode } from '../graph/graph.ts';
import { selectUpdate, surroundingsOf } from '../graph/select-update.ts';
import { firstOfferAt, type Rollout } from '../policy/rollout.ts';
import { offeredGraph, type ReadGraph } from './read-graph.ts';

/** When a reboot that is ready at an instant is allowed. */
export type RebootTime = { readonly at: number } | { readonly never: string };

export interface WalkOptions {
  readonly from: Release;
  /** A version: where the way is to end. */
  readonly to: string | undefined;
  /** 0 to 1: how late in a rollout this node takes a release. */
  readonly wariness: number;
  /** Milliseconds since 1970, as are all instants here. */
  readonly fromAt: number;
  readonly skip: readonly string[];
  readonly allowDowngrade: boolean;
  /** To download and deploy a release. */
  readonly stagingMs: number;
  /** From the reboot until the agent asks again. */
  readonly rebootMs: number;
  /** `bootedAt`: when the node was up in the release that it comes from. */
  readonly rebootTime: (readyAt: number, bootedAt: number) => RebootTime;
}

export interface Hop {
  readonly version: string;
  readonly payload: Payload;
  /** When this node is offered it. */
  readonly offeredAt: number;
  /** Undefined: never, as `WalkEnd` says. */
  readonly rebootAt: number | undefined;
  /** Versions that were staged before it and replaced. */
  readonly replaced: readonly string[];
  /** Only somebody who asks for this version by name gets it. */
  readonly byName: boolean;
  readonly barrier: string | undefined;
  readonly rollout: Rollout | undefined;
}

export type WalkEnd =
  | { readonly kind: 'arrived' | 'newest' | 'stranded' | 'off-graph' }
  | { readonly kind: 'deadend'; readonly reason: string }
  /** There is a newer release, whose rollout does not reach this node. */
  | { readonly kind: 'withheld'; readonly version: string }
  /** No reboot is ever allowed. */
  | { readonly kind: 'held'; readonly reason: string }
  /** The way leads past the release that was asked for. */
  | { readonly kind: 'passed'; readonly version: string }
  | { readonly kind: 'downgrade-refused'; readonly version: string }
  | { readonly kind: 'failed'; readonly reason: string };

export interface Walk {
  readonly hops: readonly Hop[];
  readonly end: WalkEnd;
  /** The release that the node ends in. */
  readonly last: Release;
}

/** Fedora CoreOS's oldest release has twenty ahead of it. */
const MOST_HOPS = 1000;

export function walkGraph(read: ReadGraph, options: WalkOptions): Walk {
  const hops: Hop[] = [];
  let here = options.from;
  let at = options.fromAt;
  const seen = new Set<string>();
  for (;;) {
    const ended = (end: WalkEnd): Walk => ({ hops, end, last: here });
    if (here.version === options.to) {
      return ended({ kind: 'arrived' });
    }
    if (seen.has(here.payload.value)) {
      return ended({ kind: 'failed', reason: `the edges lead back to ${here.version}` });
    }
    seen.add(here.payload.value);
    if (hops.length >= MOST_HOPS) {
      return ended({ kind: 'failed', reason: `it takes more than ${MOST_HOPS} hops` });
    }
    const step = nextHop(read, options, here, at);
    if ('kind' in step) {
      return ended(step);
    }
    hops.push(step);
    if (step.rebootAt === undefined) {
      const time = options.rebootTime(step.offeredAt + options.stagingMs, at);
      return ended({ kind: 'held', reason: 'never' in time ? time.never : '' });
    }
    here = { version: step.version, payload: step.payload };
    at = step.rebootAt + options.rebootMs;
  }
}

function nextHop(read: ReadGraph, options: WalkOptions, here: Release, bootedAt: number): Hop | WalkEnd {
  const changes = changesAfter(read, options, here, bootedAt);
  const replaced: string[] = [];
  let hop: Hop | undefined;
  for (const at of [bootedAt, ...changes]) {
    if (hop?.rebootAt !== undefined && at >= hop.rebootAt) {
      return hop;
    }
    const choice = choose(read, options, here, at);
    if ('kind' in choice) {
      // Whatever comes later cannot mend it, and a later offer can come where there is none now.
      if (hop !== undefined || choice.kind === 'no-update') {
        continue;
      }
      return choice;
    }
    if (hop !== undefined && hop.version === choice.version) {
      continue;
    }
    if (hop !== undefined) {
      replaced.push(hop.version);
    }
    const time = options.rebootTime(at + options.stagingMs, bootedAt);
    hop = {
      ...choice,
      offeredAt: at,
      rebootAt: 'at' in time ? time.at : undefined,
      replaced: [...replaced],
      ...nodeFacts(read, choice),
    };
  }
  return hop ?? endOf(read, options, here, bootedAt);
}

type Choice = Pick<Hop, 'version' | 'payload' | 'byName'>;

function choose(
  read: ReadGraph,
  options: WalkOptions,
  here: Release,
  at: number,
): Choice | { readonly kind: 'no-update' } | WalkEnd {
  const ask = (to: string | undefined): CheckResult['outcome'] =>
    outcomeAt(read, options, here, at, to).outcome;
  try {
    const outcome = ask(undefined);
    const isTo = outcome.kind === 'update' && outcome.release.version === options.to;
    // A person can ask for a release that the agent would pass by.
    const byName = options.to === undefined || isTo ? undefined : ask(options.to);
    if (byName?.kind === 'update') {
      return { ...byName.release, byName: true };
    }
    switch (outcome.kind) {
      case 'update':
        return passes(read, options.to, outcome.release)
          ? { kind: 'passed', version: outcome.release.version }
          : { version: outcome.release.version, payload: outcome.release.payload, byName: false };
      case 'downgrade-refused':
        return { kind: 'downgrade-refused', version: outcome.release.version };
      case 'off-graph':
      case 'no-update':
        return { kind: outcome.kind };
    }
  } catch (error) {
    if (!(error instanceof CincinnatiError)) {
      throw error;
    }
    return { kind: 'failed', reason: error.message };
  }
}

function outcomeAt(
  read: ReadGraph,
  { wariness, skip, allowDowngrade }: WalkOptions,
  booted: Release,
  nowMs: number,
  to: string | undefined,
): Omit<CheckResult, 'notModified'> {
  const graph = offeredGraph(read, { wariness, nowMs });
  return selectUpdate(surroundingsOf(graph, booted), {
    booted,
    denied: [],
    skip,
    allowDowngrade,
    ...(to !== undefined && { to }),
  });
}

/** Whether a release is newer than the one that the way is to end in. */
function passes({ graph }: ReadGraph, to: string | undefined, release: Release): boolean {
  const age = (fits: (node: GraphNode) => boolean): bigint | undefined => graph.nodes.find(fits)?.ageIndex;
  const [wanted, got] = [
    age(({ version }) => version === to),
    age(({ payload }) => payload === release.payload.value),
  ];
  return to !== undefined && wanted !== undefined && got !== undefined && got > wanted;
}

/** Instants after `at` at which a release that an edge leads to is offered to this node, in order. */
function changesAfter(
  read: ReadGraph,
  { wariness }: WalkOptions,
  here: Release,
  at: number,
): readonly number[] {
  const instants = targetsOf(read, here).map(({ rollout }) =>
    rollout === undefined ? at : firstOfferAt(rollout, wariness, at),
  );
  return [...new Set(instants)]
    .filter((instant) => instant > at && Number.isFinite(instant))
    .toSorted((a, b) => a - b);
}

/** What edges lead to from a release, rollouts aside. */
function targetsOf(
  { graph, entries }: ReadGraph,
  here: Release,
): readonly { readonly node: GraphNode; readonly rollout: Rollout | undefined }[] {
  const { candidates } = surroundingsOf(graph, here);
  return candidates.map((node) => ({ node, rollout: entries[graph.nodes.indexOf(node)]?.rollout }));
}

function endOf(read: ReadGraph, options: WalkOptions, here: Release, at: number): WalkEnd {
  const around = surroundingsOf(read.graph, here);
  if (around.booted?.deadendReason !== undefined) {
    return { kind: 'deadend', reason: around.booted.deadendReason };
  }
  const withheld = targetsOf(read, here).find(
    ({ rollout }) => rollout !== undefined && !Number.isFinite(firstOfferAt(rollout, options.wariness, at)),
  );
  if (withheld !== undefined) {
    return { kind: 'withheld', version: withheld.node.version };
  }
  const own = around.booted?.ageIndex;
  const isNewest = own === undefined || read.graph.nodes.every(({ ageIndex }) => (ageIndex ?? -1n) <= own);
  return { kind: isNewest ? 'newest' : 'stranded' };
}

function nodeFacts({ graph, entries }: ReadGraph, { payload }: Choice): Pick<Hop, 'barrier' | 'rollout'> {
  const { barrier, rollout } = entries[graph.nodes.findIndex((node) => node.payload === payload.value)] ?? {};
  return { barrier, rollout };
}
