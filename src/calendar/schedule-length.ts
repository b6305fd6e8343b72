/** How much of a week the windows cover, as one number. Pure. */
import { MINUTE_MS, WEEK_MS } from '../text/units.ts';
import { Calendar, type CalendarWindow } from './calendar.ts';
import { CYCLE, CYCLE_WEEKS, isWeekly } from './opens-on.ts';
import { fixedZone, offsetAt } from './zone-rules.ts';

/** Windows times weeks that are gone through at most: a fifth of a second. */
const MOST_WINDOW_WEEKS = 150_000;

/**
 * Minutes of an average week in which a window is open, freezes and changes of daylight saving left aside, minutes of
 * several windows counted once; exact for windows that repeat weekly. Windows in different time zones stand to each other
 * as they do at `nowMs`.
 */
export function weeklyMinutes(windows: readonly CalendarWindow[], nowMs: number): number {
  const fixed = new Calendar(
    windows.map((window) => ({
      ...window,
      zone: fixedZone(window.zone.name, offsetAt(window.zone, nowMs)),
    })),
  );
  const weeks = weeksToLookAt(windows);
  const spans = fixed.openSpans(CYCLE.fromMs, CYCLE.fromMs + weeks * WEEK_MS);
  const openMs = spans.reduce((sum, span) => sum + span.untilMs - span.fromMs, 0);
  return Math.round(openMs / MINUTE_MS / weeks);
}

/** One says it all where every week is the same. Otherwise all 28 years, or fewer for a hundred windows and more. */
function weeksToLookAt(windows: readonly CalendarWindow[]): number {
  if (windows.every(isWeekly)) {
    return 1;
  }
  return Math.min(CYCLE_WEEKS, Math.max(1, Math.floor(MOST_WINDOW_WEEKS / windows.length)));
}
