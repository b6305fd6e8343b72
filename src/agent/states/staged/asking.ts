/**
 * The reboot that is asked for, in the record: before it is asked for, and after it was refused. Pure.
 *
 * Invariants:
 * - No reboot is asked for before the record on disk says so.
 */
import type { Failure } from '../../messages.ts';
import { rebootAsked, rebootRefused } from '../../record.ts';
import { type Memory, type Model, recorded } from '../../state.ts';
import { type Turn, withMemory } from '../../turn.ts';
import { dropping, isRuledOut } from './compared.ts';
import { heldByFailure, type UpdateStaged } from './held.ts';
import { stepAfter } from './step-after.ts';

/** The record says what is being asked for before it is asked. */
export function asking(state: UpdateStaged, turn: Turn): Model {
  const { memory, at, policy } = turn;
  // A clock that was set since the deployments were read may have brought a denial back into force.
  if (memory.host !== undefined && isRuledOut(state.release, memory.host, memory.record, policy, at)) {
    return dropping(state, turn, memory);
  }
  turn.tell({ kind: 'reboot-asked', release: state.release });
  const record = rebootAsked(memory.record, state.release, at, policy.bootId);
  return { state: { ...state, step: stepAfter('confirm', policy) }, memory: recorded(memory, record) };
}

/** Whether the record has to reach the disk before the reboot is asked for. */
export function mustSave({ save }: Memory): boolean {
  return save.due;
}

/** The record could not be written: without it a reboot could be asked for again and again, so none is asked for. */
export function unsaved(state: UpdateStaged, failure: Failure, turn: Turn): Model {
  const memory = takenBack(failure.message, turn);
  return heldByFailure(state, failure, withMemory(turn, memory));
}

/** The record without the reboot that was asked for. */
export function takenBack(why: string, turn: Turn): Memory {
  const { memory } = turn;
  if (memory.record.asked !== undefined) {
    turn.tell({ kind: 'reboot-refused', target: memory.record.asked, why });
  }
  return recorded(memory, rebootRefused(memory.record));
}
