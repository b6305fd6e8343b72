/** Machines in the middle of their work, for tests of one function: what matters to a test, it names itself. */
import { initialModel, type AgentState, type Memory } from '../../src/agent/state.ts';
import { bootedOn, release } from './samples.ts';

type StateOf<N extends AgentState['name']> = Extract<AgentState, { name: N }>;

/** Of a node on 1.0 that owes nobody anything, and is to check later. */
export function memoryOf(changes: Partial<Memory> = {}): Memory {
  const { memory } = initialModel();
  return {
    ...memory,
    host: bootedOn('1.0'),
    driver: { registered: true, dueMono: 0, streak: undefined },
    steady: { owed: false, dueMono: 0, streak: undefined },
    check: { ...memory.check, dueMono: 9_000_000 },
    ...changes,
  };
}

export function available(changes: Partial<StateOf<'UpdateAvailable'>> = {}): StateOf<'UpdateAvailable'> {
  return {
    name: 'UpdateAvailable',
    release: release('2.0', 2),
    failedAttempts: 0,
    lastFailure: '',
    step: 'rest',
    dueMono: 9_000_000,
    ...changes,
  };
}

export function atStaged(changes: Partial<StateOf<'UpdateStaged'>> = {}): StateOf<'UpdateStaged'> {
  return {
    name: 'UpdateStaged',
    release: release('2.0', 2),
    postponementsLeft: 10,
    delayLeft: 10,
    warned: false,
    step: 'rest',
    dueMono: 9_000_000,
    holding: { by: 'nothing' },
    visitors: [],
    unlocked: false,
    ...changes,
  };
}

export const POLLING: AgentState = { name: 'NoNewUpdate', step: 'rest' };
export const FINALIZED: AgentState = {
  name: 'UpdateFinalized',
  release: release('2.0', 2),
  finalized: { at: 1, mono: 1 },
};
export const REBOOT_PENDING: AgentState = {
  name: 'EndState',
  cause: 'reboot-pending',
  release: release('2.0', 2),
  finalized: { at: 1, mono: 1 },
  step: 'rest',
  dueMono: 9_000_000,
};
export const SWITCHED_OFF: AgentState = { name: 'EndState', cause: 'disabled', dueMono: 9_000_000 };
