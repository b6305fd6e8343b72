/**
 * What every event leaves in memory, whatever the state: facts read, runs of failures, when things were last done. Pure.
 *
 * Invariants:
 * - An attempt and a success are two facts (`lastAttemptAt`, `lastSuccessAt`).
 * - A run of failures is told when it begins, when another kind joins it, and when it is over.
 * - Each kind of event is named here: a new one does not compile until it is decided what it leaves.
 */
import { toldOfCheck } from './check-happenings.ts';
import type { Activity, Happening } from './happenings.ts';
import type { Event, EventKind, EventOf, Failure } from './messages.ts';
import type { CheckResult, Deployment, HostStatus } from './ports.ts';
import {
  adapterRetryMs,
  bootLookMs,
  driverRetryMs,
  LONGEST_BOOT_WAIT_MS,
  MOST_FORMER_TRIES,
  SAVE_RETRY_MS,
} from './pacing.ts';
import { atTheEnd } from './record.ts';
import type { MayHold } from './slot-place.ts';
import { withoutSlots } from './slots.ts';
import { lengthened, MOST_KINDS, recorded, type Memory, type Steady, type Streak } from './state.ts';
import { lastedMs, momentOf, type Moment } from './moment.ts';
import { isAboutAnother } from './pending.ts';
import { pursuing } from './pursuit.ts';

/** What an event leaves, and what people hear of it. */
export interface Remembered {
  readonly memory: Memory;
  readonly happenings: readonly Happening[];
}

export function remember(memory: Memory, event: Event, now: Moment): Remembered {
  // The table's types hold for each kind; here an entry is looked up by what came.
  const leave = LEAVES[event.kind] as Leave<EventKind>;
  return leave(memory, event, now);
}

type Leave<K extends EventKind> = (memory: Memory, event: EventOf<K>, now: Moment) => Remembered;

const nothing = (memory: Memory): Remembered => ({ memory, happenings: [] });

const LEAVES: { readonly [K in EventKind]: Leave<K> } = {
  woke: nothing,
  saved: (memory, _event, now) => ({
    memory: { ...memory, save: { due: false, dueMono: 0, streak: undefined } },
    happenings: recovered('save', memory.save.streak, now),
  }),
  'save-failed': (memory, { failure }, now) => {
    const streak = lengthened(memory.save.streak, failure.kind, now);
    return {
      memory: { ...memory, save: { due: true, dueMono: now.mono + SAVE_RETRY_MS, streak } },
      happenings: [failing('save', memory.save.streak, failure)],
    };
  },
  'driver-registered': (memory, _event, now) => ({
    memory: { ...memory, driver: { registered: true, dueMono: 0, streak: undefined } },
    happenings: recovered('driver', memory.driver.streak, now),
  }),
  'driver-failed': (memory, { failure }, now) => {
    const streak = lengthened(memory.driver.streak, failure.kind, now);
    const dueMono = now.mono + driverRetryMs(streak.count);
    return {
      memory: { ...memory, driver: { registered: false, dueMono, streak } },
      happenings: [failing('driver', memory.driver.streak, failure)],
    };
  },
  'status-read': (memory, { status }, now) => ({
    memory: { ...memory, host: status, hostStreak: undefined },
    happenings: recovered('status', memory.hostStreak, now),
  }),
  'status-failed': (memory, { failure }, now) => ({
    memory: { ...memory, hostStreak: lengthened(memory.hostStreak, failure.kind, now) },
    happenings: [failing('status', memory.hostStreak, failure)],
  }),
  'transaction-over': nothing,
  'transaction-running': nothing,
  'follow-failed': nothing,
  'slot-released': (memory, { configured, returned }, now) => ({
    memory: recorded(
      {
        ...memory,
        steady: {
          owed: memory.steady.owed && !configured,
          fresh: memory.steady.fresh === true && !configured,
          dueMono: 0,
          streak: undefined,
          bootComplete: true,
        },
      },
      withoutSlots(memory.record, returned),
    ),
    happenings: [
      ...recovered('steady', memory.steady.streak, now),
      ...bootWaitOver(memory.steady, now),
      ...slotsReturned(returned, now),
    ],
  }),
  'release-failed': (memory, { failure, configured = false, returned = [], left = [] }, now) => {
    const { steady, record } = memory;
    if (failure.kind === 'cancelled') {
      // A new configuration has cut it short. That is no failure, and what is owed stays owed.
      return nothing(memory);
    }
    const streak = lengthened(steady.streak, failure.kind, now);
    const dueMono = now.mono + Math.max(adapterRetryMs(streak.count), failure.retryAfterMs ?? 0);
    // A lender that is not even configured any more, and does not answer for a week, is gone.
    const givenUp = streak.count >= MOST_FORMER_TRIES ? left : [];
    return {
      memory: recorded(
        { ...memory, steady: { ...steady, owed: steady.owed && !configured, dueMono, streak } },
        withoutSlots(record, [...returned, ...givenUp]),
      ),
      happenings: [
        failing('steady', steady.streak, failure),
        ...slotsReturned(returned, now),
        ...givenUp.map((place): Happening => ({ kind: 'slot-given-up', place, tries: streak.count })),
      ],
    };
  },
  'slot-kept': (memory, { reason }, now) => {
    const { steady } = memory;
    const { bootWait = { since: momentOf(now), looks: 0, reason: '' } } = steady;
    const looks = bootWait.looks + 1;
    return {
      memory: {
        ...memory,
        steady: {
          ...steady,
          dueMono: now.mono + bootLookMs(looks),
          bootWait: { ...bootWait, looks, reason },
        },
      },
      happenings: [{ kind: 'slot-kept', reason, repeated: reason === bootWait.reason }],
    };
  },
  checked: (before, { result }, now) => {
    // Nothing newer is offered: the next update is the first one of its way.
    const isThere = result.outcome.kind === 'no-update' && !isUntold(before, result);
    const memory = isThere ? recorded(before, atTheEnd(before.record)) : before;
    const next: Memory = {
      ...memory,
      deadend: result.deadend,
      check: {
        ...memory.check,
        lastAttemptAt: now.at,
        lastSuccessAt: now.at,
        streak: undefined,
        notBefore: undefined,
        skipped: result.skipped,
        unoffered: unofferedAfter(memory, result),
        hops: result.hops,
        answer: inShort(result),
      },
    };
    return {
      // Of one version alone that is not offered nothing follows for the others.
      memory: isUntold(memory, result) ? next : pursuing(next, result, now),
      happenings: [
        ...recovered('check', memory.check.streak, now),
        { kind: 'checked', result },
        ...toldOfCheck(memory, next, result),
      ],
    };
  },
  'check-failed': (memory, { failure }, now) => {
    const streak = lengthened(memory.check.streak, failure.kind, now);
    return {
      memory: {
        ...memory,
        check: { ...memory.check, lastAttemptAt: now.at, streak, notBefore: notBefore(failure, now) },
      },
      happenings: [failing('check', memory.check.streak, failure)],
    };
  },
  staged: (memory, { deployment }) => nothing({ ...memory, host: withStaged(memory.host, deployment) }),
  'stage-failed': nothing,
  discarded: (memory) => nothing({ ...memory, host: withStaged(memory.host, undefined) }),
  'discard-failed': nothing,
  surveyed: (memory, { reports, foresight }, { at }) =>
    nothing({ ...memory, look: { at, reports, ...(foresight !== undefined && { foresight }) } }),
  'survey-failed': nothing,
  'slot-answered': (memory, { answer }, { at }) =>
    nothing({
      ...memory,
      loan: { at, kind: answer.kind, reason: answer.kind === 'granted' ? '' : answer.reason },
    }),
  'slot-failed': (memory, { failure }, { at }) =>
    nothing({ ...memory, loan: { at, kind: 'failed', reason: failure.message } }),
  'sessions-listed': nothing,
  'sessions-failed': nothing,
  'sessions-warned': nothing,
  finalized: nothing,
  'finalize-failed': nothing,
};

