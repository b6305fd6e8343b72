/** What comes in the calendar of strategy `periodic`: windows, freezes, and the turns of this node. Pure. */
import { DAY_MS } from '../text/units.ts';
import type { PeriodicSchedule } from './periodic-schedule.ts';

/** As far as the calendar tells where a window ends. */
const REACH_MS = 32 * DAY_MS;

export const UPCOMING_KINDS = ['window', 'freeze', 'turn'] as const;

export interface UpcomingSpan {
  /** `turn`: from the instant at which this node may reboot to the end of its window. Only with splay. */
  readonly kind: (typeof UPCOMING_KINDS)[number];
  /** Wall clock, milliseconds since 1970 UTC; also before the time that was asked about. */
  readonly startAt: number;
  /** Left out: no end in sight. */
  readonly endAt?: number;
  /** One sentence part for people. */
  readonly text: string;
}

/** All that overlap `[fromAt, untilAt)`, by their start. */
export function upcoming(
  schedule: PeriodicSchedule,
  fromAt: number,
  untilAt: number,
): readonly UpcomingSpan[] {
  const { calendar } = schedule;
  const spans: UpcomingSpan[] = [];
  for (const span of calendar.openSpans(fromAt - REACH_MS, untilAt + REACH_MS)) {
    if (span.untilAt <= fromAt || span.fromAt >= untilAt) {
      continue;
    }
    const end = span.untilAt >= untilAt + REACH_MS ? {} : { endAt: span.untilAt };
    spans.push({ kind: 'window', startAt: span.fromAt, ...end, text: 'maintenance window' });
    const turnAt = schedule.turnAt(span.fromAt);
    if (turnAt !== undefined && turnAt < untilAt) {
      spans.push({ kind: 'turn', startAt: turnAt, ...end, text: 'turn of this node' });
    }
  }
  for (const frozen of calendar.freezes) {
    if (frozen.untilAt > fromAt && frozen.fromAt < untilAt) {
      const { fromAt: startAt, untilAt: endAt, reason } = frozen;
      spans.push({ kind: 'freeze', startAt, endAt, text: `freeze: ${reason}` });
    }
  }
  return spans.toSorted((a, b) => a.startAt - b.startAt);
}
