/**
 * A node without I/O: the agent's own machine, and a host that performs its effects at once on virtual time. A reboot
 * ends one life of the agent and begins the next, as on a real node.
 *
 * Invariants:
 * - What the agent decides is `advance` alone, as in its loop. Nothing here decides anything for it.
 * - A request is taken when the loop would take it, and is on disk when it would be.
 * - The host refuses what rpm-ostree refuses, and keeps on disk what the agent saved.
 * - Time passes only where an effect takes time.
 */
import { advance, begin, type Advance, type Machine } from '../agent/advance.ts';
import { beginning } from '../agent/beginning.ts';
import { questionOf } from '../agent/gate-subject.ts';
import type { Beginning, Happening } from '../agent/happenings.ts';
import type { AnswerKind, Effect, EffectKind, EffectOf, Event, EventOf, Failure } from '../agent/messages.ts';
import { isJoined, saveBeside, takenBeside } from '../agent/beside.ts';
import { cutsShort } from '../agent/cut-short.ts';
import type { Deployment, HostStatus } from '../agent/ports.ts';
import { reconfigured } from '../agent/reconfigure.ts';
import { EMPTY_RECORD, type AgentRecord } from '../agent/record.ts';
import { payloadDigest, type Release } from '../agent/release.ts';
import { requested } from '../agent/requested.ts';
import type { Request } from '../agent/requests.ts';
import { bootsNext } from '../agent/next-boot.ts';
import { sameStaged } from '../agent/same-staged.ts';
import { initialModel, type Model, type Policy } from '../agent/state.ts';
import type { World } from './world.ts';

/** Hears of a node's life, in order. */
export interface Listener {
  begins?(beginning: Beginning): void;
  /** `happenings` led from `before` to the node's present model. */
  happened?(happenings: readonly Happening[], before: Model): void;
  rebooted?(): void;
}

export class SimulatedNode {
  readonly world: World;
  /** What is on disk. */
  record: AgentRecord = EMPTY_RECORD;
  deployments: readonly Deployment[];
  /** Wall clock, milliseconds since 1970 UTC. */
  at: number;
  /** Monotonic clock, milliseconds since the boot or the start of the agent. */
  mono = 0;
  machine: Machine;
  reboots = 0;
  /** How often the agent has started again. */
  lives = 0;
  /** Events that the machine was given. */
  steps = 0;
  listener: Listener;
  #rebooting = false;
  #queue: Request[] = [];
  #performing: EffectKind | undefined;
  /** A request ended the effect that is being performed. */
  #cut = false;

  constructor(world: World, deployments: readonly Deployment[], startAt: number, listener: Listener = {}) {
    this.world = world;
    this.deployments = [...deployments];
    this.at = startAt;
    this.listener = listener;
    this.machine = begin(initialModel(), this, this.policy);
  }

  get model(): Model {
    return this.machine.model;
  }

  /** What the machine has asked for. */
  get effect(): Effect {
    return this.machine.effect;
  }

  get policy(): Policy {
    return { ...this.world.policy, bootId: `boot-${this.reboots}` };
  }

  get booted(): Deployment {
    const booted = this.deployments.find((deployment) => deployment.booted);
    if (booted === undefined) {
      throw new Error('a node must have one booted deployment');
    }
    return booted;
  }

  get staged(): Deployment | undefined {
    return this.deployments.find((deployment) => deployment.staged);
  }

  /** The effect under way, while it goes on to its end. */
  get goingOn(): EffectKind | undefined {
    return this.#cut ? undefined : this.#performing;
  }

  /** One effect, its event, one advance. */
  step(): void {
    const { effect } = this.machine;
    this.listener.begins?.(beginning(this.machine));
    this.#performing = effect.kind;
    this.#cut = false;
    this.pass(this.world.durationMs(effect));
    const event = this.#perform(effect);
    this.#performing = undefined;
    this.#join(effect);
    const roll = this.world.roll(this.steps);
    this.#advance({ model: this.model, effect }, event, roll);
    this.steps += 1;
    for (const request of this.#queue.splice(0)) {
      this.request(request);
    }
    // The machine goes down a moment after finalize was answered.
    if (this.#rebooting && event.kind === 'woke') {
      this.reboot();
    }
  }

  pass(ms: number): void {
    this.at += ms;
    this.mono += ms;
  }

  /**
   * A person asks for something. What comes while an effect is performed is taken beside it, is taken after it, or cuts it
   * short, as in the agent's loop.
   */
  request(request: Request): void {
    if (this.#performing !== undefined) {
      this.#queue.push(request);
      this.#cut ||= cutsShort(request.wish, this.#performing);
      this.#takeBeside(this.#performing);
      return;
    }
    this.#take(requested(this.model, this, this.policy, request));
  }

