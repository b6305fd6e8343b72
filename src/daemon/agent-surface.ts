/**
 * The agent as the D-Bus interface sees it: what the reporter knows, and requests for the loop.
 *
 * Invariants:
 * - It is there from the start. Until the configuration is in use, it reads alone and refuses requests.
 * - Reading takes no slot, wakes no daemon and writes nothing.
 */
import { randomUUID } from 'node:crypto';

import { holdsNow } from '../agent/admin-lists.ts';
import type { Override } from '../agent/overrides.ts';
import type { Clock } from '../agent/ports.ts';
import { isInForce } from '../agent/record.ts';
import { payloadDigest } from '../agent/release.ts';
import type { Asker, Outcome, Request, Wish } from '../agent/requests.ts';
import type { Runner } from '../agent/runner.ts';
import type { Model } from '../agent/state.ts';
import { ConfigError, printable } from '../errors.ts';
import type { HistoryLog } from '../history/history-log.ts';
import type { Reporter } from '../report/reporter.ts';
import type {
  AgentPort,
  CalendarSpan,
  DeniedRelease,
  HistoryEntry,
  HistoryQuery,
  ShownSetting,
  Snapshot,
} from '../service/agent-port.ts';
import { DAY_MS } from '../text/units.ts';
import { VERSION } from '../version.ts';
import type { Explanation } from '../why/explanation.ts';
import { blockedAtLastLook, explainLastLook } from '../why/last-look.ts';
import type { BuiltGates } from './build-gates.ts';
import type { Reading } from './configuration.ts';
import { type Explainable, ExplainNow } from './explain-now.ts';

/** Of a configuration that is in use. */
export interface InUse extends Pick<Explainable, 'policy' | 'survey'> {
  readonly reading: Pick<Reading, 'origins' | 'shown'> & {
    readonly identity: Pick<Reading['identity'], 'nodeUuid' | 'group' | 'platform'>;
  };
  readonly gates: Pick<BuiltGates, 'upcoming'>;
  readonly ports: Pick<Explainable, 'sessions'>;
}

/** What is there once a configuration is in use. */
export interface Running {
  readonly runner: Pick<Runner, 'request'>;
  /** The one in use. */
  readonly configured: () => InUse;
  /** Reads the configuration again. Rejects with the reason why it is refused. */
  readonly reload: () => Promise<void>;
}

export interface SurfaceOptions {
  readonly reporter: Pick<
    Reporter,
    'model' | 'health' | 'status' | 'stagingProgress' | 'configurationProblem' | 'onChange'
  >;
  readonly history: Pick<HistoryLog, 'entries' | 'onAppended'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

export class AgentSurface implements AgentPort {
  readonly #options: SurfaceOptions;
  /** Of this life of the agent, so that no two requests of one boot have the same id. */
  readonly #life = randomUUID().slice(0, 8);
  #requests = 0;
  #running: Running | undefined;
  #explainNow: ExplainNow | undefined;

  constructor(options: SurfaceOptions) {
    this.#options = options;
  }