function failing(activity: Activity, streak: Streak | undefined, failure: Failure): Happening {
  const { kinds = [] } = streak ?? {};
  const repeated = kinds.includes(failure.kind) || kinds.length >= MOST_KINDS;
  return { kind: 'failing', activity, failure, repeated };
}

function recovered(activity: Activity, streak: Streak | undefined, now: Moment): Happening[] {
  if (streak === undefined) {
    return [];
  }
  return [{ kind: 'recovered', activity, failures: streak.count, lastedMs: lastedMs(streak.since, now) }];
}

function notBefore({ retryAfterMs }: Failure, { at, mono }: Moment): Moment | undefined {
  return retryAfterMs === undefined ? undefined : { at: at + retryAfterMs, mono: mono + retryAfterMs };
}

/** A person asked on terms of his own, and nothing is offered on them. */
function isUntold(memory: Memory, { outcome }: CheckResult): boolean {
  return (outcome.kind === 'no-update' || outcome.kind === 'downgrade-refused') && isAboutAnother(memory);
}

/** An answer that does not know the booted release counts neither way. */
function unofferedAfter(memory: Memory, result: CheckResult): number {
  const { check } = memory;
  switch (result.outcome.kind) {
    case 'off-graph':
      return check.unoffered;
    case 'update':
      return 0;
    case 'no-update':
    case 'downgrade-refused':
      return isUntold(memory, result) ? check.unoffered : check.unoffered + 1;
  }
}

function bootWaitOver({ bootWait }: Steady, now: Moment): Happening[] {
  return bootWait !== undefined && lastedMs(bootWait.since, now) >= LONGEST_BOOT_WAIT_MS
    ? [{ kind: 'slot-wait-over', of: 'boot', reason: bootWait.reason }]
    : [];
}

/** For how long they were held is known only of those that were granted. */
function slotsReturned(returned: readonly MayHold[], { at }: Moment): Happening[] {
  return returned.flatMap(({ grantedAt }) =>
    grantedAt === undefined ? [] : [{ kind: 'slot-returned', heldMs: Math.max(at - grantedAt, 0) }],
  );
}

function inShort({ outcome, ignoredTargets, skipped, warnings }: CheckResult): string {
  const target = 'release' in outcome ? outcome.release.payload.value : '';
  return [outcome.kind, target, ignoredTargets, ...skipped, ...warnings].join('|');
}

/** The deployments as they are after a transaction of ours, until they are read again. */
function withStaged(host: HostStatus | undefined, staged: Deployment | undefined): HostStatus | undefined {
  if (host === undefined) {
    return undefined;
  }
  const others = host.deployments.filter((deployment) => !deployment.staged);
  return { ...host, staged, deployments: staged === undefined ? others : [staged, ...others] };
}
