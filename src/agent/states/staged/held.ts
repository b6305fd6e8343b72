/**
 * A reboot that is held: by a clear no, by no answer, or by a failure. Pure.
 *
 * Invariants:
 * - Whoever holds the reboot leads to `rest`, which gives a lent slot back at once.
 * - What was told of the same holder before is told as repeated.
 */
import { retryMs } from '../../checking.ts';
import type { Failure } from '../../messages.ts';
import { type Moment, momentOf } from '../../moment.ts';
import { held as heldInPursuit } from '../../pursuit.ts';
import type { AgentState, Holding, Memory, Model } from '../../state.ts';
import type { Turn } from '../../turn.ts';

export type UpdateStaged = Extract<AgentState, { name: 'UpdateStaged' }>;

export function held(state: UpdateStaged, memory: Memory, holding: Holding, dueMono: number): Model {
  return { state: { ...state, step: 'rest', holding, dueMono }, memory };
}

/** A clear no. */
export function heldBack(
  state: UpdateStaged,
  by: 'gates' | 'lenders',
  answer: { readonly reason: string; readonly label: string; readonly untilAt?: number },
  turn: Turn,
): Model {
  const { reason, label } = answer;
  const until = answer.untilAt === undefined ? {} : { untilAt: answer.untilAt };
  const repeated = state.holding.by === 'strategy' && state.holding.reason === reason;
  turn.tell({ kind: 'reboot-held', by, reason, label, ...until, repeated });
  const memory = heldInPursuit(turn.memory, label, answer.untilAt, turn);
  return held(state, memory, { by: 'strategy', reason, ...until }, turn.mono + retryMs(turn));
}

/** Neither yes nor no. */
export function afterNoAnswer(state: UpdateStaged, failure: Failure, turn: Turn): Model {
  turn.tell({ kind: 'asking-failed', failure, repeated: isHeldBy(state, failure) });
  const pauseMs = Math.max(retryMs(turn), failure.retryAfterMs ?? 0);
  const holding: Holding = { ...failed(state, failure, turn), asking: true };
  return held(state, turn.memory, holding, turn.mono + pauseMs);
}

export function heldByFailure(state: UpdateStaged, failure: Failure, turn: Turn): Model {
  return held(state, turn.memory, failed(state, failure, turn), turn.mono + retryMs(turn));
}

export function isHeldBy({ holding }: UpdateStaged, { kind }: Failure): boolean {
  return holding.by === 'failure' && holding.kind === kind;
}

type Failed = Extract<Holding, { by: 'failure' }>;

/** A failure that goes on keeps the instant at which it began. */
export function failed({ holding }: UpdateStaged, { kind, message }: Failure, now: Moment): Failed {
  const since = holding.by === 'failure' && holding.kind === kind ? holding.since : momentOf(now);
  return { by: 'failure', kind, message, since };
}
