/**
 * Who waits for a slot of a group, at one server: nodes that were refused, in the order of their first refusal. It knows
 * no clock: instants come with each call.
 *
 * Invariants:
 * - It is in memory alone. It refuses a free slot for a while, and never lends or frees one.
 * - Servers may disagree about the order. No slot is lost by that, and none is lent twice.
 * - A free slot is kept for those who come first for a bounded time. It begins with the first refusal for their sake.
 *   Then whoever asks gets the slot.
 * - Who does not ask in that time, or for {@link PLACE_MS}, loses its place.
 * - The first one is never refused for the sake of others, and nobody gets in front of it.
 * - Its length is bounded. Who does not fit in waits without a place.
 */
import { HOUR_MS, MINUTE_MS } from '../text/units.ts';
import type { Outcome, Wish } from './decide.ts';

/** Agents ask when they are told to, other programs every five minutes or so. */
export const PLACE_MS = 10 * MINUTE_MS;
/** Each takes some hundred bytes. */
export const MOST_PLACES = 10_000;
/** A slot is kept longer than nodes are told to wait, since nobody comes to the second. */
const KEPT_PER_WAIT = 1.25;
const LONGEST_KEPT_MS = 2 * MINUTE_MS;
/** Nodes of a closed group may be told to ask again in an hour. */
const PLACE_WHILE_CLOSED_MS = 2 * HOUR_MS;

export interface Waiter {
  readonly id: string;
  /** When it was refused first: wall clock, milliseconds. */
  readonly sinceAt: number;
}

/** An instant by both clocks. */
export interface Instant {
  readonly at: number;
  readonly mono: number;
}

interface Place {
  readonly sinceAt: number;
  readonly askedMono: number;
  readonly untilMono: number;
}

/** How long a free slot is kept where nodes are told to ask again after `retryAfterMs`. */
export function keptMsFor(retryAfterMs: number): number {
  return Math.min(KEPT_PER_WAIT * retryAfterMs, LONGEST_KEPT_MS);
}

export class WaitingLine {
  /** In order. */
  readonly #places = new Map<string, Place>();
  /** When a free slot was refused first for the sake of the order. */
  #keptSinceMono: number | undefined;

  /**
   * 0: a free slot is this node's. Otherwise the milliseconds for which those that are free are still kept for others.
   * `free`: how many, at least one.
   */
  keptMs(
    id: string,
    free: number,
    holders: readonly string[],
    nowMono: number,
    retryAfterMs: number,
  ): number {
    const leftMs = this.#leftMs(nowMono, retryAfterMs);
    if (leftMs <= 0) {
      return 0;
    }
    let ahead = 0;
    for (const [other, { untilMono }] of this.#places) {
      if (other === id) {
        return 0;
      }
      // Who was served a moment ago, in the same batch, still stands here.
      if (untilMono >= nowMono && !holders.includes(other) && ++ahead >= free) {
        return leftMs;
      }
    }
    return 0;
  }

  /** What came of a wish. */
  settled(wish: Wish, { kind }: Outcome, now: Instant, retryAfterMs: number): void {
    if (kind === 'paused' || kind === 'closed') {
      this.noneFree();
    }
    if (kind === 'others-first') {
      this.#keptSinceMono ??= now.mono;
    }
    if (kind === 'taken' && this.#leftMs(now.mono, retryAfterMs) <= 0) {
      this.#passOver();
    }
    if (wish.kind === 'take' && kind !== 'taken') {
      this.#place(wish.id, now, kind === 'closed' ? PLACE_WHILE_CLOSED_MS : PLACE_MS);
    } else if ('id' in wish) {
      this.#places.delete(wish.id);
    }
  }

  /** No slot can be lent now, so none is kept for anybody. */
  noneFree(): void {
    this.#keptSinceMono = undefined;
  }

  /** Those who have a place, in order. */
  waiters(nowMono: number): readonly Waiter[] {
    this.#forgetAbsent(nowMono);
    return [...this.#places].map(([id, { sinceAt }]) => ({ id, sinceAt }));
  }

  #leftMs(nowMono: number, retryAfterMs: number): number {
    return (this.#keptSinceMono ?? nowMono) + keptMsFor(retryAfterMs) - nowMono;
  }

  #place(id: string, { at, mono }: Instant, placeMs: number): void {
    const place = this.#places.get(id);
    if (place === undefined && this.#places.size >= MOST_PLACES) {
      this.#forgetAbsent(mono);
      if (this.#places.size >= MOST_PLACES) {
        return;
      }
    }
    // A key that is there keeps its place in the order.
    const sinceAt = place === undefined || place.untilMono < mono ? at : place.sinceAt;
    if (place !== undefined && place.untilMono < mono) {
      this.#places.delete(id);
    }
    this.#places.set(id, { sinceAt, askedMono: mono, untilMono: mono + placeMs });
  }

  /** A slot was kept for those who come first, and they have not asked. */
  #passOver(): void {
    for (const [id, { askedMono }] of this.#places) {
      if (askedMono < (this.#keptSinceMono ?? 0)) {
        this.#places.delete(id);
      }
    }
  }

  #forgetAbsent(nowMono: number): void {
    for (const [id, { untilMono }] of this.#places) {
      if (untilMono < nowMono) {
        this.#places.delete(id);
      }
    }
  }
}
