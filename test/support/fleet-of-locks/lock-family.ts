/**
 * A lock server with one slot, as one family of real servers is, on virtual time. It drains, answers late, loses
 * answers, is down for hours and refuses with Retry-After.
 *
 * Invariant: its book says who holds the slot, and since when. Nothing but a request changes it.
 */
import type { LockApi } from '../../../sandbox/lock-fault.ts';
import { replyTo, type Decision, type LockFlavour } from '../../../sandbox/lock-flavour.ts';
import { withHolder, withoutHolder, type Semaphore } from '../../../src/lockd/semaphore.ts';
import { draw } from '../../../src/simulate/chance.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/text/units.ts';

/** Half-open, in instants. */
export interface Span {
  readonly fromAt: number;
  readonly untilAt: number;
}

export function isIn(spans: readonly Span[], at: number): boolean {
  return spans.some(({ fromAt, untilAt }) => fromAt <= at && at < untilAt);
}

/** How a family differs beyond its words. */
interface Manner {
  /** `asked again`: 202 until the node is drained. `waited for`: the answer comes when it is. */
  readonly drains?: 'asked again' | 'waited for';
  readonly longestDrainMs?: number;
  /** Of 1: the store does not answer in time, and the slot may be taken. */
  readonly deadlines?: number;
  readonly conflicts?: number;
  /** A refusal of a server that is closed, and of one whose slot is taken, says when to ask again. */
  readonly saysWhen?: boolean;
}

const MANNERS: Readonly<Record<LockFlavour, Manner>> = {
  plain: { saysWhen: true },
  airlock: { deadlines: 0.25, conflicts: 0.2 },
  poseidon: { drains: 'waited for', longestDrainMs: 30 * MINUTE_MS },
  heathcliff26: { drains: 'asked again', longestDrainMs: 30 * MINUTE_MS },
  ceph: {},
  'zincati-consul': { saysWhen: true },
  knubbis: { saysWhen: true },
  'fleetlock-consul': {},
};

/** What comes of a request, and how long that takes. */
export type Exchange =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly word: string;
      readonly value: string;
      readonly retryAfterMs: number;
      readonly tookMs: number;
    }
  /** The server got the request, and its answer never came. */
  | { readonly kind: 'lost'; readonly tookMs: number }
  | { readonly kind: 'unreachable'; readonly tookMs: number };

export interface Tally {
  lent: number;
  refused: number;
  drained: number;
  late: number;
  lost: number;
  unreachable: number;
  saidWhen: number;
}

export class LockFamily {
  readonly flavour: LockFlavour;
  readonly tally: Tally = { lent: 0, refused: 0, drained: 0, late: 0, lost: 0, unreachable: 0, saidWhen: 0 };
  readonly down: readonly Span[];
  /** Since when the slot is held, by holder. */
  readonly book = new Map<string, number>();
  readonly #seed: number;
  readonly #closed: readonly Span[];
  readonly #drainedAt = new Map<string, number>();
  #semaphore: Semaphore = { totalSlots: 1, holders: [] };
  #requests = 0;

  /** `calmAt`: nothing goes wrong from then on. */
  constructor(flavour: LockFlavour, seed: number, startAt: number, calmAt: number) {
    this.flavour = flavour;
    this.#seed = seed;
    this.#calmAt = calmAt;
    this.down = spansOf(seed, `${flavour} down`, 5, startAt, calmAt, HOUR_MS, 8 * HOUR_MS);
    this.#closed =
      MANNERS[flavour].saysWhen === true
        ? spansOf(seed, `${flavour} closed`, 12, startAt, calmAt, HOUR_MS, 6 * HOUR_MS)
        : [];
  }

  readonly #calmAt: number;

  request(api: LockApi, id: string, at: number): Exchange {
    this.#requests += 1;
    if (isIn(this.down, at)) {
      this.tally.unreachable += 1;
      return { kind: 'unreachable', tookMs: 3 * SECOND_MS };
    }
    const isLost = this.#chance('lost', 0.08, at);
    const exchange = api === 'pre-reboot' ? this.#take(id, at) : this.#giveBack(id);
    if (isLost) {
      this.tally.lost += 1;
      return { kind: 'lost', tookMs: exchange.tookMs + MINUTE_MS };
    }
    return exchange;
  }

