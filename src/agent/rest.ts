/**
 * Resting: when a node that waits has something to do again, and how it waits until then. Pure.
 *
 * Invariants:
 * - {@link nextThreshold} names every comparison with a clock that a resting node makes. The wait ends at the first.
 * - A duty that is due is done before the wait: a slot is given back, the driver is registered.
 * - Nothing is given back before this boot is complete, but not for longer than {@link LONGEST_BOOT_WAIT_MS}.
 * - No wait is longer than {@link LONGEST_WAIT_MS}.
 */
import { DAY_MS } from '../text/units.ts';
import type { EffectOf } from './messages.ts';
import { LONGEST_BOOT_WAIT_MS } from './pacing.ts';
import { isReportOwed, mayHold, streamOf } from './slots.ts';
import type { AgentState, Holding, Memory, Model, Policy } from './state.ts';
import type { Moment } from './moment.ts';
import { stepsOf, type Step, type Turn, type View } from './turn.ts';

/** Whatever was computed wrongly is computed again within a day. */
const LONGEST_WAIT_MS = DAY_MS;

/** Of a duty that is not owed. */
const NEVER = Number.POSITIVE_INFINITY;

/** The first instant at which a resting node can act, on each clock. */
export interface Threshold {
  /** Monotonic clock, milliseconds. */
  readonly mono: number;
  /** Wall clock, milliseconds; undefined: none. */
  readonly at: number | undefined;
}

export function nextThreshold({ state, memory }: Model, policy: Policy): Threshold {
  const monos = [dueMono(state, memory), ...dutiesMono(state, memory, policy)];
  if (memory.save.due) {
    monos.push(memory.save.dueMono);
  }
  return {
    mono: Math.min(...monos),
    at: state.name === 'UpdateStaged' ? askAgainAt(state.holding) : undefined,
  };
}

/** When the state itself has something to do. */
function dueMono(state: AgentState, memory: Memory): number {
  switch (state.name) {
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph':
      return memory.check.dueMono;
    case 'StartState':
    case 'UpdateAvailable':
    case 'UpdateStaged':
    case 'EndState':
      return state.dueMono;
    case 'Initialized':
    case 'UpdateFinalized':
      return Number.NEGATIVE_INFINITY;
  }
}

/** When duties come up that go on beside the state. */
function dutiesMono(state: AgentState, memory: Memory, policy: Policy): number[] {
  switch (state.name) {
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph':
    case 'UpdateAvailable':
    case 'UpdateStaged':
      return [slotDueMono({ state, memory }, policy), driverDueMono(memory)].filter(
        (mono) => mono !== undefined,
      );
    case 'EndState': {
      // Switched off by configuration: only a slot that may still be held is given back.
      const mono = state.cause === 'disabled' ? slotDueUntold({ state, memory }, policy) : undefined;
      return mono === undefined ? [] : [mono];
    }
    case 'StartState': {
      const mono = state.step === 'rest' ? slotDueUntold({ state, memory }, policy) : undefined;
      return mono === undefined ? [] : [mono];
    }
    case 'Initialized':
    case 'UpdateFinalized':
      return [];
  }
}

/** When a slot that may be held is to be given back by a resting node; undefined: none is owed. */
export function slotDueMono(model: Model, policy: Policy): number | undefined {
  const { memory } = model;
  return isReportOwed(model, policy) || mayHold(memory, policy).former.length > 0
    ? memory.steady.dueMono
    : undefined;
}

/**
 * As above, for a node whose updates are switched off, or that could not read its deployments yet. Without lenders there is
 * nobody to tell. Whether a reboot that was asked for in this boot is on its way, only the deployments tell.
 */
export function slotDueUntold(model: Model, policy: Policy): number | undefined {
  const { host, record } = model.memory;
  const isRead = host !== undefined && model.state.name !== 'StartState';
  if (!isRead && record.asked?.bootId === policy.bootId) {
    return undefined;
  }
  return policy.hasLenders || record.slots.length > 0 ? slotDueMono(model, policy) : undefined;
}

/** The return of that slot, if it is due by now. */
export function releaseUntold(state: AgentState, view: View): EffectOf<'release-slot'> | undefined {
  const dueMono = slotDueUntold({ state, memory: view.memory }, view.policy) ?? NEVER;
  return view.mono >= dueMono ? releaseSlot(state, view) : undefined;
}

function driverDueMono({ driver }: Memory): number | undefined {
  return driver.registered ? undefined : driver.dueMono;
}

/** The instant at which the gates' answer can change, where they know it. */
export function askAgainAt(holding: Holding): number | undefined {
  return holding.by === 'strategy' ? holding.untilAt : undefined;
}

/** Waits until the next threshold. */
export function waitFor(
  model: Model,
  { mono, policy }: Moment & { readonly policy: Policy },
): EffectOf<'wait'> {
  const threshold = nextThreshold(model, policy);
  const forMs = Math.min(Math.max(threshold.mono - mono, 0), LONGEST_WAIT_MS);
  return threshold.at === undefined
    ? { kind: 'wait', forMs }
    : { kind: 'wait', forMs, untilAt: threshold.at };
}

export function waitUntil(dueMono: number, { mono }: Moment): EffectOf<'wait'> {
  return { kind: 'wait', forMs: Math.min(Math.max(dueMono - mono, 0), LONGEST_WAIT_MS) };
}

export function releaseSlot(state: AgentState, { memory, policy, mono }: View): EffectOf<'release-slot'> {
  const { bootComplete, bootWait } = memory.steady;
  const { present, former } = mayHold(memory, policy);
  const configured = isReportOwed({ state, memory }, policy);
  const isWaitOver = bootWait !== undefined && mono - bootWait.since.mono >= LONGEST_BOOT_WAIT_MS;
  return {
    kind: 'release-slot',
    stream: streamOf(memory, policy),
    configured,
    present: configured ? present : [],
    former,
    asksBoot: bootComplete !== true && !isWaitOver && (policy.hasLenders || former.length > 0),
  };
}

/** What lenders of before lent goes back before others are asked; undefined: nothing is due. */
export function releaseFormer({ memory, policy, mono }: View): EffectOf<'release-slot'> | undefined {
  const { former } = mayHold(memory, policy);
  if (former.length === 0 || mono < memory.steady.dueMono) {
    return undefined;
  }
  // The boot is complete: its gate has let the node come this far.
  return {
    kind: 'release-slot',
    stream: streamOf(memory, policy),
    configured: false,
    present: [],
    former,
    asksBoot: false,
  };
}

/** A step that rests and does its duties meanwhile. `woken`: after the wait, and after each duty. */
export function resting<S extends AgentState>(woken: (state: S, turn: Turn) => Model): Step<S> {
  const resume = (state: S, _event: unknown, turn: Turn): Model => woken(state, turn);
  return stepsOf<S>()(
    ['wait', 'release-slot', 'register-driver'],
    (state, view) => {
      if (view.mono >= (slotDueMono({ state, memory: view.memory }, view.policy) ?? NEVER)) {
        return releaseSlot(state, view);
      }
      if (view.mono >= (driverDueMono(view.memory) ?? NEVER)) {
        return { kind: 'register-driver' };
      }
      return waitFor({ state, memory: view.memory }, view);
    },
    {
      woke: resume,
      'slot-released': resume,
      'release-failed': resume,
      'slot-kept': resume,
      'driver-registered': resume,
      'driver-failed': resume,
    },
  );
}
