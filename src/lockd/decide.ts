/**
 * The rules of a group's slots: what a request leaves of the group, and what is answered. Pure.
 *
 * Invariants:
 * - There are never more holders than slots because of a request. Of two numbers of slots the smaller one counts.
 * - Taking and giving back may be repeated. Who holds a slot keeps it, also while the group is paused or closed.
 * - What is refused changes nothing.
 * - Giving back is always written. A request to take may still be on its way into the store. It must find another
 *   revision there.
 * - Time frees no slot. It may pause the group, and no decision lends from the instant on at which it does.
 * - A person's request that comes again, since its answer was lost, is answered as before and changes nothing.
 */
import type { Entry, EntryKind } from './entry.ts';
import { MOST_ANSWERED, type Answered, type Group, type Pause } from './group.ts';
import { excusing, ITSELF, lostNode, pauseFor } from './lost-node.ts';
import { withHolder, withoutHolder, type Semaphore } from './semaphore.ts';
import type { Closed, Terms } from './terms.ts';

/** Where it comes from and when, for the history. */
export interface Origin {
  /** Wall clock, milliseconds. */
  readonly at: number;
  /** A person, or the address of a node. */
  readonly by: string;
}

/** `nonce`: a word that no other request has. A repetition has it too. */
export type PersonsWish = { readonly reason: string; readonly nonce: string } & (
  | { readonly kind: 'pause' | 'resume' }
  /** Frees the slot of a node. */
  | { readonly kind: 'release'; readonly id: string }
);

export type Wish = Origin &
  (
    | { readonly kind: 'take'; readonly id: string }
    | { readonly kind: 'give-back'; readonly id: string }
    | PersonsWish
    /** The configuration names another number of slots. */
    | { readonly kind: 'set-slots' }
    /** Time has passed. */
    | { readonly kind: 'watch' }
  );

export type Outcome =
  /** `isNew`: it did not hold one before. */
  | { readonly kind: 'taken'; readonly isNew: boolean }
  /** `wasHeld`: there was something to give back. */
  | { readonly kind: 'freed'; readonly wasHeld: boolean }
  | { readonly kind: 'full'; readonly holders: number; readonly slots: number }
  /** Slots are free, and kept for so long for those who wait for longer. */
  | { readonly kind: 'others-first'; readonly free: number; readonly keptMs: number }
  | { readonly kind: 'paused'; readonly pause: Pause }
  | { readonly kind: 'closed'; readonly closed: Closed }
  /** `isNew`: it was not so before. */
  | { readonly kind: 'done'; readonly isNew: boolean };

export interface Decision {
  readonly outcome: Outcome;
  readonly group: Group;
  /** What the history gains, without numbers. */
  readonly entries: readonly Omit<Entry, 'number'>[];
  /** Whether the group must be written, changed or not. */
  readonly isWritten: boolean;
}

export function decide(group: Group, wish: Wish, terms: Terms): Decision {
  if (!('nonce' in wish)) {
    return decideAfresh(group, wish, terms);
  }
  const before = answeredBefore(group, wish);
  if (before !== undefined) {
    const { isNew } = before;
    return unwritten(
      group,
      wish.kind === 'release' ? { kind: 'freed', wasHeld: isNew } : { kind: 'done', isNew },
    );
  }
  const decision = decideAfresh(group, wish, terms);
  return decision.isWritten ? withAnswer(decision, wish.nonce) : decision;
}

/** The answer to this very request, if it has come before. */
export function answeredBefore({ details }: Group, { nonce }: PersonsWish): Answered | undefined {
  return details.answered.find((answered) => answered.nonce === nonce);
}

function withAnswer(decision: Decision, nonce: string): Decision {
  const { outcome, group } = decision;
  const { details } = group;
  const isNew = outcome.kind === 'freed' ? outcome.wasHeld : outcome.kind === 'done' && outcome.isNew;
  const answered = [...details.answered, { nonce, isNew }].slice(-MOST_ANSWERED);
  return { ...decision, group: { ...group, details: { ...details, answered } } };
}

