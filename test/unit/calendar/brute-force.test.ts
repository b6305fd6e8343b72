/**
 * Compares the calendar with a model that knows no intervals. The model has a clock on the wall for every minute, from
 * the runtime's own time zone data. It searches for windows on that clock minute by minute.
 */
import { DateTime, IANAZone } from 'luxon';
import { describe, expect, it } from 'vitest';

import { Calendar, type CalendarWindow } from '../../../src/calendar/calendar.ts';
import { builtInZone } from '../../../src/calendar/luxon-zone.ts';
import { fixedZone, type ZoneRules } from '../../../src/calendar/zone-rules.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const DAY_MS = DAY_MINUTES * MINUTE_MS;
const QUARTER = 15;

/** What the clock on the wall shows at each minute, in minutes since 1970-01-01 00:00 local. */
function wallClock(name: string, fromMinute: number, minutes: number): Int32Array {
  const zone = IANAZone.create(name);
  const offsetAtMinute = (minute: number): number => zone.offset((fromMinute + minute) * MINUTE_MS);
  const wall = new Int32Array(minutes);
  for (let quarter = 0; quarter < minutes; quarter += QUARTER) {
    const offset = offsetAtMinute(quarter);
    const stays = offset === offsetAtMinute(quarter + QUARTER);
    for (let minute = quarter; minute < Math.min(quarter + QUARTER, minutes); minute++) {
      wall[minute] = fromMinute + minute + (stays ? offset : offsetAtMinute(minute));
    }
  }
  return wall;
}

/** For long stretches: only where the offsets at the two ends of a day differ must each minute be computed. */
function longWallClock(name: string, fromMinute: number, days: number): Int32Array {
  const zone = IANAZone.create(name);
  const wall = new Int32Array(days * DAY_MINUTES);
  for (let day = 0; day < days; day++) {
    const start = fromMinute + day * DAY_MINUTES;
    const offset = zone.offset(start * MINUTE_MS);
    if (offset !== zone.offset((start + DAY_MINUTES) * MINUTE_MS)) {
      wall.set(wallClock(name, start, DAY_MINUTES), day * DAY_MINUTES);
      continue;
    }
    for (let minute = 0; minute < DAY_MINUTES; minute++) {
      wall[day * DAY_MINUTES + minute] = start + minute + offset;
    }
  }
  return wall;
}

/** As a person would do it: write down the month, and count the days in it. */
function isMeant(window: CalendarWindow, day: number): boolean {
  const date = DateTime.fromMillis(day * DAY_MS, { zone: 'utc' });
  if (window.months !== undefined && !window.months.includes(date.month)) {
    return false;
  }
  const lastDay = date.endOf('month').day;
  if (window.daysOfMonth !== undefined) {
    const meant = window.daysOfMonth.map((number) => (number > 0 ? number : lastDay + 1 + number));
    if (!meant.includes(date.day)) {
      return false;
    }
  }
  if (window.days === undefined) {
    return true;
  }
  if (!window.days.some(({ weekday }) => weekday === date.weekday)) {
    return false;
  }
  if (window.days.every(({ nth }) => nth === undefined)) {
    return true;
  }
  const sameWeekday: number[] = [];
  for (let number = 1; number <= lastDay; number++) {
    if (date.set({ day: number }).weekday === date.weekday) {
      sameWeekday.push(number);
    }
  }
  return window.days.some(
    ({ weekday, nth }) =>
      weekday === date.weekday && (nth === undefined || sameWeekday.at(nth > 0 ? nth - 1 : nth) === date.day),
  );
}

