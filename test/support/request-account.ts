/**
 * What people ask of a node in a random world, and an account of it that is independent of the agent's own:
 *
 * - While a hold on reboots is in force no reboot is asked for, unless one who may pass it asks for it after that.
 * - A release that somebody denied is neither staged nor rebooted into, until somebody allows it.
 * - While a hold on staging is in force nothing is staged.
 * - Each request ends once, and at the latest with the life of the agent.
 * - What is overridden is overridden for the request alone.
 * - What ended well is on disk; what was refused is not.
 * - What people keep is settled before an effect that can take long is over, unless it ends that.
 * - To cancel one request ends no other.
 */
import type { Happening } from '../../src/agent/happenings.ts';
import type { EffectKind } from '../../src/agent/messages.ts';
import type { GateQuestion } from '../../src/agent/ports.ts';
import { OVERRIDES, type Override } from '../../src/agent/overrides.ts';
import type { Release } from '../../src/agent/release.ts';
import type { Hold, Outcome, Request, Wish } from '../../src/agent/requests.ts';
import type { Random } from './random-world.ts';
import { release } from './samples.ts';
import type { SimulatedNode } from './simulated-node.ts';
import { Violation } from './violation.ts';

const DAY_MS = 24 * 3_600_000;
/** The longest trouble lasts three days, and what comes of it a little more. */
const LONGEST_MS = 4 * DAY_MS;

/** What people want less of than they ask for would leave nothing to be seen: holds are let go more often than made. */
const WISHES_OF_PEOPLE = [
  ...(['check', 'stage', 'reboot', 'reboot', 'cancel', 'discard', 'hold', 'hold'] as const),
  ...(['release', 'release', 'release', 'deny', 'allow', 'allow'] as const),
] as const;

/** Effects that can take long, and what must not wait for them. */
const LONG: ReadonlySet<EffectKind> = new Set(['stage', 'follow-active', 'acquire-slot']);
const KEPT: ReadonlySet<Wish['kind']> = new Set(['hold', 'release', 'deny', 'allow']);

type Done = Extract<Outcome, { kind: 'done' }>;

export class RequestAccount {
  readonly #node: SimulatedNode;
  readonly #random: Random;
  readonly #lifted: (name: string) => void;
  /** By id: since when it waits, on the monotonic clock of its life. */
  readonly #open = new Map<
    string,
    { readonly request: Request; readonly sinceMono: number; readonly takenAt: number }
  >();
  readonly #ended = new Set<string>();
  readonly #holds = new Map<string, Hold>();
  /** By id: the number of the request that made it. */
  readonly #heldBy = new Map<string, number>();
  /** Versions and checksums. */
  readonly #denied = new Set<string>();
  /** By id of the cancel: the one request that it is about. */
  readonly #cancelling = new Map<string, string>();
  #count = 0;
  #life = 0;

