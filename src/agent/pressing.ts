/**
 * How requests make a machine that rests do something. Pure.
 *
 * Invariants:
 * - Each request wakes the machine once. So whatever fails does not make it run without end.
 * - A machine that is busy is left alone, and goes about the request with its next rest.
 * - An attempt to reboot that is under way becomes the one that is asked for, whatever else is asked for.
 * - Whoever waits while the graph is asked gets its answer.
 */
import type { Moment } from './moment.ts';
import { checkDue } from './checking.ts';
import type { EffectKind } from './messages.ts';
import type { Pending } from './pending.ts';
import type { Wish } from './requests.ts';
import type { AgentState, Memory, Model } from './state.ts';

export function pressed(model: Model, now: Moment): Model {
  const waiting = model.memory.requests.filter(isWaiting);
  const checks = waiting.filter(({ request }) => ABOUT_THE_GRAPH.has(request.wish.kind));
  const others = waiting.filter((pending) => !checks.includes(pending));
  return pressedBy(others, false, pressedBy(checks, true, model, now), now);
}

/** `effect` comes next. The graph is asked on the terms of those who wait. */
export function served(model: Model, effect: EffectKind): Model {
  const waiting =
    effect === 'check'
      ? model.memory.requests.filter(
          (pending) => isWaiting(pending) && ABOUT_THE_GRAPH.has(pending.request.wish.kind),
        )
      : [];
  return waiting.length === 0 ? model : { ...model, memory: withBegun(model.memory, waiting) };
}

const ABOUT_THE_GRAPH: ReadonlySet<Wish['kind']> = new Set(['check', 'stage']);

function isWaiting({ begun, written }: Pending): boolean {
  return !begun && written === undefined;
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
      if (state.step !== 'rest') {
        return undefined;
      }
      return isCheckWanted ? { ...state, step: 'refresh' } : state;
    case 'UpdateAvailable':
      if (state.step !== 'rest') {
        return undefined;
      }
      return isCheckWanted ? { ...state, step: 'refresh', dueMono: mono } : state;
    case 'UpdateStaged':
      if (isCheckWanted) {
        return state.step === 'rest' ? { ...state, step: 'refresh', dueMono: mono } : undefined;
      }
      // An attempt that is under way becomes the one that was asked for.
      return state.step === 'rest' ? { ...state, step: 'refresh', dueMono: mono } : state;
    case 'UpdateFinalized':
    case 'EndState':
      return state;
  }
}
