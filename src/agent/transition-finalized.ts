/**
 * UpdateFinalized and EndState: the reboot is on its way, or updates are switched off. Pure.
 *
 * Invariant: a reboot that does not come is noticed; the deployments are read again and the attempt is made again.
 */
import type { Occurrence } from './messages.ts';
import { newGrace } from './grace.ts';
import { END_INTERVAL_MS, withJitter } from './pacing.ts';
import type { AgentState, Memory, Model, Policy } from './state.ts';
import { retryMs, startOver } from './transition-common.ts';
import { stagedCondition } from './transition-staged.ts';

type Finalized = Extract<AgentState, { name: 'UpdateFinalized' | 'EndState' }>;

export function absorbFinalized(
  state: Finalized,
  memory: Memory,
  occurrence: Occurrence,
  policy: Policy,
): Model {
  const { event, mono, roll } = occurrence;
  if (state.name === 'UpdateFinalized') {
    const { release, finalizedAt } = state;
    const dueMono = mono + policy.rebootOverdueMs;
    return {
      state: { name: 'EndState', cause: 'reboot-pending', release, finalizedAt, step: 'rest', dueMono },
      memory,
    };
  }
  if (state.cause === 'disabled') {
    if (mono < state.dueMono) {
      return { state, memory };
    }
    return {
      state: { ...state, dueMono: mono + withJitter(END_INTERVAL_MS, policy.jitter ? roll : 0) },
      memory,
    };
  }
  switch (event.kind) {
    case 'status-read': {
      const condition = stagedCondition(state.release, event.status);
      if (condition === 'gone' || condition === 'replaced') {
        return startOver(memory, occurrence, policy);
      }
      return {
        state: {
          name: 'UpdateStaged',
          release: state.release,
          // Whoever is logged in now has seen a reboot announced that did not come.
          ...newGrace(policy.sessions),
          step: 'ask',
          dueMono: 0,
          holding: {
            by: 'failure',
            kind: 'reboot_overdue',
            message: 'the reboot that was asked for has not come',
            sinceAt: state.finalizedAt,
          },
          visitors: [],
          unlocked: condition === 'unlocked',
        },
        memory,
      };
    }
    case 'status-failed':
      return { state: { ...state, step: 'rest', dueMono: mono + retryMs(occurrence, policy) }, memory };
    default:
      return mono >= state.dueMono ? { state: { ...state, step: 'read' }, memory } : { state, memory };
  }
}
