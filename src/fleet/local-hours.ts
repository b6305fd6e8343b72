/** Hours of the day in a node's local time, as intervals of absolute time. Pure; milliseconds since 1970 UTC. */
import { openingInstant, type ZoneRules } from '../calendar/zone-rules.ts';
import { DAY_MS, MINUTE_MS } from '../text/units.ts';
import type { PlannedHours } from './plan.ts';

export interface Span {
  readonly fromAt: number;
  /** No longer part of it. */
  readonly untilAt: number;
}

/** Days since 1970 that the clocks of `zone` show at an instant. */
export function localDay(zone: ZoneRules, at: number): number {
  return Math.floor((at + zone.periodAt(at).offsetMs) / DAY_MS);
}

/** 0 is Sunday. 1970 began on a Thursday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

/** Of one local day. Undefined: none on this weekday, or none where the clocks skip them. */
export function hoursOf(zone: ZoneRules, day: number, hours: PlannedHours): Span | undefined {
  if (!hours.weekdays.has(weekdayOf(day))) {
    return undefined;
  }
  const fromAt = openingInstant(zone, day * DAY_MS + hours.fromMinutes * MINUTE_MS);
  const untilAt = openingInstant(zone, day * DAY_MS + hours.untilMinutes * MINUTE_MS);
  return fromAt < untilAt ? { fromAt, untilAt } : undefined;
}
