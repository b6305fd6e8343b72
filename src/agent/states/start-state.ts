/**
 * StartState: register as rpm-ostree's driver, read the deployments, and follow a transaction that an agent before us
 * left running. Pure.
 *
 * Invariants:
 * - A registration that fails holds nothing up: it is tried again later.
 * - The record is settled with the first reading: what was asked for before, and where the node has come from.
 * - An agent that is switched off reads the deployments as well, and does nothing more about them.
 * - A slot of before this boot waits for no deployments: it goes back while they cannot be read.
 */
import type { Moment } from '../moment.ts';
import { AFTER_FOLLOW_MS, FOLLOW_LIMIT_MS } from '../pacing.ts';
import type { HostStatus } from '../ports.ts';
import { booted as afterBoot, plain, stagingFinished, type AgentRecord, type Asked } from '../record.ts';
import { samePayload, type Target } from '../release.ts';
import { releaseUntold, waitFor, waitUntil } from '../rest.ts';
import { recorded, type AgentState, type Memory, type Model, type Policy } from '../state.ts';
import { stepsOf, withMemory, type Step, type Turn } from '../turn.ts';
import { followed } from './transaction.ts';
import { disabled, rebootPending } from './end-state.ts';
import { readAgainMs, READ_FRESH } from './reading.ts';
import { stagedCondition } from './staged-condition.ts';

type StartState = Extract<AgentState, { name: 'StartState' }>;

const step = stepsOf<StartState>();

const read = (state: StartState, _event: unknown, { memory }: Turn): Model => ({
  state: { ...state, step: 'read' },
  memory,
});

const readWhenDue = (state: StartState, event: unknown, turn: Turn): Model =>
  turn.mono >= state.dueMono ? read(state, event, turn) : { state, memory: turn.memory };

export const START_STEPS: Readonly<Record<StartState['step'], Step<StartState>>> = {
  register: step(
    ['register-driver', 'wait'],
    (_state, view) => (view.policy.enabled ? { kind: 'register-driver' } : waitUntil(0, view)),
    // Registered or not, switched off or not: what counts is what the deployments say now.
    {
      'driver-registered': read,
      'driver-failed': read,
      woke: (state, _event, turn) => whenSwitchedOff(state, turn),
    },
  ),
  read: step(['read-status'], () => READ_FRESH, {
    'status-read': (state, { status }, turn) => afterReading(state, status, turn),
    'status-failed': (state, _event, turn) => {
      const dueMono = turn.mono + readAgainMs(turn.memory);
      // Nothing else waits for the deployments while updates are switched off: a slot goes back meanwhile.
      return turn.policy.enabled
        ? { state: { ...state, step: 'rest', dueMono }, memory: turn.memory }
        : disabled(turn, dueMono);
    },
  }),
  follow: step(['follow-active'], () => ({ kind: 'follow-active', limitMs: FOLLOW_LIMIT_MS }), {
    ...followed<StartState>(afterFollowing),
    'transaction-over': (state, { succeeded }, turn) => {
      turn.tell({ kind: 'transaction-over' });
      const { memory } = turn;
      // What an agent before this one has begun to stage came to its end before our eyes.
      const settledMemory = succeeded === true ? recorded(memory, stagingFinished(memory.record)) : memory;
      return afterFollowing(state, withMemory(turn, settledMemory));
    },
  }),
  rest: step(
    ['wait', 'release-slot'],
    (state, view) => releaseUntold(state, view) ?? waitFor({ state, memory: view.memory }, view),
    {
      woke: readWhenDue,
      'slot-released': readWhenDue,
      'release-failed': readWhenDue,
      'slot-kept': readWhenDue,
    },
  ),
};

function afterFollowing(state: StartState, { memory, mono }: Turn): Model {
  return { state: { ...state, step: 'rest', dueMono: mono + AFTER_FOLLOW_MS }, memory };
}

/** Updates are switched off, so nobody registers as the driver. Metrics tell what is booted all the same. */
export function whenSwitchedOff(state: StartState, turn: Turn): Model {
  return read(state, undefined, turn);
}

function afterReading(state: StartState, status: HostStatus, turn: Turn): Model {
  const { enabled } = turn.policy;
  if (enabled && status.activeTransaction?.ours === true) {
    return { state: { ...state, step: 'follow' }, memory: turn.memory };
  }
  const memory = settled(status, turn);
  const others = othersOnDisk(status);
  if (others.length > 0) {
    turn.tell({ kind: 'others-excluded', others });
  }
  if (enabled) {
    turn.tell({ kind: 'initialized' });
  }
  const asked = askedInThisBoot(memory.record, status, turn.policy);
  if (asked !== undefined) {
    // The agent started anew while the machine goes down. It keeps the slot, and remembers that it asked.
    return rebootPending(plain(asked), momentOfAsking(asked, turn), withMemory(turn, memory));
  }
  return enabled ? { state: { name: 'Initialized' }, memory } : disabled(withMemory(turn, memory));
}

/** What lies on disk beside the booted release and a staged one, and is no update target for that reason. */
export function othersOnDisk({ booted, deployments }: HostStatus): readonly Target[] {
  const others: Target[] = [];
  for (const { staged, payload, version } of deployments) {
    const isKnown =
      staged ||
      payload === undefined ||
      (booted.payload !== undefined && samePayload(booted.payload, payload)) ||
      others.some((other) => samePayload(other.payload, payload));
    if (!isKnown) {
      others.push({ payload, version });
    }
  }
  return others;
}

/**
 * The reboot that an agent before this one asked for, while it is under way. It was asked for in this boot of the
 * machine, and the staged deployment has been unlocked for it.
 */
export function askedInThisBoot(
  { asked }: AgentRecord,
  status: HostStatus,
  { bootId }: Policy,
): Asked | undefined {
  return asked?.bootId === bootId && stagedCondition(asked, status) === 'unlocked' ? asked : undefined;
}

/** The wall clock may have been set since: nobody waits longer than for a reboot that is asked for now. */
function momentOfAsking(asked: Asked, { at, mono, policy }: Turn): Moment {
  const waitedMs = Math.min(Math.max(at - asked.at, 0), policy.rebootOverdueMs);
  return { at: asked.at, mono: mono - waitedMs };
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
