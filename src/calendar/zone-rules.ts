/**
 * What a calendar needs to know about a time zone: its offset from UTC at any instant, and the instant of a local time.
 * Pure.
 *
 * Invariants of `openingInstant`:
 * - It is the first instant at which a clock on the wall shows the given time or a later one.
 * - So a time that occurs twice means its first occurrence.
 * - A time that is skipped means the first instant after the gap.
 * - A date that is skipped, because the zone crosses the date line, means the beginning of the next date.
 * - A later local time never gives an earlier instant.
 */
import { HOUR_MS } from '../text/units.ts';

/** A time with one offset. Half-open, in milliseconds since 1970 UTC; its edges can be infinite. */
export interface OffsetPeriod {
  readonly fromAt: number;
  readonly untilAt: number;
  /** Local time minus UTC. */
  readonly offsetMs: number;
  /** For people: `CET`, `+0330`. */
  readonly abbreviation: string;
}

export interface ZoneRules {
  /** For people: `Europe/Berlin`, `UTC`. */
  readonly name: string;
  /** The period that contains an instant. Its neighbours may have the same offset. */
  periodAt(instant: number): OffsetPeriod;
}

/** Real offsets are between -12 and +14 hours, but RFC 8536 allows up to 26. All ZoneRules must stay below this. */
export const LARGEST_OFFSET_MS = 26 * HOUR_MS;

export function fixedZone(name: string, offsetMs: number, abbreviation = name): ZoneRules {
  const always: OffsetPeriod = {
    fromAt: Number.NEGATIVE_INFINITY,
    untilAt: Number.POSITIVE_INFINITY,
    offsetMs,
    abbreviation,
  };
  return { name, periodAt: () => always };
}

export const UTC: ZoneRules = fixedZone('UTC', 0);

/** Rules that remember the last period, because consecutive questions are usually about the same one. */
export function rememberingZone(name: string, find: (instant: number) => OffsetPeriod): ZoneRules {
  let last: OffsetPeriod | undefined;
  return {
    name,
    periodAt: (instant) => {
      // Stryker disable next-line EqualityOperator: at its first instant the same period would be found again.
      if (last === undefined || instant < last.fromAt || instant >= last.untilAt) {
        last = find(instant);
      }
      return last;
    },
  };
}

export function offsetAt(zone: ZoneRules, instant: number): number {
  return zone.periodAt(instant).offsetMs;
}

/** `localMs`: milliseconds since 1970, read off a clock on the wall as if it showed UTC. */
export function openingInstant(zone: ZoneRules, localMs: number): number {
  // Before that instant, every clock on earth shows an earlier time.
  let instant = localMs - LARGEST_OFFSET_MS;
  for (;;) {
    const { offsetMs, untilAt } = zone.periodAt(instant);
    const shows = Math.max(instant, localMs - offsetMs);
    if (shows < untilAt) {
      return shows;
    }
    instant = untilAt;
  }
}
