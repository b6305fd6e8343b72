/**
 * A random world for a simulated node. It has a history that is published over time, with bad releases in it.
 * It also has windows, a lock server, people, failures, clock jumps and crashes. The same seed gives the same
 * world.
 */
import { judgeHold } from '../../src/gates/hold.ts';
import { isOverridden, overridden } from '../../src/gates/overridable.ts';
import type { EffectKind } from '../../src/agent/messages.ts';
import { deniedPayloads } from '../../src/agent/denylist.ts';
import type {
  CheckQuery,
  CheckResult,
  GateQuestion,
  GateReport,
  Session,
  SlotAnswer,
} from '../../src/agent/ports.ts';
import { includesPayload, type Release } from '../../src/agent/release.ts';
import { isSkipped } from '../../src/agent/skip.ts';
import { blocking, checkResult, deployment, PASSING, POLICY, release, staged } from './samples.ts';
import { RequestAccount } from './request-account.ts';
import { KindError, SimulatedNode } from './simulated-node.ts';
import { Violation } from './violation.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export type Random = () => number;

/** A small, fast generator with the same results everywhere (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Published {
  readonly release: Release;
  readonly atMs: number;
  readonly withdrawnMs: number;
  readonly stageFails: boolean;
  readonly bootFails: boolean;
  readonly wrongStream: boolean;
}

/** When something is broken, by what is broken. */
type Trouble = 'check' | 'status' | 'save' | 'lock' | 'driver' | 'finalize' | 'reboot' | 'sessions';

const TROUBLE_KIND: Readonly<Record<Trouble, string>> = {
  check: 'client_failed_request',
  status: 'rpm_ostree_unreachable',
  save: 'record_unwritable',
  lock: 'fleet_lock_unreachable',
  driver: 'rpm_ostree_busy',
  finalize: 'rpm_ostree_failed',
  reboot: '',
  sessions: 'bus_call_timeout',
};

/** Moments at which a request matters most. */
const AWKWARD: readonly EffectKind[] = [
  'finalize',
  'finalize',
  'acquire-slot',
  'survey',
  'save',
  'discard-staged',
];

export class RandomWorld {
  readonly node: SimulatedNode;
  readonly #random: Random;
  /**
   * The administrator has a separate random sequence, so that the rest of a world stays as its seed made it.
   */
  readonly #skipping: Random;
  /** As that one, for what lenders answer. */
  readonly #lending: Random;
  /** As those, for people who ask for something. */
  readonly #asking: Random;
  readonly #requests: RequestAccount;
  readonly #history: Published[] = [];
  readonly #troubles = new Map<Trouble, { fromMs: number; untilMs: number }[]>();
  readonly #periodMs: number;
  readonly #openMs: number;
  readonly #remote: boolean;
  readonly #startAt: number;
  readonly #asked = new Map<string, number>();
  /**
   * Releases that the node was rolled back from, and that nobody has booted since. This is independent of the
   * agent's own record.
   */
  readonly #rolledBack = new Set<string>();
  /** Since when the agent's belief about what is staged has been wrong. */
  #mistakenSince: number | undefined;
  #visits: { fromMs: number; untilMs: number }[] = [];
  #slotByOthersUntil = 0;
  #slotHeld = false;
  #slotReturnFailed = false;
  /** The agent cannot know that it holds no slot: it began a life, or had no clear answer. */
  #slotMayBeHeld = true;
  #calm = false;
  #elapsed = 0;

