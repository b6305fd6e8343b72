/**
 * Does what the machine asked for: one entry per effect, each ending in one event, failures included.
 *
 * Invariants:
 * - An expected failure is an event, never an exception. Only the end of the agent's life (its signal) makes `perform`
 *   reject.
 * - Every effect has a limit of its own, so that nothing below can hang the loop.
 */
import { CancelledError, kindOf, messageOf } from '../errors.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../text/units.ts';
import { questionOf } from './gate-subject.ts';
import type { AnswerKind, Effect, EffectKind, EffectOf, Event, EventOf, Failure } from './messages.ts';
import type {
  Clock,
  Gates,
  Lenders,
  Progress,
  RecordStore,
  RpmOstree,
  Sessions,
  SlotsLeft,
  UpdateSource,
} from './ports.ts';
import type { Release } from './release.ts';
import { isSamePlace } from './slot-place.ts';

export interface Ports {
  readonly clock: Clock;
  readonly rpmOstree: RpmOstree;
  /** The update server for nodes of `stream`; throws IdentityError when the stream is not known. */
  readonly updatesFor: (stream: string | undefined) => UpdateSource;
  readonly gates: Gates;
  readonly lenders: Lenders;
  /** Tells whether this boot is complete. Absent: it counts as complete. */
  readonly boot?: Pick<Gates, 'survey'>;
  readonly sessions: Sessions;
  readonly records: RecordStore;
  /** The text for people who are logged in, `minutesLeft` before the reboot; undefined: the node waits for all of them. */
  readonly notice: (release: Release, minutesLeft: number | undefined) => string;
  readonly onProgress: (progress: Progress) => void;
}

/** How one kind of effect is done, and what its failure is called. */
interface Performer<E extends EffectKind> {
  /**
   * The longest it may take, milliseconds. The adapters have tighter bounds of their own; this is the net below them.
   */
  readonly limitMs: number;
  readonly perform: (
    effect: EffectOf<E>,
    ports: Ports,
    signal: AbortSignal,
  ) => Promise<EventOf<AnswerKind<E>>>;
  readonly failed: (failure: Failure) => EventOf<AnswerKind<E>>;
}

