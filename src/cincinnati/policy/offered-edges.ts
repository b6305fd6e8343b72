/**
 * Which updates a graph server offers to which node: barriers, rollouts and dead-ends, as on Fedora CoreOS's
 * server. Pure.
 */
import { throttle, type Rollout } from './rollout.ts';

/** A release as far as the policy looks at it. */
export interface PolicyEntry {
  /** Reasons, for people. */
  readonly barrier?: string;
  readonly deadend?: string;
  readonly rollout?: Rollout;
}

export interface PolicyHistory {
  /** Oldest first. */
  readonly entries: readonly PolicyEntry[];
  /** The edges of a whole graph that was loaded. They then replace those of the policy. */
  readonly edges: readonly WireEdge[] | undefined;
}

export interface Audience {
  /** 0 takes everything at once; 1 waits for the end of every rollout. NaN sees all. */
  readonly wariness: number;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

export type WireEdge = readonly [from: number, to: number];

/** The edges that one client sees. */
export function offeredEdges(history: PolicyHistory, { wariness, nowMs }: Audience): readonly WireEdge[] {
  const { entries } = history;
  return (history.edges ?? allEdges(history)).filter(([from, to]) => {
    const rollout = entries[to]?.rollout;
    return (
      entries[from]?.deadend === undefined &&
      (rollout === undefined || !(wariness > throttle(rollout, nowMs)))
    );
  });
}

/**
 * Edges lead into every rollout from all releases since the preceding barrier, and into every barrier
 * likewise. A barrier that is still rolling out is a rollout. The first release counts as a barrier.
 */
export function allEdges({ entries }: Pick<PolicyHistory, 'entries'>): WireEdge[] {
  const rollouts: WireEdge[] = [];
  const barriers: WireEdge[] = [];
  let since = 0;
  for (const [index, { barrier, rollout }] of entries.entries()) {
    const into = Array.from({ length: index - since }, (_, offset): WireEdge => [since + offset, index]);
    if (rollout !== undefined) {
      rollouts.unshift(...into);
    } else if (barrier !== undefined) {
      barriers.push(...into);
    }
    if (barrier !== undefined) {
      since = index;
    }
  }
  return [...rollouts, ...barriers];
}
