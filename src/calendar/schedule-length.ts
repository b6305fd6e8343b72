/** How much of a week the windows cover, as one number. Pure. */
import { Calendar, type CalendarWindow } from './calendar.ts';
import { CYCLE, CYCLE_WEEKS } from './opens-on.ts';
import { fixedZone, offsetAt } from './zone-rules.ts';

const MINUTE_MS = 60_000;

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
  const spans = fixed.openSpans(CYCLE.fromMs, CYCLE.untilMs);
  const openMs = spans.reduce((sum, span) => sum + span.untilMs - span.fromMs, 0);
  return Math.round(openMs / MINUTE_MS / CYCLE_WEEKS);
}
