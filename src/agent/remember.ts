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
import type { MayHold } from './slot-place.ts';
import { withoutSlots } from './slots.ts';
import { lengthened, MOST_KINDS, recorded, type Memory, type Steady, type Streak } from './state.ts';
import type { Moment } from './turn.ts';

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
  saved: (memory, _event, { at }) => ({
    memory: { ...memory, save: { due: false, dueMono: 0, streak: undefined } },
    happenings: recovered('save', memory.save.streak, at),
  }),
  'save-failed': (memory, { failure }, { at, mono }) => {
    const streak = lengthened(memory.save.streak, failure.kind, at);
    return {
      memory: { ...memory, save: { due: true, dueMono: mono + SAVE_RETRY_MS, streak } },
      happenings: [failing('save', memory.save.streak, failure)],
    };
  },
  'driver-registered': (memory, _event, { at }) => ({
    memory: { ...memory, driver: { registered: true, dueMono: 0, streak: undefined } },
    happenings: recovered('driver', memory.driver.streak, at),
  }),
  'driver-failed': (memory, { failure }, { at, mono }) => {
    const streak = lengthened(memory.driver.streak, failure.kind, at);
    const dueMono = mono + driverRetryMs(streak.count);
    return {
      memory: { ...memory, driver: { registered: false, dueMono, streak } },
      happenings: [failing('driver', memory.driver.streak, failure)],
    };
  },
  'status-read': (memory, { status }, { at }) => ({
    memory: { ...memory, host: status, hostStreak: undefined },
    happenings: recovered('status', memory.hostStreak, at),
  }),
  'status-failed': (memory, { failure }, { at }) => ({
    memory: { ...memory, hostStreak: lengthened(memory.hostStreak, failure.kind, at) },
    happenings: [failing('status', memory.hostStreak, failure)],
  }),
  'transaction-over': nothing,
  'transaction-running': nothing,
  'follow-failed': nothing,
  'slot-released': (memory, { configured, returned }, { at, mono }) => ({
    memory: recorded(
      {
        ...memory,
        steady: {
          owed: memory.steady.owed && !configured,
          dueMono: 0,
          streak: undefined,
          bootComplete: true,
        },
      },
      withoutSlots(memory.record, returned),
    ),
    happenings: [
      ...recovered('steady', memory.steady.streak, at),
      ...bootWaitOver(memory.steady, mono),
      ...slotsReturned(returned, at),
    ],
  }),
  'release-failed': (memory, { failure, configured = false, returned = [], left = [] }, { at, mono }) => {
    const { steady, record } = memory;
    const streak = lengthened(steady.streak, failure.kind, at);
    const dueMono = mono + Math.max(adapterRetryMs(streak.count), failure.retryAfterMs ?? 0);
    // A lender that is not even configured any more, and does not answer for a week, is gone.
    const givenUp = streak.count >= MOST_FORMER_TRIES ? left : [];
    return {
      memory: recorded(
        { ...memory, steady: { ...steady, owed: steady.owed && !configured, dueMono, streak } },
        withoutSlots(record, [...returned, ...givenUp]),
      ),
      happenings: [
        failing('steady', steady.streak, failure),
        ...slotsReturned(returned, at),
        ...givenUp.map((place): Happening => ({ kind: 'slot-given-up', place, tries: streak.count })),
      ],
    };
  },
  'slot-kept': (memory, { reason }, { at, mono }) => {
    const { steady } = memory;
    const { bootWait = { sinceAt: at, sinceMono: mono, looks: 0, reason: '' } } = steady;
    const looks = bootWait.looks + 1;
    return {
      memory: {
        ...memory,
        steady: { ...steady, dueMono: mono + bootLookMs(looks), bootWait: { ...bootWait, looks, reason } },
      },
      happenings: [{ kind: 'slot-kept', reason, repeated: reason === bootWait.reason }],
    };
  },
  checked: (memory, { result }, { at }) => {
    const next: Memory = {
      ...memory,
      deadend: result.deadend,
      check: {
        ...memory.check,
        lastAttemptAt: at,
        lastSuccessAt: at,
        streak: undefined,
        skipped: result.skipped,
        answer: inShort(result),
      },
    };
    return {
      memory: next,
      happenings: [
        ...recovered('check', memory.check.streak, at),
        { kind: 'checked', result },
        ...toldOfCheck(memory, next, result),
      ],
    };
  },
  'check-failed': (memory, { failure }, { at }) => {
    const streak = lengthened(memory.check.streak, failure.kind, at);
    return {
      memory: { ...memory, check: { ...memory.check, lastAttemptAt: at, streak } },
      happenings: [failing('check', memory.check.streak, failure)],
    };
  },
  staged: (memory, { deployment }) => nothing({ ...memory, host: withStaged(memory.host, deployment) }),
  'stage-failed': nothing,
  discarded: (memory) => nothing({ ...memory, host: withStaged(memory.host, undefined) }),
  'discard-failed': nothing,
  surveyed: nothing,
  'survey-failed': nothing,
  'slot-answered': nothing,
  'slot-failed': nothing,
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

function recovered(activity: Activity, streak: Streak | undefined, at: number): Happening[] {
  if (streak === undefined) {
    return [];
  }
  const lastedMs = Math.max(at - streak.sinceAt, 0);
  return [{ kind: 'recovered', activity, failures: streak.count, lastedMs }];
}

function bootWaitOver({ bootWait }: Steady, mono: number): Happening[] {
  return bootWait !== undefined && mono - bootWait.sinceMono >= LONGEST_BOOT_WAIT_MS
    ? [{ kind: 'slot-wait-over', of: 'boot', reason: bootWait.reason }]
    : [];
}

/** For how long they were held is known only of those that were granted. */
function slotsReturned(returned: readonly MayHold[], at: number): Happening[] {
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
