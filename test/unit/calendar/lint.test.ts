import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Calendar, type FrozenSpan } from '../../../src/calendar/calendar.ts';
import { distinctWindows } from '../../../src/calendar/distinct-windows.ts';
import { describeWindow } from '../../../src/calendar/describe-window.ts';
import { leastOpen, lintCalendar, MOST_WINDOWS_LOOKED_AT } from '../../../src/calendar/lint.ts';
import { UTC } from '../../../src/calendar/zone-rules.ts';
import type { MaintenanceWindow } from '../../../src/calendar/maintenance-window.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW = Date.parse('2026-11-01T12:00Z');

const SATURDAY: MaintenanceWindow = { days: [{ weekday: 6 }], startMinutes: 180, lengthMinutes: 60 };

function frozen(from: string, until: string, reason = 'year end'): FrozenSpan {
  return { fromAt: Date.parse(from), untilAt: Date.parse(until), reason };
}

function lint(
  windows: readonly MaintenanceWindow[],
  freezes: readonly FrozenSpan[] = [],
  minHours = 1,
  origins?: ReadonlyMap<string, string>,
): string[] {
  const calendar = new Calendar(
    distinctWindows(windows).map((window) => ({ ...window, zone: UTC })),
    freezes,
  );
  const showDate = (at: number): string => new Date(at).toISOString().slice(0, 10);
  return lintCalendar({
    windows,
    freezes,
    calendar,
    minHours,
    nowAt: NOW,
    showDate,
    ...(origins !== undefined && { origins }),
  });
}

describe('a calendar that can be meant', () => {
  it.each([
    ['one hour a week', [SATURDAY]],
    ['the first of each month', [{ daysOfMonth: [1], startMinutes: 0, lengthMinutes: 60 }]],
    ['the last day of each month', [{ daysOfMonth: [-1], startMinutes: 1439, lengthMinutes: 60 }]],
    ['two hours that differ', [SATURDAY, { ...SATURDAY, startMinutes: 181 }]],
    ['two zones', [SATURDAY, { ...SATURDAY, timeZone: 'Asia/Tokyo' }]],
  ] satisfies [string, MaintenanceWindow[]][])('has no warning: %s', (_, windows) => {
    expect(lint(windows)).toEqual([]);
  });

  it('with a freeze over the holidays has none', () => {
    expect(lint([SATURDAY], [frozen('2026-12-20T00:00Z', '2027-01-04T00:00Z')])).toEqual([]);
  });
});

