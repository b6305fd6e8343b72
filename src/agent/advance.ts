/**
 * The state machine: what an event makes of a machine, which effect comes next, and what happened. Pure: the same
 * machine and occurrence always give the same answer.
 *
 * Invariants:
 * - The event must answer the effect that the machine asked for. Anything else is a fault of the program, and throws.
 * - Every state leads to an effect, and every wait is finite.
 * - A changed record is written before anything else is done, so that whatever ends this life finds it on disk.
 */
import type { Happening } from './happenings.ts';
import { ANSWERS, type Effect, type Event, type EventKind, type Occurrence } from './messages.ts';
import { pressed } from './pressing.ts';
import { remember } from './remember.ts';
import { afterHappenings, atRest } from './request-ends.ts';
import { type AgentState, type Memory, type Model, type Policy, type StateName } from './state.ts';
import { foreignStaged } from './states/back-to-polling.ts';
import { DISABLED_STEP, PENDING_STEPS } from './states/end-state.ts';
import { INITIALIZED_STEP } from './states/initialized.ts';
import { POLLING_STEPS } from './states/polling.ts';
import { START_STEPS } from './states/start-state.ts';
import { AVAILABLE_STEPS } from './states/update-available.ts';
import { FINALIZED_STEP } from './states/update-finalized.ts';
import { STAGED_STEPS } from './states/update-staged.ts';
import type { Moment } from './moment.ts';
import type { Step, Turn } from './turn.ts';

/** A machine between two events: what it knows, and what it has asked for. */
export interface Machine {
  readonly model: Model;
  readonly effect: Effect;
}

/** What one event, or one new configuration, led to. */
export interface Advance extends Machine {
  /** In the order in which they came about. */
  readonly happenings: readonly Happening[];
}

/** An event that cannot answer what was asked: never caused by the world, always by a fault of the program. */
export class ImpossibleTransition extends Error {
  constructor(state: AgentState, asked: Effect, event: EventKind) {
    super(`impossible transition: state ${state.name} asked for ${asked.kind}, got ${event}`);
    this.name = 'ImpossibleTransition';
  }
}

/** The machine at the beginning of a life. */
export function begin(model: Model, now: Moment, policy: Policy): Machine {
  return { model, effect: nextEffect(model, now, policy) };
}

/** `occurrence` answers `machine.effect`. */
export function advance({ model, effect }: Machine, occurrence: Occurrence, policy: Policy): Advance {
  const { event, at, mono, roll } = occurrence;
  const answers: readonly EventKind[] = ANSWERS[effect.kind];
  if (!answers.includes(event.kind)) {
    throw new ImpossibleTransition(model.state, effect, event.kind);
  }
  const { memory, happenings: told } = remember(model.memory, event, { at, mono });
  const happenings: Happening[] = [...told];
  const tell = (happening: Happening): void => {
    happenings.push(happening);
  };
  const after = answered({ state: model.state, memory }, effect, event, {
    ...{ memory, policy, at, mono, roll, was: model, tell },
  });
  return settled(after, model, happenings, { at, mono }, policy);
}

/** What every advance ends with: requests that are over end, and the next effect is chosen. */
export function settled(
  after: Model,
  before: Model,
  happenings: readonly Happening[],
  now: Moment,
  policy: Policy,
): Advance {
  const all: Happening[] = [...happenings];
  if (after.state.name !== before.state.name) {
    all.push({ kind: 'state-changed', to: after.state.name });
  }
  const memory = withForeign(after, policy, now, all);
  const ends = afterHappenings({ ...after, memory }, all, now);
  all.push(...ends.happenings);
  const model = pressed({ ...after, memory: ends.memory }, now, policy);
  if (model.state.name !== after.state.name) {
    all.push({ kind: 'state-changed', to: model.state.name });
  }
  const effect = nextEffect(model, now, policy);
  if (effect.kind !== 'wait' || effect.forMs === 0) {
    return { model, effect, happenings: all };
  }
  const rest = atRest(model);
  return { model: { ...model, memory: rest.memory }, effect, happenings: [...all, ...rest.happenings] };
}

const ON_THE_WAY: ReadonlySet<StateName> = new Set(['UpdateStaged', 'UpdateFinalized', 'EndState']);

/** What somebody else staged, told to `all` when it comes and when it goes. */
function withForeign(
  { state, memory }: Model,
  policy: Policy,
  { at, mono }: Moment,
  all: Happening[],
): Memory {
  // It is the release, and the node is on its way into it.
  const isTaken = ON_THE_WAY.has(state.name);
  const isLeft = policy.enabled && !policy.replaceForeignStaged && !isTaken;
  const staged = isLeft ? foreignStaged(memory) : undefined;
  if (staged?.id === memory.foreign?.id) {
    return memory;
  }
  if (memory.foreign !== undefined) {
    all.push({ kind: 'foreign-gone', version: memory.foreign.version });
  }
  if (staged === undefined) {
    return { ...memory, foreign: undefined };
  }
  const { id, version } = staged;
  const how = memory.host?.staged === undefined ? { pending: true as const } : {};
  all.push({ kind: 'foreign-staged', version, ...how });
  return { ...memory, foreign: { id, version, ...how, since: { at, mono } } };
}

/** The effect that `model` asks for. Total: every state and step has one. */
export function nextEffect({ state, memory }: Model, now: Moment, policy: Policy): Effect {
  if (memory.save.due && now.mono >= memory.save.dueMono) {
    return { kind: 'save', record: memory.record };
  }
  const view = { ...now, memory, policy };
  switch (state.name) {
    case 'StartState':
      return START_STEPS[state.step].asks(state, view);
    case 'Initialized':
      return INITIALIZED_STEP.asks(state, view);
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph':
      return POLLING_STEPS[state.step].asks(state, view);
    case 'UpdateAvailable':
      return AVAILABLE_STEPS[state.step].asks(state, view);
    case 'UpdateStaged':
      return STAGED_STEPS[state.step].asks(state, view);
    case 'UpdateFinalized':
      return FINALIZED_STEP.asks(state, view);
    case 'EndState':
      return state.cause === 'disabled'
        ? DISABLED_STEP.asks(state, view)
        : PENDING_STEPS[state.step].asks(state, view);
  }
}

/** Writing the record is done beside most steps: whatever came of it, they go on as they were. */
function answered(model: Model, asked: Effect, event: Event, turn: Turn): Model {
  const { state } = model;
  const at = <S extends AgentState>(step: Step<S>, of: S): Model =>
    asked.kind === 'save' && !step.kinds.includes('save') ? model : step.answered(of, event, turn);
  switch (state.name) {
    case 'StartState':
      return at(START_STEPS[state.step], state);
    case 'Initialized':
      return at(INITIALIZED_STEP, state);
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph':
      return at(POLLING_STEPS[state.step], state);
    case 'UpdateAvailable':
      return at(AVAILABLE_STEPS[state.step], state);
    case 'UpdateStaged':
      return at(STAGED_STEPS[state.step], state);
    case 'UpdateFinalized':
      return at(FINALIZED_STEP, state);
    case 'EndState':
      return state.cause === 'disabled' ? at(DISABLED_STEP, state) : at(PENDING_STEPS[state.step], state);
  }
}
