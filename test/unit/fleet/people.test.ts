import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Luck } from '../../../src/fleet/luck.ts';
import { People } from '../../../src/fleet/people.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/text/units.ts';
import { UTC, zone } from '../../support/fleet/sample-plan.ts';

const FROM = Date.UTC(2026, 11, 1);
const HOURS = { fromMinutes: 540, untilMinutes: 1020, weekdays: new Set([1, 2, 3, 4, 5]) };

function people(seed: number, perDay: number, lengthMs: number): People {
  return new People({ ...HOURS, perDay, lengthMs }, UTC, new Luck(seed, 'node'), FROM + 20 * DAY_MS);
}

describe('People', () => {
  it('nobody, where the plan has no logins', () => {
    const none = new People(undefined, UTC, new Luck(1, 'node'), FROM);
    expect(none.sessionsAt(FROM)).toEqual([]);
    expect(none.nextChangeAt(FROM)).toBe(Infinity);
  });

  it('stay the same up to the next change, and are others from then on', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.constantFrom(0.4, 3.5), fc.nat(10 * 24 * 60), (seed, perDay, minutes) => {
        const at = FROM + minutes * MINUTE_MS;
        const some = people(seed, perDay, 50 * MINUTE_MS);
        const changeAt = some.nextChangeAt(at);
        const present = some.sessionsAt(at).length;
        expect(changeAt).toBeGreaterThan(at);
        const other = people(seed, perDay, 50 * MINUTE_MS);
        // Backwards, so that nothing that is remembered helps.
        for (let later = Math.min(changeAt, at + 2 * DAY_MS) - 1; later >= at; later -= 7 * MINUTE_MS) {
          expect(other.sessionsAt(later)).toHaveLength(present);
        }
        if (changeAt < Infinity) {
          expect(other.sessionsAt(changeAt)).toHaveLength(1 - present);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('come on the days and in the hours of the plan, as often as it says', () => {
    const some = people(3, 1, 10 * MINUTE_MS);
    let visits = 0;
    for (let at = FROM; at < FROM + 14 * DAY_MS; at = some.nextChangeAt(at)) {
      if (some.sessionsAt(at).length > 0) {
        visits += 1;
        const hour = new Date(at).getUTCHours();
        expect(hour >= 9 && hour < 17).toBe(true);
        expect([0, 6]).not.toContain(new Date(at).getUTCDay());
      }
    }
    expect(visits).toBe(10);
  });

  it('keep the hours of their own time zone', () => {
    const tokyo = new People(
      { ...HOURS, perDay: 1, lengthMs: HOUR_MS },
      zone('Asia/Tokyo'),
      new Luck(1, 'node'),
      FROM + 9 * DAY_MS,
    );
    const firstAt = tokyo.nextChangeAt(FROM + 12 * HOUR_MS);
    expect(new Date(firstAt).getUTCHours()).toBeLessThan(8);
  });
});