/** 1 for each minute in which the window is open in the model. */
function naiveMinutes(windows: readonly CalendarWindow[], wall: Int32Array, fromMinute: number): Uint8Array {
  const open = new Uint8Array(wall.length);
  const firstDay = Math.floor(fromMinute / DAY_MINUTES) - 2;
  const lastDay = Math.floor((fromMinute + wall.length) / DAY_MINUTES) + 2;
  for (const window of windows) {
    for (let day = firstDay; day <= lastDay; day++) {
      if (!isMeant(window, day)) {
        continue;
      }
      const target = day * DAY_MINUTES + window.startMinutes;
      // Two days earlier, no clock on earth shows it yet.
      let minute = Math.max(0, target - 2 * DAY_MINUTES - fromMinute);
      while (minute < wall.length && wall[minute]! < target) {
        minute++;
      }
      open.fill(1, minute, Math.min(minute + window.lengthMinutes, wall.length));
    }
  }
  return open;
}

function minutesOf(calendar: Calendar, fromMinute: number, minutes: number): Uint8Array {
  const open = new Uint8Array(minutes);
  const fromAt = fromMinute * MINUTE_MS;
  for (const span of calendar.openSpans(fromAt, fromAt + minutes * MINUTE_MS)) {
    open.fill(1, (span.fromAt - fromAt) / MINUTE_MS, (span.untilAt - fromAt) / MINUTE_MS);
  }
  return open;
}

/** The first minute in which they differ, for a helpful message. */
function difference(
  naive: Uint8Array,
  real: Uint8Array,
  from: number,
  fromMinute: number,
): string | undefined {
  for (let minute = from; minute < naive.length; minute++) {
    if (naive[minute] !== real[minute]) {
      return `${new Date((fromMinute + minute) * MINUTE_MS).toISOString()}: ${naive[minute]}, got ${real[minute]}`;
    }
  }
  return undefined;
}

/** Random numbers from a fixed seed. A linear congruence is random enough here. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomWindow(roll: (below: number) => number, zone: ZoneRules): CalendarWindow {
  const base = {
    startMinutes: roll(3) === 0 ? roll(240) : roll(DAY_MINUTES),
    lengthMinutes: [1 + roll(10), 1 + roll(240), 1 + roll(10_080)][roll(3)]!,
    zone,
  };
  const months = roll(4) === 0 ? { months: [1 + roll(12), 1 + roll(12)] } : {};
  switch (roll(4)) {
    case 0:
      return { ...base, ...months, daysOfMonth: [[1 + roll(31), -1 - roll(31)][roll(2)]!, 1 + roll(31)] };
    case 1:
      return { ...base, ...months, days: [{ weekday: 1 + roll(7), nth: [1, 2, 3, 4, 5, -1][roll(6)]! }] };
    case 2:
      return {
        ...base,
        days: [{ weekday: 1 + roll(7), nth: 1 + roll(4) }, { weekday: 1 + roll(7) }],
        daysOfMonth: [1 + roll(28)],
      };
    default:
      return {
        ...base,
        ...months,
        days: [1, 2, 3, 4, 5, 6, 7].filter(() => roll(2) === 0).map((weekday) => ({ weekday })),
      };
  }
}

/** One zone of each group whose clocks agree, looked at every five days. */
function differentZones(fromAt: number, untilAt: number): string[] {
  const groups = new Map<string, string>();
  for (const name of Intl.supportedValuesOf('timeZone')) {
    const zone = IANAZone.create(name);
    const offsets: number[] = [];
    for (let at = fromAt; at < untilAt; at += 5 * DAY_MS) {
      offsets.push(zone.offset(at));
    }
    groups.set(offsets.join(), name);
  }
  return [...groups.values()];
}

/** Every change of offset. */
function changesOf(zone: ZoneRules, fromAt: number, untilAt: number): number[] {
  const changes: number[] = [];
  for (let at = fromAt; ;) {
    const before = zone.periodAt(at);
    at = before.untilAt;
    if (at >= untilAt) {
      return changes;
    }
    if (before.offsetMs !== zone.periodAt(at).offsetMs) {
      changes.push(at);
    }
  }
}

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday }));

