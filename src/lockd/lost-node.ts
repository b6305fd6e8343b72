/**
 * A node that took a slot and has not given it back in time: the group pauses itself. Pure.
 *
 * Invariants:
 * - It goes by the instants that stand in the store, so that all servers find the same node, also after a restart.
 * - A holder that another program wrote has no instant, and pauses nothing.
 * - Whoever lifts such a pause has seen who was lost by then: those holds pause nothing again.
 */
import { SECOND_MS } from '../text/units.ts';
import type { Details, Group, Pause } from './group.ts';

/** Who pauses, for the history. */
export const ITSELF = 'lockd';

export interface LostNode {
  readonly id: string;
  /** When it took its slot. */
  readonly sinceAt: number;
}

/** The one that is lost for longest. `limitMs` undefined: nobody is looked for. */
export function lostNode(
  { semaphore, details }: Group,
  nowAt: number,
  limitMs: number | undefined,
): LostNode | undefined {
  return semaphore === undefined ? undefined : lostOf(details, semaphore.holders, nowAt, limitMs)[0];
}

export function pauseFor({ id, sinceAt }: LostNode, nowAt: number, limitMs: number): Pause {
  const since = new Date(sinceAt).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    at: nowAt,
    by: ITSELF,
    reason: `node ${id} took a slot at ${since} and has not come back within ${limitMs / SECOND_MS} s`,
    lost: id,
  };
}

/** Those who are lost now pause nothing again, for as long as they hold their slot. */
export function excusing(
  details: Details,
  holders: readonly string[],
  nowAt: number,
  limitMs: number | undefined,
): Details {
  const lost = lostOf(details, holders, nowAt, limitMs);
  return lost.length === 0
    ? details
    : {
        ...details,
        excused: new Map([...details.excused, ...lost.map(({ id, sinceAt }) => [id, sinceAt] as const)]),
      };
}

function lostOf(
  { since, excused }: Details,
  holders: readonly string[],
  nowAt: number,
  limitMs: number | undefined,
): readonly LostNode[] {
  if (limitMs === undefined) {
    return [];
  }
  return holders
    .flatMap((id) => {
      const sinceAt = since.get(id);
      return sinceAt !== undefined && nowAt - sinceAt > limitMs && excused.get(id) !== sinceAt
        ? [{ id, sinceAt }]
        : [];
    })
    .toSorted((a, b) => a.sinceAt - b.sinceAt);
}
