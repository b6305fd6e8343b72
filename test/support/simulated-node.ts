/**
 * A node without I/O: the agent's pure machine, and a host that performs its effects at once in virtual time.
 * `World` decides what the world answers, and a test replaces parts of it. A reboot ends one life of the
 * agent and begins the next, as on a real node.
 */
import type { Effect, Event, Occurrence } from '../../src/agent/messages.ts';
import { announce, narrate } from '../../src/report/narrate.ts';
import type {
  CheckQuery,
  CheckResult,
  Deployment,
  HostStatus,
  JointVerdict,
  Session,
} from '../../src/agent/ports.ts';
import { EMPTY_RECORD, type AgentRecord } from '../../src/agent/record.ts';
import { payloadDigest, type Release } from '../../src/agent/release.ts';
import { initialModel, type Model, type Policy } from '../../src/agent/state.ts';
import { statusText } from '../../src/report/status-text.ts';
import { begin, transition } from '../../src/agent/transition.ts';
import { POLICY } from './samples.ts';

export interface World {
  policy: Policy;
  check(query: CheckQuery): CheckResult | Error;
  localVerdict(at: number): JointVerdict;
  remoteVerdict(at: number): JointVerdict | Error;
  steady(): Error | undefined;
  sessions(): readonly Session[] | Error;
  /** Undefined if it works. */
  stageFault(release: Release): Error | undefined;
  finalizeFault(release: Release): Error | undefined;
  driverFault(): Error | undefined;
  statusFault(): Error | undefined;
  /** If false, the requested reboot never happens. */
  rebootComes(): boolean;
  /** If false, the machine comes up in the same deployment, as when finalization fails at shutdown. */
  finalizationWorks(): boolean;
  saveFault(): Error | undefined;
  /** How long things take, milliseconds. */
  durationMs(effect: Effect): number;
}

export const CALM_WORLD: World = {
  policy: POLICY,
  check: () => new Error('no graph'),
  localVerdict: () => ({ verdict: 'allow', reason: '', label: 'allowed' }),
  remoteVerdict: () => ({ verdict: 'allow', reason: '', label: 'allowed' }),
  steady: () => undefined,
  sessions: () => [],
  stageFault: () => undefined,
  finalizeFault: () => undefined,
  driverFault: () => undefined,
  statusFault: () => undefined,
  rebootComes: () => true,
  finalizationWorks: () => true,
  saveFault: () => undefined,
  durationMs: () => 0,
};

/** An error with the `kind` that the agent tells errors apart by. */
export class KindError extends Error {
  readonly kind: string;
  constructor(kind: string, message = kind) {
    super(message);
    this.kind = kind;
  }
}

export class SimulatedNode {
  readonly world: World;
  /** What is on disk. */
  record: AgentRecord = EMPTY_RECORD;
  deployments: Deployment[];
  at: number;
  mono = 0;
  model: Model = initialModel();
  effect: Effect;
  reboots = 0;
  readonly log: string[] = [];
  readonly effects: Effect[] = [];
  /** Keeps neither log nor effects, for runs of many years. */
  quiet = false;
  /** Called for each event that the machine gets. */
  onOccurrence: (occurrence: Occurrence) => void = () => undefined;
  #rebooting = false;

  constructor(world: Partial<World>, deployments: readonly Deployment[], startAt = Date.UTC(2026, 0, 1)) {
    this.world = { ...CALM_WORLD, ...world };
    this.deployments = [...deployments];
    this.at = startAt;
    this.effect = begin(this.model, this, this.policy);
  }

  get policy(): Policy {
    return { ...this.world.policy, bootId: `boot-${this.reboots}` };
  }

  get booted(): Deployment {
    const booted = this.deployments.find((d) => d.booted);
    if (booted === undefined) {
      throw new Error('no deployment is booted');
    }
    return booted;
  }

  get staged(): Deployment | undefined {
    return this.deployments.find((d) => d.staged);
  }

  get stateName(): string {
    return this.model.state.name;
  }

  /** One effect, its event, one transition. */
  step(): void {
    const asked = this.effect;
    if (!this.quiet) {
      this.effects.push(asked);
      this.#say(announce(this.model, asked));
    }
    this.pass(this.world.durationMs(asked));
    const event = this.#perform(asked);
    const occurrence: Occurrence = { event, at: this.at, mono: this.mono, roll: 0 };
    this.onOccurrence(occurrence);
    const before = this.model;
    const next = transition(before, asked, occurrence, this.policy);
    this.model = next.model;
    this.effect = next.effect;
    if (!this.quiet) {
      this.#tell(before, asked, occurrence);
    }
    // The machine goes down a moment after finalize was answered.
    if (this.#rebooting && event.kind === 'woke') {
      this.reboot();
    }
  }

  runUntil(done: (node: this) => boolean, limit = 10_000): void {
    for (let steps = 0; !done(this); steps++) {
      if (steps >= limit) {
        throw new Error(
          `still in ${this.stateName} after ${limit} steps:\n${this.log.slice(-30).join('\n')}`,
        );
      }
      this.step();
    }
  }

  runFor(ms: number): void {
    const end = this.mono + ms;
    this.runUntil(() => this.mono >= end, 1_000_000);
  }

  pass(ms: number): void {
    this.at += ms;
    this.mono += ms;
  }

  /**
   * The machine restarts. An unlocked staged deployment is booted, a locked one is dropped, and the agent
   * starts again.
   */
  reboot(): void {
    this.#rebooting = false;
    this.reboots++;
    const { staged, booted } = this;
    if (staged?.finalizationLocked === false && this.world.finalizationWorks()) {
      const finalized = staged;
      this.deployments = [
        { ...finalized, finalizationLocked: undefined, staged: false, booted: true },
        { ...booted, booted: false },
      ];
    } else {
      this.deployments = this.deployments.filter((d) => !d.staged);
    }
    this.restart();
    this.log.push(`----- boot ${this.reboots}: ${this.booted.version}`);
  }

