/**
 * Which updates a graph server offers to which node: barriers, rollouts and dead-ends, as on Fedora CoreOS's
 * server. Pure.
 */
import { createHash } from 'node:crypto';

import type { History, Rollout } from './releases.ts';

export interface Audience {
  /** 0 takes everything at once; 1 waits for the end of every rollout. */
  readonly wariness: number;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

export type WireEdge = readonly [from: number, to: number];

/** The edges that one client sees. */
export function offeredEdges(history: History, { wariness, nowMs }: Audience): readonly WireEdge[] {
  const { entries } = history;
  return (history.edges ?? allEdges(history)).filter(([from, to]) => {
    const rollout = entries[to]?.rollout;
    return (
      entries[from]?.deadend === undefined && (rollout === undefined || wariness <= throttle(rollout, nowMs))
    );
  });
}

/**
 * Edges lead into every rollout from all releases since the preceding barrier, and into every barrier
 * likewise. A barrier that is still rolling out is a rollout. The first release counts as a barrier.
 */
function allEdges({ entries }: History): WireEdge[] {
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

/** The share of nodes, 0 to 1, that a rollout has reached. */
export function throttle(rollout: Rollout, nowMs: number): number {
  const { startEpoch = 0, startValue = 0, durationMinutes } = rollout;
  // A rollout without a duration makes no progress, so its start does not matter.
  if (durationMinutes === undefined) {
    return startValue;
  }
  const elapsedSecs = nowMs / 1000 - startEpoch;
  if (elapsedSecs < 0) {
    return 0;
  }
  const share = durationMinutes === 0 ? 1 : elapsedSecs / (durationMinutes * 60);
  return Math.min(startValue + (1 - startValue) * share, 1);
}

/** A number in (0, 1] that is fixed for each node: its wariness if it does not send one. */
export function warinessOf(nodeUuid: string): number {
  const bytes = createHash('sha256').update(nodeUuid).digest();
  return (bytes.readUIntBE(0, 6) + 1) / 2 ** 48;
}
