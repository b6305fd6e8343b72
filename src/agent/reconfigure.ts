/**
 * What a new configuration makes of a machine, between two effects. The node goes through its decision again under the
 * new policy, as after a restart, but it forgets nothing. Pure.
 *
 * Invariants:
 * - A reboot that was asked for is on its way whatever the configuration says by now. That state stays, and so does the
 *   slot taken for it.
 * - A reboot that was about to be asked for is taken back, also in the record.
 * - Whatever a lender lent is given back before anything else is asked for. Only where nobody knows yet what it lent,
 *   and the same lenders stay, is it asked again instead.
 */
import { settled, type Advance } from './advance.ts';
import { newGrace, type GracePolicy } from './grace.ts';
import type { Happening } from './happenings.ts';
import { isRebooting, isUnsettled, type Rebooting } from './rebooting.ts';
import { rebootRefused } from './record.ts';
import { isSamePlace } from './slot-place.ts';
import { isKeepingSlot } from './slots.ts';
import { nothingLent } from './states/staged/owing-slot.ts';
import {
  recorded,
  type AgentState,
  type Holding,
  type Memory,
  type Model,
  type Policy,
  type StagedStep,
} from './state.ts';
import type { Moment } from './moment.ts';

export function reconfigured(model: Model, now: Moment, before: Policy, policy: Policy): Advance {
  const happenings: Happening[] = [{ kind: 'reconfigured' }];
  if (isRebooting(model.state)) {
    return settled(model, model, happenings, now, policy);
  }
  const { memory, refused } = withoutAsking(model, 'the configuration was read again');
  const after = {
    state: fromTheTop(model.state, now, before, policy),
    memory: startingAnew(memory, before, policy, isKept(model.state, before, policy)),
  };
  return settled(after, model, [...happenings, ...refused], now, policy);
}

/** The decision is made again from its first step. */
function fromTheTop(
  state: Exclude<AgentState, Rebooting>,
  { mono }: Moment,
  before: Policy,
  policy: Policy,
): AgentState {
  if (!policy.enabled) {
    return { name: 'EndState', cause: 'disabled', dueMono: mono };
  }
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
      const holding = isKeepingSlot(state) && !isKept(state, before, policy) ? FREE : state.holding;
      return { ...state, ...grace, step: 'rest', dueMono: 0, holding };
    }
  }
}

const FREE: Holding = { by: 'nothing' };

/** A lender that keeps a place for this node goes on keeping it. */
function isKept(state: AgentState, before: Policy, policy: Policy): boolean {
  return (
    isKeepingSlot(state) &&
    policy.enabled &&
    before.stream === policy.stream &&
    before.slotPlaces.length === policy.slotPlaces.length &&
    before.slotPlaces.every((place) => policy.slotPlaces.some((other) => isSamePlace(place, other)))
  );
}

function startingAnew(memory: Memory, before: Policy, policy: Policy, isKeeping: boolean): Memory {
  const mayHold = (before.hasLenders || policy.hasLenders) && !isKeeping;
  return {
    ...memory,
    check: { ...memory.check, dueMono: 0, putOffUntilAt: undefined },
    steady: mayHold ? { ...memory.steady, owed: true, dueMono: 0, fresh: false } : memory.steady,
  };
}

/** Written down, and not asked for yet: the next boot must not look for a reboot that never was. */
function withoutAsking(
  { state, memory }: Model,
  why: string,
): {
  readonly memory: Memory;
  readonly refused: readonly Happening[];
} {
  const { asked } = memory.record;
  if (state.name !== 'UpdateStaged' || state.step !== 'finalize' || asked === undefined) {
    return { memory, refused: [] };
  }
  return {
    memory: recorded(memory, rebootRefused(memory.record)),
    refused: [{ kind: 'reboot-refused', target: asked, why }],
  };
}

/** An attempt to reboot is made again from its first step, because of a person. Whatever a lender lent goes back. */
export function startedOver(
  model: Model,
  { mono }: Moment,
  policy: Policy,
  why: string,
): { readonly model: Model; readonly happenings: readonly Happening[] } {
  const { state } = model;
  if (state.name !== 'UpdateStaged' || STAYS.has(state.step) || isUnsettled(state)) {
    return { model, happenings: [] };
  }
  const { memory, refused } = withoutAsking(model, why);
  // Nobody was asked yet.
  const after = state.step === 'acquire' ? nothingLent({ memory, policy }) : memory;
  const holding = isKeepingSlot(state) ? FREE : state.holding;
  return {
    model: {
      state: { ...state, step: 'rest', dueMono: mono, holding },
      memory: { ...after, steady: { ...after.steady, dueMono: 0 } },
    },
    happenings: refused,
  };
}

/** What came of a finalization is found out first, and what is being dropped goes. */
const STAYS: ReadonlySet<StagedStep> = new Set(['reconcile', 'discard', 'follow']);

function isSameGrace(a: GracePolicy, b: GracePolicy): boolean {
  return (
    a.graceMinutes === b.graceMinutes &&
    a.maxDelayMinutes === b.maxDelayMinutes &&
    a.neverWhileLoggedIn === b.neverWhileLoggedIn
  );
}
