/**
 * Requests that are taken while an effect goes on, see cut-short.ts. Pure: the loop and the simulated node go by it.
 *
 * Invariants:
 * - What would change the machine's course is not taken beside an effect. It ends it, or waits for its end.
 * - No request overtakes one that it may be about: neither what people keep in the record, nor the end of a request.
 */
import type { Advance } from './advance.ts';
import { isTakenBeside, mayCut } from './cut-short.ts';
import type { Effect, EffectKind, EffectOf } from './messages.ts';
import type { Moment } from './moment.ts';
import { requested } from './requested.ts';
import type { Request, Wish } from './requests.ts';
import type { Model, Policy } from './state.ts';

export interface Beside {
  readonly model: Model;
  /** One for each request that was taken, in their order. */
  readonly taken: readonly Advance[];
  /** What waits for the end of the effect, in its order. */
  readonly left: readonly Request[];
  /** The effect must end now. */
  readonly isCut: boolean;
}

/**
 * `queue`: all requests that wait. `effect` is under way for `model`. `isStale`: a new configuration waits for its end, and
 * so does what depends on that.
 */
export function takenBeside(
  model: Model,
  effect: EffectKind,
  queue: readonly Request[],
  now: Moment,
  policy: Policy,
  isStale = false,
): Beside {
  let at = model;
  let isCut = false;
  const taken: Advance[] = [];
  const left: Request[] = [];
  for (const request of queue) {
    const isFree: boolean =
      !isCut &&
      !(isStale && ACTING.has(request.wish.kind)) &&
      isTakenBeside(request.wish, effect) &&
      !left.some((other) => isBehind(request, other));
    const step: Advance | undefined = isFree ? requested(at, now, policy, request, effect) : undefined;
    if (step !== undefined && step.model.state === at.state) {
      isCut ||= endsWhatWasBegun(request, at, effect);
      taken.push(step);
      at = step.model;
    } else {
      left.push(request);
      isCut ||= step !== undefined && mayCut(request.wish, effect);
    }
  }
  return { model: at, taken, left, isCut };
}

/** A request is cancelled that the effect is performed for. */
function endsWhatWasBegun({ wish }: Request, { memory }: Model, effect: EffectKind): boolean {
  const of = wish.kind === 'cancel' ? wish.request : undefined;
  const found = memory.requests.find(({ request }) => request.id === of);
  return found?.begun === true && PERFORMED_FOR.get(effect) === found.request.wish.kind;
}

const PERFORMED_FOR: ReadonlyMap<EffectKind, Wish['kind']> = new Map([
  ['stage', 'stage'],
  ['acquire-slot', 'reboot'],
] as const);

/** What the machine goes about. */
const ACTING: ReadonlySet<Wish['kind']> = new Set(['check', 'stage', 'reboot']);
/** What people keep in the record. */
const KEEPING: ReadonlySet<Wish['kind']> = new Set(['discard', 'hold', 'release', 'deny', 'allow']);

/** Exported, so that tests can show what comes of a request that overtakes another. */
export function isBehind({ wish }: Request, other: Request): boolean {
  return wish.kind === 'cancel'
    ? wish.request === undefined || wish.request === other.id
    : KEEPING.has(wish.kind) && KEEPING.has(other.wish.kind);
}

/** What has to be written now, beside an effect that goes on. Undefined: nothing. */
export function saveBeside({ memory }: Model, { mono }: Moment): EffectOf<'save'> | undefined {
  const { due, dueMono } = memory.save;
  return due && dueMono <= mono ? { kind: 'save', record: memory.record } : undefined;
}

/** Whoever asks for a check while one runs gets its answer. */
export function isJoined({ wish }: Request, { kind }: Effect): boolean {
  return kind === 'check' && wish.kind === 'check';
}
