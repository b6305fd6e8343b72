/**
 * What lenders answer. Pure.
 *
 * Invariants:
 * - While nobody knows whether a slot is held, the lender is asked again, and nothing is given back.
 */
import { retryMs } from '../../checking.ts';
import { lastedMs, momentOf } from '../../moment.ts';
import { LONGEST_UNSURE_MS } from '../../pacing.ts';
import type { SlotAnswer } from '../../ports.ts';
import { placesNow, withSlotsGranted } from '../../slots.ts';
import { type Holding, type Model, recorded } from '../../state.ts';
import { type Turn, withMemory } from '../../turn.ts';
import { held, heldBack, type UpdateStaged } from './held.ts';
import { lent, nothingLent } from './owing-slot.ts';
import { stepAfter } from './step-after.ts';

export function afterLender(state: UpdateStaged, answer: SlotAnswer, turn: Turn): Model {
  switch (answer.kind) {
    case 'refused':
      return heldBack(state, 'lenders', answer, withMemory(turn, nothingLent(turn)));
    case 'may-be-held':
      return unsure(state, answer, withMemory(turn, lent(turn)));
    case 'granted': {
      turn.tell({ kind: 'reboot-allowed', by: 'lenders' });
      const memory = lent(turn);
      const places = placesNow(memory, turn.policy);
      return {
        state: { ...state, step: stepAfter('acquire', turn.policy) },
        memory: recorded(memory, withSlotsGranted(memory.record, places, turn.at)),
      };
    }
  }
}

/** Nobody knows whether a slot is held: it is asked for again, for a day at most. */
function unsure(
  state: UpdateStaged,
  answer: Extract<SlotAnswer, { kind: 'may-be-held' }>,
  turn: Turn,
): Model {
  const { mono, memory } = turn;
  const { reason, label, askAgainMs, untilAt, errorKind } = answer;
  const before = state.holding.by === 'lender' ? state.holding : undefined;
  const repeated = before?.reason === reason;
  if (errorKind === undefined) {
    const cut = answer.cutShort === true ? { cutShort: true as const } : {};
    turn.tell({ kind: 'reboot-held', by: 'lenders', reason, label, repeated, ...cut });
  } else {
    turn.tell({ kind: 'asking-failed', failure: { kind: errorKind, message: reason }, repeated });
  }
  const since = before?.since ?? momentOf(turn);
  if (lastedMs(since, turn) >= LONGEST_UNSURE_MS) {
    turn.tell({ kind: 'slot-wait-over', of: 'answer', reason });
    return held(state, memory, { by: 'strategy', reason }, mono + retryMs(turn));
  }
  const holding: Holding = {
    by: 'lender',
    reason,
    since,
    ...(errorKind !== undefined && { errorKind }),
  };
  const pauseMs = untilAt === undefined ? Math.min(askAgainMs, retryMs(turn)) : askAgainMs;
  return held(state, memory, holding, mono + pauseMs);
}
