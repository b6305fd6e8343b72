/**
 * Which fields of a machine can make a difference to what it is going to do, and how far. Data.
 *
 * Invariants:
 * - What is only told to people is left out. Those fields are named here, one by one. Everything else counts.
 * - An instant is cut where no decision looks further, and so is a counter.
 */
import { ANSWERS_THAT_WITHDRAW } from '../../agent/checking.ts';
import type { Moment } from '../../agent/moment.ts';
import { LONGEST_BOOT_WAIT_MS, LONGEST_UNSURE_MS } from '../../agent/pacing.ts';
import type { Policy } from '../../agent/state.ts';

/** How a field of a certain name counts. */
export type Rule =
  /** As it is, and everything in it. */
  | { readonly kind: 'all' }
  /** Only for people. */
  | { readonly kind: 'untold' }
  /** Only whether it is there. */
  | { readonly kind: 'there' }
  /** An instant that nothing happens before. */
  | { readonly kind: 'due'; readonly clock: keyof Moment }
  /** An instant since which something lasts, milliseconds at most. */
  | { readonly kind: 'since'; readonly clock: keyof Moment; readonly longestMs: number }
  | { readonly kind: 'count'; readonly most: number }
  /** The present boot, or another one. */
  | { readonly kind: 'boot' }
  /** An object whose fields follow rules of their own. */
  | { readonly kind: 'rules'; readonly rules: Rules }
  /** Why a node rests. */
  | { readonly kind: 'holding' }
  /** It never changes: its hash is kept. */
  | { readonly kind: 'kept' };

/** By the names of fields. */
export interface Rules {
  readonly named: ReadonlyMap<string, Rule>;
  /** Of all other fields. */
  readonly others: Rule;
}

export const ALL: Rule = { kind: 'all' };
const UNTOLD: Rule = { kind: 'untold' };
const THERE: Rule = { kind: 'there' };
const DUE_MONO: Rule = { kind: 'due', clock: 'mono' };
export const KEPT: Rule = { kind: 'kept' };

/** Of back-offs: beyond so many failures no pause gets longer. */
const MOST_FAILURES = 12;
const FAILURES: Rule = {
  kind: 'rules',
  rules: rules({ count: { kind: 'count', most: MOST_FAILURES } }, UNTOLD),
};

function rules(named: Readonly<Record<string, Rule>>, others: Rule = ALL): Rules {
  return { named: new Map(Object.entries(named)), others };
}

/** Rules for all fields of a name, wherever they are, unless the object has rules of its own. */
export function commonRules({ rebootOverdueMs }: Policy): Rules {
  return rules({
    dueMono: DUE_MONO,
    untilAt: { kind: 'due', clock: 'at' },
    notBefore: { kind: 'rules', rules: rules({ mono: DUE_MONO }, UNTOLD) },
    bootId: { kind: 'boot' },
    booted: KEPT,
    staged: KEPT,
    streak: FAILURES,
    hostStreak: FAILURES,
    holding: { kind: 'holding' },
    bootWait: {
      kind: 'rules',
      rules: rules({
        since: lasting(LONGEST_BOOT_WAIT_MS),
        looks: { kind: 'count', most: MOST_FAILURES },
        reason: UNTOLD,
      }),
    },
    asked: {
      kind: 'rules',
      rules: rules({
        at: { kind: 'since', clock: 'at', longestMs: rebootOverdueMs },
        bootId: { kind: 'boot' },
      }),
    },
    unoffered: { kind: 'count', most: ANSWERS_THAT_WITHDRAW },
    hopsDone: { kind: 'count', most: 1 },
    // Since when, for people, and for how long it is told.
    since: UNTOLD,
    finalized: UNTOLD,
    sinceAt: UNTOLD,
    grantedAt: THERE,
    bootedSinceAt: THERE,
    stalledSinceAt: THERE,
    lastAttemptAt: UNTOLD,
    lastSuccessAt: UNTOLD,
    putOffUntilAt: UNTOLD,
    look: UNTOLD,
    loan: UNTOLD,
    // Words.
    lastFailure: UNTOLD,
    answer: UNTOLD,
    reason: UNTOLD,
    text: UNTOLD,
  });
}

const HELD = {
  reason: UNTOLD,
  message: UNTOLD,
  count: UNTOLD,
  errorKind: THERE,
  untilAt: { kind: 'due', clock: 'at' },
} as const;
/** A lender that may have lent something is asked for so long, and no longer. */
export const HELD_BY_LENDER = rules({ ...HELD, since: lasting(LONGEST_UNSURE_MS) });
export const HELD_BY_OTHERS = rules({ ...HELD, since: UNTOLD });

function lasting(longestMs: number): Rule {
  return { kind: 'rules', rules: rules({ mono: { kind: 'since', clock: 'mono', longestMs } }, UNTOLD) };
}
