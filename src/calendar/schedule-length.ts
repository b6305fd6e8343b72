/** How much of a week the windows cover, in minutes. Pure. */
import { MINUTE_MS, WEEK_MS } from '../text/units.ts';
import { Calendar, type CalendarWindow } from './calendar.ts';
import { CYCLE_START_AT, CYCLE_WEEKS, isWeekly } from './opens-on.ts';
import { fixedZone, offsetAt } from './zone-rules.ts';

/** The most windows times weeks to go through, which takes a fifth of a second. */
const MOST_WINDOW_WEEKS = 150_000;

/**
 * The minutes of an average week in which a window is open. Freezes and changes of daylight saving are ignored, and
 * minutes in several windows count once. The result is exact for windows that repeat weekly. Each time zone keeps the
 * offset that it has at `nowAt`.
 */
export function weeklyMinutes(windows: readonly CalendarWindow[], nowAt: number): number {
  const fixed = new Calendar(
    windows.map((window) => ({
      ...window,
      zone: fixedZone(window.zone.name, offsetAt(window.zone, nowAt)),
    })),
  );
  const weeks = weeksToLookAt(windows);
  const spans = fixed.openSpans(CYCLE_START_AT, CYCLE_START_AT + weeks * WEEK_MS);
  const openMs = spans.reduce((sum, span) => sum + span.untilAt - span.fromAt, 0);
  return Math.round(openMs / MINUTE_MS / weeks);
}

/** One week is enough when all are the same. Otherwise 28 years, or less with more than a hundred windows. */
function weeksToLookAt(windows: readonly CalendarWindow[]): number {
  if (windows.every(isWeekly)) {
    return 1;
  }
  return Math.min(CYCLE_WEEKS, Math.max(1, Math.floor(MOST_WINDOW_WEEKS / windows.length)));
}