  #take(id: string, at: number): Exchange {
    const { deadlines = 0, conflicts = 0, saysWhen = false } = MANNERS[this.flavour];
    const isHolder = this.#semaphore.holders.includes(id);
    if (this.#chance('conflict', conflicts, at)) {
      return this.#say('pre-reboot', 'contended');
    }
    const next = isIn(this.#closed, at) && !isHolder ? 'full' : withHolder(this.#semaphore, id);
    if (next === 'full') {
      this.tally.refused += 1;
      const retryAfterMs = saysWhen && this.#chance('says when', 0.5) ? this.#between('when', 10, 60) : 0;
      this.tally.saidWhen += retryAfterMs > 0 ? 1 : 0;
      return this.#say('pre-reboot', 'full', { retryAfterMs });
    }
    if (this.#chance('deadline', deadlines, at)) {
      if (this.#chance('written', 0.5)) {
        this.#lend(id, next, at);
      }
      return this.#say('pre-reboot', 'store-failed', { tookMs: 5 * SECOND_MS });
    }
    this.#lend(id, next, at);
    return this.#drain(id, at);
  }

  #drain(id: string, at: number): Exchange {
    const leftMs = (this.#drainedAt.get(id) ?? at) - at;
    if (leftMs > 0) {
      this.tally.drained += 1;
      return MANNERS[this.flavour].drains === 'asked again'
        ? this.#say('pre-reboot', 'draining')
        : this.#yes(leftMs);
    }
    const isLate = this.#chance('late', 0.15, at);
    this.tally.late += isLate ? 1 : 0;
    return this.#yes(isLate ? this.#between('late by', 1, 20) : SECOND_MS);
  }

  #lend(id: string, next: Semaphore, at: number): void {
    this.#semaphore = next;
    if (this.book.has(id)) {
      return;
    }
    this.tally.lent += 1;
    this.book.set(id, at);
    const { longestDrainMs } = MANNERS[this.flavour];
    if (longestDrainMs !== undefined) {
      this.#drainedAt.set(id, at + Math.floor(this.#roll('drain') * longestDrainMs));
    }
  }

  #giveBack(id: string): Exchange {
    if (!this.#semaphore.holders.includes(id)) {
      return this.#say('steady-state', 'not-held');
    }
    this.#semaphore = withoutHolder(this.#semaphore, id);
    this.book.delete(id);
    this.#drainedAt.delete(id);
    return this.#yes(SECOND_MS);
  }

  #yes(tookMs: number): Exchange {
    return { kind: 'answer', status: 200, word: '', value: '', retryAfterMs: 0, tookMs };
  }

  #say(
    api: LockApi,
    decision: Decision,
    { retryAfterMs = 0, tookMs = SECOND_MS }: { retryAfterMs?: number; tookMs?: number } = {},
  ): Exchange {
    const reply = replyTo(this.flavour, api, decision);
    return reply === undefined
      ? this.#yes(tookMs)
      : { kind: 'answer', status: reply.status, word: reply.kind, value: reply.value, retryAfterMs, tookMs };
  }

  #roll(purpose: string): number {
    return draw(this.#seed, this.flavour, purpose, this.#requests);
  }

  #chance(purpose: string, probability: number, at = 0): boolean {
    return at < this.#calmAt && this.#roll(purpose) < probability;
  }

  /** Whole minutes, as milliseconds. */
  #between(purpose: string, low: number, high: number): number {
    return Math.floor(low + this.#roll(purpose) * (high - low)) * MINUTE_MS;
  }
}

/** Spans that begin before `endAt`, and are over by a day after it at the latest. */
export function spansOf(
  seed: number,
  who: string,
  count: number,
  startAt: number,
  endAt: number,
  leastMs: number,
  mostMs: number,
): readonly Span[] {
  return Array.from({ length: count }, (_, n) => {
    const fromAt = Math.floor(startAt + draw(seed, who, 'from', n) * (endAt - startAt));
    const lengthMs = leastMs + draw(seed, who, 'length', n) * (mostMs - leastMs);
    return { fromAt, untilAt: Math.floor(fromAt + Math.min(lengthMs, DAY_MS)) };
  });
}