  /** `lifted`: somebody has allowed a release by that name, whoever denied it. */
  constructor(node: SimulatedNode, random: Random, lifted: (name: string) => void) {
    this.#lifted = lifted;
    this.#node = node;
    this.#random = random;
    const { listener } = node;
    node.listener = {
      ...listener,
      happened: (happenings, before) => {
        listener.happened?.(happenings, before);
        happenings.forEach((happening) => this.#hear(happening));
      },
    };
  }

  /** Somebody asks for something. */
  ask(kind: (typeof WISHES_OF_PEOPLE)[number] = this.#pick(WISHES_OF_PEOPLE)): void {
    this.#request(this.#wish(kind));
  }

  /** Everybody lets go. */
  letGo(): void {
    const { holds, adminDenials } = this.#node.model.memory.record;
    for (const { id } of holds) {
      this.#request({ kind: 'release', hold: id });
    }
    for (const { release: name } of adminDenials) {
      this.#request({ kind: 'allow', release: name });
    }
  }

  /** What a reboot that is asked for just now may pass. */
  overriding(): ReadonlySet<Override> {
    const asked = this.#reboot();
    return new Set(asked?.wish.kind === 'reboot' ? asked.wish.overrides : []);
  }

  checkSurvey({ overrides = [] }: GateQuestion): void {
    const allowed = this.overriding();
    const beyond = overrides.filter((word) => !allowed.has(word));
    if (beyond.length > 0) {
      throw new Violation(`${beyond.join(', ')} overridden, and nobody asks for that`);
    }
  }

  checkFinalize({ version, payload }: Release): void {
    const asked = this.#reboot();
    for (const { id, what, by } of this.#holdsInForce()) {
      const mayPass = this.overriding().has('hold') || asked?.by.uid === by.uid;
      const isLater = mayPass && numberOf(asked) > (this.#heldBy.get(id) ?? 0);
      if (what === 'reboot' && !isLater) {
        throw new Violation(`a reboot into ${version} was asked for while ${id} holds it`);
      }
    }
    if (this.#denied.has(version) || this.#denied.has(payload.value)) {
      throw new Violation(`a reboot into ${version} was asked for, which somebody denied`);
    }
  }

  /** Before each effect that stages. */
  checkStage({ version, payload }: Release): void {
    for (const { id, what, untilAt } of this.#holds.values()) {
      // A clock that is set brings back no hold that was over when the release was chosen.
      if (what === 'stage' && untilAt === undefined) {
        throw new Violation(`${version} was staged while ${id} holds that`);
      }
    }
    if (this.#denied.has(version) || this.#denied.has(payload.value)) {
      throw new Violation(`${version} was staged, which somebody denied`);
    }
  }

  /** Before each step of the node. */
  check(): void {
    this.#followLife();
    const { mono, record, model } = this.#node;
    const pending = model.memory.requests.map(({ request }) => request.id);
    for (const [id, { request, sinceMono }] of this.#open) {
      if (!pending.includes(id)) {
        throw new Violation(`request ${id} (${request.wish.kind}) is neither pending nor over`);
      }
      if (mono - sinceMono > LONGEST_MS) {
        throw new Violation(`request ${id} (${request.wish.kind}) does not end`);
      }
    }
    const onDisk = record.holds.filter((hold) => this.#isInForce(hold)).map(({ id }) => id);
    const told = this.#holdsInForce().map(({ id }) => id);
    if (onDisk.toSorted().join() !== told.toSorted().join()) {
      throw new Violation(
        `the record has the holds ${onDisk.join()}, and people were told of ${told.join()}`,
      );
    }
    // A discard is on disk before what it denies is dropped.
    if (this.#isDiscarding()) {
      return;
    }
    const denied = record.adminDenials.map(({ release: name }) => name).toSorted();
    if (denied.join() !== [...this.#denied].toSorted().join()) {
      throw new Violation(
        `the record denies ${denied.join()}, and people were told of ${[...this.#denied].join()}`,
      );
    }
  }

  /** What was asked of an agent ends with it. */
  #followLife(): void {
    const { lives } = this.#node;
    if (lives !== this.#life) {
      this.#life = lives;
      if (this.#isDiscarding()) {
        this.#record();
      }
      this.#open.clear();
    }
  }

  #isDiscarding(): boolean {
    return [...this.#open.values()].some(({ request }) => request.wish.kind === 'discard');
  }

  /** What is on disk holds, whether or not anybody was told. */
  #record(): void {
    for (const { release: name } of this.#node.record.adminDenials) {
      this.#denied.add(name);
    }
  }

  #request(wish: Wish): void {
    const id = `r-${++this.#count}`;
    if (wish.kind === 'cancel' && wish.request !== undefined) {
      this.#cancelling.set(id, wish.request);
    }
    const request: Request = { id, by: { uid: this.#pick([0, 1000, 1001]) }, wish };
    if (!this.#node.quiet) {
      this.#node.log.push(`..... uid ${request.by.uid}: ${JSON.stringify(wish)}`);
    }
    this.#node.request(request);
    const { goingOn } = this.#node;
    if (goingOn !== undefined && LONG.has(goingOn) && KEPT.has(wish.kind) && !this.#ended.has(request.id)) {
      throw new Violation(`request ${request.id} (${wish.kind}) waits while ${goingOn} goes on`);
    }
  }

  #hear(happening: Happening): void {
    this.#followLife();
    switch (happening.kind) {
      case 'request-taken': {
        const { request } = happening;
        if (this.#open.has(request.id) || this.#ended.has(request.id)) {
          throw new Violation(`request ${request.id} was taken twice`);
        }
        this.#open.set(request.id, { request, sinceMono: this.#node.mono, takenAt: this.#node.at });
        return;
      }
      case 'request-ended': {
        const { request, outcome } = happening;
        const open = this.#open.get(request.id);
        if (open === undefined) {
          throw new Violation(`request ${request.id} (${request.wish.kind}) ended twice, or was never taken`);
        }
        this.#open.delete(request.id);
        this.#ended.add(request.id);
        this.#checkCancelled(request, outcome);
        if (outcome.kind === 'done') {
          this.#kept(request, outcome, open.takenAt);
        }
        return;
      }
      default:
    }
  }

  #checkCancelled({ id }: Request, outcome: Outcome): void {
    const [, by] = outcome.kind === 'refused' ? (/^by request (.+)$/.exec(outcome.text) ?? []) : [];
    const of = by === undefined ? undefined : this.#cancelling.get(by);
    if (of !== undefined && of !== id) {
      throw new Violation(`request ${id} was ended by ${by ?? ''}, which cancels ${of} alone`);
    }
  }

  /** What people were told is so from now on. */
  #kept(request: Request, { changed, hold }: Done, takenAt: number): void {
    const { wish, by } = request;
    if (!changed) {
      return;
    }
    if (wish.kind === 'hold' || wish.kind === 'release') {
      // What was over by then is dropped, and stays so when the clock is set back.
      for (const [id, { untilAt }] of this.#holds) {
        if (untilAt !== undefined && untilAt <= takenAt) {
          this.#holds.delete(id);
        }
      }
    }
    if (wish.kind === 'hold' && hold !== undefined) {
      const { what, reason, untilAt } = wish;
      const until = untilAt === undefined ? {} : { untilAt };
      this.#heldBy.set(hold, numberOf(request));
      this.#holds.set(hold, { id: hold, what, by, reason, sinceAt: this.#node.at, ...until });
    } else if (wish.kind === 'release') {
      this.#holds.delete(wish.hold);
    } else if (wish.kind === 'deny') {
      this.#denied.add(wish.release);
    } else if (wish.kind === 'allow') {
      this.#denied.delete(wish.release);
      this.#lifted(wish.release);
    } else if (wish.kind === 'discard') {
      this.#record();
    }
  }

