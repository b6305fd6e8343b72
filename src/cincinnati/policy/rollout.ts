/**
 * How far a rollout has got, and whom it has reached: the arithmetic of Fedora CoreOS's policy engine. Pure.
 *
 * Invariant: what the engine reads leniently is read so here, and nothing is refused.
 */
import { rustHash } from './siphash.ts';

export interface Rollout {
  /** Seconds since 1970. */
  readonly startEpoch?: number;
  /** 0 to 1. */
  readonly startValue?: number;
  readonly durationMinutes?: number;
}

/**
 * The share of nodes that a rollout has reached. From 0 to 1, unless its start value is not.
 *
 * Instants count in whole seconds. The steps of the sum are those of the real engine, since its rounding decides too.
 */
export function throttle(rollout: Rollout, nowMs: number): number {
  const { startEpoch = 0, startValue = 0, durationMinutes } = rollout;
  const nowSecs = Math.floor(nowMs / 1000);
  if (nowSecs < startEpoch) {
    return 0;
  }
  // A rollout without a duration makes no progress.
  if (durationMinutes === undefined) {
    return startValue;
  }
  const lengthSecs = Math.max(durationMinutes, 1) * 60;
  if (nowSecs > startEpoch + lengthSecs) {
    return 1;
  }
  const rate = (1 - startValue) / lengthSecs;
  return startValue + rate * (nowSecs - startEpoch);
}

/**
 * The first whole second, in milliseconds since 1970, at which a client of this wariness is shown the release. Infinity:
 * never, as long as the rollout stays as it is. `fromMs`: not before.
 */
export function firstOfferAt(rollout: Rollout, wariness: number, fromMs: number): number {
  const { startEpoch = 0, durationMinutes = 0 } = rollout;
  const isOffered = (secs: number): boolean => !(wariness > throttle(rollout, secs * 1000));
  // The share never falls, and is the same from then on.
  const fromSecs = Math.floor(fromMs / 1000);
  let lastSecs = Math.max(startEpoch + Math.max(durationMinutes, 1) * 60 + 1, fromSecs);
  if (!isOffered(lastSecs)) {
    return Number.POSITIVE_INFINITY;
  }
  let firstSecs = fromSecs;
  // Numbers that no clock reaches have gaps, in which a search would not end.
  for (let step = 0; step < MOST_STEPS && firstSecs < lastSecs; step++) {
    const middle = Math.floor((firstSecs + lastSecs) / 2);
    if (isOffered(middle)) {
      lastSecs = middle;
    } else {
      firstSecs = middle + 1;
    }
  }
  return Math.max(lastSecs * 1000, fromMs);
}

/** Two numbers of 64 bits are not further apart. */
const MOST_STEPS = 80;
/** Digits of a number of a graph. More of them are mostly leading zeros, and take time. */
const LONGEST_NUMBER = 100;

/** Of a graph's metadata, each value as the real engine reads it: one that it cannot read counts as not given. */
export function readRollout(given: {
  readonly startEpoch: string | undefined;
  readonly startValue: string | undefined;
  readonly durationMinutes: string | undefined;
}): Rollout {
  const startEpoch = wholeNumber(given.startEpoch, /^[+-]?[0-9]+$/, 2n ** 63n);
  const startValue = given.startValue === undefined ? undefined : rustNumber(given.startValue);
  const durationMinutes = wholeNumber(given.durationMinutes, /^\+?[0-9]+$/, 2n ** 64n);
  return {
    ...(startEpoch !== undefined && { startEpoch }),
    ...(startValue !== undefined && { startValue }),
    ...(durationMinutes !== undefined && { durationMinutes }),
  };
}

/** Undefined where it does not fit, as Rust's numbers of 64 bits: those below `limit`, and its negative. */
function wholeNumber(text: string | undefined, form: RegExp, limit: bigint): number | undefined {
  if (text === undefined || text.length > LONGEST_NUMBER || !form.test(text)) {
    return undefined;
  }
  const number = BigInt(text.replace('+', ''));
  return number < limit && number >= -limit ? Number(number) : undefined;
}

/**
 * Of a request: what it asks for, brought between 0 and 1. Anything that is no number counts as not given, and the
 * node's id decides. `NaN` is a number to the real engine, and sees every edge.
 */
export function warinessOfRequest(rolloutWariness: string | undefined, nodeUuid: string | undefined): number {
  const asked = rolloutWariness === undefined ? undefined : rustNumber(rolloutWariness);
  return asked === undefined ? warinessOf(nodeUuid ?? '') : Math.min(Math.max(asked, 0), 1);
}

const LOWEST_COMPUTED = 0.000_001;

/** A number in (0, 1] that is fixed for each node: its wariness if it does not send one. */
export function warinessOf(nodeUuid: string): number {
  return Math.min(Math.max(Number(rustHash(nodeUuid)) / 2 ** 64, LOWEST_COMPUTED), 1);
}

/** What Rust reads as a number with a fraction; undefined for anything else. */
function rustNumber(text: string): number | undefined {
  if (/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(text)) {
    return Number(text);
  }
  const [, sign, word] = /^([+-]?)(inf|infinity|nan)$/i.exec(text) ?? [];
  if (word === undefined) {
    return undefined;
  }
  return word.toLowerCase() === 'nan' ? Number.NaN : sign === '-' ? -Infinity : Infinity;
}
