/** From local times to instants, in zones where that is not trivial. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { builtInZone } from '../../../src/calendar/luxon-zone.ts';
import {
  UTC,
  fixedZone,
  offsetAt,
  openingInstant,
  rememberingZone,
  type OffsetPeriod,
  type ZoneRules,
} from '../../../src/calendar/zone-rules.ts';

/** `2026-03-29 02:30`. */
const local = (text: string): number => Date.parse(`${text.replace(' ', 'T')}:00Z`);

/** The zone, what the clock on the wall shows, the instant in UTC, and why. */
const TABLE: readonly (readonly [string, string, string, string])[] = [
  ['Europe/Berlin', '2026-01-15 03:00', '2026-01-15T02:00:00Z', 'plain winter'],
  ['Europe/Berlin', '2026-07-15 03:00', '2026-07-15T01:00:00Z', 'plain summer'],
  ['Europe/Berlin', '2026-03-29 01:59', '2026-03-29T00:59:00Z', 'the last minute before the gap'],
  ['Europe/Berlin', '2026-03-29 02:00', '2026-03-29T01:00:00Z', 'the first minute of the gap'],
  ['Europe/Berlin', '2026-03-29 02:30', '2026-03-29T01:00:00Z', 'in the gap'],
  ['Europe/Berlin', '2026-03-29 03:00', '2026-03-29T01:00:00Z', 'the end of the gap'],
  ['Europe/Berlin', '2026-03-29 03:01', '2026-03-29T01:01:00Z', 'after the gap'],
  ['Europe/Berlin', '2026-10-25 02:30', '2026-10-25T00:30:00Z', 'twice: the first one'],
  ['Europe/Berlin', '2026-10-25 03:00', '2026-10-25T02:00:00Z', 'after it came twice'],
  ['US/Eastern', '2026-03-08 02:30', '2026-03-08T07:00:00Z', 'in the gap'],
  ['US/Eastern', '2026-11-01 01:30', '2026-11-01T05:30:00Z', 'twice: the first one'],
  ['US/Eastern', '2026-11-01 02:00', '2026-11-01T07:00:00Z', 'after it came twice'],
  ['Australia/Lord_Howe', '2026-10-04 02:15', '2026-10-03T15:30:00Z', 'a gap of half an hour'],
  ['Australia/Lord_Howe', '2026-04-05 01:45', '2026-04-04T14:45:00Z', 'half an hour twice'],
  ['Australia/Lord_Howe', '2026-04-05 02:00', '2026-04-04T15:30:00Z', 'after half an hour came twice'],
  ['Africa/Casablanca', '2024-03-10 02:30', '2024-03-10T01:30:00Z', 'back for Ramadan: the first one'],
  ['Africa/Casablanca', '2024-04-14 02:30', '2024-04-14T02:00:00Z', 'forward after Ramadan'],
  ['Antarctica/Troll', '2026-03-29 02:00', '2026-03-29T01:00:00Z', 'a gap of two hours'],
  ['Antarctica/Troll', '2026-10-25 01:30', '2026-10-24T23:30:00Z', 'two hours twice'],
  ['Europe/Dublin', '2026-03-29 01:30', '2026-03-29T01:00:00Z', 'summer is standard time'],
  ['Europe/Dublin', '2026-10-25 01:30', '2026-10-25T00:30:00Z', 'winter is "daylight" time'],
  ['Pacific/Apia', '2011-12-29 23:59', '2011-12-30T09:59:00Z', 'before the lost day'],
  ['Pacific/Apia', '2011-12-30 00:00', '2011-12-30T10:00:00Z', 'the lost day begins'],
  ['Pacific/Apia', '2011-12-30 13:00', '2011-12-30T10:00:00Z', 'on the lost day'],
  ['Pacific/Apia', '2011-12-31 00:00', '2011-12-30T10:00:00Z', 'the day after'],
  ['Pacific/Apia', '2011-12-31 03:00', '2011-12-30T13:00:00Z', 'in the day after'],
  ['America/Havana', '2026-03-08 00:00', '2026-03-08T05:00:00Z', 'midnight does not exist'],
  ['America/Havana', '2026-11-01 00:30', '2026-11-01T04:30:00Z', 'after midnight, twice'],
  ['Asia/Kathmandu', '2026-05-01 00:00', '2026-04-30T18:15:00Z', 'three quarters of an hour'],
];

describe('openingInstant', () => {
  it.each(TABLE)('%s %s is %s: %s', (name, wall, expected) => {
    const instant = openingInstant(builtInZone(name)!, local(wall));
    expect(new Date(instant).toISOString().replace('.000Z', 'Z')).toBe(expected);
  });

  it('is the first instant that shows the time or a later one, in zones made up at random', () => {
    const zone = fc
      .array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: -26, max: 26 })), {
        minLength: 1,
        maxLength: 12,
      })
      .map((steps) => {
        let at = 0;
        const periods: OffsetPeriod[] = [];
        let fromAt = Number.NEGATIVE_INFINITY;
        for (const [length, offset] of steps) {
          at += length;
          periods.push({ fromAt, untilAt: at, offsetMs: offset, abbreviation: '' });
          fromAt = at;
        }
        periods.push({ fromAt, untilAt: Number.POSITIVE_INFINITY, offsetMs: 0, abbreviation: '' });
        return rememberingZone('x', (at) => periods.find((p) => p.fromAt <= at && at < p.untilAt)!);
      });
    fc.assert(
      fc.property(zone, fc.integer({ min: -30, max: 500 }), (rules, wall) => {
        let naive = wall - 30;
        while (naive + offsetAt(rules, naive) < wall) {
          naive++;
        }
        expect(openingInstant(rules, wall)).toBe(naive);
      }),
      { numRuns: 2000, seed: 7 },
    );
  });

  it('asks a zone once for each period within reach, near a change as far from one', () => {
    const berlin = builtInZone('Europe/Berlin')!;
    let asked = 0;
    const zone: ZoneRules = {
      name: berlin.name,
      periodAt: (instant) => {
        asked++;
        return berlin.periodAt(instant);
      },
    };
    const askedFor = (text: string): number => {
      asked = 0;
      openingInstant(zone, local(text));
      return asked;
    };
    // A change lies between the earliest instant that can show the time, 26 hours before, and the time itself.
    expect(askedFor('2026-03-20 02:30')).toBe(1);
    expect(askedFor('2026-03-29 02:30')).toBe(2);
    expect(askedFor('2026-03-30 02:30')).toBe(2);
    expect(askedFor('2026-04-01 02:30')).toBe(1);
  });
});

describe('zones', () => {
  it('UTC and fixed ones never change', () => {
    expect(UTC.periodAt(0)).toMatchObject({ offsetMs: 0, abbreviation: 'UTC' });
    expect(offsetAt(fixedZone('X', 3_600_000), 5)).toBe(3_600_000);
  });

  it('remember their last period, and ask again beyond it', () => {
    const asked: number[] = [];
    const zone = rememberingZone('x', (at) => {
      asked.push(at);
      const fromAt = Math.floor(at / 10) * 10;
      return { fromAt, untilAt: fromAt + 10, offsetMs: fromAt, abbreviation: '' };
    });
    expect([0, 9, 10, 19, 5].map((at) => offsetAt(zone, at))).toEqual([0, 0, 10, 10, 0]);
    expect(asked).toEqual([0, 10, 5]);
  });
});
