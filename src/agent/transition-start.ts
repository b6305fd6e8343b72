/**
 * StartState: register as rpm-ostree's driver (once, it is tried again later), read the deployments, and follow a
 * transaction that an agent before us left running. Pure.
 */
import type { Occurrence } from './messages.ts';
import { adapterRetryMs, AFTER_FOLLOW_MS, END_INTERVAL_MS, withJitter } from './pacing.ts';
import type { HostStatus } from './ports.ts';
import { booted as afterBoot } from './record.ts';
import { recorded, type AgentState, type Memory, type Model, type Policy } from './state.ts';

type StartState = Extract<AgentState, { name: 'StartState' }>;

export function absorbStart(
  state: StartState,
  memory: Memory,
  { event, at, mono, roll }: Occurrence,
  policy: Policy,
): Model {
  if (!policy.enabled) {
    const dueMono = mono + withJitter(END_INTERVAL_MS, policy.jitter ? roll : 0);
    return { state: { name: 'EndState', cause: 'disabled', dueMono }, memory };
  }
  switch (event.kind) {
    case 'status-read':
      if (event.status.activeTransaction?.ours === true) {
        return { state: { ...state, step: 'follow' }, memory };
      }
      return { state: { name: 'Initialized' }, memory: settled(memory, event.status, policy, at) };
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

/** What this boot of the machine tells about the reboots and releases before it. */
function settled(memory: Memory, { booted }: HostStatus, policy: Policy, at: number): Memory {
  if (booted.payload === undefined) {
    return memory;
  }
  const present = { payload: booted.payload, version: booted.version };
  return recorded(memory, afterBoot(memory.record, present, policy.bootId, at));
}
