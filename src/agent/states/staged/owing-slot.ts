/**
 * What is owed to lenders during one attempt to reboot. Pure.
 *
 * Invariants:
 * - From the moment that lenders are asked a slot is owed back; a clear refusal ends that.
 * - What was owed before the question still is after it.
 */
import { placesNow, withoutSlots, withSlotsAsked } from '../../slots.ts';
import { type Memory, recorded } from '../../state.ts';
import type { Turn } from '../../turn.ts';

/** From the moment that lenders are asked a slot may be held. */
export function owingSlot({ memory, policy, at }: Pick<Turn, 'memory' | 'policy' | 'at'>): Memory {
  const { steady } = memory;
  const fresh = !steady.owed || steady.fresh === true;
  return recorded(
    { ...memory, steady: { ...steady, owed: true, dueMono: 0, fresh } },
    withSlotsAsked(memory.record, placesNow(memory, policy), at),
  );
}

/** The lenders said clearly that this question got nothing. What was owed before it still is. */
export function nothingLent({ memory, policy }: Pick<Turn, 'memory' | 'policy'>): Memory {
  const { steady, record } = memory;
  return steady.fresh === true
    ? recorded(
        { ...memory, steady: { ...steady, owed: false, fresh: false } },
        withoutSlots(record, placesNow(memory, policy)),
      )
    : memory;
}

/** Something was lent, or may have been: it is owed back whatever comes. */
export function lent({ memory }: Turn): Memory {
  return { ...memory, steady: { ...memory.steady, fresh: false } };
}
