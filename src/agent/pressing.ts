/**
 * How requests make a machine that rests do something. Pure.
 *
 * Invariants:
 * - Each request wakes the machine once. So whatever fails does not make it run without end.
 * - A machine that is busy is left alone, and goes about the request with its next rest.
 * - What this agent has staged is gone on with for a reboot that is asked for, also where no check names it.
 * - An attempt to reboot that is under way becomes the one that is asked for, whatever else is asked for.
 */
import type { Moment } from './moment.ts';
import { checkDue } from './checking.ts';
import { pendingOf } from './pending.ts';
import type { Pending } from './pending-request.ts';
import type { AgentState, Memory, Model, Policy } from './state.ts';
import { takenUp } from './taken-up.ts';

export function pressed(before: Model, now: Moment, policy: Policy): Model {
  const model = withTakenUp(before, now, policy);
  const waiting = model.memory.requests.filter(({ begun, written }) => !begun && written === undefined);
  const checks = waiting.filter(({ request }) => request.wish.kind !== 'reboot');
  const reboots = waiting.filter(({ request }) => request.wish.kind === 'reboot');
  return pressedBy(reboots, false, pressedBy(checks, true, model, now), now);
}

/** Somebody asks for the reboot, and the machine rests beside what it has staged. */
function withTakenUp(model: Model, { mono }: Moment, policy: Policy): Model {
  const asked = pendingOf(model.memory, 'reboot');
  if (asked === undefined || asked.takenUp === true) {
    return model;
  }
  const after = takenUp(model, mono, policy);
  if (after === undefined) {
    return model;
  }
  const requests = after.memory.requests.map((pending) =>
    pending.request.id === asked.request.id ? { ...pending, takenUp: true as const } : pending,
  );
  return { state: after.state, memory: { ...doubted(after.memory, mono), requests } };
}

/** Exported for its tests. Where one answer did not offer what is staged, another one is wanted before it is booted. */
export function doubted(memory: Memory, mono: number): Memory {
  const { unoffered, notBefore } = memory.check;
  return unoffered > 0 ? checkDue(memory, Math.max(mono, notBefore?.mono ?? 0)) : memory;
}

function pressedBy(waiting: readonly Pending[], isCheckWanted: boolean, model: Model, now: Moment): Model {
  const state = waiting.length === 0 ? undefined : woken(model.state, isCheckWanted, now);
  if (state === undefined) {
    return model;
  }
  const isAboutStaged = state.name === 'UpdateStaged' && !isCheckWanted;
  const due = isCheckWanted ? checkDue(model.memory, now.mono) : model.memory;
  const memory = isAboutStaged ? doubted(due, now.mono) : due;
  return { state, memory: withBegun(memory, waiting) };
}

function withBegun(memory: Memory, waiting: readonly Pending[]): Memory {
  const requests = memory.requests.map((pending) =>
    waiting.includes(pending) ? { ...pending, begun: true } : pending,
  );
  return { ...memory, requests };
}

/** Undefined: it is busy. A state that has nothing to do with the request rests on, and so ends it. */
function woken(state: AgentState, isCheckWanted: boolean, { mono }: Moment): AgentState | undefined {
  switch (state.name) {
    case 'StartState':
      return state.step === 'rest' ? { ...state, dueMono: mono } : undefined;
    case 'Initialized':
      return undefined;
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph':
      // Whatever it is at leads to a check.
      return isCheckWanted && state.step === 'rest' ? { ...state, step: 'refresh' } : state;
    case 'UpdateAvailable':
      return isCheckWanted ? toCheck(state, mono) : undefined;
    case 'UpdateStaged':
      // An attempt that is under way becomes the one that was asked for.
      return toCheck(state, mono) ?? (isCheckWanted ? undefined : state);
    case 'UpdateFinalized':
    case 'EndState':
      return state;
  }
}

/** A state that checks next. Undefined: it is at something else. */
function toCheck<S extends AgentState & { readonly name: 'UpdateAvailable' | 'UpdateStaged' }>(
  state: S,
  dueMono: number,
): S | undefined {
  switch (state.step) {
    case 'rest':
      return { ...state, step: 'refresh', dueMono };
    case 'refresh':
    case 'check':
      return state;
    case 'stage':
    case 'follow':
    case 'discard':
    case 'ask':
    case 'sessions':
    case 'warn':
    case 'verify':
    case 'acquire':
    case 'confirm':
    case 'recheck':
    case 'finalize':
    case 'reconcile':
      return undefined;
  }
}
