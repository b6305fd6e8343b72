import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isWeekly, opensOn, type DateSelector } from '../../../src/calendar/opens-on.ts';

const DAYS = 365 * 5;

it('what counts as weekly is open on the same days of every week, whatever else could be said of it', () => {
  const selectors: fc.Arbitrary<DateSelector> = fc.record(
    {
      days: fc.uniqueArray(fc.record({ weekday: fc.integer({ min: 1, max: 7 }) }), { maxLength: 3 }),
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
