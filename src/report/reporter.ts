/**
 * The one place where what happens becomes a log line, a metric, a status text, a login notice, a part of the history.
 *
 * Invariants:
 * - It only listens: it never throws and never waits.
 * - Each happening is told once. What follows from the model alone (status, health, denials) is told when it changes.
 */
import { awaitingHealth, healthOf, HEALTHY, isSwitchedOff, type Health } from '../agent/health.ts';
import { skippedBy } from '../agent/admin-lists.ts';
import type { Beginning, Happening } from '../agent/happenings.ts';
import type { Moment } from '../agent/moment.ts';
import type { Progress } from '../agent/ports.ts';
import { isInForce } from '../agent/record.ts';
import type { Configuration, Observer } from '../agent/runner.ts';
import type { Model, Policy } from '../agent/state.ts';
import { AWAITING, healthText, statusText } from './status-text.ts';
import { longDate } from '../text/long-date.ts';
import { messageOf } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Logger } from '../log/log.ts';
import { deadendNotice, type Motd } from '../host/motd.ts';
import type { Notifier } from '../host/notify.ts';
import { blockedAtLastLook, explainLastLook } from '../why/last-look.ts';
import { count } from './counting.ts';
import type { Historian } from './historian.ts';
import { linesOf } from './log-lines.ts';

export interface ReporterOptions {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly notifier: Pick<Notifier, 'status'>;
  readonly motd: Pick<Motd, 'show' | 'retry'>;
  readonly historian: Pick<Historian, 'happened' | 'progress' | 'healthIs' | 'configurationRefused'>;
  /** As they are at the start. */
  readonly policy: Pick<Policy, 'enabled' | 'skip'>;
  readonly model: Model;
  readonly clock: { now(): number; monotonic(): number };
}

/** Progress is said at most this often; the daemon sends it many times a second. */
const PROGRESS_EVERY_MS = 250;
const MOTD_RETRY_MS = 3_600_000;

export interface Crashes {
  /** Starts in a row that ended without a clean stop. */
  readonly count: number;
  readonly sinceAt: number;
  /** While the agent rests: neither checks nor staging until this instant. */
  readonly restUntilAt: number | undefined;
}

