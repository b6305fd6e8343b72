/**
 * A finalization that was refused, and what the deployments say of it. Pure.
 *
 * Invariants:
 * - A refusal takes the reboot out of the record, unless nobody knows whether it comes.
 * - What the daemon calls unlocked is unlocked, whatever was read before.
 */
import { retryMs } from '../../checking.ts';
import type { Failure } from '../../messages.ts';
import { momentOf } from '../../moment.ts';
import type { HostStatus } from '../../ports.ts';
import type { Holding, Model } from '../../state.ts';
import { type Turn, withMemory } from '../../turn.ts';
import { rebootPending } from '../end-state.ts';
import { stagedCondition } from '../staged-condition.ts';
import { takenBack } from './asking.ts';
import { compared } from './compared.ts';
import { failed, held, isHeldBy, type UpdateStaged } from './held.ts';

export function afterRefusal(state: UpdateStaged, failure: Failure, turn: Turn): Model {
  turn.tell({ kind: 'finalize-failed', failure, repeated: isHeldBy(state, failure) });
  if (failure.kind === REBOOTING) {
    return {
      state: { ...state, step: 'reconcile', holding: { ...failed(state, failure, turn), asked: true } },
      memory: turn.memory,
    };
  }
  const memory = isUncertain(failure) ? turn.memory : takenBack(failure.message, turn);
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

/** The refusal itself says that the lock is gone, whatever was read before. */
export function saysUnlocked({ kind }: Failure): boolean {
  return kind === 'rpm_ostree_already_unlocked';
}

const REBOOTING = 'rpm_ostree_rebooting';

/**
 * Finalization was refused because a reboot is under way. Where the staged deployment has been unlocked, that reboot
 * leads into it. Otherwise it leads elsewhere, and none comes of what was asked for. Undefined: no such refusal.
 */
export function afterRebooting(state: UpdateStaged, status: HostStatus, turn: Turn): Model | undefined {
  const { holding, release } = state;
  if (holding.by !== 'failure' || holding.kind !== REBOOTING) {
    return undefined;
  }
  if (stagedCondition(release, status) === 'unlocked') {
    return rebootPending(release, momentOf(turn), turn);
  }
  const memory = takenBack(holding.message, turn);
  return compared(state, status, withMemory(turn, memory), (unlocked) => ({
    ...state,
    unlocked,
    step: 'rest',
    dueMono: turn.mono + retryMs(turn),
  }));
}

/** Refusals that the deployments explain. */
const TO_RECONCILE: ReadonlySet<string> = new Set([
  'rpm_ostree_no_staged_deployment',
  'rpm_ostree_staged_mismatch',
  'rpm_ostree_already_unlocked',
]);

/** With a daemon that vanished in the middle nobody knows: the reboot may come. */
export function isUncertain({ kind }: Failure): boolean {
  return kind === 'rpm_ostree_transaction_lost' || kind === 'effect_timeout';
}