describe('B23: every change of the clocks of every zone', () => {
  it('B23: each minute of the nine days around it is as on the wall, and each window lasts as long as it should', () => {
    const [fromAt, untilAt] = [Date.UTC(2020, 0, 1), Date.UTC(2025, 0, 1)];
    const changes = differentZones(fromAt, untilAt).flatMap((name) => {
      const zone = builtInZone(name)!;
      return changesOf(zone, fromAt, untilAt).map((at) => ({ name, zone, at }));
    });
    expect(changes.length).toBeGreaterThan(300);
    const roll = dice(2026);
    const wrong: string[] = [];
    for (const { name, zone, at } of changes) {
      const fromMinute = Math.floor(at / DAY_MS) * DAY_MINUTES - 6 * DAY_MINUTES;
      const wall = wallClock(name, fromMinute, 11 * DAY_MINUTES);
      const windows = [0, 1, 2].map(() => ({
        days: EVERY_DAY,
        // Half of them are around the hours at which clocks change.
        startMinutes: roll(2) === 0 ? roll(240) : roll(DAY_MINUTES),
        lengthMinutes: 1 + roll(180),
        zone,
      }));
      const naive = naiveMinutes(windows, wall, fromMinute);
      const real = minutesOf(new Calendar(windows), fromMinute, wall.length);
      // The model lacks a window that opened before its beginning.
      const bad = difference(naive, real, 2 * DAY_MINUTES, fromMinute);
      if (bad !== undefined) {
        wrong.push(`${name} ${bad}`);
      }
      for (const window of windows) {
        const alone = minutesOf(new Calendar([window]), fromMinute + 2 * DAY_MINUTES, 8 * DAY_MINUTES);
        const open = alone.reduce((sum, minute) => sum + minute, 0);
        // One for each date. The edges of the stretch may remove one or add one.
        if (Math.abs(open - 8 * window.lengthMinutes) > window.lengthMinutes) {
          wrong.push(`${name}: ${open} minutes in eight days of ${window.lengthMinutes}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('ten years', () => {
  const zones = [
    'UTC',
    'America/New_York',
    'Australia/Lord_Howe',
    'Africa/Casablanca',
    'Pacific/Apia',
    'Europe/Dublin',
  ];

  it.each(zones)(
    'of random calendars in %s are as on the wall, minute by minute, edges included',
    (name) => {
      const startAt = name === 'Pacific/Apia' ? Date.UTC(2006, 0, 1) : Date.UTC(2015, 0, 1);
      const fromMinute = startAt / MINUTE_MS;
      const wall = longWallClock(name, fromMinute, 3653);
      const zone = name === 'UTC' ? fixedZone('UTC', 0) : builtInZone(name)!;
      const roll = dice(zones.indexOf(name) + 1);
      for (let round = 0; round < 3; round++) {
        const windows = Array.from({ length: 1 + roll(3) }, () => randomWindow(roll, zone));
        const calendar = new Calendar(windows);
        const naive = naiveMinutes(windows, wall, fromMinute);
        const said = JSON.stringify(windows.map((window) => ({ ...window, zone: name })));
        expect(
          difference(naive, minutesOf(calendar, fromMinute, wall.length), 9 * DAY_MINUTES, fromMinute),
          said,
        ).toBeUndefined();
        for (let probe = 0; probe < 300; probe++) {
          const minute = 9 * DAY_MINUTES + roll(wall.length - 100 * DAY_MINUTES);
          const state = calendar.stateAt((fromMinute + minute) * MINUTE_MS);
          expect(state.open).toBe(naive[minute] === 1);
          const edge = naive.indexOf(state.open ? 0 : 1, minute);
          const told = state.open ? state.untilAt : state.nextAt;
          const expected = edge < 0 ? undefined : (fromMinute + edge) * MINUTE_MS;
          // Beyond the horizon of the calendar or of the model, there is no common answer.
          if (told !== undefined && expected !== undefined) {
            expect(told, said).toBe(expected);
          } else if (state.open) {
            expect((expected ?? Infinity) - (fromMinute + minute) * MINUTE_MS).toBeGreaterThan(32 * DAY_MS);
          } else if (told === undefined) {
            expect(expected).toBeUndefined();
          }
        }
      }
    },
    20_000,
  );
});
