/**
 * The staged deployment, compared with the release that is to be booted. Pure.
 *
 * Invariants:
 * - One that was unlocked, removed or replaced leads on within one tick.
 * - What somebody else staged is not dropped.
 */
import { skippedBy } from '../../admin-lists.ts';
import { deniedPayloads } from '../../denylist.ts';
import type { HostStatus } from '../../ports.ts';
import type { AgentRecord } from '../../record.ts';
import { includesPayload, type Release } from '../../release.ts';
import { isSkipped } from '../../skip.ts';
import type { Memory, Model, Policy } from '../../state.ts';
import { type Turn, withMemory } from '../../turn.ts';
import { foreignStaged, startOver } from '../back-to-polling.ts';
import { stagedCondition } from '../staged-condition.ts';
import type { UpdateStaged } from './held.ts';
import { owingSlot } from './owing-slot.ts';

/** The deployments were read: `next` goes on where the staged one is still the release. */
export function compared(
  state: UpdateStaged,
  status: HostStatus,
  turn: Turn,
  next: (unlocked: boolean) => UpdateStaged,
): Model {
  const { memory, policy, at } = turn;
  const condition = stagedCondition(state.release, status);
  if (condition === 'gone' || condition === 'replaced') {
    turn.tell({ kind: 'staged-lost', release: state.release, replacedBy: status.staged?.version });
    return startOver(turn);
  }
  if (isRuledOut(state.release, status, memory.record, policy, at)) {
    return dropping(state, turn, memory);
  }
  // What the daemon has called unlocked once stays so, whatever is read since.
  const after = next(state.unlocked || condition === 'unlocked');
  return { state: after, memory: after.step === 'acquire' ? owingSlot(turn) : memory };
}

/** Somebody, or something, has ruled the release out since it was staged: it must not be booted. */
export function isRuledOut(
  release: Release,
  status: HostStatus,
  record: AgentRecord,
  policy: Policy,
  at: number,
): boolean {
  return (
    isSkipped(skippedBy({ record }, policy), release) ||
    includesPayload(deniedPayloads(status, record, at), release.payload)
  );
}

/** What somebody else staged is not ours to drop, also where it is the release: it is left to them. */
export function dropping(state: UpdateStaged, turn: Turn, memory: Memory): Model {
  return foreignStaged(memory) !== undefined && !turn.policy.replaceForeignStaged
    ? startOver(withMemory(turn, memory))
    : { state: { ...state, step: 'discard' }, memory };
}