describe('warnings', () => {
  const WANTED = 'updates.periodic.min_hours wants';
  const MEANT = 'if that is meant, set updates.periodic.min_hours = 0';

  it('too few open hours in some 32 days, with the days', () => {
    expect(lint([SATURDAY], [], 4)).toEqual([]);
    expect(lint([SATURDAY], [], 5)).toEqual([
      `updates.periodic has windows of 4 hours in the 32 days from 2026-11-01 until 2026-12-03, ${WANTED} 5 hours in any 32 days: an update can wait for a window for 7 days; ${MEANT}`,
    ]);
    const [odd] = lint([{ ...SATURDAY, lengthMinutes: 16 }], [], 2);
    expect(odd).toMatch(
      /^updates\.periodic has windows of 1 hour 4 minutes in the 32 days from .* wants 2 hours in/,
    );
    expect(lint([{ ...SATURDAY, lengthMinutes: 15 }])).toEqual([]);
    expect(lint([{ ...SATURDAY, lengthMinutes: 14 }])).toHaveLength(1);
  });

  it('a freeze that takes all windows of 32 days', () => {
    const freeze = frozen('2027-02-01T00:00Z', '2027-03-12T00:00Z');
    expect(lint([SATURDAY], [freeze])).toEqual([
      `updates.periodic has windows of 0 minutes in the 32 days from 2027-01-30 until 2027-03-03, ${WANTED} 1 hour in any 32 days: an update can wait for a window for 42 days; ${MEANT}`,
    ]);
    expect(lint([SATURDAY], [freeze], 0)).toEqual([]);
  });

  it('an nth weekday, which can be five weeks away, unless that is meant', () => {
    const sunday: MaintenanceWindow = {
      days: [{ weekday: 7, nth: 1 }],
      startMinutes: 180,
      lengthMinutes: 60,
    };
    expect(lint([sunday])).toEqual([
      `updates.periodic has windows of 0 minutes in the 32 days from 2026-11-01 until 2026-12-03, ${WANTED} 1 hour in any 32 days: an update can wait for a window for 35 days; ${MEANT}`,
    ]);
    expect(lint([sunday], [], 0)).toEqual([]);
  });

  it('rare windows, unless they are meant', () => {
    const yearly: MaintenanceWindow = { daysOfMonth: [1], months: [3], startMinutes: 0, lengthMinutes: 600 };
    expect(lint([yearly])).toHaveLength(1);
    expect(lint([yearly], [], 0)).toEqual([]);
  });

  it('a window without a date, and the same window twice, by file and definition', () => {
    const never: MaintenanceWindow = { daysOfMonth: [30], months: [2], startMinutes: 0, lengthMinutes: 60 };
    const origins = new Map([
      ['updates.periodic.window[1]', '/etc/zincati/config.d/20-b.toml'],
      ['updates.periodic.window[2]', '/etc/zincati/config.d/20-b.toml'],
    ]);
    expect(lint([SATURDAY, never, SATURDAY], [], 1, origins)).toEqual([
      '/etc/zincati/config.d/20-b.toml: updates.periodic.window[1] (day of month 30, months 2, at 0:00 for 60 minutes) never opens: there is no such date',
      '/etc/zincati/config.d/20-b.toml: updates.periodic.window[2] (Sat, at 3:00 for 60 minutes) is the same as updates.periodic.window[0]',
    ]);
    expect(lint([SATURDAY, { ...never, daysOfMonth: [] }])).toEqual([]);
  });

  it('the same windows over and over, and thousands of windows, in a few lines', () => {
    const twice = Array.from({ length: 4000 }, () => SATURDAY);
    const said = lint(twice);
    expect(said).toHaveLength(6);
    expect(said[4]).toMatch(
      /^updates\.periodic\.window\[5\] .* is the same as updates\.periodic\.window\[0\]$/,
    );
    expect(said[5]).toBe('3994 more windows are the same as others before them');
    // Six of a kind are listed one by one, because a summary of one would be no shorter.
    expect(lint(twice.slice(0, 7))).toHaveLength(6);
    expect(lint(twice.slice(0, 7)).at(-1)).toMatch(/^updates\.periodic\.window\[6\] /);
    const never = { daysOfMonth: [31], months: [2], startMinutes: 0 };
    const nevers = Array.from({ length: 100 }, (_, index) => ({ ...never, lengthMinutes: index + 1 }));
    expect(lint([SATURDAY, ...nevers]).at(-1)).toBe('95 more windows never open');
    const rare = Array.from({ length: MOST_WINDOWS_LOOKED_AT + 1 }, (_, index) => ({
      ...SATURDAY,
      startMinutes: index,
      lengthMinutes: 1,
    }));
    expect(lint(rare.slice(1), [], 768)).toEqual([expect.stringContaining('min_hours wants 768 hours')]);
    expect(lint(rare, [], 768)).toEqual([
      '[[updates.periodic.window]] is there 301 times: with more than 300, nobody looks ahead whether windows are rarer than updates.periodic.min_hours wants, or cut short by freezes',
    ]);
  });

  it.each([
    [frozen('2025-12-20T00:00Z', '2026-01-04T00:00Z'), 'ended on 2026-01-03: it can be removed'],
    [frozen('2026-10-20T00:00Z', '2026-11-01T12:00Z'), 'ended on 2026-11-01: it can be removed'],
    [frozen('2027-01-04T00:00Z', '2026-12-20T00:00Z'), 'ends before it begins: it has no effect'],
    [frozen('2027-01-04T00:00Z', '2027-01-04T00:00Z'), 'ends before it begins: it has no effect'],
    [
      frozen('2026-11-15T00:00Z', '2027-02-13T00:00:01Z'),
      'lasts for 90 days: a node that takes no updates for so long is at risk',
    ],
    [
      frozen('2026-01-01T00:00Z', '2027-01-01T00:00Z'),
      'lasts for 365 days: a node that takes no updates for so long is at risk',
    ],
  ])('a freeze that cannot be meant, %#', (freeze, sentence) => {
    expect(lint([SATURDAY], [freeze], 0)).toEqual([`updates.periodic.freeze[0] (year end) ${sentence}`]);
  });

  it('a freeze that ends with the next millisecond is still in force', () => {
    expect(
      lint([SATURDAY], [{ ...frozen('2026-10-20T00:00Z', '2026-11-01T12:00Z'), untilAt: NOW + 1 }]),
    ).toEqual([]);
  });

  it('a freeze of exactly 90 days is fine', () => {
    expect(lint([SATURDAY], [frozen('2026-11-15T00:00Z', '2027-02-13T00:00Z')], 0)).toEqual([]);
  });

  it('windows of which a freeze leaves less than a minute', () => {
    const freezes = [
      frozen('2026-11-07T03:00:30Z', '2026-11-08T00:00Z'),
      frozen('2026-11-14T00:00Z', '2026-11-14T03:59:50Z'),
    ];
    expect(lint([SATURDAY], freezes.slice(0, 1))).toEqual([
      'freezes leave less than a minute of a window, 30 seconds on 2026-11-07',
    ]);
    expect(lint([SATURDAY], freezes)).toEqual([
      'freezes leave less than a minute of 2 windows, 30 seconds on 2026-11-07',
    ]);
    expect(lint([SATURDAY], [frozen('2026-11-07T03:00:29.001Z', '2026-11-08T00:00Z')])).toEqual([
      'freezes leave less than a minute of a window, 30 seconds on 2026-11-07',
    ]);
    expect(lint([SATURDAY], [frozen('2026-11-07T03:01Z', '2026-11-08T00:00Z')])).toEqual([]);
  });

  it("less than a minute that is left of a window that is open now is nobody's fault", () => {
    const now: MaintenanceWindow = { ...SATURDAY, days: [{ weekday: 7 }], startMinutes: 661 };
    expect(lint([now])).toEqual([]);
    const ending = [frozen('2026-11-01T12:00:30Z', '2026-11-01T13:00Z')];
    expect(lint([now], ending)).toEqual([]);
  });

  it('a wait of a day, in words', () => {
    const daily = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday }));
    const [said] = lint([{ days: daily, startMinutes: 0, lengthMinutes: 60 }], [], 33);
    expect(said).toContain('an update can wait for a window for 1 day;');
  });
});