  #takeBeside(performing: EffectKind): void {
    const { effect } = this.machine;
    const { taken, left, isCut } = takenBeside(this.model, performing, this.#queue, this, this.policy);
    this.#queue = [...left];
    this.#cut ||= isCut;
    for (const step of taken) {
      this.#take({ ...step, effect });
    }
    const save = saveBeside(this.model, this);
    if (taken.length > 0 && save !== undefined) {
      this.#advance({ model: this.model, effect: save }, this.#perform(save), 0);
      this.machine = { model: this.model, effect };
    }
  }

  /** Whoever asks for a check while one runs gets its answer. */
  #join(effect: Effect): void {
    const joining = this.#queue.filter((request) => isJoined(request, effect));
    this.#queue = this.#queue.filter((request) => !joining.includes(request));
    for (const request of joining) {
      this.#take({ ...requested(this.model, this, this.policy, request), effect });
    }
  }

  #advance(machine: Machine, event: Event, roll: number): void {
    this.machine = machine;
    this.#take(advance(machine, { event, at: this.at, mono: this.mono, roll }, this.policy));
  }

  #take(step: Advance): void {
    const { model: before } = this.machine;
    this.machine = step;
    this.listener.happened?.(step.happenings, before);
  }

  /** A new configuration is taken into use between two effects. */
  reconfigure(policy: Policy): void {
    const { policy: before } = this;
    const { model } = this.machine;
    this.world.policy = policy;
    const step = reconfigured(model, this, before, this.policy);
    this.machine = step;
    this.listener.happened?.(step.happenings, model);
  }

  /** The machine restarts: an unlocked staged deployment is booted, a locked one is dropped, the agent starts anew. */
  reboot(): void {
    this.#rebooting = false;
    this.reboots += 1;
    const { staged, booted } = this;
    if (staged?.finalizationLocked === false && this.world.finalizationWorks()) {
      this.deployments = [
        { ...staged, finalizationLocked: undefined, staged: false, booted: true },
        { ...booted, booted: false },
      ];
    } else {
      // The first one is what the boot loader takes.
      this.deployments = this.deployments
        .filter((deployment) => !deployment.staged)
        .map((deployment, place) => ({ ...deployment, booted: place === 0 }));
    }
    this.restart();
    this.listener.rebooted?.();
  }

  /** The agent's process starts again, on the same machine. */
  restart(): void {
    this.mono = 0;
    this.lives += 1;
    this.#queue = [];
    this.machine = begin(initialModel(this.record), this, this.policy);
  }

  status(): HostStatus {
    return {
      booted: this.booted,
      staged: this.staged,
      deployments: [...this.deployments],
      activeTransaction: undefined,
    };
  }

  #perform(effect: Effect): Event {
    // The table's types hold for each kind; here an entry is looked up by what is asked.
    const performer = this.#performers[effect.kind] as (effect: Effect) => Event;
    return performer(effect);
  }

  readonly #performers: {
    readonly [E in EffectKind]: (effect: EffectOf<E>) => EventOf<AnswerKind<E>>;
  } = {
    wait: ({ forMs, untilAt }) => {
      this.pass(waitMs({ forMs, untilAt }, this.at));
      return { kind: 'woke' };
    },
    save: ({ record }) => {
      const fault = this.world.saveFault();
      if (fault !== undefined) {
        return { kind: 'save-failed', failure: failureOf(fault) };
      }
      this.record = record;
      return { kind: 'saved' };
    },
    'register-driver': () => {
      const fault = this.world.driverFault();
      return fault === undefined
        ? { kind: 'driver-registered' }
        : { kind: 'driver-failed', failure: failureOf(fault) };
    },
    'read-status': () => {
      const fault = this.world.statusFault();
      return fault === undefined
        ? { kind: 'status-read', status: this.status() }
        : { kind: 'status-failed', failure: failureOf(fault) };
    },
    'follow-active': () => {
      const end = this.world.followed?.() ?? 'ended';
      return end === 'still-running'
        ? { kind: 'transaction-running' }
        : { kind: 'transaction-over', ...(end === 'succeeded' && { succeeded: true }) };
    },
    'release-slot': ({ stream, configured, present, former, asksBoot }) => {
      const incomplete = asksBoot ? this.world.incomplete?.() : undefined;
      if (incomplete !== undefined) {
        return { kind: 'slot-kept', reason: incomplete };
      }
      const fault = this.world.release({ at: this.at, stream });
      return fault === undefined
        ? { kind: 'slot-released', configured, returned: [...present, ...former] }
        : { kind: 'release-failed', failure: failureOf(fault) };
    },
    check: ({ query }) => {
      const result = this.world.check(query);
      return result instanceof Error
        ? { kind: 'check-failed', failure: failureOf(result) }
        : { kind: 'checked', result };
    },
    stage: ({ release, expected }) => {
      const fault = this.#changed(expected) ?? this.world.stageFault(release) ?? this.#cutShort();
      return fault === undefined
        ? { kind: 'staged', deployment: this.#stage(release) }
        : { kind: 'stage-failed', failure: failureOf(fault) };
    },
    'discard-staged': ({ expected }) => {
      const fault = this.#changed(expected);
      if (fault !== undefined) {
        return { kind: 'discard-failed', failure: failureOf(fault) };
      }
      this.deployments = this.deployments.filter((deployment) => !deployment.staged);
      return { kind: 'discarded' };
    },
    survey: (effect) => {
      const question = questionOf(effect, this.at);
      return {
        kind: 'surveyed',
        ...(this.world.look?.(question) ?? { reports: this.world.survey(question) }),
      };
    },
    'acquire-slot': ({ stream }) => {
      const answer = this.world.acquire({ at: this.at, stream });
      if (this.#cut) {
        return { kind: 'slot-answered', answer: NOT_WAITED_FOR };
      }
      return answer instanceof Error
        ? { kind: 'slot-failed', failure: failureOf(answer) }
        : { kind: 'slot-answered', answer };
    },
    'list-sessions': () => {
      const sessions = this.world.sessions();
      return sessions instanceof Error
        ? { kind: 'sessions-failed', failure: failureOf(sessions) }
        : { kind: 'sessions-listed', sessions };
    },
    'warn-sessions': () => ({ kind: 'sessions-warned' }),
    finalize: (effect) => {
      const fault = this.world.finalizeFault(effect.release) ?? this.#refusal(effect);
      if (fault !== undefined) {
        return { kind: 'finalize-failed', failure: failureOf(fault) };
      }
      this.deployments = this.deployments.map((deployment) =>
        deployment.staged ? { ...deployment, finalizationLocked: false } : deployment,
      );
      this.#rebooting = this.world.rebootComes();
      return { kind: 'finalized' };
    },
  };

  #cutShort(): Error | undefined {
    return this.#cut ? new KindError('cancelled') : undefined;
  }

  #stage(release: Release): Deployment {
    const checksum = payloadDigest(release.payload)?.slice('sha256:'.length) ?? release.payload.value;
    const deployment: Deployment = {
      ...this.booted,
      id: `fedora-coreos-${checksum}.0`,
      version: release.version,
      payload: release.payload,
      baseChecksum: checksum,
      stream: this.world.stagedStream(release, this.booted.stream),
      booted: false,
      staged: true,
      finalizationLocked: true,
    };
    this.deployments = [deployment, ...this.deployments.filter((other) => !other.staged)];
    return deployment;
  }

  /** What the driver refuses, after a look at what is staged. */
  #changed(expected: Deployment | undefined): Error | undefined {
    return sameStaged(expected, bootsNext(this.status()))
      ? undefined
      : new KindError('rpm_ostree_staged_changed');
  }

  /** What rpm-ostree itself refuses. */
  #refusal({ release, allowUnlocked }: EffectOf<'finalize'>): Error | undefined {
    const { staged } = this;
    if (staged === undefined) {
      return new KindError('rpm_ostree_no_staged_deployment', 'No pending staged deployment found');
    }
    if (staged.payload?.value !== release.payload.value) {
      return new KindError('rpm_ostree_staged_mismatch');
    }
    if (staged.finalizationLocked === false && !allowUnlocked) {
      return new KindError('rpm_ostree_already_unlocked');
    }
    return undefined;
  }
}

/** How long a wait that begins at `at` lasts, milliseconds. */
export function waitMs(
  {
    forMs,
    untilAt = Number.POSITIVE_INFINITY,
  }: { readonly forMs: number; readonly untilAt?: number | undefined },
  at: number,
): number {
  return Math.min(forMs, Math.max(untilAt - at, 0));
}

/** What the lender has lent by then nobody knows. */
const NOT_WAITED_FOR = {
  kind: 'may-be-held',
  reason: 'the lender was not waited for: a request came in',
  label: 'fleet_lock',
  askAgainMs: 30_000,
  cutShort: true,
} as const;

/** An error with the `kind` that the agent tells errors apart by. */
export class KindError extends Error {
  readonly kind: string;

  constructor(kind: string, message = kind) {
    super(message);
    this.kind = kind;
  }
}

function failureOf(error: Error): Failure {
  const kind = 'kind' in error ? String(error.kind) : 'internal';
  const { message } = error;
  return 'retryAfterMs' in error && typeof error.retryAfterMs === 'number'
    ? { kind, message, retryAfterMs: error.retryAfterMs }
    : { kind, message };
}
