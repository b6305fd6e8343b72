/** When a simulated node is switched on. Pure; milliseconds since 1970 UTC. */
import type { ZoneRules } from '../calendar/zone-rules.ts';
import { hoursOf, localDay, type Span } from './local-hours.ts';
import type { PlannedHours } from './plan.ts';

/** A weekday comes again within so many days, also where the date line is crossed. */
const FARTHEST_DAYS = 9;

/** The time with power that contains `at`, or comes next. Undefined hours: always. Undefined: never again. */
export function powerAround(zone: ZoneRules, hours: PlannedHours | undefined, at: number): Span | undefined {
  if (hours === undefined) {
    return { fromAt: Number.NEGATIVE_INFINITY, untilAt: Number.POSITIVE_INFINITY };
  }
  const today = localDay(zone, at);
  let found: Span | undefined;
  for (let day = today - 1; day <= today + FARTHEST_DAYS; day++) {
    const span = hoursOf(zone, day, hours);
    if (span === undefined || span.untilAt <= at) {
      continue;
    }
    // From midnight to midnight the power does not go out in between.
    if (found !== undefined && span.fromAt > found.untilAt) {
      return found;
    }
    found = { fromAt: found?.fromAt ?? span.fromAt, untilAt: span.untilAt };
  }
  return found !== undefined && hours.weekdays.size === 7 && isWholeDay(hours)
    ? { fromAt: found.fromAt, untilAt: Number.POSITIVE_INFINITY }
    : found;
}

function isWholeDay({ fromMinutes, untilMinutes }: PlannedHours): boolean {
  return fromMinutes === 0 && untilMinutes === 24 * 60;
}
