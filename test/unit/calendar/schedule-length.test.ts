import { describe, expect, it } from 'vitest';

import type { CalendarWindow } from '../../../src/calendar/calendar.ts';
import { builtInZone } from '../../../src/calendar/luxon-zone.ts';
import { weeklyMinutes } from '../../../src/calendar/schedule-length.ts';
import { UTC } from '../../../src/calendar/zone-rules.ts';

const BERLIN = builtInZone('Europe/Berlin')!;
const DAILY = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday }));
const NOW = Date.UTC(2026, 6, 1);

const window = (
  hour: number,
  lengthMinutes: number,
  changes: Partial<CalendarWindow> = {},
): CalendarWindow => ({
  days: [{ weekday: 6 }],
  startMinutes: hour * 60,
  lengthMinutes,
  zone: BERLIN,
  ...changes,
});

describe('the length of the weekly schedule', () => {
  it.each([
    ['none', [], 0],
    ['one', [window(3, 60)], 60],
    ['two days', [window(3, 60, { days: [{ weekday: 6 }, { weekday: 7 }] })], 120],
    ['minutes that two windows share count once', [window(3, 60), window(3, 90)], 90],
    ['across the end of the week', [window(23, 120, { days: [{ weekday: 7 }] })], 120],
    ['always', [window(0, 1440, { days: DAILY })], 10_080],
    ['a whole week', [window(5, 10_080)], 10_080],
    ['overlapping in two zones', [window(3, 60), window(1, 60, { zone: UTC })], 60],
    // There are 12 of them in a year of 52.18 weeks.
    ['once a month', [window(3, 600, { days: [{ weekday: 7, nth: 1 }] })], 138],
    ['never', [window(3, 60, { days: DAILY, months: [2], daysOfMonth: [30] })], 0],
    ['weekly beside monthly', [window(3, 60), window(3, 60, { days: [{ weekday: 6, nth: 1 }] })], 60],
    // One of them does not repeat weekly, so one week says too little.
    [
      'weekly, and monthly on another day',
      [window(3, 60), window(3, 600, { days: [{ weekday: 7, nth: 1 }] })],
      198,
    ],
    [
      'thousands of the same',
      Array.from({ length: 2000 }, () => window(3, 60, { days: [{ weekday: 6, nth: 1 }, { weekday: 6 }] })),
      60,
    ],
  ])('%s', (_, windows, expected) => {
    expect(weeklyMinutes(windows, NOW)).toBe(expected);
  });
});
