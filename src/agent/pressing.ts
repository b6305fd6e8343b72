/**
 * How requests make a machine that rests do something. Pure.
 *
 * Invariants:
 * - Each request wakes the machine once. So whatever fails does not make it run without end.
 * - A machine that is busy is left alone, and goes about the request with its next rest.
 * - An attempt to reboot that is under way becomes the one that is asked for, whatever else is asked for.
 */
import type { Moment } from './moment.ts';
import { checkDue } from './checking.ts';
import type { Pending } from './pending-request.ts';
import type { AgentState, Memory, Model } from './state.ts';

export function pressed(model: Model, now: Moment): Model {
  const waiting = model.memory.requests.filter(({ begun, written }) => !begun && written === undefined);
  const checks = waiting.filter(({ request }) => request.wish.kind !== 'reboot');
  const reboots = waiting.filter(({ request }) => request.wish.kind === 'reboot');
  return pressedBy(reboots, false, pressedBy(checks, true, model, now), now);
}

function pressedBy(waiting: readonly Pending[], isCheckWanted: boolean, model: Model, now: Moment): Model {
  const state = waiting.length === 0 ? undefined : woken(model.state, isCheckWanted, now);
  if (state === undefined) {
    return model;
  }
  const memory = isCheckWanted ? checkDue(model.memory, now.mono) : model.memory;
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
