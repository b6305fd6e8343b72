/**
 * A finalization that was refused, and what the deployments say of it. Pure.
 *
 * Invariants:
 * - A refusal takes the reboot out of the record, unless nobody knows whether it comes.
 * - While nobody knows, a slot is kept: the node may be going down. The deployments say it as soon as they can be read.
 * - What the daemon calls unlocked is unlocked, whatever was read before.
 */
import { retryMs } from '../../checking.ts';
import type { Failure } from '../../messages.ts';
import { lastedMs, momentOf } from '../../moment.ts';
import type { HostStatus } from '../../ports.ts';
import type { Holding, Model } from '../../state.ts';
import { type Turn, withMemory } from '../../turn.ts';
import { rebootPending } from '../end-state.ts';
import { stagedCondition } from '../staged-condition.ts';
import { takenBack } from './asking.ts';
import { compared } from './compared.ts';
import { failed, held, heldByFailure, isHeldBy, type UpdateStaged } from './held.ts';

export function afterRefusal(state: UpdateStaged, failure: Failure, turn: Turn): Model {
  turn.tell({ kind: 'finalize-failed', failure, repeated: isHeldBy(state, failure) });
  if (failure.kind === REBOOTING || isUncertain(failure)) {
    return {
      state: { ...state, step: 'reconcile', holding: unsettled(state, failure, turn) },
      memory: turn.memory,
    };
  }
  const memory = takenBack(failure.message, turn);
  if (failure.kind === 'rpm_ostree_busy') {
    return { state: { ...state, step: 'follow' }, memory };
  }
  const holding: Holding = { ...failed(state, failure, turn), asked: true };
  // The daemon knows best. With the lock gone there is another way to ask, which is tried at once.
  if (saysUnlocked(failure) && !state.unlocked) {
    return { state: { ...state, step: 'ask', unlocked: true, holding }, memory };
  }
  return TO_RECONCILE.has(failure.kind)
    ? { state: { ...state, step: 'reconcile', holding }, memory }
    : held(state, memory, holding, turn.mono + retryMs(turn));
}

/** Exported for its tests. The reboot may be on its way: so it is until the deployments are read. */
export function unsettled(state: UpdateStaged, failure: Failure, turn: Turn): Holding {
  return { ...failed(state, failure, turn), asked: true, unsettled: true };
}

/** With a daemon that vanished in the middle nobody knows: the reboot may come. */
export function isUncertain({ kind }: Failure): boolean {
  return kind === 'rpm_ostree_transaction_lost' || kind === 'effect_timeout';
}

/** The refusal itself says that the lock is gone, whatever was read before. */
export function saysUnlocked({ kind }: Failure): boolean {
  return kind === 'rpm_ostree_already_unlocked';
}

const REBOOTING = 'rpm_ostree_rebooting';

/**
 * Finalization was refused because a reboot is under way, or nobody knows what came of it. Where the staged deployment has
 * been unlocked, that reboot leads into it. Otherwise it leads elsewhere, or there is none, and none comes of what was
 * asked for. Undefined: no such refusal.
 */
export function afterRebooting(state: UpdateStaged, status: HostStatus, turn: Turn): Model | undefined {
  const { holding, release } = state;
  if (holding.by !== 'failure' || holding.unsettled !== true) {
    return undefined;
  }
  if (stagedCondition(release, status) === 'unlocked') {
    return rebootPending(release, momentOf(turn), turn);
  }
  // It may be ours, and has not come to its end.
  if (status.activeTransaction !== undefined) {
    return { state: { ...state, step: 'follow' }, memory: turn.memory };
  }
  const memory = takenBack(holding.message, turn);
  return compared(state, status, withMemory(turn, memory), (unlocked) => ({
    ...state,
    holding: { ...failed(state, holding, turn), asked: true },
    unlocked,
    step: 'rest',
    dueMono: turn.mono + retryMs(turn),
  }));
}

/** The deployments cannot be read. Where a reboot may be on its way, they are looked at again until it is overdue. */
export function afterNoReading(state: UpdateStaged, failure: Failure, turn: Turn): Model {
  const { holding } = state;
  return holding.by === 'failure' &&
    holding.unsettled === true &&
    lastedMs(holding.since, turn) < turn.policy.rebootOverdueMs
    ? held(state, turn.memory, holding, turn.mono + retryMs(turn))
    : heldByFailure(state, failure, turn);
}

/** Refusals that the deployments explain. */
const TO_RECONCILE: ReadonlySet<string> = new Set([
  'rpm_ostree_no_staged_deployment',
  'rpm_ostree_staged_mismatch',
  'rpm_ostree_already_unlocked',
]);
