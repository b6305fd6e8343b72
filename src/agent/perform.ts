/**
 * Does what the machine asked for: one handler per effect, each ending in one event, failures included.
 *
 * Invariants: an expected failure is an event, never an exception; only the end of the agent's life (its signal) makes
 * `perform` reject; every effect has a limit of its own, so that nothing below can hang the loop.
 */
import { CancelledError, kindOf, messageOf } from '../errors.ts';
import type { Effect, EffectKind, Event, Failure } from './messages.ts';
import type { Clock, Gatekeeper, Progress, RecordStore, RpmOstree, Sessions, UpdateSource } from './ports.ts';
import type { Release } from './release.ts';

export interface Ports {
  readonly clock: Clock;
  readonly rpmOstree: RpmOstree;
  /** The update server for nodes of `stream`; throws IdentityError when the stream is not known. */
  readonly updatesFor: (stream: string | undefined) => UpdateSource;
  readonly gatekeeper: Gatekeeper;
  readonly sessions: Sessions;
  readonly records: RecordStore;
  /** The text for people who are logged in, `minutesLeft` before the reboot; undefined: the node waits for all of them. */
  readonly notice: (release: Release, minutesLeft: number | undefined) => string;
  readonly onProgress: (progress: Progress) => void;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * The longest an effect may take, milliseconds. The adapters have tighter bounds of their own; these are the net below
 * them. Staging may take hours over a slow link: a transaction without progress is ended by the driver, not from here.
 */
export const EFFECT_LIMIT_MS: Readonly<Record<EffectKind, number>> = {
  wait: 25 * HOUR,
  save: MINUTE,
  'register-driver': 10 * MINUTE,
  'read-status': 10 * MINUTE,
  'follow-active': 30 * MINUTE,
  'report-steady': 5 * MINUTE,
  check: 3 * MINUTE,
  stage: 24 * HOUR,
  'discard-staged': HOUR,
  'ask-local': MINUTE,
  'ask-remote': 5 * MINUTE,
  'list-sessions': MINUTE,
  'warn-sessions': MINUTE,
  finalize: HOUR,
};

/** A sleeping agent looks at the wall clock this often, so that a clock that is set does not make it miss a window. */
const CLOCK_GLANCE_MS = 30 * SECOND;

/** `interrupt` ends a wait early; everything else goes on to its end. */
export async function perform(
  effect: Effect,
  ports: Ports,
  life: AbortSignal,
  interrupt?: AbortSignal,
): Promise<Event> {
  const limitMs = EFFECT_LIMIT_MS[effect.kind];
  const limit = new AbortController();
  const done = new AbortController();
  ports.clock.sleep(limitMs, AbortSignal.any([life, done.signal])).then(
    () => limit.abort(new CancelledError(`${effect.kind} took longer than ${limitMs / SECOND} s`)),
    () => undefined,
  );
  try {
    const ends = [life, limit.signal];
    if (effect.kind === 'wait' && interrupt !== undefined) {
      ends.push(interrupt);
    }
    return await handle(effect, ports, AbortSignal.any(ends));
  } catch (error) {
    if (life.aborted) {
      throw error;
    }
    if (limit.signal.aborted) {
      return failureEvent(effect.kind, { kind: 'effect_timeout', message: messageOf(limit.signal.reason) });
    }
    return failureEvent(effect.kind, asFailure(error));
  } finally {
    done.abort();
  }
}

async function handle(effect: Effect, ports: Ports, signal: AbortSignal): Promise<Event> {
  const { clock, rpmOstree, gatekeeper, sessions } = ports;
  switch (effect.kind) {
    case 'wait':
      await sleepUntil(effect, clock, signal);
      return { kind: 'woke' };
    case 'save':
      await ports.records.save(effect.record, signal);
      return { kind: 'saved' };
    case 'register-driver':
      await rpmOstree.registerDriver(signal);
      return { kind: 'driver-registered' };
    case 'read-status':
      return { kind: 'status-read', status: await rpmOstree.status(effect.mode, signal) };
    case 'follow-active': {
      const end = await rpmOstree.followActive(effect.limitMs, ports.onProgress, signal);
      return { kind: end === 'ended' ? 'transaction-over' : 'transaction-running' };
    }
    case 'report-steady':
      await gatekeeper.reportSteady(signal);
      return { kind: 'steady-reported' };
    case 'check':
      return { kind: 'checked', result: await ports.updatesFor(effect.stream).check(effect.query, signal) };
    case 'stage':
      return {
        kind: 'staged',
        deployment: await rpmOstree.stage(effect.release, effect.allowDowngrade, ports.onProgress, signal),
      };
    case 'discard-staged':
      await rpmOstree.discardStaged(signal);
      return { kind: 'discarded' };
    case 'ask-local':
      return { kind: 'local-verdict', verdict: await gatekeeper.askLocal(clock.now(), signal) };
    case 'ask-remote':
      return { kind: 'remote-verdict', verdict: await gatekeeper.askRemote(clock.now(), signal) };
    case 'list-sessions':
      return { kind: 'sessions-listed', sessions: await sessions.list(signal) };
    case 'warn-sessions':
      await sessions.broadcast(effect.sessions, ports.notice(effect.release, effect.minutesLeft), signal);
      return { kind: 'sessions-warned' };
    case 'finalize':
      await rpmOstree.finalize(effect.release, { allowUnlocked: effect.allowUnlocked }, signal);
      return { kind: 'finalized' };
  }
}

function failureEvent(kind: EffectKind, failure: Failure): Event {
  switch (kind) {
    case 'wait':
      return { kind: 'woke' };
    case 'save':
      return { kind: 'save-failed', failure };
    case 'register-driver':
      return { kind: 'driver-failed', failure };
    case 'read-status':
      return { kind: 'status-failed', failure };
    case 'follow-active':
      return { kind: 'follow-failed', failure };
    case 'report-steady':
      return { kind: 'steady-failed', failure };
    case 'check':
      return { kind: 'check-failed', failure };
    case 'stage':
      return { kind: 'stage-failed', failure };
    case 'discard-staged':
      return { kind: 'discard-failed', failure };
    case 'ask-local':
    case 'ask-remote':
      return { kind: 'verdict-failed', failure };
    case 'list-sessions':
      return { kind: 'sessions-failed', failure };
    case 'warn-sessions':
      return { kind: 'sessions-warned' };
    case 'finalize':
      return { kind: 'finalize-failed', failure };
  }
}

async function sleepUntil(
  effect: Extract<Effect, { kind: 'wait' }>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
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