const PERFORMERS: { readonly [E in EffectKind]: Performer<E> } = {
  wait: {
    limitMs: 25 * HOUR_MS,
    perform: async (effect, { clock }, signal) => {
      await sleepUntil(effect, clock, signal);
      return { kind: 'woke' };
    },
    failed: () => ({ kind: 'woke' }),
  },
  save: {
    limitMs: MINUTE_MS,
    perform: async ({ record }, { records }, signal) => {
      await records.save(record, signal);
      return { kind: 'saved' };
    },
    failed: (failure) => ({ kind: 'save-failed', failure }),
  },
  'register-driver': {
    limitMs: 10 * MINUTE_MS,
    perform: async (_effect, { rpmOstree }, signal) => {
      await rpmOstree.registerDriver(signal);
      return { kind: 'driver-registered' };
    },
    failed: (failure) => ({ kind: 'driver-failed', failure }),
  },
  'read-status': {
    limitMs: 10 * MINUTE_MS,
    perform: async ({ mode }, { rpmOstree }, signal) => ({
      kind: 'status-read',
      status: await rpmOstree.status(mode, signal),
    }),
    failed: (failure) => ({ kind: 'status-failed', failure }),
  },
  'follow-active': {
    limitMs: 30 * MINUTE_MS,
    perform: async ({ limitMs }, { rpmOstree, onProgress }, signal) => {
      const end = await rpmOstree.followActive(limitMs, onProgress, signal);
      return end === 'still-running'
        ? { kind: 'transaction-running' }
        : { kind: 'transaction-over', ...(end === 'succeeded' && { succeeded: true }) };
    },
    failed: (failure) => ({ kind: 'follow-failed', failure }),
  },
  'release-slot': {
    limitMs: 5 * MINUTE_MS,
    perform: async (effect, { clock, lenders, boot }, signal) => {
      const at = clock.now();
      const reason = effect.asksBoot ? await whyIncomplete(boot, at, signal) : undefined;
      if (reason !== undefined) {
        return { kind: 'slot-kept', reason };
      }
      const left = await lenders.release({ ...effect, at }, signal);
      return left === undefined ? allReturned(effect) : partlyReturned(effect, left);
    },
    failed: (failure) => ({ kind: 'release-failed', failure }),
  },
  check: {
    limitMs: 3 * MINUTE_MS,
    perform: async ({ stream, query }, { updatesFor }, signal) => ({
      kind: 'checked',
      result: await updatesFor(stream).check(query, signal),
    }),
    failed: (failure) => ({ kind: 'check-failed', failure }),
  },
  stage: {
    // Staging may take hours over a slow link: a transaction without progress is ended by the driver, not from here.
    limitMs: 24 * HOUR_MS,
    perform: async ({ release, allowDowngrade, expected }, { rpmOstree, onProgress }, signal) => ({
      kind: 'staged',
      deployment: await rpmOstree.stage(release, { allowDowngrade, expected }, onProgress, signal),
    }),
    failed: (failure) => ({ kind: 'stage-failed', failure }),
  },
  'discard-staged': {
    limitMs: HOUR_MS,
    perform: async ({ expected }, { rpmOstree }, signal) => {
      await rpmOstree.discardStaged(expected, signal);
      return { kind: 'discarded' };
    },
    failed: (failure) => ({ kind: 'discard-failed', failure }),
  },
  survey: {
    limitMs: MINUTE_MS,
    perform: async (effect, { clock, gates }, signal) => ({
      kind: 'surveyed',
      ...(await gates.look(questionOf(effect, clock.now()), signal)),
    }),
    failed: (failure) => ({ kind: 'survey-failed', failure }),
  },
  'acquire-slot': {
    // A lender may drain the node first, which takes up to half an hour.
    limitMs: 40 * MINUTE_MS,
    perform: async ({ stream }, { clock, lenders }, signal) => ({
      kind: 'slot-answered',
      answer: await lenders.acquire({ at: clock.now(), stream }, signal),
    }),
    failed: (failure) => (CUT_SHORT.has(failure.kind) ? cutShort(failure) : { kind: 'slot-failed', failure }),
  },
  'list-sessions': {
    limitMs: MINUTE_MS,
    perform: async (_effect, { sessions }, signal) => ({
      kind: 'sessions-listed',
      sessions: await sessions.list(signal),
    }),
    failed: (failure) => ({ kind: 'sessions-failed', failure }),
  },
  'warn-sessions': {
    limitMs: MINUTE_MS,
    perform: async ({ sessions: visitors, release, minutesLeft }, { sessions, notice }, signal) => {
      await sessions.broadcast(visitors, notice(release, minutesLeft), signal);
      return { kind: 'sessions-warned' };
    },
    failed: () => ({ kind: 'sessions-warned' }),
  },
  finalize: {
    limitMs: HOUR_MS,
    perform: async ({ release, allowUnlocked }, { rpmOstree }, signal) => {
      await rpmOstree.finalize(release, { allowUnlocked }, signal);
      return { kind: 'finalized' };
    },
    failed: (failure) => ({ kind: 'finalize-failed', failure }),
  },
};

/** A lender may take half an hour, or be silent for a minute. A new configuration does not wait for it. */
const INTERRUPTIBLE: ReadonlySet<EffectKind> = new Set(['wait', 'acquire-slot', 'release-slot']);

/** Whether a new configuration ends an effect of `kind`, which is then begun anew if it is still wanted. */
export function isInterruptible(kind: EffectKind): boolean {
  return INTERRUPTIBLE.has(kind);
}
/** A question that was cut short is asked again after so long. */
const ASK_AGAIN_MS = 30 * SECOND_MS;
/** Failures of which the lender knows nothing: it may lend all the same. */
const CUT_SHORT: ReadonlySet<string> = new Set(['cancelled', 'effect_timeout']);

function cutShort({ kind, message }: Failure): EventOf<'slot-answered'> {
  const label = 'fleet_lock';
  const reason = `the lender was not waited for: ${message}`;
  const answer = { kind: 'may-be-held', reason, label, askAgainMs: ASK_AGAIN_MS } as const;
  const more = kind === 'cancelled' ? { cutShort: true as const } : { errorKind: kind };
  return { kind: 'slot-answered', answer: { ...answer, ...more } };
}

