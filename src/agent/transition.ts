/**
 * The state machine: what an event makes of the model, and which effect comes next. Pure: the same model, occurrence
 * and policy always give the same answer.
 *
 * Invariants: the event must answer the effect that the model asked for, anything else is a fault of the program and
 * throws; every state leads to an effect; every wait is finite.
 */
import { absorbAvailable } from './transition-available.ts';
import { absorbFinalized } from './transition-finalized.ts';
import { absorbPolling } from './transition-polling.ts';
import { absorbStaged, withoutRecord } from './transition-staged.ts';
import { absorbStart } from './transition-start.ts';
import { remember } from './remember.ts';
import { nextEffect, type Moment } from './next-effect.ts';
import { ANSWERS, type Effect, type EventKind, type Failure, type Occurrence } from './messages.ts';
import type { AgentState, Memory, Model, Policy } from './state.ts';

export interface Transition {
  readonly model: Model;
  readonly effect: Effect;
}

/** An event that cannot answer what was asked: never caused by the world, always by a fault of the program. */
export class ImpossibleTransition extends Error {
  constructor(state: AgentState, asked: Effect, event: EventKind) {
    super(`impossible transition: state ${state.name} asked for ${asked.kind}, got ${event}`);
    this.name = 'ImpossibleTransition';
  }
}

/** The first effect of a life. */
export function begin(model: Model, now: Moment, policy: Policy): Effect {
  return nextEffect(model, now, policy);
}

/** `asked` is the effect that `occurrence` answers, as the previous transition gave it. */
export function transition(model: Model, asked: Effect, occurrence: Occurrence, policy: Policy): Transition {
  const answers: readonly EventKind[] = ANSWERS[asked.kind];
  if (!answers.includes(occurrence.event.kind)) {
    throw new ImpossibleTransition(model.state, asked, occurrence.event.kind);
  }
  const memory = remember(model.memory, occurrence);
  const after = absorb({ state: model.state, memory }, occurrence, policy);
  return { model: after, effect: nextEffect(after, occurrence, policy) };
}

function absorb(model: Model, occurrence: Occurrence, policy: Policy): Model {
  const { state, memory } = model;
  if (occurrence.event.kind === 'saved') {
    return model;
  }
  if (occurrence.event.kind === 'save-failed') {
    return afterUnsaved(state, memory, occurrence.event.failure, occurrence, policy);
  }
  switch (state.name) {
    case 'StartState':
      return absorbStart(state, memory, occurrence, policy);
    case 'Initialized':
      // Whether or not the strategy could be told: polling and staging never wait for a lock server.
      return { state: { name: 'ReportedSteady', step: 'refresh' }, memory };
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph':
      return absorbPolling(state, memory, occurrence, policy);
    case 'UpdateAvailable':
      return absorbAvailable(state, memory, occurrence, policy);
    case 'UpdateStaged':
      return absorbStaged(state, memory, occurrence, policy);
    case 'UpdateFinalized':
    case 'EndState':
      return absorbFinalized(state, memory, occurrence, policy);
  }
}

/** Only a reboot must not go on without the record; everything else is done, and writing is tried again. */
function afterUnsaved(
  state: AgentState,
  memory: Memory,
  failure: Failure,
  occurrence: Occurrence,
  policy: Policy,
): Model {
  return state.name === 'UpdateStaged' && state.step === 'finalize'
    ? withoutRecord(state, memory, failure, occurrence, policy)
    : { state, memory };
}
