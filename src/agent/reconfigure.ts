/**
 * What a new configuration makes of the model, between two effects: the node goes through its decision again under the
 * new policy, as after a restart, but forgets nothing. Pure.
 *
 * Invariants: a reboot that was asked for is on its way whatever the configuration says by now, so that state stays, and
 * so does the slot taken for it; a reboot that was about to be asked for is taken back, also in the record; whatever
 * was lent by a lock server is given back before anything else is asked for.
 */
import { newGrace, type GracePolicy } from './grace.ts';
import { nextEffect, type Moment } from './next-effect.ts';
import { rebootRefused } from './record.ts';
import { recorded, type AgentState, type Memory, type Model, type Policy } from './state.ts';
import type { Transition } from './transition.ts';

export function reconfigured(model: Model, now: Moment, before: Policy, policy: Policy): Transition {
  const after = withPolicy(model, now, before, policy);
  return { model: after, effect: nextEffect(after, now, policy) };
}

function withPolicy(model: Model, now: Moment, before: Policy, policy: Policy): Model {
  const { state } = model;
  if (state.name === 'UpdateFinalized' || (state.name === 'EndState' && state.cause === 'reboot-pending')) {
    return model;
  }
  const memory = startingAnew(withoutAsking(model, now.at), before, policy);
  if (!policy.enabled) {
    return { state: { name: 'EndState', cause: 'disabled', dueMono: now.mono }, memory };
  }
  return { state: fromTheTop(state, before, policy), memory };
}

/** The decision is made again from its first step. */
function fromTheTop(
  state: Exclude<AgentState, { name: 'UpdateFinalized' }>,
  before: Policy,
  policy: Policy,
): AgentState {
  switch (state.name) {
    case 'StartState':
    case 'Initialized':
      return state;
    case 'EndState':
      return { name: 'StartState', step: 'register', dueMono: 0 };
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph':
      return { ...state, step: 'rest' };
    case 'UpdateAvailable':
      // What is of the wrong stream has to go first; it is denied already.
      return state.step === 'discard' ? state : { ...state, step: 'rest', dueMono: 0 };
    case 'UpdateStaged': {
      const grace = isSameGrace(before.sessions, policy.sessions) ? {} : newGrace(policy.sessions);
      return { ...state, ...grace, step: 'rest', dueMono: 0 };
    }
  }
}

function startingAnew(memory: Memory, before: Policy, policy: Policy): Memory {
  const mayHold = before.remoteStrategies || policy.remoteStrategies;
  return {
    ...memory,
    check: { ...memory.check, dueMono: 0, putOffUntilAt: undefined },
    steady: mayHold ? { ...memory.steady, owed: true, dueMono: 0 } : memory.steady,
  };
}

/** Written down, and not asked for yet: the next boot must not look for a reboot that never was. */
function withoutAsking({ state, memory }: Model, at: number): Memory {
  if (state.name !== 'UpdateStaged' || state.step !== 'finalize') {
    return memory;
  }
  return recorded(memory, rebootRefused(memory.record, at, 'the configuration was read again'));
}

function isSameGrace(a: GracePolicy, b: GracePolicy): boolean {
  return (
    a.graceMinutes === b.graceMinutes &&
    a.maxDelayMinutes === b.maxDelayMinutes &&
    a.neverWhileLoggedIn === b.neverWhileLoggedIn
  );
}
