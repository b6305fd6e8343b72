/**
 * How much each user may ask of the agent. Pure; the caller says what time it is.
 *
 * Invariants:
 * - No user takes what another one needs: each has a rate and a number of calls at a time.
 * - Many users together, such as those of one user's namespace, leave room for root.
 * - What is remembered is bounded, however many users call.
 */
import { SECOND_MS } from '../text/units.ts';

export const ROOT = 0;
/** Of one user. Root has none. A burst may have twice as many. */
export const CALLS_PER_SECOND = 100;
/** Of all users but root. */
export const CALLS_PER_SECOND_OF_ALL = 500;
export const MOST_CALLS_OF_ONE = 16;
/** Of all users but root. The link itself allows more. */
export const MOST_CALLS_OF_ALL = 48;
const BURST_SECONDS = 2;
const MOST_BUCKETS = 1024;

interface Bucket {
  left: number;
  atMono: number;
}

export class Limits {
  readonly #buckets = new Map<number, Bucket>();
  readonly #all: Bucket = { left: CALLS_PER_SECOND_OF_ALL * BURST_SECONDS, atMono: -Infinity };
  readonly #running = new Map<number, number>();
  #runningOfAll = 0;

  /** False: the user calls too often. */
  admit(uid: number, nowMono: number): boolean {
    return (
      uid === ROOT ||
      (take(this.#bucketOf(uid, nowMono), CALLS_PER_SECOND, nowMono) &&
        take(this.#all, CALLS_PER_SECOND_OF_ALL, nowMono))
    );
  }

  /** False: too many calls run. Otherwise the call may run, and `leave` must follow. */
  enter(uid: number): boolean {
    if (uid !== ROOT) {
      if (this.#runningOfAll >= MOST_CALLS_OF_ALL || this.runningOf(uid) >= MOST_CALLS_OF_ONE) {
        return false;
      }
      this.#runningOfAll += 1;
    }
    this.#running.set(uid, this.runningOf(uid) + 1);
    return true;
  }

  leave(uid: number): void {
    const left = this.runningOf(uid) - 1;
    if (left > 0) {
      this.#running.set(uid, left);
    } else {
      this.#running.delete(uid);
    }
    this.#runningOfAll -= uid === ROOT ? 0 : 1;
  }

  runningOf(uid: number): number {
    return this.#running.get(uid) ?? 0;
  }

  /** Users that are remembered. */
  get size(): number {
    return this.#buckets.size + this.#running.size;
  }

  #bucketOf(uid: number, nowMono: number): Bucket {
    const known = this.#buckets.get(uid);
    if (known !== undefined) {
      return known;
    }
    if (this.#buckets.size >= MOST_BUCKETS) {
      // Whoever has not called for a while has a full bucket again, and so needs none.
      const [oldest] = this.#buckets.keys();
      this.#buckets.delete(oldest ?? uid);
    }
    const bucket = { left: CALLS_PER_SECOND * BURST_SECONDS, atMono: nowMono };
    this.#buckets.set(uid, bucket);
    return bucket;
  }
}

function take(bucket: Bucket, perSecond: number, nowMono: number): boolean {
  const gained = ((nowMono - bucket.atMono) / SECOND_MS) * perSecond;
  bucket.left = Math.min(bucket.left + gained, perSecond * BURST_SECONDS);
  bucket.atMono = nowMono;
  if (bucket.left < 1) {
    return false;
  }
  bucket.left -= 1;
  return true;
}

/** Counts what is open at a time, per user and in all. */
export class Open {
  readonly #of = new Map<number, number>();
  readonly #mostOfOne: number;
  readonly #mostOfAll: number;
  #all = 0;

  constructor(mostOfOne: number, mostOfAll: number) {
    this.#mostOfOne = mostOfOne;
    this.#mostOfAll = mostOfAll;
  }

  /** False: there are too many. Otherwise `leave` must follow. */
  enter(uid: number): boolean {
    const own = this.#of.get(uid) ?? 0;
    if (own >= this.#mostOfOne || this.#all >= this.#mostOfAll) {
      return false;
    }
    this.#of.set(uid, own + 1);
    this.#all += 1;
    return true;
  }

  leave(uid: number): void {
    const left = (this.#of.get(uid) ?? 0) - 1;
    if (left > 0) {
      this.#of.set(uid, left);
    } else {
      this.#of.delete(uid);
    }
    this.#all -= 1;
  }
}
