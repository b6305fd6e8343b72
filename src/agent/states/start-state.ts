/**
 * StartState: register as rpm-ostree's driver, read the deployments, and follow a transaction that an agent before us
 * left running. Pure.
 *
 * Invariants:
 * - A registration that fails holds nothing up: it is tried again later.
 * - The record is settled with the first reading: what was asked for before, and where the node has come from.
 */
import { adapterRetryMs, AFTER_FOLLOW_MS, END_INTERVAL_MS, FOLLOW_LIMIT_MS, withJitter } from '../pacing.ts';
import type { HostStatus } from '../ports.ts';
import { booted as afterBoot } from '../record.ts';
import type { Target } from '../release.ts';
import { waitFor, waitUntil } from '../rest.ts';
import { recorded, type AgentState, type Memory, type Model } from '../state.ts';
import { stepsOf, type Step, type Turn } from '../turn.ts';
import { followed } from './transaction.ts';
import { READ_FRESH } from './reading.ts';

type StartState = Extract<AgentState, { name: 'StartState' }>;

const step = stepsOf<StartState>();

const read = (state: StartState, _event: unknown, { memory }: Turn): Model => ({
  state: { ...state, step: 'read' },
  memory,
});

export const START_STEPS: Readonly<Record<StartState['step'], Step<StartState>>> = {
  register: step(
    ['register-driver', 'wait'],
    (_state, view) => (view.policy.enabled ? { kind: 'register-driver' } : waitUntil(0, view)),
    // Registered or not: what counts is what the deployments say now.
    { 'driver-registered': read, 'driver-failed': read, woke: (_state, _event, turn) => disabled(turn) },
  ),
  read: step(['read-status'], () => READ_FRESH, {
    'status-read': (state, { status }, turn) => afterReading(state, status, turn),
    'status-failed': (state, _event, turn) => {
      const dueMono = turn.mono + adapterRetryMs(turn.memory.hostStreak?.count ?? 1);
      return { state: { ...state, step: 'rest', dueMono }, memory: turn.memory };
    },
  }),
  follow: step(
    ['follow-active'],
    () => ({ kind: 'follow-active', limitMs: FOLLOW_LIMIT_MS }),
    followed<StartState>((state, turn) => ({
      state: { ...state, step: 'rest', dueMono: turn.mono + AFTER_FOLLOW_MS },
      memory: turn.memory,
    })),
  ),
  rest: step(['wait'], (state, view) => waitFor({ state, memory: view.memory }, view), { woke: read }),
};

function disabled(turn: Turn): Model {
  const { memory, mono, policy, roll } = turn;
  turn.tell({ kind: 'updates-disabled' });
  const dueMono = mono + withJitter(END_INTERVAL_MS, policy.jitter ? roll : 0);
  return { state: { name: 'EndState', cause: 'disabled', dueMono }, memory };
}

function afterReading(state: StartState, status: HostStatus, turn: Turn): Model {
  if (status.activeTransaction?.ours === true) {
    return { state: { ...state, step: 'follow' }, memory: turn.memory };
  }
  const memory = settled(status, turn);
  turn.tell({ kind: 'initialized' });
  return { state: { name: 'Initialized' }, memory };
}

/** What this boot of the machine tells about the reboots and releases before it. */
function settled(status: HostStatus, turn: Turn): Memory {
  const { booted } = status;
  const { memory, policy, at } = turn;
  if (booted.payload === undefined) {
    return memory;
  }
  const present = { payload: booted.payload, version: booted.version };
  const { record, findings } = afterBoot(memory.record, present, policy.bootId, at, bootedBefore(status));
  for (const finding of findings) {
    turn.tell(finding);
  }
  const hasMoved = memory.record.boots.length > 0 && record.boots !== memory.record.boots;
  const { stalledSinceAt, ...rest } = record;
  return recorded(memory, hasMoved && stalledSinceAt !== undefined ? rest : record);
}

/**
 * Deployments that the node can go back to, oldest first: those behind the booted one in boot order. One before it was
 * never booted from here.
 */
export function bootedBefore({ booted, deployments }: HostStatus): readonly Target[] {
  const behind = deployments.slice(deployments.findIndex(({ id }) => id === booted.id) + 1);
  return behind
    .flatMap(({ payload, version }) => (payload === undefined ? [] : [{ payload, version }]))
    .toReversed();
}