  #reboot(): Request | undefined {
    return [...this.#open.values()].find(({ request }) => request.wish.kind === 'reboot')?.request;
  }

  #holdsInForce(): readonly Hold[] {
    return [...this.#holds.values()].filter((hold) => this.#isInForce(hold));
  }

  #isInForce({ untilAt }: Hold): boolean {
    return untilAt === undefined || this.#node.at < untilAt;
  }

  #wish(kind: (typeof WISHES_OF_PEOPLE)[number]): Wish {
    switch (kind) {
      case 'check':
      case 'discard':
        return { kind };
      case 'cancel': {
        const request = this.#pick(['r-0', ...this.#open.keys()]);
        return this.#random() < 0.5 ? { kind } : { kind, request };
      }
      case 'stage': {
        const ignoreRollout = this.#random() < 0.5;
        return this.#random() < 0.5
          ? { kind, ignoreRollout }
          : { kind, ignoreRollout, to: this.#anyRelease().version };
      }
      case 'reboot': {
        const many = this.#random();
        return { kind, overrides: OVERRIDES.filter(() => this.#random() < many) };
      }
      case 'hold': {
        const what = this.#random() < 0.7 ? 'reboot' : 'stage';
        const untilAt = Math.ceil(this.#node.at + this.#random() * 3 * DAY_MS);
        return this.#random() < 0.3
          ? { kind, what, reason: 'for now' }
          : { kind, what, untilAt, reason: 'for a while' };
      }
      case 'release':
        return { kind, hold: this.#pick(['h1', ...this.#holds.keys()]) };
      case 'deny': {
        const { version, payload } = this.#anyRelease();
        return { kind, release: this.#random() < 0.5 ? version : payload.value, reason: 'bad' };
      }
      case 'allow':
        return { kind, release: this.#pick(['1', ...this.#denied]) };
    }
  }

  #anyRelease(): Release {
    return release(`${1 + Math.floor(this.#random() * 8)}`);
  }

  #pick<T>(list: readonly [T, ...T[]]): T {
    return list[Math.floor(this.#random() * list.length)] ?? list[0];
  }
}

/** They are counted as they are made. */
function numberOf(request: Request | undefined): number {
  return Number(request?.id.slice('r-'.length) ?? 0);
}