function decideAfresh(group: Group, wish: Wish, terms: Terms): Decision {
  const { details } = group;
  const { slots } = terms;
  const semaphore = group.semaphore ?? { totalSlots: slots, holders: [] };
  switch (wish.kind) {
    case 'take':
      return take(group, semaphore, wish, terms);
    case 'give-back':
    case 'release': {
      const wasHeld = semaphore.holders.includes(wish.id);
      const reason = wish.kind === 'release' ? wish.reason : '';
      const kind = wish.kind === 'release' ? 'released' : 'given-back';
      // Who comes back too late has been too late: it does not matter when anybody looked.
      const watched = watch(group, wish, terms);
      return {
        outcome: { kind: 'freed', wasHeld },
        group: withSemaphore(watched.group, withoutHolder(semaphore, wish.id)),
        entries: [...watched.entries, ...(wasHeld ? [entry(wish, kind, wish.id, reason)] : [])],
        isWritten: true,
      };
    }
    case 'pause': {
      const { lost } = details.pause ?? {};
      const pause: Pause = {
        at: wish.at,
        by: wish.by,
        reason: wish.reason,
        ...(lost !== undefined && { lost }),
      };
      return {
        outcome: { kind: 'done', isNew: details.pause === undefined },
        group: withSemaphore({ ...group, details: { ...details, pause } }, semaphore),
        entries: [entry(wish, 'paused', '', wish.reason)],
        isWritten: true,
      };
    }
    case 'resume': {
      if (details.pause === undefined) {
        return unwritten(group, { kind: 'done', isNew: false });
      }
      const excused =
        details.pause.lost === undefined
          ? details
          : excusing(details, semaphore.holders, wish.at, terms.pauseIfHeldMs);
      return {
        outcome: { kind: 'done', isNew: true },
        group: withSemaphore({ ...group, details: { ...excused, pause: undefined } }, semaphore),
        entries: [entry(wish, 'resumed', '', wish.reason)],
        isWritten: true,
      };
    }
    case 'watch':
      return watch(group, wish, terms);
    case 'set-slots': {
      if (group.semaphore?.totalSlots === slots) {
        return unwritten(group, { kind: 'done', isNew: false });
      }
      const before = group.semaphore === undefined ? 'none' : String(group.semaphore.totalSlots);
      return {
        outcome: { kind: 'done', isNew: true },
        group: withSemaphore(group, { ...semaphore, totalSlots: slots }),
        entries: [entry(wish, 'slots', '', `${before} -> ${slots}`)],
        isWritten: true,
      };
    }
  }
}

function take(
  group: Group,
  semaphore: Semaphore,
  wish: Wish & { readonly kind: 'take' },
  { slots, closed, pauseIfHeldMs, keptMs }: Terms,
): Decision {
  if (semaphore.holders.includes(wish.id)) {
    return unwritten(group, { kind: 'taken', isNew: false });
  }
  const { pause } = group.details;
  if (pause !== undefined) {
    return unwritten(group, { kind: 'paused', pause });
  }
  const lost = lostNode(group, wish.at, pauseIfHeldMs);
  if (lost !== undefined && pauseIfHeldMs !== undefined) {
    // A refusal writes nothing: whoever watches writes the pause.
    return unwritten(group, { kind: 'paused', pause: pauseFor(lost, wish.at, pauseIfHeldMs) });
  }
  if (closed !== undefined) {
    return unwritten(group, { kind: 'closed', closed });
  }
  const least = Math.min(slots, semaphore.totalSlots);
  const next = withHolder({ ...semaphore, totalSlots: least }, wish.id);
  if (next === 'full') {
    return unwritten(group, { kind: 'full', holders: semaphore.holders.length, slots: least });
  }
  const free = least - semaphore.holders.length;
  const keptForMs = keptMs?.(wish.id, free, semaphore.holders) ?? 0;
  if (keptForMs > 0) {
    return unwritten(group, { kind: 'others-first', free, keptMs: keptForMs });
  }
  const since = new Map(group.details.since).set(wish.id, wish.at);
  return {
    outcome: { kind: 'taken', isNew: true },
    group: withSemaphore(
      { ...group, details: { ...group.details, since } },
      { ...next, totalSlots: semaphore.totalSlots },
    ),
    entries: [entry(wish, 'taken', wish.id, '')],
    isWritten: true,
  };
}

/** Pauses the group if a node is lost, unless it is paused. */
function watch(group: Group, { at }: Origin, { pauseIfHeldMs }: Terms): Decision {
  const { semaphore, details } = group;
  const lost = details.pause === undefined ? lostNode(group, at, pauseIfHeldMs) : undefined;
  if (semaphore === undefined || lost === undefined || pauseIfHeldMs === undefined) {
    return unwritten(group, { kind: 'done', isNew: false });
  }
  const pause = pauseFor(lost, at, pauseIfHeldMs);
  return {
    outcome: { kind: 'done', isNew: true },
    group: { semaphore, details: { ...details, pause } },
    entries: [entry({ at, by: ITSELF }, 'paused', lost.id, pause.reason)],
    isWritten: true,
  };
}

function unwritten(group: Group, outcome: Outcome): Decision {
  return { outcome, group, entries: [], isWritten: false };
}

function withSemaphore(group: Group, semaphore: Semaphore): Group {
  const since = new Map([...group.details.since].filter(([id]) => semaphore.holders.includes(id)));
  const excused = new Map([...group.details.excused].filter(([id, at]) => since.get(id) === at));
  return { semaphore, details: { ...group.details, since, excused } };
}

function entry({ at, by }: Origin, kind: EntryKind, id: string, text: string): Omit<Entry, 'number'> {
  return { at, kind, id, by, text };
}
