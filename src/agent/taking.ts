/**
 * What the takers of requests share: what they look at, and what they do to a machine. Pure.
 *
 * Invariant: who changes the record says what it was before, so that a disk that fails takes the change back.
 */
import { isPrintable } from '../text/printable.ts';
import type { Happening } from './happenings.ts';
import type { EffectKind } from './messages.ts';
import type { Moment } from './moment.ts';
import type { Kept, Pending } from './pending-request.ts';
import { startedOver } from './reconfigure.ts';
import type { Release } from './release.ts';
import { ended } from './request-ends.ts';
import { refused } from './request-outcomes.ts';
import { LONGEST_RELEASE, type Outcome, type Request, type Wish } from './requests.ts';
import { recorded, type Model, type Policy } from './state.ts';
import { ownStaged } from './states/back-to-polling.ts';

export interface Scene {
  readonly model: Model;
  readonly now: Moment;
  readonly policy: Policy;
  readonly request: Request;
  /** The effect that goes on meanwhile. Left out: none. */
  readonly underWay?: EffectKind | undefined;
  readonly tell: (happening: Happening) => void;
}

/** The machine with the request pending, or how it ended at once. */
export type Answer = Model | Outcome;
export type Take<K extends Wish['kind']> = (wish: Extract<Wish, { kind: K }>, scene: Scene) => Answer;

export const NO_NAME = refused('Invalid', 'a release must be named by version, checksum or digest');

export function isName(text: string): boolean {
  return text !== '' && text.length <= LONGEST_RELEASE && isPrintable(text);
}

export function withPending({ state, memory }: Model, pending: Pending): Model {
  return { state, memory: { ...memory, requests: [...memory.requests, pending] } };
}

/** What this agent has staged, or is staging. */
export function toDiscard({ state, memory }: Model): Release | undefined {
  if (state.name === 'UpdateStaged' || state.name === 'UpdateAvailable') {
    return state.release;
  }
  return ownStaged(memory);
}

/** `model` with a record that is written at once. `begins`: something is done after that. */
export function written(
  { state, memory }: Model,
  lists: Kept,
  outcome: Outcome,
  { request, model, now }: Scene,
  begins = false,
): Model {
  const { holds, adminDenials, denials, attempts } = model.memory.record;
  const next = recorded(memory, {
    ...memory.record,
    holds: lists.holds,
    adminDenials: lists.adminDenials,
    // Those of the agent itself change with the machine, unless the request is about them.
    denials: lists.denials === denials ? memory.record.denials : lists.denials,
    attempts: lists.attempts === attempts ? memory.record.attempts : lists.attempts,
  });
  const at = { ...next, save: { ...next.save, due: true, dueMono: now.mono } };
  const before = { holds, adminDenials, denials, attempts };
  const pending = { request, begun: begins, written: { before, outcome } };
  return withPending({ state, memory: at }, pending);
}

/** An attempt to reboot begins anew: what was lent goes back, and what was about to be asked for is taken back. */
export function again(model: Model, why: string, { now, policy, tell }: Scene): Model {
  const { model: after, happenings } = startedOver(model, now, policy, why);
  happenings.forEach(tell);
  return after;
}

/** A release on its way to the disk is left alone, whoever asked for it; what is on disk stays there. */
export function withoutStaging(model: Model, scene: Scene): Model {
  const { state } = model;
  return state.name === 'UpdateAvailable' && state.step !== 'discard'
    ? { state: { name: 'NoNewUpdate', step: 'rest' }, memory: withoutRequests(model, 'stage', scene).memory }
    : model;
}

/** What was asked for before, and goes against this request, is over. */
export function withoutRequests(model: Model, kind: 'reboot' | 'stage', { request, tell }: Scene): Model {
  const over = ended(model.memory, ({ request: { wish } }) =>
    wish.kind === kind ? refused('Cancelled', `by request ${request.id}`) : undefined,
  );
  over.happenings.forEach(tell);
  return { ...model, memory: over.memory };
}

/** `release` was denied just now: it is neither staged nor booted. */
export function withoutDenied(model: Model, scene: Scene, { version }: Release): Model {
  const { state, memory } = model;
  switch (state.name) {
    case 'UpdateStaged':
      return again(model, `${version} is denied`, scene);
    case 'UpdateAvailable':
      return withoutStaging(model, scene);
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph':
      return state.step === 'rest' ? { state: { ...state, step: 'refresh' }, memory } : model;
    case 'StartState':
    case 'Initialized':
    case 'UpdateFinalized':
    case 'EndState':
      return model;
  }
}
