/**
 * What a calendar needs of a time zone: its offset from UTC at any instant, and the way back from a local time to an
 * instant. Pure.
 *
 * Invariants of `openingInstant`: a local time that occurs twice means its first occurrence; one that is skipped means
 * the first instant after the gap. So a daily time has exactly one instant on every date that exists, and dates that are
 * skipped whole (a zone that crosses the date line) share the instant at which the next date begins.
 */

export interface ZoneRules {
  /** For people: `Europe/Berlin`, `UTC`. */
  readonly name: string;
  /** Milliseconds to add to UTC to get local time, at an instant in milliseconds since 1970 UTC. */
  offsetAt(instantMs: number): number;
}

export const UTC: ZoneRules = { name: 'UTC', offsetAt: () => 0 };

const HOUR_MS = 3_600_000;
/** Offsets reach from -12 to +14 hours, and one jump from -11 to +13; a day and a bit is beyond all of them. */
const REACH_MS = 26 * HOUR_MS;

/** The instant that a clock on the wall shows as `localMs` (milliseconds since 1970, read as if it were UTC). */
export function openingInstant(zone: ZoneRules, localMs: number): number {
  // Every instant that could show it lies within REACH of it; offsets in force around there are the candidates.
  const candidates = offsetsAround(zone, localMs).map((offset) => localMs - offset);
  const exact = candidates.filter((instant) => instant + zone.offsetAt(instant) === localMs);
  if (exact.length > 0) return Math.min(...exact);
  return endOfGap(zone, localMs);
}

/** Offsets in force anywhere within reach; looked up hour by hour, since a zone may change twice within two days. */
function offsetsAround(zone: ZoneRules, localMs: number): number[] {
  const offsets = new Set<number>();
  for (let instant = localMs - REACH_MS; instant <= localMs + REACH_MS; instant += HOUR_MS)
    offsets.add(zone.offsetAt(instant));
  return [...offsets];
}

/** The first instant whose local time is past `localMs`, which no instant shows: local time jumps over it there. */
function endOfGap(zone: ZoneRules, localMs: number): number {
  const isPast = (instant: number): boolean => instant + zone.offsetAt(instant) > localMs;
  let before = localMs - REACH_MS;
  let after = localMs + REACH_MS;
  // Local time may also jump back within reach: narrow down to the jump over `localMs` before halving.
  for (let instant = before; instant <= after; instant += HOUR_MS) {
    if (isPast(instant)) {
      after = instant;
      break;
    }
    before = instant;
  }
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (isPast(middle)) after = middle;
    else before = middle;
  }
  return after;
}
