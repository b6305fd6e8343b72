/**
 * What is staged, and what no check of this life of the agent has named. The update server does not answer, or does not
 * know the booted release. The record knows all the same whose it is, so a person can have it booted. Pure.
 *
 * Invariant: it is compared with the disk and with what is denied before anything is asked, as after every rest.
 */
import { newGrace } from './grace.ts';
import type { AgentState, Model, Policy } from './state.ts';
import { ownStaged } from './states/back-to-polling.ts';

type Polling = Extract<AgentState, { name: 'ReportedSteady' | 'NoNewUpdate' | 'OffGraph' }>;

export function isPolling(state: AgentState): state is Polling {
  return state.name === 'ReportedSteady' || state.name === 'NoNewUpdate' || state.name === 'OffGraph';
}

/** `model`, on the way to the reboot into what this agent has staged. Undefined: it has nothing staged that it rests beside. */
export function takenUp({ state, memory }: Model, mono: number, policy: Policy): Model | undefined {
  const release = ownStaged(memory);
  if (release === undefined || !policy.enabled || !isPolling(state) || state.step !== 'rest') {
    return undefined;
  }
  return {
    state: {
      name: 'UpdateStaged',
      release,
      ...newGrace(policy.sessions),
      step: 'refresh',
      dueMono: mono,
      holding: { by: 'nothing' },
      visitors: [],
      unlocked: memory.host?.staged?.finalizationLocked === false,
    },
    memory,
  };
}
