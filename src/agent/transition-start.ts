/**
 * StartState: register as rpm-ostree's driver (once, it is tried again later), read the deployments, and follow a
 * transaction that an agent before us left running. Pure.
 */
import type { Occurrence } from './messages.ts';
import { adapterRetryMs, AFTER_FOLLOW_MS, END_INTERVAL_MS, withJitter } from './pacing.ts';
import type { AgentState, Memory, Model, Policy } from './state.ts';

type StartState = Extract<AgentState, { name: 'StartState' }>;

export function absorbStart(
  state: StartState,
  memory: Memory,
  { event, mono, roll }: Occurrence,
  policy: Policy,
): Model {
  if (!policy.enabled) {
    const dueMono = mono + withJitter(END_INTERVAL_MS, policy.jitter ? roll : 0);
    return { state: { name: 'EndState', cause: 'disabled', dueMono }, memory };
  }
  switch (event.kind) {
    case 'status-read':
      if (event.status.activeTransaction?.ours === true)
        return { state: { ...state, step: 'follow' }, memory };
      return { state: { name: 'Initialized' }, memory };
    case 'status-failed': {
      const dueMono = mono + adapterRetryMs(memory.hostStreak?.count ?? 1);
      return { state: { ...state, step: 'rest', dueMono }, memory };
    }
    case 'transaction-over':
    case 'transaction-running':
    case 'follow-failed':
      return { state: { ...state, step: 'rest', dueMono: mono + AFTER_FOLLOW_MS }, memory };
    // Registered or not: what counts is what the deployments say now.
    default:
      return { state: { ...state, step: 'read' }, memory };
  }
}
