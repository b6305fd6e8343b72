import fc from 'fast-check';
import { expect, it } from 'vitest';
import { everOpens, isWeekly, opensOn, type DateSelector } from '../../../src/calendar/opens-on.ts';

const DAYS = 365 * 5;

it('only weekdays without a number are weekly', () => {
  const days = [{ weekday: 1 }, { weekday: 5 }];
  expect(isWeekly({ days })).toBe(true);
  expect(isWeekly({ days: [...days, { weekday: 6, nth: 1 }] })).toBe(false);
  expect(isWeekly({ days, months: [1] })).toBe(false);
  expect(isWeekly({ days, daysOfMonth: [1] })).toBe(false);
  expect(isWeekly({})).toBe(false);
});

it.each([
  ['2000-02-29', -1, true],
  ['2024-02-29', -1, true],
  ['2025-02-28', -1, true],
  ['2100-02-28', -1, true],
  ['2024-02-28', -1, false],
  ['2026-04-30', -1, true],
  ['2026-12-31', -1, true],
  ['2026-12-01', -31, true],
  ['2026-11-01', -30, true],
])('%s is day %d of its month: %s', (date, dayOfMonth, expected) => {
  expect(opensOn({ daysOfMonth: [dayOfMonth] }, Date.parse(date) / 86_400_000)).toBe(expected);
});

it.each<[DateSelector, boolean]>([
  [{ daysOfMonth: [29], months: [2] }, true],
  [{ daysOfMonth: [29], months: [2], days: [{ weekday: 3 }] }, true],
  [{ daysOfMonth: [30], months: [2] }, false],
  [{ daysOfMonth: [-31], months: [4, 6, 9, 11] }, false],
  [{ days: [] }, false],
])('%j opens on any date: %s', (selector, expected) => {
  expect(everOpens(selector)).toBe(expected);
});

it('what counts as weekly is open on the same days of every week, whatever else could be said of it', () => {
  const selectors: fc.Arbitrary<DateSelector> = fc.record(
    {
      days: fc.uniqueArray(
        fc.record(
          { weekday: fc.integer({ min: 1, max: 7 }), nth: fc.constantFrom(1, 2, -1) },
          { requiredKeys: ['weekday'] },
        ),
        { maxLength: 3 },
      ),
      months: fc.constantFrom([1, 2, 3], []),
      daysOfMonth: fc.constantFrom([1, -1], []),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(selectors, (selector) => {
      const open = Array.from({ length: DAYS }, (_, day) => opensOn(selector, 20_000 + day));
      const repeats = open.every((each, day) => day < 7 || each === open[day - 7]);
      if (isWeekly(selector)) {
        expect(repeats).toBe(true);
      }
      // A weekly selector means the same as one that also lists all months and days.
      if (!isWeekly(selector)) {
        return;
      }
      const spelledOut = { ...selector, months: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] };
      expect(Array.from({ length: DAYS }, (_, day) => opensOn(spelledOut, 20_000 + day))).toEqual(open);
    }),
    { numRuns: 100, seed: 7 },
  );
});
