/**
 * What a calendar needs of a time zone: its offset from UTC at any instant, and the way back from a local time to an
 * instant. Pure.
 *
 * Invariants of `openingInstant`: it is the first instant at which a clock on the wall shows that time or a later one.
 * So a time that occurs twice means its first occurrence, one that is skipped means the first instant after the gap,
 * dates that are skipped whole (a zone that crosses the date line) mean the beginning of the next date, and a later
 * local time never opens earlier.
 */
import { HOUR_MS } from '../text/units.ts';

/** A time during which the offset stays, half-open, in milliseconds since 1970 UTC; its edges can be infinite. */
export interface OffsetPeriod {
  readonly fromMs: number;
  readonly untilMs: number;
  /** To be added to UTC to get local time. */
  readonly offsetMs: number;
  /** For people: `CET`, `+0330`. */
  readonly abbreviation: string;
}

export interface ZoneRules {
  /** For people: `Europe/Berlin`, `UTC`. */
  readonly name: string;
  /** The period that an instant lies in; its neighbours can have the same offset. */
  periodAt(instantMs: number): OffsetPeriod;
}

/** Offsets lie between -12 and +14 hours; RFC 8536 allows up to 26, and whoever makes rules must keep to it. */
export const LARGEST_OFFSET_MS = 26 * HOUR_MS;

export function fixedZone(name: string, offsetMs: number, abbreviation = name): ZoneRules {
  const always: OffsetPeriod = {
    fromMs: Number.NEGATIVE_INFINITY,
    untilMs: Number.POSITIVE_INFINITY,
    offsetMs,
    abbreviation,
  };
  return { name, periodAt: () => always };
}

export const UTC: ZoneRules = fixedZone('UTC', 0);

/** Rules that remember the period they answered with last: questions come in the order of time, seldom across an edge. */
export function rememberingZone(name: string, find: (instantMs: number) => OffsetPeriod): ZoneRules {
  let last: OffsetPeriod | undefined;
  return {
    name,
    periodAt: (instant) => {
      if (last === undefined || instant < last.fromMs || instant >= last.untilMs) {
        last = find(instant);
      }
      return last;
    },
  };
}

export function offsetAt(zone: ZoneRules, instantMs: number): number {
  return zone.periodAt(instantMs).offsetMs;
}

/** `localMs`: milliseconds since 1970, read off the clock on the wall as if it were UTC. */
export function openingInstant(zone: ZoneRules, localMs: number): number {
  // Before that instant every clock on earth shows less.
  let instant = localMs - LARGEST_OFFSET_MS;
  for (;;) {
    const { offsetMs, untilMs } = zone.periodAt(instant);
    const shows = Math.max(instant, localMs - offsetMs);
    if (shows < untilMs) {
      return shows;
    }
    instant = untilMs;
  }
}
