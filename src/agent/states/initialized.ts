/**
 * Initialized: tell lenders that the node is up, then poll. Pure.
 *
 * Invariants:
 * - Polling and staging wait neither for a lock server nor for a boot that is not complete.
 * - Lenders that were told while the deployments could not be read are not told again.
 */
import { releaseSlot, slotDueMono, waitUntil } from '../rest.ts';
import type { AgentState, Model } from '../state.ts';
import { stepsOf, type Step, type Turn } from '../turn.ts';

type Initialized = Extract<AgentState, { name: 'Initialized' }>;

const goOn = (_state: Initialized, _event: unknown, turn: Turn): Model => afterReport(turn);

export const INITIALIZED_STEP: Step<Initialized> = stepsOf<Initialized>()(
  ['release-slot', 'wait'],
  // With `catchUp` a slot from before the reboot is kept for the next hop; the first rest gives it back.
  (state, view) =>
    view.policy.catchUp || slotDueMono({ state, memory: view.memory }, view.policy) === undefined
      ? waitUntil(view.mono, view)
      : releaseSlot(state, view),
  { 'slot-released': goOn, 'release-failed': goOn, 'slot-kept': goOn, woke: goOn },
);

/** Whether or not the lenders could be told. */
export function afterReport(turn: Turn): Model {
  turn.tell({ kind: 'steady' });
  return { state: { name: 'ReportedSteady', step: 'refresh' }, memory: turn.memory };
}
