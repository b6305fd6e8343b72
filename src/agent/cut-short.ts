/**
 * Which effects a request cuts short, and beside which it is written down. Everything else goes on to its end, and the
 * request waits. Pure.
 *
 * Invariant: what is cut short has done nothing, or says that it may have. A transaction of ours is cancelled. A slot
 * that may be held is owed back.
 */
import type { EffectKind } from './messages.ts';
import { HOLDABLE, WISHES, type Holdable, type Wish } from './requests.ts';

/** A hold by what it holds: one on reboots lets staging go on. */
type Cutter = Exclude<Wish['kind'], 'hold'> | `hold ${Holdable}`;

const ALL: readonly Cutter[] = [
  ...WISHES.filter((kind) => kind !== 'hold'),
  ...HOLDABLE.map((what): Cutter => `hold ${what}`),
];
const NOTHING: readonly Cutter[] = [];

/** The end of the agent cuts everything short. */
const CUT_BY: Readonly<Record<EffectKind, readonly Cutter[]>> = {
  wait: ALL,
  stage: ['cancel', 'discard', 'hold stage'],
  'acquire-slot': ['cancel', 'discard', 'hold reboot'],
  save: NOTHING,
  'register-driver': NOTHING,
  'read-status': NOTHING,
  'follow-active': NOTHING,
  'release-slot': NOTHING,
  check: NOTHING,
  'discard-staged': NOTHING,
  survey: NOTHING,
  'list-sessions': NOTHING,
  'warn-sessions': NOTHING,
  finalize: NOTHING,
};

/** What can take hours, and answers the same whatever people keep in the record meanwhile. */
const LONG: ReadonlySet<EffectKind> = new Set(['stage', 'follow-active']);
const KEPT: ReadonlySet<Wish['kind']> = new Set(['hold', 'release', 'deny', 'allow']);

/** Whether `wish` is written down while `effect` goes on: it must be on disk at once. */
export function isTakenBeside(wish: Wish, effect: EffectKind): boolean {
  return LONG.has(effect) && KEPT.has(wish.kind) && !cutsShort(wish, effect);
}

export function cutsShort(wish: Wish, effect: EffectKind): boolean {
  return CUT_BY[effect].includes(wish.kind === 'hold' ? `hold ${wish.what}` : wish.kind);
}
