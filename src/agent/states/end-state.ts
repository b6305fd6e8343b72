/**
 * EndState: the reboot is on its way, or updates are switched off. Pure.
 *
 * Invariants:
 * - A reboot that does not come is noticed: the deployments are read again, and the attempt is made again.
 * - An agent that is switched off still gives back a slot that it may hold, but not one that its own reboot needs.
 * - It asks for no reboot again. It looks at the deployments now and then, so that metrics say what is booted.
 */
import { retryMs } from '../checking.ts';
import { newGrace } from '../grace.ts';
import { END_INTERVAL_MS, withJitter } from '../pacing.ts';
import { wallOf, type Moment } from '../moment.ts';
import type { HostStatus } from '../ports.ts';
import type { Release } from '../release.ts';
import { releaseUntold, waitFor } from '../rest.ts';
import type { AgentState, Model } from '../state.ts';
import { stepsOf, type Step, type Turn } from '../turn.ts';
import { startOver } from './back-to-polling.ts';
import { readAgainMs, READ_CACHED, READ_FRESH } from './reading.ts';
import { stagedCondition } from './staged-condition.ts';

type Disabled = Extract<AgentState, { name: 'EndState'; cause: 'disabled' }>;
type RebootPending = Extract<AgentState, { name: 'EndState'; cause: 'reboot-pending' }>;

const stayOff = (state: Disabled, _event: unknown, { memory }: Turn): Model => ({ state, memory });

export const DISABLED_STEP: Step<Disabled> = stepsOf<Disabled>()(
  ['wait', 'release-slot', 'read-status'],
  (state, view) => {
    const isReadDue = view.mono >= state.dueMono && view.memory.host !== undefined;
    const otherwise = isReadDue ? READ_CACHED : waitFor({ state, memory: view.memory }, view);
    return releaseUntold(state, view) ?? otherwise;
  },
  {
    woke: (state, _event, { memory, mono }) =>
      memory.host === undefined && mono >= state.dueMono
        ? { state: { name: 'StartState', step: 'read', dueMono: 0 }, memory }
        : { state, memory },
    'slot-released': stayOff,
    'release-failed': stayOff,
    'slot-kept': stayOff,
    'status-read': (state, _event, turn) => ({
      state: { ...state, dueMono: nextLookMono(turn) },
      memory: turn.memory,
    }),
    'status-failed': (state, _event, turn) => ({
      state: { ...state, dueMono: turn.mono + readAgainMs(turn.memory) },
      memory: turn.memory,
    }),
  },
);

function nextLookMono({ mono, policy, roll }: Turn): number {
  return mono + withJitter(END_INTERVAL_MS, policy.jitter ? roll : 0);
}

/** Updates are switched off by configuration. Told once, also where the deployments cannot be read at first. */
export function disabled(turn: Turn, dueMono = nextLookMono(turn)): Model {
  if (turn.was.memory.hostStreak === undefined) {
    turn.tell({ kind: 'updates-disabled' });
  }
  return { state: { name: 'EndState', cause: 'disabled', dueMono }, memory: turn.memory };
}

const pending = stepsOf<RebootPending>();

export const PENDING_STEPS: Readonly<Record<RebootPending['step'], Step<RebootPending>>> = {
  rest: pending(['wait'], (state, view) => waitFor({ state, memory: view.memory }, view), {
    woke: (state, _event, { memory, mono }) => ({
      state: { ...state, step: mono >= state.dueMono ? 'read' : 'rest' },
      memory,
    }),
  }),
  read: pending(['read-status'], () => READ_FRESH, {
    'status-read': (state, { status }, turn) => afterReading(state, status, turn),
    'status-failed': (state, _event, turn) => ({
      state: { ...state, step: 'rest', dueMono: turn.mono + retryMs(turn) },
      memory: turn.memory,
    }),
  }),
};

/**
 * The reboot into `release` was asked for at `finalized` and is under way, as the deployments show. What was waited for
 * it already, perhaps by an agent before this one, counts.
 */
export function rebootPending(release: Release, finalized: Moment, turn: Turn): Model {
  turn.tell({ kind: 'waiting-for-reboot', release });
  const dueMono = finalized.mono + turn.policy.rebootOverdueMs;
  return {
    state: { name: 'EndState', cause: 'reboot-pending', release, finalized, step: 'rest', dueMono },
    memory: turn.memory,
  };
}

function afterReading(state: RebootPending, status: HostStatus, turn: Turn): Model {
  const { release, finalized } = state;
  const condition = stagedCondition(release, status);
  if (condition === 'gone' || condition === 'replaced') {
    turn.tell({ kind: 'staged-lost', release, replacedBy: status.staged?.version });
    return turn.policy.enabled ? startOver(turn) : disabled(turn);
  }
  turn.tell({ kind: 'reboot-overdue', release, finalizedAt: wallOf(finalized, turn), at: turn.at });
  if (!turn.policy.enabled) {
    return disabled(turn);
  }
  return {
    state: {
      name: 'UpdateStaged',
      release,
      // Whoever is logged in now has seen a reboot announced that did not come.
      ...newGrace(turn.policy.sessions),
      step: 'ask',
      dueMono: 0,
      holding: {
        by: 'failure',
        kind: 'reboot_overdue',
        message: 'the reboot that was asked for has not come',
        since: finalized,
        asked: true,
      },
      visitors: [],
      unlocked: condition === 'unlocked',
    },
    memory: turn.memory,
  };
}