export class Reporter implements Observer {
  readonly #options: ReporterOptions;
  #policy: ReporterOptions['policy'];
  /** Undefined: no configuration is in use yet. */
  #inUse: Policy | undefined;
  #status: string;
  /** The model as last reported. */
  #model: Model;
  /** Since when the configuration on disk is not the one in use. */
  #refused: Moment | undefined;
  /** Starts that crashed before this one, and until when the agent rests for that. */
  #crashes: Crashes | undefined;
  /** Since when the agent waits for what its configuration needs, and for what. */
  #awaited: { readonly since: Moment; readonly reason: string } | undefined;
  #health: Health = HEALTHY;
  #lastRefreshAt: number | undefined;
  /** Of the staging that runs. */
  #progress: Progress | undefined;
  #refusal = '';
  readonly #listeners = new Set<() => void>();
  #progressMono = Number.NEGATIVE_INFINITY;
  #motdMono = 0;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#policy = options.policy;
    this.#model = options.model;
    this.#status = statusText(options.model, options.policy);
  }

  /** What the service manager is told, in one line. */
  get status(): string {
    return this.#status;
  }

  /** When the agent last went to work, milliseconds since 1970; undefined: not yet. */
  get lastRefreshAt(): number | undefined {
    return this.#lastRefreshAt;
  }

  /** As last reported. */
  get model(): Model {
    return this.#model;
  }

  get health(): Health {
    return this.#health;
  }

  /** Undefined: nothing is being staged, or rpm-ostree has said nothing yet. */
  get stagingProgress(): Progress | undefined {
    return this.#progress;
  }

  /** The files on disk are not what is in use. Undefined: they are. */
  get configurationProblem(): { readonly reason: string; readonly sinceAt: number } | undefined {
    if (this.#awaited !== undefined) {
      return { reason: this.#awaited.reason, sinceAt: this.#awaited.since.at };
    }
    return this.#refused === undefined ? undefined : { reason: this.#refusal, sinceAt: this.#refused.at };
  }

  /**
   * `listener` is called after everything that may have changed what is reported; for progress alone not more often than
   * it is logged. It must not throw. Returns the way to stop it.
   */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  begins(beginning: Beginning, at: number): void {
    this.#guarded(() => {
      this.#report([beginning], at, this.#model);
      if (beginning.kind !== 'waiting') {
        this.#lastRefreshAt = at;
        this.#options.metrics.refreshed(at);
      }
    });
  }

  happened(model: Model, happenings: readonly Happening[], at: number): void {
    this.#guarded(() => {
      this.#report(happenings, at, model);
      if (!isStaging(model)) {
        this.#progress = undefined;
        // The first that is heard of the next staging is told at once.
        this.#progressMono = Number.NEGATIVE_INFINITY;
      }
      this.#tell(model);
    });
  }

  configured({ policy }: Pick<Configuration, 'policy'>): void {
    this.#policy = policy;
    this.#inUse = policy;
  }

  /** The files on disk can be used: they are what is in use, or will be in a moment. */
  configurationAccepted(): void {
    this.#refused = undefined;
    this.#guarded(() => this.#tell(this.#model));
  }

  /** The files on disk cannot be used, and what was read before stays in use. `reason`: one line. */
  configurationRefused(reason: string): void {
    this.#refused ??= this.#now();
    this.#refusal = reason;
    this.#options.metrics.configurationRefused();
    this.#options.historian.configurationRefused(reason, this.#options.clock.now());
    this.#guarded(() => this.#tell(this.#model));
  }

  /** Undefined: the agent has been calm for long enough. */
  crashed(crashes: Crashes | undefined): void {
    this.#crashes = crashes;
    this.#guarded(() => this.#tell(this.#model));
  }

  /** The agent waits for what its configuration needs. Undefined: the wait is over. */
  awaiting(reason: string | undefined): void {
    const since = this.#awaited?.since ?? this.#now();
    this.#awaited = reason === undefined ? undefined : { since, reason };
    this.#guarded(() => this.#tell(this.#model));
  }

  progress(progress: Progress): void {
    this.#guarded(() => {
      const { log, metrics, historian, clock } = this.#options;
      metrics.downloading(progress);
      historian.progress(progress);
      this.#progress = progress;
      const now = clock.monotonic();
      if (now - this.#progressMono < PROGRESS_EVERY_MS && progress.percent !== 100) {
        return;
      }
      this.#progressMono = now;
      const { text, percent, bytesTransferred, bytesPerSecond } = progress;
      this.#changed();
      log.debug(text, { percent, bytes: bytesTransferred, rate: bytesPerSecond });
    });
  }

  #tell(model: Model): void {
    const { clock } = this.#options;
    const at = clock.now();
    const now = { at, mono: clock.monotonic() };
    const found =
      this.#awaited === undefined
        ? healthOf(model, now, this.#refused, skippedBy(model.memory, this.#policy))
        : awaitingHealth(this.#awaited.since, now, this.#awaited.reason);
    const health = found.level === 'OK' && this.#crashes !== undefined ? ofCrashes(this.#crashes) : found;
    this.#model = model;
    this.#tellStatus(model, health);
    this.#tellState(model, at);
    this.#tellBlocked(model, now);
    this.#tellHealth(model, health, clock.monotonic());
    this.#options.historian.healthIs(health, at);
    this.#changed();
  }

  #tellStatus(model: Model, health: Health): void {
    // What the health says already need not be said twice.
    const isRefused = this.#refused !== undefined && health.cause !== 'configuration_refused';
    const refused = isRefused ? '; the configuration on disk cannot be used' : '';
    const state = this.#stateText(model);
    const text = `${state}${refused}${healthText(health, state)}`;
    if (text === this.#status) {
      return;
    }
    this.#status = text;
    this.#options.notifier.status(text);
  }

  #stateText(model: Model): string {
    if (this.#awaited !== undefined) {
      return AWAITING;
    }
    const restUntilAt = this.#crashes?.restUntilAt;
    return restUntilAt === undefined
      ? statusText(model, this.#policy)
      : `idle until ${longDate(restUntilAt)}`;
  }

  #tellState(model: Model, at: number): void {
    const { metrics } = this.#options;
    const { state, memory } = model;
    metrics.stateIs(state.name, 'release' in state ? state.release.version : '', at);
    const counts = new Map<string, number>();
    for (const denial of memory.record.denials) {
      if (isInForce(denial, at)) {
        counts.set(denial.reason, (counts.get(denial.reason) ?? 0) + 1);
      }
    }
    const byPeople = skippedBy(memory, this.#policy).length;
    if (byPeople > 0) {
      counts.set('administrator', byPeople);
    }
    metrics.releasesDenied(counts);
    metrics.foreignStaged(memory.foreign !== undefined);
    metrics.fleetLockSlots(memory.record.slots.map(({ sinceAt }) => sinceAt));
    metrics.failuresInARow('check', memory.check.streak?.count ?? 0);
    metrics.failuresInARow('status', memory.hostStreak?.count ?? 0);
    metrics.failuresInARow('register_driver', memory.driver.streak?.count ?? 0);
    metrics.failuresInARow('report_steady', memory.steady.streak?.count ?? 0);
    metrics.failuresInARow('save', memory.save.streak?.count ?? 0);
    metrics.failuresInARow('stage', state.name === 'UpdateAvailable' ? state.failedAttempts : 0);
  }

  #tellBlocked(model: Model, now: Moment): void {
    const { metrics } = this.#options;
    const policy = this.#inUse;
    const blocked = policy === undefined ? [] : blockedAtLastLook(model, policy, now);
    metrics.blockedBy(blocked.map(({ gate }) => gate));
    const lower = policy === undefined ? undefined : explainLastLook(model, policy, now)?.lower;
    metrics.earliestRebootIs(lower?.kind === 'at' ? lower.at : undefined);
  }

  #tellHealth(model: Model, health: Health, mono: number): void {
    const { log, metrics, motd } = this.#options;
    metrics.healthIs(health.level, health.cause);
    if (health.level !== this.#health.level || health.cause !== this.#health.cause) {
      if (health.level === 'OK') {
        log.info('updates are OK again', { health: health.level });
      } else {
        log.warn(`updates are ${health.level}: ${health.text}`, {
          health: health.level,
          cause: health.cause,
        });
      }
    }
    this.#health = health;
    const since = health.sinceAt === undefined ? '' : ` since ${longDate(health.sinceAt)}`;
    motd.show(
      'health',
      health.level === 'OK' ? undefined : `Automatic updates are ${health.level}${since}: ${health.text}`,
    );
    const { deadend } = model.memory;
    if (isSwitchedOff(model.state)) {
      motd.show('deadend', undefined);
    } else if (deadend !== undefined) {
      motd.show('deadend', deadend.isDeadend ? deadendNotice(deadend.reason) : undefined);
    }
    if (mono - this.#motdMono < MOTD_RETRY_MS) {
      return;
    }
    this.#motdMono = mono;
    motd.retry();
  }

  #report(happenings: readonly Happening[], at: number, model: Model): void {
    const { log, metrics, historian } = this.#options;
    for (const happening of happenings) {
      for (const { level, text, fields } of linesOf(happening)) {
        log[level](text, fields);
      }
      count(metrics, happening, at);
      historian.happened(happening, at, model);
    }
  }

  #changed(): void {
    for (const listener of this.#listeners) {
      listener();
    }
  }

  #now(): Moment {
    const { clock } = this.#options;
    return { at: clock.now(), mono: clock.monotonic() };
  }

  /** A fault in telling must not become a fault in updating. */
  #guarded(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#options.log.error(`cannot report what happened: ${messageOf(error)}`);
    }
  }
}

function ofCrashes({ count, sinceAt }: Crashes): Health {
  const text = `the agent crashed ${count} times in a row: its journal says why`;
  return { level: 'DEGRADED', cause: 'crashing', sinceAt, text };
}

/** While it waits for the next attempt, nothing gets on. */
function isStaging({ state }: Model): boolean {
  return state.name === 'UpdateAvailable' && (state.step === 'stage' || state.step === 'follow');
}