  /** The agent's process starts again, on the same machine. */
  restart(): void {
    this.mono = 0;
    this.model = initialModel(this.record);
    this.effect = begin(this.model, this, this.policy);
  }

  status(): HostStatus {
    return {
      booted: this.booted,
      staged: this.staged,
      deployments: [...this.deployments],
      activeTransaction: undefined,
    };
  }

  #tell(before: Model, asked: Effect, occurrence: Occurrence): void {
    this.#say(narrate(before, asked, occurrence, this.model, this.world.policy));
    if (this.model.state.name !== before.state.name) {
      this.log.push(`      [${statusText(this.model, this.world.policy)}]`);
    }
  }

  #say(lines: readonly { level: string; text: string }[]): void {
    for (const line of lines) {
      if (line.level !== 'debug') {
        this.log.push(`${line.level.toUpperCase().padEnd(5)} ${line.text}`);
      }
    }
  }

  #perform(effect: Effect): Event {
    const { world } = this;
    switch (effect.kind) {
      case 'wait': {
        const untilMs =
          effect.untilAt === undefined
            ? effect.forMs
            : Math.min(effect.forMs, Math.max(effect.untilAt - this.at, 0));
        this.pass(untilMs);
        return { kind: 'woke' };
      }
      case 'save': {
        const fault = world.saveFault();
        if (fault === undefined) {
          this.record = effect.record;
        }
        return orFailure(fault, 'save-failed', { kind: 'saved' });
      }
      case 'register-driver':
        return orFailure(world.driverFault(), 'driver-failed', { kind: 'driver-registered' });
      case 'read-status':
        return orFailure(world.statusFault(), 'status-failed', {
          kind: 'status-read',
          status: this.status(),
        });
      case 'follow-active':
        return { kind: 'transaction-over' };
      case 'report-steady':
        return orFailure(world.steady(), 'steady-failed', { kind: 'steady-reported' });
      case 'check': {
        const result = world.check(effect.query);
        return result instanceof Error
          ? orFailure(result, 'check-failed', { kind: 'woke' })
          : { kind: 'checked', result };
      }
      case 'stage': {
        const fault = world.stageFault(effect.release);
        if (fault !== undefined) {
          return orFailure(fault, 'stage-failed', { kind: 'woke' });
        }
        return { kind: 'staged', deployment: this.#stage(effect.release) };
      }
      case 'discard-staged':
        this.deployments = this.deployments.filter((d) => !d.staged);
        return { kind: 'discarded' };
      case 'ask-local':
        return { kind: 'local-verdict', verdict: world.localVerdict(this.at) };
      case 'ask-remote': {
        const verdict = world.remoteVerdict(this.at);
        return verdict instanceof Error
          ? orFailure(verdict, 'verdict-failed', { kind: 'woke' })
          : { kind: 'remote-verdict', verdict };
      }
      case 'list-sessions': {
        const sessions = world.sessions();
        return sessions instanceof Error
          ? orFailure(sessions, 'sessions-failed', { kind: 'woke' })
          : { kind: 'sessions-listed', sessions };
      }
      case 'warn-sessions':
        return { kind: 'sessions-warned' };
      case 'finalize':
        return this.#finalize(effect);
    }
  }

  #stage(release: Release): Deployment {
    const checksum = payloadDigest(release.payload)?.slice('sha256:'.length) ?? release.payload.value;
    const deployment: Deployment = {
      ...this.booted,
      id: `fedora-coreos-${checksum}.0`,
      version: release.version,
      payload: release.payload,
      baseChecksum: checksum,
      booted: false,
      staged: true,
      finalizationLocked: true,
    };
    this.deployments = [deployment, ...this.deployments.filter((d) => !d.staged)];
    return deployment;
  }

  #finalize(effect: Extract<Effect, { kind: 'finalize' }>): Event {
    const fault = this.world.finalizeFault(effect.release) ?? this.#refusal(effect);
    if (fault !== undefined) {
      return orFailure(fault, 'finalize-failed', { kind: 'woke' });
    }
    this.deployments = this.deployments.map((d) => (d.staged ? { ...d, finalizationLocked: false } : d));
    this.#rebooting = this.world.rebootComes();
    return { kind: 'finalized' };
  }

  /** What rpm-ostree itself refuses. */
  #refusal(effect: Extract<Effect, { kind: 'finalize' }>): Error | undefined {
    const { staged } = this;
    if (staged === undefined) {
      return new KindError('rpm_ostree_no_staged_deployment', 'No pending staged deployment found');
    }
    if (staged.payload?.value !== effect.release.payload.value) {
      return new KindError('rpm_ostree_staged_mismatch');
    }
    if (staged.finalizationLocked === false && !effect.allowUnlocked) {
      return new KindError('rpm_ostree_already_unlocked');
    }
    return undefined;
  }
}

type FailureKind = Extract<Event, { failure: unknown }>['kind'];

function orFailure(error: Error | undefined, kind: FailureKind, good: Event): Event {
  if (error === undefined) {
    return good;
  }
  const errorKind = 'kind' in error ? String(error.kind) : 'internal';
  const retry =
    'retryAfterMs' in error && typeof error.retryAfterMs === 'number'
      ? { retryAfterMs: error.retryAfterMs }
      : {};
  return { kind, failure: { kind: errorKind, message: error.message, ...retry } };
}
