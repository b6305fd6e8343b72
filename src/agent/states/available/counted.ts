/**
 * A failed attempt to stage a release: one of a bounded number. Pure.
 *
 * Invariants:
 * - A release that was given up is denied for a time that grows.
 */
import { retryMs } from '../../checking.ts';
import { MAX_DEPLOY_ATTEMPTS } from '../../pacing.ts';
import { abandon, stageFailed } from '../../record.ts';
import { samePayload } from '../../release.ts';
import { type AgentState, type Memory, type Model, recorded } from '../../state.ts';
import type { Turn } from '../../turn.ts';
import { pollNow } from '../back-to-polling.ts';

export type UpdateAvailable = Extract<AgentState, { name: 'UpdateAvailable' }>;

/** A failed attempt: one of a bounded number. */
export function counted(state: UpdateAvailable, message: string, turn: Turn): Model {
  const { release } = state;
  const { memory, at, mono } = turn;
  const failedAttempts = state.failedAttempts + 1;
  if (failedAttempts >= MAX_DEPLOY_ATTEMPTS) {
    const record = abandon(memory.record, release, at);
    const untilAt =
      record.denials.find(({ payload }) => samePayload(payload, release.payload))?.untilAt ?? at;
    turn.tell({ kind: 'abandoned', release, attempts: failedAttempts, untilAt });
    return pollNow(recorded(memory, record));
  }
  return rest(
    { ...state, failedAttempts, lastFailure: message },
    recorded(memory, stageFailed(memory.record, release, at)),
    mono + retryMs(turn),
  );
}

export function rest(state: UpdateAvailable, memory: Memory, dueMono: number): Model {
  return { state: rested(state, dueMono), memory };
}

export function rested(state: UpdateAvailable, dueMono: number): UpdateAvailable {
  const { isCut = false, ...others } = state;
  return { ...(isCut ? others : state), step: 'rest', dueMono };
}
