/**
 * Which effects a request cuts short, and beside which it is taken. Everything else goes on to its end, and the request
 * waits. Pure: tables; beside.ts goes by them.
 *
 * Invariants:
 * - What is cut short has done nothing, or says that it may have. A transaction of ours is cancelled. A slot that may be
 *   held is owed back.
 * - An effect beside which requests are taken answers the same whatever people keep in the record meanwhile. So neither a
 *   check nor a survey is among them.
 */
import type { EffectKind } from './messages.ts';
import { HOLDABLE, WISHES, type Holdable, type Wish } from './requests.ts';

/** A hold by what it holds: one on reboots lets staging go on. A cancel by whether it is of one request alone. */
type Cutter = Exclude<Wish['kind'], 'hold' | 'cancel'> | `hold ${Holdable}` | 'cancel all' | 'cancel one';

const ALL: readonly Cutter[] = [
  ...WISHES.filter((kind) => kind !== 'hold' && kind !== 'cancel'),
  ...HOLDABLE.map((what): Cutter => `hold ${what}`),
  'cancel all',
  'cancel one',
];
const NOTHING: readonly Cutter[] = [];

/** The end of the agent cuts everything short. */
const CUT_BY: Readonly<Record<EffectKind, readonly Cutter[]>> = {
  wait: ALL,
  stage: ['cancel all', 'discard', 'hold stage'],
  'acquire-slot': ['cancel all', 'discard', 'hold reboot'],
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

/** `cut`: a request that changes the machine's course ends it. `wait`: such a request waits for its end. */
const BESIDE: Readonly<Partial<Record<EffectKind, 'cut' | 'wait'>>> = {
  stage: 'cut',
  'follow-active': 'cut',
  'acquire-slot': 'cut',
  'release-slot': 'cut',
  'register-driver': 'wait',
  'read-status': 'wait',
  'discard-staged': 'wait',
};

/** Whether `wish` is taken while `effect` goes on: what people keep must be on disk at once. */
export function isTakenBeside(wish: Wish, effect: EffectKind): boolean {
  return BESIDE[effect] !== undefined && !cutsShort(wish, effect);
}

/** Whether `wish` may end `effect` where it changes the machine's course. A check never does: everybody may ask for one. */
export function mayCut({ kind }: Wish, effect: EffectKind): boolean {
  return BESIDE[effect] === 'cut' && kind !== 'check' && kind !== 'stage';
}

export function cutsShort(wish: Wish, effect: EffectKind): boolean {
  return CUT_BY[effect].includes(cutterOf(wish));
}

function cutterOf(wish: Wish): Cutter {
  if (wish.kind === 'hold') {
    return `hold ${wish.what}`;
  }
  if (wish.kind === 'cancel') {
    return wish.request === undefined ? 'cancel all' : 'cancel one';
  }
  return wish.kind;
}