/** The longest that effects of `kind` may take, milliseconds. */
export function limitMsOf(kind: EffectKind): number {
  return PERFORMERS[kind].limitMs;
}

/** A sleeping agent looks at the wall clock this often, so that a clock that is set does not make it miss a window. */
const CLOCK_GLANCE_MS = 30 * SECOND_MS;

/** Why this boot is not complete, or why nobody can tell; undefined: it is. */
async function whyIncomplete(
  boot: Pick<Gates, 'survey'> | undefined,
  at: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const reports = await boot?.survey({ at, booted: undefined, staged: undefined }, signal);
  return reports?.find(({ verdict }) => verdict !== 'pass')?.reason;
}

function allReturned({ configured, present, former }: EffectOf<'release-slot'>): EventOf<'slot-released'> {
  return { kind: 'slot-released', configured, returned: [...present, ...former] };
}

function partlyReturned(
  { configured, present, former }: EffectOf<'release-slot'>,
  left: SlotsLeft,
): EventOf<'release-failed'> {
  const isTold = configured && !left.configured;
  const returned = former.filter((slot) => !left.former.some((other) => isSamePlace(slot, other)));
  return {
    kind: 'release-failed',
    failure: asFailure(left.error),
    configured: isTold,
    returned: isTold ? [...present, ...returned] : returned,
    left: left.former,
  };
}

/**
 * `interrupt` ends a wait early, also that for a lender's answer. Everything else goes on to its end. `cut` ends any
 * effect: whoever aborts it asks cut-short.ts first.
 */
export async function perform(
  effect: Effect,
  ports: Ports,
  life: AbortSignal,
  interrupt?: AbortSignal,
  cut?: AbortSignal,
): Promise<Event> {
  // The table's types hold for each kind; here an entry is looked up by what is asked.
  const performer = PERFORMERS[effect.kind] as Performer<EffectKind>;
  const { limitMs } = performer;
  const cutters = [
    { signal: isInterruptible(effect.kind) ? interrupt : undefined, message: 'a new configuration was read' },
    { signal: cut, message: 'a request came in' },
  ];
  const limit = new AbortController();
  const done = new AbortController();
  ports.clock.sleep(limitMs, AbortSignal.any([life, done.signal])).then(
    () => limit.abort(new CancelledError(`${effect.kind} took longer than ${limitMs / SECOND_MS} s`)),
    () => undefined,
  );
  try {
    const cuts = cutters.flatMap((cutter) => cutter.signal ?? []);
    const ends = AbortSignal.any([life, limit.signal, ...cuts]);
    return await performer.perform(effect, ports, ends);
  } catch (error) {
    if (life.aborted) {
      throw error;
    }
    if (limit.signal.aborted) {
      return performer.failed({ kind: 'effect_timeout', message: messageOf(limit.signal.reason) });
    }
    const by = cutters.find((cutter) => cutter.signal?.aborted === true);
    return performer.failed(by === undefined ? asFailure(error) : { kind: 'cancelled', message: by.message });
  } finally {
    done.abort();
  }
}

async function sleepUntil(effect: EffectOf<'wait'>, clock: Clock, signal: AbortSignal): Promise<void> {
  const endMono = clock.monotonic() + effect.forMs;
  const untilAt = effect.untilAt ?? Number.POSITIVE_INFINITY;
  for (;;) {
    const left = Math.min(endMono - clock.monotonic(), untilAt - clock.now());
    if (left <= 0) {
      return;
    }
    await clock.sleep(effect.untilAt === undefined ? left : Math.min(left, CLOCK_GLANCE_MS), signal);
  }
}

export function asFailure(error: unknown): Failure {
  const failure: Failure = { kind: kindOf(error), message: messageOf(error) };
  const retryAfterMs: unknown =
    error instanceof Error && 'retryAfterMs' in error ? error.retryAfterMs : undefined;
  return typeof retryAfterMs === 'number' ? { ...failure, retryAfterMs } : failure;
}
