/**
 * A random world for the properties of `why`. It has windows, freezes, splay, holds, a least uptime and a permission
 * file. It also has people, a lock server and a denied release. The same seed gives the same world.
 *
 * Invariants:
 * - Whether a gate passes is told by the world itself, by brute force. What `why` says comes of the product's own judges.
 * - Nothing is drawn while the world runs, so that two nodes in one world live through the same.
 */
import { begin } from '../../src/agent/advance.ts';
import type { Moment } from '../../src/agent/moment.ts';
import type {
  ExplainedReport,
  GateQuestion,
  GateReport,
  Session,
  SlotAnswer,
} from '../../src/agent/ports.ts';
import { plain, type DenialReason } from '../../src/agent/record.ts';
import { includesPayload } from '../../src/agent/release.ts';
import type { Hold } from '../../src/agent/requests.ts';
import { isSkipped } from '../../src/agent/skip.ts';
import type { Policy } from '../../src/agent/state.ts';
import type { ZoneRules } from '../../src/calendar/zone-rules.ts';
import { judgeBootComplete } from '../../src/gates/boot-complete.ts';
import { judgeFreeSpace } from '../../src/gates/free-space.ts';
import { explained } from '../../src/gates/gate.ts';
import { judgeInhibitors } from '../../src/gates/inhibitors.ts';
import { OBSERVED, outsideHolds, type Timing } from '../../src/gates/timing.ts';
import { judgeUptime, timeUptime } from '../../src/gates/uptime.ts';
import { KindError, SimulatedNode } from '../../src/simulate/node.ts';
import { CALM } from '../../src/simulate/world.ts';
import { judgeMarker, timeMarker } from '../../src/strategies/marker.ts';
import { PeriodicSchedule } from '../../src/strategies/periodic-schedule.ts';
import { explainPeriodic } from '../../src/strategies/periodic.ts';
import { MinuteCalendar, type DrawnCalendar } from './minute-calendar.ts';
import { seeded, type Random } from './random-world.ts';
import { checkResult, deployment, POLICY, release, staged } from './samples.ts';

const SECOND = 1000;
export const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** So long a world is followed. */
export const RUN_DAYS = 5;
const V2 = release('2.0', 2);
const MARKER = { path: '/run/may-reboot', ownerUid: 0 };
const OBSERVED_NAMES = ['boot_complete', 'inhibitors', 'free_space'] as const;
type ObservedName = (typeof OBSERVED_NAMES)[number];

/** Made once: what an error costs is its stack. */
const FAULTS = {
  lock: new KindError('fleet_lock_unreachable', 'no route'),
  save: new KindError('record_unwritable', 'no space left on device'),
  check: new KindError('client_failed_request', 'no route'),
  finalize: new KindError('rpm_ostree_failed', 'cannot unlock'),
};

/** Half-open, in instants. */
interface Span {
  readonly fromAt: number;
  readonly untilAt: number;
}

type Marker = { readonly kind: 'none' } | { readonly kind: 'file'; readonly notAfterAt?: number };

export interface WorldKind {
  /** Gates that are only observed stay as they are; nothing fails, nothing takes time, and the lock server lends. */
  readonly constant: boolean;
  /** Nothing takes time but waiting, and staging. */
  readonly instant?: boolean;
}

/** What a property changes in a world from an instant on. */
export interface Change {
  /** Gates that pass whatever they would say. */
  readonly passing?: ReadonlySet<string>;
  readonly people?: 'nobody' | 'somebody';
}

export class WhyWorld {
  readonly startAt: number;
  readonly endAt: number;
  readonly node: SimulatedNode;
  readonly #random: Random;
  readonly #constant: boolean;
  readonly #calendar: MinuteCalendar | undefined;
  readonly #schedule: PeriodicSchedule | undefined;
  readonly #holds: readonly Hold[];
  readonly #uptime: { readonly bootedAt: number; readonly leastMs: number };
  readonly #marker: Marker | undefined;
  /** When each of them blocks. */
  readonly #blocks: Readonly<Record<ObservedName, readonly Span[]>>;
  readonly #visits: readonly Span[];
  readonly #refusals: readonly Span[];
  readonly #failures: readonly Span[];
  readonly #diskFull: readonly Span[];
  readonly #offeredAt: number;
  readonly #slow: boolean;
  #current: SimulatedNode;
  #change: Change = {};