  constructor(seed: number, days: number, quiet = false) {
    this.#random = seeded(seed);
    this.#skipping = seeded(seed + 1_000_000);
    this.#lending = seeded(seed + 2_000_000);
    this.#asking = seeded(seed + 3_000_000);
    this.#remote = this.#chance(0.5);
    this.#periodMs = this.#pick([HOUR, DAY, DAY, 7 * DAY]);
    this.#openMs = this.#chance(0.3)
      ? this.#periodMs
      : Math.max(this.#periodMs * this.#between(0.01, 0.5), 2 * MINUTE);
    for (let index = 1; index <= 8; index++) {
      const atMs = this.#between(0, days * DAY);
      this.#history.push({
        release: release(`${index}`, index),
        atMs,
        withdrawnMs: this.#chance(0.15) ? atMs + this.#between(0, 10 * DAY) : Number.POSITIVE_INFINITY,
        stageFails: this.#chance(0.1),
        bootFails: this.#chance(0.15),
        wrongStream: this.#chance(0.05),
      });
    }
    // In some worlds the last release is out before the calm, and cannot be staged until then.
    if (seed % 4 === 3) {
      this.#publishGood((days - 10) * DAY);
    }
    for (const trouble of Object.keys(TROUBLE_KIND) as Trouble[]) {
      this.#troubles.set(trouble, this.#spans(days, this.#between(0, 6), 3 * DAY));
    }
    this.#visits = this.#spans(days, this.#between(0, 20), 12 * HOUR);
    const steady = this.#pick([HOUR, 6 * HOUR, DAY]);
    this.node = new SimulatedNode(
      {
        policy: {
          ...POLICY,
          hasLenders: this.#remote,
          slotPlaces: this.#remote
            ? [{ lender: 'fleet_lock', address: 'https://lock', group: 'g', id: 'n' }]
            : [],
          catchUp: this.#chance(0.3),
          replaceForeignStaged: this.#chance(0.3),
          steadyIntervalMs: steady,
          retryIntervalMs: this.#pick([10 * MINUTE, HOUR]),
        },
        check: (query) => {
          this.#meanwhile();
          return this.#check(query);
        },
        survey: (question) => this.#survey(question),
        acquire: () => {
          const answer = this.#takeSlot();
          // Nobody hears an answer that is not waited for.
          this.#slotMayBeHeld ||= this.#askInTheMiddle;
          this.#meanwhile();
          return answer;
        },
        release: () => this.#returnSlot(),
        sessions: () => this.#sessions(),
        stageFault: (target) => {
          this.#meanwhile();
          return this.#stageFault(target);
        },
        finalizeFault: () => this.#fault('finalize'),
        driverFault: () => this.#fault('driver'),
        statusFault: () => this.#fault('status'),
        saveFault: () => this.#fault('save'),
        rebootComes: () => !this.#broken('reboot'),
        finalizationWorks: () => this.#byVersion(this.node.staged?.version)?.bootFails !== true,
        durationMs: (effect) => (effect.kind === 'stage' ? 5 * MINUTE : effect.kind === 'wait' ? 0 : 50),
      },
      [deployment('0', { booted: true })],
    );
    this.node.quiet = quiet;
    this.#requests = new RequestAccount(this.node, this.#asking, (name) => {
      for (const version of [...this.#asked.keys(), ...this.#rolledBack]) {
        if (name === version || name === release(version).payload.value) {
          this.#asked.delete(version);
          this.#rolledBack.delete(version);
        }
      }
    });
    this.#startAt = this.node.at;
  }

  /**
   * Runs the world for some days, then calms it and publishes one more good release, which must be reached.
   */
  run(days: number): void {
    while (this.#elapsed < days * DAY) {
      this.#step();
      if (this.#chance(0.002)) {
        this.#someoneActs();
        this.#slotMayBeHeld = true;
      }
      if (this.#skipping() < 0.004) {
        this.#someoneSkips();
      }
      if (this.#asking() < 0.01) {
        this.#someoneAsks();
      }
    }
    this.#calm = true;
    this.#askInTheMiddle = false;
    this.#askBefore = undefined;
    this.#requests.letGo();
    this.#slotByOthersUntil = 0;
    this.node.deployments = this.node.deployments.filter((d) => !d.staged || d.finalizationLocked === true);
    if (this.#byVersion('good') === undefined) {
      this.#publishGood(0);
    }
    const end = this.#elapsed + 3 * this.#periodMs + 14 * DAY;
    while (this.#elapsed < end && this.node.booted.version !== 'good') {
      this.#step();
    }
    if (this.node.booted.version !== 'good') {
      throw new Violation(
        `no progress in a calm world: still on ${this.node.booted.version}, in ${this.node.stateName}`,
      );
    }
  }

  #publishGood(atMs: number): void {
    this.#history.push({
      release: release('good', 1000),
      atMs,
      withdrawnMs: Number.POSITIVE_INFINITY,
      stageFails: false,
      bootFails: false,
      wrongStream: false,
    });
  }

  #step(): void {
    const { node } = this;
    if (node.effect.kind === this.#askBefore) {
      this.#askBefore = undefined;
      this.#requests.ask(this.#thinksBetter ? 'hold' : undefined);
      this.#thinksBetter = false;
    }
    const { effect, reboots } = node;
    const before = node.mono;
    if (effect.kind === 'finalize') {
      this.#checkFinalize(effect.release);
    }
    if (effect.kind === 'stage') {
      this.#requests.checkStage(effect.release);
    }
    if (effect.kind === 'wait' && effect.forMs > 0) {
      this.#checkSlot();
    }
    this.#checkStaged();
    const stagedVersion = node.staged?.version;
    this.#requests.check();
    node.step();
    this.#elapsed += node.reboots === reboots ? node.mono - before : 1000;
    if (node.log.length > 2000) {
      node.log.splice(0, 1000);
    }
    if (node.reboots !== reboots) {
      this.#slotMayBeHeld = true;
      this.#afterReboot(stagedVersion);
    }
  }

  #checkFinalize(target: Release): void {
    const { node } = this;
    this.#requests.checkFinalize(target);
    const asked = this.#requests.overriding();
    if (!this.#isOpen() && !asked.has('window')) {
      throw new Violation(`a reboot into ${target.version} was asked for outside of the window`);
    }
    if (this.#remote && !this.#slotHeld && !asked.has('fleet-lock')) {
      throw new Violation(`a reboot into ${target.version} was asked for without a slot`);
    }
    if (isSkipped(node.policy.skip, target)) {
      throw new Violation(`a reboot into ${target.version} was asked for, which the administrator denies`);
    }
    this.#checkWithdrawn(target);
    if (this.#rolledBack.has(target.version)) {
      throw new Violation(`a reboot into ${target.version} was asked for, which was rolled back`);
    }
    if (includesPayload(deniedPayloads(node.status(), node.record, node.at), target.payload)) {
      throw new Violation(`a reboot into ${target.version} was asked for, which is denied`);
    }
    if (
      this.#somebodyIsThere() &&
      !asked.has('people') &&
      node.model.state.name === 'UpdateStaged' &&
      node.model.state.delayLeft > 0 &&
      node.model.state.postponementsLeft > 0
    ) {
      throw new Violation(
        `a reboot into ${target.version} was asked for with somebody logged in and minutes left`,
      );
    }
  }

  /** A release that the server has taken back must be noticed as soon as the server can be asked. */
  #checkWithdrawn(target: Release): void {
    const { steadyIntervalMs, retryIntervalMs } = this.node.policy;
    const withdrawnMs = this.#byVersion(target.version)?.withdrawnMs ?? Number.POSITIVE_INFINITY;
    const troubles = (['check', 'status'] as const).flatMap((trouble) => this.#troubles.get(trouble) ?? []);
    const lastTroubleMs = Math.max(
      0,
      ...troubles.filter(({ fromMs }) => fromMs <= this.#elapsed).map(({ untilMs }) => untilMs),
    );
    const noticedMs =
      Math.max(withdrawnMs, lastTroubleMs) + 2 * steadyIntervalMs + retryIntervalMs + 2 * HOUR;
    if (this.#elapsed > noticedMs) {
      throw new Violation(`a reboot into ${target.version} was asked for, which was withdrawn long ago`);
    }
  }

  /** Somebody unstaged or replaced what the agent staged. The agent must notice within a tick or two. */
  #checkStaged(): void {
    const { node } = this;
    const { state } = node.model;
    const mistaken =
      state.name === 'UpdateStaged' &&
      node.staged?.payload?.value !== state.release.payload.value &&
      !this.#broken('status');
    if (!mistaken) {
      this.#mistakenSince = undefined;
    } else {
      this.#mistakenSince ??= this.#elapsed;
    }
    const lastedMs = this.#elapsed - (this.#mistakenSince ?? this.#elapsed);
    if (lastedMs > 2 * node.policy.retryIntervalMs) {
      throw new Violation(
        `the agent has taken ${node.staged?.version ?? 'nothing'} for its staged release since long`,
      );
    }
  }

  #checkSlot(): void {
    const { state } = this.node.model;
    if (
      !this.#slotHeld ||
      this.#slotReturnFailed ||
      // It asks again soon.
      (state.name === 'UpdateStaged' && state.holding.by === 'lender') ||
      state.name === 'UpdateFinalized' ||
      state.name === 'EndState'
    ) {
      return;
    }
    throw new Violation(`a slot is held while the agent waits in ${state.name}`);
  }

  /** A rollback that never reached the disk is forgotten with the next boot that goes on. */
  #forgetUnwritten(): void {
    const { booted, record } = this.node;
    for (const version of this.#rolledBack) {
      const isDenied = record.denials.some((denial) => denial.version === version);
      const isSeenAgain = record.boots.some((boot) => boot.version === booted.version);
      if (!isDenied && !isSeenAgain) {
        this.#rolledBack.delete(version);
      }
    }
  }

  #afterReboot(asked: string | undefined): void {
    const booted = this.node.booted.version;
    this.#forgetUnwritten();
    this.#rolledBack.delete(booted);
    if (asked === undefined) {
      return;
    }
    if (booted === asked) {
      this.#asked.delete(asked);
    } else {
      const count = (this.#asked.get(asked) ?? 0) + 1;
      this.#asked.set(asked, count);
      if (count > 2) {
        throw new Violation(`${count} reboots for ${asked}, and never into it`);
      }
    }
  }

  /** From now on up to three releases are denied, and earlier ones are no longer. */
  #someoneSkips(): void {
    const { node } = this;
    const names = Array.from({ length: Math.floor(this.#skipping() * 4) }, () => {
      const { version, payload } = release(`${1 + Math.floor(this.#skipping() * 8)}`);
      return this.#skipping() < 0.5 ? version : payload.value;
    });
    node.log.push(`..... somebody: skip ${names.join(' ')}`);
    node.reconfigure({ ...node.world.policy, skip: names });
    this.#slotMayBeHeld = true;
  }

  #someoneActs(): void {
    const { node } = this;
    const act = this.#pick([
      'roll back',
      'stage',
      'clean up',
      'unlock',
      'restart',
      'reboot',
      'forget rollback',
      'clock',
    ] as const);
    node.log.push(`..... somebody: ${act}`);
    switch (act) {
      case 'roll back': {
        const other = node.deployments.find((d) => !d.booted && !d.staged);
        if (other === undefined) {
          return;
        }
        // Only an agent that has written it down knows which boot this was.
        // And only one that has written down the other knows that this leads back, and not on.
        const { boots } = node.record;
        const leadsBack = boots.some(({ version }) => version === other.version);
        if (leadsBack && boots.at(-1)?.version === node.booted.version) {
          this.#rolledBack.add(node.booted.version);
        }
        node.deployments = [
          { ...other, booted: true },
          { ...node.booted, booted: false },
        ];
        node.reboot();
        this.#rolledBack.delete(node.booted.version);
        return;
      }
      case 'stage':
        node.deployments = [
          staged(`foreign-${Math.floor(this.#random() * 5)}`, { finalizationLocked: false }),
          ...node.deployments.filter((d) => !d.staged),
        ];
        return;
      case 'clean up':
        node.deployments = node.deployments.filter((d) => !d.staged);
        return;
      case 'unlock':
        node.deployments = node.deployments.map((d) => (d.staged ? { ...d, finalizationLocked: false } : d));
        return;
      case 'restart':
        node.restart();
        return;
      case 'reboot':
        node.reboot();
        this.#rolledBack.delete(node.booted.version);
        this.#forgetUnwritten();
        return;
      case 'forget rollback':
        node.deployments = node.deployments.filter((d) => d.booted || d.staged);
        return;
      case 'clock':
        // Nothing can notice a change between the last look at the clock and the reboot.
        if (node.effect.kind === 'save' || node.effect.kind === 'finalize') {
          return;
        }
        node.at += (this.#random() - 0.5) * 60 * DAY;
    }
  }

  #check(query: CheckQuery): CheckResult | Error {
    if (this.#broken('check')) {
      return new KindError(TROUBLE_KIND.check, 'no route');
    }
    // A deployment that somebody booted by hand is in no graph until the world is calm.
    if (query.booted.version.startsWith('foreign') && !this.#calm) {
      return checkResult({ kind: 'off-graph' });
    }
    const offered = this.#history.filter(
      ({ atMs, withdrawnMs }) => atMs <= this.#elapsed && this.#elapsed < withdrawnMs,
    );
    const newer = offered.filter((entry) => ageOf(entry.release) > this.#ageOfVersion(query.booted.version));
    const good = newer.filter(
      (entry) =>
        (query.to === undefined || query.to === entry.release.version) &&
        !includesPayload(query.denied, entry.release.payload) &&
        !isSkipped(query.skip, entry.release),
    );
    const best = good.toSorted((a, b) => ageOf(b.release) - ageOf(a.release))[0];
    return checkResult(
      best === undefined ? { kind: 'no-update' } : { kind: 'update', release: best.release },
      { ignoredTargets: newer.length - good.length },
    );
  }

  #phase(): number {
    return (((this.node.at - this.#startAt) % this.#periodMs) + this.#periodMs) % this.#periodMs;
  }

  #isOpen(): boolean {
    return this.#phase() < this.#openMs;
  }

  /** The gate of holds is the product's own; the account of them is not. */
  #survey(question: GateQuestion): readonly GateReport[] {
    this.#requests.checkSurvey(question);
    const { overrides = [] } = question;
    return [...this.#window(), judgeHold(question)].map((report) =>
      isOverridden(report, overrides) ? overridden(report) : report,
    );
  }

  /** Between two effects, right before an awkward one, or in the middle of one. */
  #someoneAsks(): void {
    const when = this.#asking();
    if (when < 0.3) {
      this.#askInTheMiddle = true;
    } else if (when < 0.6) {
      this.#askBefore = AWKWARD[Math.floor(this.#asking() * AWKWARD.length)];
    } else if (when > 0.8 && this.node.stateName === 'UpdateStaged') {
      // Somebody wants the reboot, and thinks better of it.
      this.#requests.ask('reboot');
      this.#askBefore = 'finalize';
      this.#thinksBetter = true;
    } else {
      this.#ask();
      // Others answer to that.
      if (when < 0.8) {
        this.#askBefore = AWKWARD[Math.floor(this.#asking() * AWKWARD.length)];
      }
    }
  }

  #askInTheMiddle = false;
  #askBefore: EffectKind | undefined;
  #thinksBetter = false;

  #ask(): void {
    this.#requests.ask();
  }

  #meanwhile(): void {
    if (this.#askInTheMiddle) {
      this.#askInTheMiddle = false;
      this.#ask();
    }
  }

  #window(): readonly GateReport[] {
    return this.#isOpen()
      ? PASSING
      : blocking('outside', 'outside_window', this.node.at + this.#periodMs - this.#phase());
  }

  #takeSlot(): SlotAnswer | Error {
    if (this.#remote && this.node.record.slots.length === 0) {
      throw new Violation('a slot was asked for, and the record on disk does not say so');
    }
    const outcome = this.#calm ? 1 : this.#lending();
    if (this.#broken('lock')) {
      if (outcome > 0.3) {
        return new KindError(TROUBLE_KIND.lock, 'no route');
      }
      // The answer is lost, on the way there or on the way back.
      this.#slotHeld ||= outcome < 0.15;
      return this.#unsure('the connection was reset', 'fleet_lock_unreachable');
    }
    if (!this.#calm && this.#chance(0.2)) {
      this.#slotByOthersUntil = this.#elapsed + this.#between(0, DAY);
    }
    if (this.#elapsed < this.#slotByOthersUntil && !this.#slotHeld) {
      return { kind: 'refused', reason: 'all slots are taken', label: 'lock' };
    }
    this.#slotHeld = true;
    if (outcome < 0.3) {
      return this.#unsure('the node is being drained');
    }
    this.#slotMayBeHeld = true;
    return { kind: 'granted' };
  }

  #unsure(reason: string, errorKind?: string): SlotAnswer {
    this.#slotMayBeHeld = true;
    const answer = { kind: 'may-be-held', reason, label: 'lock', askAgainMs: 15_000 } as const;
    return errorKind === undefined ? answer : { ...answer, errorKind };
  }

  #returnSlot(): Error | undefined {
    if (this.#remote && this.#broken('lock')) {
      this.#slotReturnFailed = true;
      return new KindError(TROUBLE_KIND.lock, 'no route');
    }
    if (this.#remote && !this.#slotMayBeHeld) {
      throw new Violation('a slot is given back after a clear refusal');
    }
    this.#slotMayBeHeld = false;
    this.#slotHeld = false;
    this.#slotReturnFailed = false;
    return undefined;
  }

  #sessions(): readonly Session[] | Error {
    if (this.#broken('sessions')) {
      return new KindError(TROUBLE_KIND.sessions, 'no answer');
    }
    return this.#somebodyIsThere() ? [{ user: 'core', tty: 'pts/0' }] : [];
  }

  #somebodyIsThere(): boolean {
    return (
      !this.#calm && this.#visits.some((span) => span.fromMs <= this.#elapsed && this.#elapsed < span.untilMs)
    );
  }

  #stageFault(target: Release): Error | undefined {
    const entry = this.#byVersion(target.version);
    if (this.#rolledBack.has(target.version)) {
      throw new Violation(`${target.version} was staged, which was rolled back`);
    }
    if (entry?.stageFails === true || (target.version === 'good' && !this.#calm)) {
      return new KindError('rpm_ostree_transaction_failed', 'cannot pull');
    }
    return !this.#calm && this.#chance(0.1)
      ? new KindError('rpm_ostree_transaction_failed', 'network')
      : undefined;
  }

  #fault(trouble: Trouble): Error | undefined {
    return this.#broken(trouble) ? new KindError(TROUBLE_KIND[trouble], `${trouble} is broken`) : undefined;
  }

  #broken(trouble: Trouble): boolean {
    return (
      !this.#calm &&
      (this.#troubles.get(trouble) ?? []).some(
        (span) => span.fromMs <= this.#elapsed && this.#elapsed < span.untilMs,
      )
    );
  }

  #byVersion(version: string | undefined): Published | undefined {
    return this.#history.find((entry) => entry.release.version === version);
  }

  #ageOfVersion(version: string): number {
    return this.#history.find((entry) => entry.release.version === version)?.release.ageIndex ?? 0;
  }

  #spans(days: number, count: number, longestMs: number): { fromMs: number; untilMs: number }[] {
    return Array.from({ length: Math.floor(count) }, () => {
      const fromMs = this.#between(0, days * DAY);
      return { fromMs, untilMs: fromMs + this.#between(MINUTE, longestMs) };
    });
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #between(low: number, high: number): number {
    return low + this.#random() * (high - low);
  }

  #pick<T>(list: readonly [T, ...T[]]): T {
    return list[Math.floor(this.#random() * list.length)] ?? list[0];
  }
}

function ageOf(of: Release): number {
  return of.ageIndex ?? 0;
}