it('the days with the least open time may be the last ones, or begin where a window ends', () => {
  const days = (from: number, until: number) => ({ fromAt: from * DAY_MS, untilAt: until * DAY_MS });
  const least = (...spans: { fromAt: number; untilAt: number }[]) => {
    const { fromAt, openMs } = leastOpen(spans, 0, 400 * DAY_MS);
    return [fromAt / DAY_MS, openMs / DAY_MS];
  };
  expect(least(days(0, 380))).toEqual([368, 12]);
  expect(least(days(0, 100), days(110, 400))).toEqual([100, 22]);
  expect(least(days(0, 100), days(110, 200), days(210, 400))).toEqual([100, 22]);
  expect(least(days(20, 400))).toEqual([0, 12]);
  expect(least()).toEqual([0, 0]);
});

it('the 32 days with the least open time are found: no others have less', () => {
  const spans = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 30 })), { maxLength: 12 })
    .map((steps) => {
      let at = 0;
      return steps.map(([gap, length]) => {
        const fromAt = (at + gap) * DAY_MS;
        at += gap + length;
        return { fromAt, untilAt: at * DAY_MS };
      });
    });
  fc.assert(
    fc.property(spans, (all) => {
      const untilAt = 400 * DAY_MS;
      const inside = all.filter((span) => span.untilAt <= untilAt);
      const open = (day: number): boolean =>
        inside.some((span) => span.fromAt <= day * DAY_MS && day * DAY_MS < span.untilAt);
      const counts = Array.from({ length: 400 - 32 + 1 }, (_, start) => {
        let days = 0;
        for (let day = start; day < start + 32; day++) {
          if (open(day)) {
            days++;
          }
        }
        return days * DAY_MS;
      });
      const found = leastOpen(inside, 0, untilAt);
      expect(found.openMs).toBe(Math.min(...counts));
      expect(counts[found.fromAt / DAY_MS]).toBe(found.openMs);
    }),
    { numRuns: 300, seed: 5 },
  );
});

it('a window without days in words', () => {
  const empty = { days: [], daysOfMonth: [], months: [], startMinutes: 0, lengthMinutes: 5 };
  expect(describeWindow(empty)).toBe('no days, no day of month, no months, at 0:00 for 5 minutes');
});

it('a window in words', () => {
  expect(
    describeWindow({
      days: [{ weekday: 7, nth: 1 }, { weekday: 5, nth: -1 }, { weekday: 1 }],
      months: [1, 7],
      daysOfMonth: [-1],
      startMinutes: 1435,
      lengthMinutes: 5,
      timeZone: 'Asia/Tokyo',
    }),
  ).toBe('1st Sun last Fri Mon, day of month -1, months 1 7, at 23:55 for 5 minutes, Asia/Tokyo');
});