  constructor(seed: number, kind: WorldKind) {
    this.#random = seeded(seed);
    this.#constant = kind.constant;
    this.startAt = Date.UTC(2026, 9, 20) + Math.floor(this.#random() * 14 * DAY);
    this.endAt = this.startAt + RUN_DAYS * DAY;
    if (this.#chance(0.7)) {
      const drawn = this.#drawCalendar();
      const uuid = `node-${seed}`;
      this.#calendar = new MinuteCalendar(drawn, this.startAt, (RUN_DAYS + 2) * 1440, uuid);
      this.#schedule = scheduleOf(drawn, uuid);
    }
    this.#holds = this.#times(this.#chance(0.3) ? 2 : 0, () => this.#drawHold());
    this.#uptime = {
      bootedAt: this.startAt - this.#between(0, 12 * HOUR),
      leastMs: this.#chance(0.3) ? this.#whole(1, 20) * HOUR : 0,
    };
    this.#marker = this.#chance(0.25) ? this.#drawMarker() : undefined;
    this.#blocks = {
      boot_complete: this.#spans(0.2, 12 * HOUR),
      inhibitors: this.#spans(0.2, DAY),
      free_space: this.#spans(0.12, DAY),
    };
    this.#visits = this.#times(this.#chance(0.5) ? this.#whole(1, 8) : 0, () => this.#span(4 * HOUR));
    this.#refusals = this.#times(this.#chance(0.6) ? this.#whole(1, 5) : 0, () => this.#span(DAY));
    this.#failures = this.#times(this.#chance(0.3) ? this.#whole(1, 3) : 0, () => this.#span(DAY));
    this.#offeredAt = this.startAt + (this.#chance(0.3) ? this.#between(0, DAY) : 0);
    this.#diskFull = this.#times(!kind.constant && this.#chance(0.2) ? 1 : 0, () => ({
      fromAt: this.startAt,
      untilAt: this.startAt + this.#between(HOUR, 4 * HOUR),
    }));
    this.#slow = !kind.constant && kind.instant !== true && this.#chance(0.6);
    this.node = this.#newNode(this.#drawPolicy(), seed);
    this.#current = this.node;
  }

  get now(): Moment {
    return { at: this.node.at, mono: this.node.mono };
  }

  /** The next check would find the update. */
  isOfferedAt(at: number): boolean {
    return at >= this.#offeredAt && this.node.policy.skip.length === 0;
  }

  /** A node that goes on from where the world's own one stands, with something changed. The world's own one stays. */
  branch(change: Change): SimulatedNode {
    const { node } = this;
    const copy = new SimulatedNode(node.world, node.deployments, node.at);
    copy.mono = node.mono;
    copy.record = node.record;
    copy.machine = node.machine;
    copy.steps = node.steps;
    this.#current = copy;
    this.#change = change;
    return copy;
  }

  /** The first request to finalize of `node` from now on, until the world's end. */
  firstFinalize(node: SimulatedNode): number | undefined {
    this.#current = node;
    while (node.at < this.endAt) {
      if (node.effect.kind === 'finalize') {
        return node.at;
      }
      node.step();
    }
    return undefined;
  }

  /** The world's own node goes on, as if nothing had been changed. */
  resume(): void {
    this.#current = this.node;
    this.#change = {};
  }

  change(change: Change): void {
    this.#change = change;
  }

  /** What the product's own gates say and foretell, as they would be asked now. */
  explained(): readonly ExplainedReport[] {
    const { at } = this.node;
    const question: GateQuestion = {
      at,
      booted: this.node.booted,
      staged: staged('2.0'),
      holds: this.#holds,
    };
    const of = (report: GateReport, timing: Timing): ExplainedReport => explained(report, timing, question);
    const reports: ExplainedReport[] = [];
    if (this.#schedule !== undefined) {
      reports.push(explainPeriodic(this.#schedule, question));
    }
    if (this.#marker !== undefined) {
      const report = judgeMarker(this.#markerReading(this.#marker), question, MARKER);
      reports.push(of(report, timeMarker(report)));
    }
    if (this.#uptime.leastMs > 0) {
      const reading = { uptimeMs: at - this.#uptime.bootedAt, firstBoot: false };
      const limits = { minUptimeMs: this.#uptime.leastMs, firstBootGraceMs: 0 };
      reports.push(of(judgeUptime(reading, question, limits), timeUptime(reading, question, limits)));
    }
    if (this.#holds.length > 0) {
      reports.push(of(this.#holdReport(at), outsideHolds(this.#holds)));
    }
    const isUp = !this.#isBlocked('boot_complete', at);
    const bootState = { system: 'running', bootComplete: isUp ? 'active' : 'inactive' };
    reports.push(of(judgeBootComplete(bootState), OBSERVED));
    const inhibitor = { what: 'shutdown', who: 'backup', why: 'nightly', mode: 'block' };
    reports.push(of(judgeInhibitors(this.#isBlocked('inhibitors', at) ? [inhibitor] : []), OBSERVED));
    const freeBytes = this.#isBlocked('free_space', at) ? 0 : 1000;
    const space = { neededBytes: 100, freeBytes, reclaimableBytes: 0 };
    reports.push(of(judgeFreeSpace(space, question), OBSERVED));
    return reports;
  }

  /** As if the record had said so when the release was staged. */
  deny(reason: DenialReason, untilAt: number | undefined): void {
    const { model } = this.node.machine;
    const until = untilAt === undefined ? {} : { untilAt };
    const denial = { ...plain(V2), reason, sinceAt: this.node.at, ...until, strikes: 1 };
    const record = { ...model.memory.record, denials: [denial] };
    const memory = { ...model.memory, record };
    this.node.record = record;
    this.node.machine = begin({ state: model.state, memory }, this.node, this.node.policy);
  }

  /** Whether rpm-ostree would do now what is asked of it. */
  finalizes(): boolean {
    return this.node.world.finalizeFault(V2) === undefined;
  }

  /** Who is logged in now. */
  sessions(): readonly Session[] {
    const { at } = this.#current;
    const isThere =
      this.#change.people === undefined
        ? this.#visits.some((visit) => isWithin(visit, at))
        : this.#change.people === 'somebody';
    return isThere ? [{ user: 'core', tty: 'pts/0' }] : [];
  }

  /** Whether anything that is only observed blocks now. */
  isObservedBlocked(): boolean {
    const { at } = this.node;
    return OBSERVED_NAMES.some((name) => this.#isBlocked(name, at)) || this.#marker?.kind === 'none';
  }

  /** What a gate says, by the world's own account; the instant is that of the next pass. */
  #says(gate: string, at: number): { readonly passes: boolean; readonly nextAt?: number | undefined } {
    switch (gate) {
      case 'periodic':
        return {
          passes: this.#calendar?.allows(at) ?? true,
          nextAt: this.#calendar?.nextAllowed(at),
        };
      case 'marker':
        return { passes: this.#marker === undefined || this.#markerAllows(this.#marker, at) };
      case 'uptime': {
        const enoughAt = this.#uptime.bootedAt + this.#uptime.leastMs;
        return { passes: at >= enoughAt, nextAt: enoughAt };
      }
      case 'hold': {
        const ends = this.#holds.map(({ untilAt }) => untilAt ?? Number.POSITIVE_INFINITY);
        const endAt = Math.max(0, ...ends);
        return { passes: at >= endAt, nextAt: Number.isFinite(endAt) ? endAt : undefined };
      }
      case 'boot_complete':
      case 'inhibitors':
      case 'free_space':
        return { passes: !this.#isBlocked(gate, at) };
      default:
        throw new Error(`a world has no gate ${gate}`);
    }
  }

  #survey({ at }: GateQuestion): readonly GateReport[] {
    return ['periodic', 'marker', 'uptime', 'hold', ...OBSERVED_NAMES].map((gate): GateReport => {
      const { passes, nextAt } = this.#says(gate, at);
      return passes || this.#change.passing?.has(gate) === true
        ? { gate, verdict: 'pass', label: gate, reason: '' }
        : { gate, verdict: 'block', label: gate, reason: gate, ...(nextAt !== undefined && { nextAt }) };
    });
  }

  #acquire(at: number): SlotAnswer | Error {
    if (this.#constant || !this.#refusals.some((span) => isWithin(span, at))) {
      return { kind: 'granted' };
    }
    const turn = Math.floor(at / MINUTE) % 4;
    switch (turn) {
      case 0:
        return FAULTS.lock;
      case 1:
        return { kind: 'may-be-held', reason: 'draining', label: 'fleet_lock', askAgainMs: 20 * MINUTE };
      case 2:
        return { kind: 'refused', reason: 'wait', label: 'fleet_lock', untilAt: at + 20 * MINUTE };
      default:
        return { kind: 'refused', reason: 'all slots are taken', label: 'fleet_lock' };
    }
  }

  #newNode(policy: Policy, seed: number): SimulatedNode {
    const booted = deployment('1.0', { booted: true });
    const isAdopted = this.#chance(0.5);
    const isForeign = this.#chance(0.06);
    const failsAt = (at: number): boolean => this.#failures.some((span) => isWithin(span, at));
    const node: SimulatedNode = new SimulatedNode(
      {
        ...CALM,
        policy,
        check: ({ denied, skip }) => {
          const at = this.#current.at;
          if (!this.#constant && failsAt(at) && Math.floor(at / HOUR) % 3 === 0) {
            return FAULTS.check;
          }
          const isOffered =
            at >= this.#offeredAt && !includesPayload(denied, V2.payload) && !isSkipped(skip, V2);
          return checkResult(isOffered ? { kind: 'update', release: V2 } : { kind: 'no-update' });
        },
        survey: (question) => this.#survey(question),
        acquire: ({ at }) => this.#acquire(at),
        sessions: () => this.sessions(),
        finalizeFault: () => (failsAt(this.#current.at) ? FAULTS.finalize : undefined),
        saveFault: () =>
          this.#diskFull.some((span) => isWithin(span, this.#current.at)) ? FAULTS.save : undefined,
        durationMs: ({ kind }) => {
          if (kind === 'stage') {
            return this.#slow ? 10 * MINUTE : 5 * SECOND;
          }
          return kind === 'wait' || !this.#slow ? 0 : 50;
        },
        roll: (n) => (this.#constant ? 0 : (n * 7 + seed) % 11),
      },
      isForeign
        ? [staged('3.0', { finalizationLocked: false }), booted]
        : isAdopted
          ? [staged('2.0'), booted]
          : [booted],
      this.startAt,
    );
    return node;
  }

  #drawPolicy(): Policy {
    const hasLenders = this.#chance(0.3);
    return {
      ...POLICY,
      enabled: !this.#chance(0.04),
      skip: this.#chance(0.04) ? ['2.0'] : [],
      hasLenders,
      slotPlaces: hasLenders ? [{ lender: 'fleet_lock', address: 'https://lock', group: 'g', id: 'n' }] : [],
      jitter: !this.#constant,
      steadyIntervalMs: this.#whole(3, 12) * HOUR,
      retryIntervalMs: this.#whole(2, 8) * HOUR,
      sessions: {
        graceMinutes: this.#whole(0, 30),
        maxDelayMinutes: this.#whole(30, 90),
        neverWhileLoggedIn: this.#chance(0.1),
      },
    };
  }

  #drawCalendar(): DrawnCalendar {
    const offset = this.#whole(-11, 12) * 60;
    const length = (): number => (this.#chance(0.3) ? this.#whole(1, 90) : this.#whole(30, 900));
    return {
      windows: this.#times(this.#whole(1, 2), () => ({
        weekdays: [1, 2, 3, 4, 5, 6, 7].filter(() => this.#chance(0.6)),
        startMinutes: this.#whole(0, 1439),
        lengthMinutes: length(),
      })),
      freezes: this.#times(this.#chance(0.4) ? this.#whole(1, 2) : 0, () => {
        const fromAt = this.#minuteAt(-1, 3);
        return {
          fromAt,
          untilAt: fromAt + this.#whole(10, 2 * 1440) * MINUTE,
          isLocal: this.#chance(0.5),
        };
      }),
      splayMinutes: this.#chance(0.5) ? this.#whole(1, 120) : 0,
      offsets: [offset, offset + this.#pick([0, 60, -60])],
      changesAt: this.#minuteAt(0, RUN_DAYS),
    };
  }

  #drawHold(): Hold {
    const common = { id: 'h1', what: 'reboot', by: { uid: 0 }, reason: '', sinceAt: this.startAt } as const;
    return this.#chance(0.05) ? common : { ...common, untilAt: this.startAt + this.#between(0, 3 * DAY) };
  }

  #drawMarker(): Marker {
    if (this.#chance(0.2)) {
      return { kind: 'none' };
    }
    // As whole seconds: so it is written.
    const notAfterAt = Math.floor((this.startAt + this.#between(0, 4 * DAY)) / SECOND) * SECOND;
    return this.#chance(0.7) ? { kind: 'file', notAfterAt } : { kind: 'file' };
  }

  #markerAllows(marker: Marker, at: number): boolean {
    return marker.kind === 'file' && (marker.notAfterAt === undefined || at <= marker.notAfterAt);
  }

  #markerReading(marker: Marker) {
    if (marker.kind === 'none') {
      return { kind: 'missing' } as const;
    }
    const { notAfterAt } = marker;
    const text = notAfterAt === undefined ? '' : `not_after = ${new Date(notAfterAt).toISOString()}\n`;
    return { kind: 'file', uid: 0, mode: 0o644, links: 1, bytes: Buffer.from(text) } as const;
  }

  #holdReport(at: number): GateReport {
    const { passes } = this.#says('hold', at);
    const verdict = passes ? 'pass' : 'block';
    return { gate: 'hold', verdict, label: 'held', reason: 'held by root' };
  }

  #isBlocked(name: ObservedName, at: number): boolean {
    return this.#blocks[name].some((span) => isWithin(span, at));
  }

  /** In a constant world, all of it or nothing. */
  #spans(probability: number, longestMs: number): readonly Span[] {
    if (this.#constant) {
      const isShut = this.#chance(probability / 3);
      return isShut ? [{ fromAt: 0, untilAt: Number.POSITIVE_INFINITY }] : [];
    }
    return this.#times(this.#chance(3 * probability) ? this.#whole(1, 4) : 0, () => this.#span(longestMs));
  }

  #span(longestMs: number): Span {
    const fromAt = this.startAt + this.#between(-HOUR, RUN_DAYS * DAY);
    return { fromAt, untilAt: fromAt + this.#between(MINUTE, longestMs) };
  }

  #minuteAt(fromDays: number, untilDays: number): number {
    return Math.floor((this.startAt + this.#between(fromDays * DAY, untilDays * DAY)) / MINUTE) * MINUTE;
  }

  #times<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make);
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #between(low: number, high: number): number {
    return Math.floor(low + this.#random() * (high - low));
  }

  #whole(low: number, high: number): number {
    return low + Math.floor(this.#random() * (high - low + 1));
  }

  #pick<T>(list: readonly [T, ...T[]]): T {
    return list[Math.floor(this.#random() * list.length)] ?? list[0];
  }
}

function isWithin({ fromAt, untilAt }: Span, at: number): boolean {
  return fromAt <= at && at < untilAt;
}

function scheduleOf(drawn: DrawnCalendar, nodeUuid: string): PeriodicSchedule {
  const [before, after] = drawn.offsets;
  const zone: ZoneRules = {
    name: 'zone',
    periodAt: (instant) =>
      instant < drawn.changesAt
        ? {
            fromAt: Number.NEGATIVE_INFINITY,
            untilAt: drawn.changesAt,
            offsetMs: before * MINUTE,
            abbreviation: 'B',
          }
        : {
            fromAt: drawn.changesAt,
            untilAt: Number.POSITIVE_INFINITY,
            offsetMs: after * MINUTE,
            abbreviation: 'A',
          },
  };
  return new PeriodicSchedule({
    settings: {
      timeZone: 'zone',
      windows: drawn.windows.map(({ weekdays, startMinutes, lengthMinutes }) => ({
        days: weekdays.map((weekday) => ({ weekday })),
        startMinutes,
        lengthMinutes,
      })),
      freezes: drawn.freezes.map(({ fromAt, untilAt, isLocal }) => ({
        from: { kind: isLocal ? 'local' : 'instant', ms: fromAt },
        until: { kind: isLocal ? 'local' : 'instant', ms: untilAt },
        reason: 'release week',
      })),
      splayMinutes: drawn.splayMinutes,
      minHours: 0,
    },
    nodeUuid,
    zoneOf: () => zone,
    text: { showInstant: () => '', showDate: () => '', showDistance: () => '' },
  });
}