  /** From here on requests are taken. */
  attach(running: Running): void {
    const { reporter, clock } = this.#options;
    this.#running = running;
    this.#explainNow = new ExplainNow({
      model: () => reporter.model,
      configured: () => {
        const { policy, survey, ports } = running.configured();
        return { policy, survey, sessions: ports.sessions };
      },
      clock,
    });
  }

  snapshot(): Snapshot {
    const { reporter } = this.#options;
    const { model, health, status, stagingProgress, configurationProblem } = reporter;
    const { state, memory } = model;
    const { at, mono } = this.#now();
    const policy = this.#running?.configured().policy;
    const last = policy === undefined ? undefined : explainLastLook(model, policy, { at, mono });
    return {
      version: VERSION,
      state: state.name,
      statusText: status,
      health,
      node: this.#node(model),
      booted: memory.host?.booted,
      bootedSinceAt: memory.record.bootedSinceAt,
      staged: memory.host?.staged,
      stagedSinceAt: stagedSinceAt(model),
      target: 'release' in state ? state.release : undefined,
      hop: hopOf(model),
      progress: stagingProgress,
      checks: {
        lastAttemptAt: memory.check.lastAttemptAt,
        lastSuccessAt: memory.check.lastSuccessAt,
        nextAt: policy?.enabled === true ? nextCheckAt(model, at, mono) : undefined,
      },
      blocked: policy === undefined ? [] : blockedAtLastLook(model, policy, { at, mono }),
      reboot: {
        lower: last?.lower ?? { kind: 'open' },
        upper: last?.upper ?? { kind: 'open' },
        assumptions: last?.assumptions ?? [],
        asOfAt: last?.asOfAt,
      },
      holds: holdsNow(memory.record, at),
      denied: this.#denied(model, at),
      configuration: {
        current: configurationProblem === undefined,
        reason: configurationProblem?.reason ?? '',
        sinceAt: configurationProblem?.sinceAt,
      },
    };
  }

  onChange(listener: () => void): () => void {
    return this.#options.reporter.onChange(listener);
  }

  onHappened(listener: (entry: HistoryEntry) => void): () => void {
    return this.#options.history.onAppended(listener);
  }

  request(by: Asker, wish: Wish): { readonly request: Request; readonly ended: Promise<Outcome> } {
    this.#requests += 1;
    const request = { id: `${this.#life}-${this.#requests}`, by, wish };
    const running = this.#running;
    if (running === undefined) {
      const text = 'the agent waits for its configuration, and takes no requests before';
      return { request, ended: Promise.resolve({ kind: 'refused', error: 'Busy', text }) };
    }
    const ended = running.runner.request(request);
    return { request, ended: wish.kind === 'allow' ? ended.then((outcome) => this.#named(outcome)) : ended };
  }

  explain(overrides: readonly Override[], signal: AbortSignal, by?: Asker): Promise<Explanation> {
    return this.#explainNow?.explain(overrides, signal, by?.uid) ?? Promise.resolve(this.#waiting());
  }

  async history({
    newest,
    sinceAt = Number.NEGATIVE_INFINITY,
  }: HistoryQuery): Promise<readonly HistoryEntry[]> {
    const entries = await this.#options.history.entries();
    return newest <= 0 ? [] : entries.filter(({ at }) => at >= sinceAt).slice(-newest);
  }

  async calendar(days: number): Promise<readonly CalendarSpan[]> {
    const at = this.#options.clock.now();
    return (await this.#running?.configured().gates.upcoming(at, at + days * DAY_MS)) ?? [];
  }

  configuration(): readonly ShownSetting[] {
    return this.#running?.configured().reading.shown ?? [];
  }

  async reload(): Promise<void> {
    if (this.#running === undefined) {
      // It is read again and again meanwhile, and taken into use as soon as it can be.
      throw new ConfigError('config_invalid', this.#whyNotRunning(), { mayCome: true });
    }
    await this.#running.reload();
  }

  #now() {
    const { clock } = this.#options;
    return { at: clock.now(), mono: clock.monotonic() };
  }

  #node({ memory }: Model): Snapshot['node'] {
    const configured = this.#running?.configured();
    const { nodeUuid, group, platform } = configured?.reading.identity ?? {};
    const stream = configured?.policy.stream ?? memory.host?.booted.stream;
    return { id: nodeUuid, group, platform, stream };
  }

  /** People, the configuration and the agent itself, in this order. */
  #denied({ memory }: Model, at: number): readonly DeniedRelease[] {
    const { adminDenials, denials } = memory.record;
    const configured = this.#running?.configured();
    const file = configured?.reading.origins.get('updates.skip');
    return [
      ...adminDenials.map(({ release, by, reason, sinceAt }) => ({
        release,
        reason: 'administrator',
        text: reason,
        by,
        sinceAt,
      })),
      ...(configured?.policy.skip ?? []).map((release) => ({
        release,
        reason: 'configuration',
        text: 'updates.skip',
        ...(file !== undefined && { file }),
      })),
      ...denials
        .filter((denial) => isInForce(denial, at))
        .map(({ version, payload, reason, sinceAt, untilAt }) => ({
          release: version,
          reason,
          text: payloadDigest(payload) ?? payload.value,
          sinceAt,
          ...(untilAt !== undefined && { untilAt }),
        })),
    ];
  }

  /** Says which file it is that denies. */
  #named(outcome: Outcome): Outcome {
    const file = this.#running?.configured().reading.origins.get('updates.skip');
    return outcome.kind === 'refused' && outcome.error === 'Blocked' && file !== undefined
      ? { ...outcome, text: `${outcome.text} in ${printable(file)}` }
      : outcome;
  }

  #whyNotRunning(): string {
    return this.#options.reporter.configurationProblem?.reason ?? 'the agent starts';
  }

  /** The answer while there is no configuration to judge by. */
  #waiting(): Explanation {
    const reason = this.#whyNotRunning();
    return {
      asOfAt: this.#options.clock.now(),
      release: undefined,
      stage: 'none',
      lower: { kind: 'open' },
      upper: { kind: 'open' },
      assumptions: [],
      gates: [
        { gate: 'enabled', class: 'observed', verdict: 'unknown', label: 'configuration_awaited', reason },
      ],
    };
  }
}

/** Exported for its tests. */
export function stagedSinceAt({ memory }: Model): number | undefined {
  const staged = memory.host?.staged;
  const { record, foreign } = memory;
  if (staged === undefined || foreign?.id === staged.id) {
    return foreign?.since.at;
  }
  return record.staged?.deploymentId === staged.id ? record.staged.sinceAt : undefined;
}

/** Exported for its tests: the next release's place on the way to the newest one. */
export function hopOf({ memory }: Model): Snapshot['hop'] {
  const { hops } = memory.check;
  const done = memory.record.hopsDone ?? 0;
  return hops === undefined ? undefined : { number: done + 1, of: done + hops };
}

function nextCheckAt({ state, memory }: Model, at: number, mono: number): number | undefined {
  switch (state.name) {
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph':
    case 'UpdateAvailable':
    case 'UpdateStaged':
      return at + Math.max(memory.check.dueMono - mono, 0);
    case 'StartState':
    case 'Initialized':
    case 'UpdateFinalized':
    case 'EndState':
      return undefined;
  }
}
