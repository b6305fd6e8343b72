/** Windows on unusual days, and the exactness of edges. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Calendar, type CalendarWindow, type FrozenSpan } from '../../../src/calendar/calendar.ts';
import { builtInZone } from '../../../src/calendar/luxon-zone.ts';
import { UTC, fixedZone, type ZoneRules } from '../../../src/calendar/zone-rules.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const at = (text: string): number => Date.parse(text);
const iso = (instant: number): string => new Date(instant).toISOString().slice(0, 16);
const zones = new Map<string, ZoneRules>([['UTC', UTC]]);
function zone(name: string): ZoneRules {
  const known = zones.get(name) ?? builtInZone(name)!;
  zones.set(name, known);
  return known;
}
const daily = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday }));

/** `2:30` for `60` minutes. */
function window(start: string, lengthMinutes: number, changes: Partial<CalendarWindow> = {}): CalendarWindow {
  const [hours, minutes] = start.split(':').map(Number);
  const base = { startMinutes: hours! * 60 + minutes!, lengthMinutes, zone: UTC };
  return { ...base, ...(changes.daysOfMonth === undefined && { days: daily }), ...changes };
}

function spans(
  windows: readonly CalendarWindow[],
  from: string,
  until: string,
  freezes?: FrozenSpan[],
): string[] {
  return new Calendar(windows, freezes)
    .openSpans(at(from), at(until))
    .map((span) => `${iso(span.fromAt)} ${iso(span.untilAt)}`);
}

describe('a daily window when clocks change', () => {
  /** The zone, start, length in minutes, UTC days to look at, and what is open. */
  const table: readonly (readonly [string, string, number, string, string, string[]])[] = [
    [
      'US/Eastern',
      '2:30',
      60,
      '2026-03-08T00:00Z',
      '2026-03-10T00:00Z',
      ['2026-03-08T07:00 2026-03-08T08:00', '2026-03-09T06:30 2026-03-09T07:30'],
    ],
    [
      'US/Eastern',
      '1:30',
      60,
      '2026-11-01T00:00Z',
      '2026-11-03T00:00Z',
      ['2026-11-01T05:30 2026-11-01T06:30', '2026-11-02T06:30 2026-11-02T07:30'],
    ],
    [
      'US/Eastern',
      '0:30',
      180,
      '2026-11-01T00:00Z',
      '2026-11-02T00:00Z',
      ['2026-11-01T04:30 2026-11-01T07:30'],
    ],
    [
      'Australia/Lord_Howe',
      '2:10',
      30,
      '2026-10-03T00:00Z',
      '2026-10-05T00:00Z',
      ['2026-10-03T15:30 2026-10-03T16:00', '2026-10-04T15:10 2026-10-04T15:40'],
    ],
    [
      'Australia/Lord_Howe',
      '1:45',
      30,
      '2026-04-04T00:00Z',
      '2026-04-06T00:00Z',
      ['2026-04-04T14:45 2026-04-04T15:15', '2026-04-05T15:15 2026-04-05T15:45'],
    ],
    [
      'Africa/Casablanca',
      '2:30',
      60,
      '2024-03-10T00:00Z',
      '2024-03-11T00:00Z',
      ['2024-03-10T01:30 2024-03-10T02:30'],
    ],
    [
      'Africa/Casablanca',
      '2:30',
      60,
      '2024-04-14T00:00Z',
      '2024-04-15T00:00Z',
      ['2024-04-14T02:00 2024-04-14T03:00'],
    ],
    [
      'Antarctica/Troll',
      '2:59',
      10,
      '2026-03-29T00:00Z',
      '2026-03-30T00:00Z',
      ['2026-03-29T01:00 2026-03-29T01:10'],
    ],
    [
      'Antarctica/Troll',
      '1:30',
      120,
      '2026-10-24T12:00Z',
      '2026-10-25T12:00Z',
      ['2026-10-24T23:30 2026-10-25T01:30'],
    ],
    [
      'Europe/Dublin',
      '1:30',
      60,
      '2026-03-28T12:00Z',
      '2026-03-29T12:00Z',
      ['2026-03-29T01:00 2026-03-29T02:00'],
    ],
    [
      'Europe/Dublin',
      '1:30',
      60,
      '2026-10-24T12:00Z',
      '2026-10-25T12:00Z',
      ['2026-10-25T00:30 2026-10-25T01:30'],
    ],
    // The 30th did not exist. Both dates open when the 31st begins, and the windows are one.
    [
      'Pacific/Apia',
      '0:00',
      60,
      '2011-12-29T12:00Z',
      '2011-12-31T12:00Z',
      ['2011-12-30T10:00 2011-12-30T11:00', '2011-12-31T10:00 2011-12-31T11:00'],
    ],
    [
      'Pacific/Apia',
      '3:00',
      60,
      '2011-12-29T12:00Z',
      '2011-12-31T12:00Z',
      [
        '2011-12-29T13:00 2011-12-29T14:00',
        '2011-12-30T10:00 2011-12-30T11:00',
        '2011-12-30T13:00 2011-12-30T14:00',
      ],
    ],
  ];

  it.each(table)('%s %s for %d minutes, from %s to %s', (name, start, length, from, until, expected) => {
    expect(spans([window(start, length, { zone: zone(name) })], from, until)).toEqual(expected);
  });

  it('a window for the lost Friday alone is not lost', () => {
    const friday = window('3:00', 60, { zone: zone('Pacific/Apia'), days: [{ weekday: 5 }] });
    expect(spans([friday], '2011-12-26T00:00Z', '2012-01-07T00:00Z')).toEqual([
      '2011-12-30T10:00 2011-12-30T11:00',
      '2012-01-05T13:00 2012-01-05T14:00',
    ]);
  });
});

describe('days', () => {
  const days = (changes: Partial<CalendarWindow>, from = '2026-01-01', until = '2027-01-01'): string[] =>
    spans([window('0:00', 60, changes)], `${from}T00:00Z`, `${until}T00:00Z`).map((span) =>
      span.slice(0, 10),
    );

  it('the first, last and fifth ones of a month', () => {
    expect(days({ days: [{ weekday: 7, nth: 1 }] }, '2026-01-01', '2026-05-01')).toEqual([
      '2026-01-04',
      '2026-02-01',
      '2026-03-01',
      '2026-04-05',
    ]);
    expect(days({ days: [{ weekday: 5, nth: -1 }] }, '2026-01-01', '2026-05-01')).toEqual([
      '2026-01-30',
      '2026-02-27',
      '2026-03-27',
      '2026-04-24',
    ]);
    expect(days({ days: [{ weekday: 1, nth: 5 }] })).toEqual([
      '2026-03-30',
      '2026-06-29',
      '2026-08-31',
      '2026-11-30',
    ]);
    expect(days({ days: [{ weekday: 2, nth: 2 }] }, '2026-06-01', '2026-08-01')).toEqual([
      '2026-06-09',
      '2026-07-14',
    ]);
  });

  it('of the month, counted from either end', () => {
    expect(days({ daysOfMonth: [-1] }, '2024-01-01', '2024-05-01')).toEqual([
      '2024-01-31',
      '2024-02-29',
      '2024-03-31',
      '2024-04-30',
    ]);
    expect(days({ daysOfMonth: [31] })).toHaveLength(7);
    expect(days({ daysOfMonth: [-31] })).toHaveLength(7);
    expect(days({ daysOfMonth: [1, 15], months: [2, 12] })).toEqual([
      '2026-02-01',
      '2026-02-15',
      '2026-12-01',
      '2026-12-15',
    ]);
  });

  it('every one of a weekday beside the nth of another', () => {
    expect(days({ days: [{ weekday: 7 }, { weekday: 6, nth: 1 }] }, '2026-01-01', '2026-02-01')).toEqual([
      '2026-01-03',
      '2026-01-04',
      '2026-01-11',
      '2026-01-18',
      '2026-01-25',
    ]);
  });

  it('must all fit: Friday the 13th', () => {
    expect(days({ days: [{ weekday: 5 }], daysOfMonth: [13] })).toEqual([
      '2026-02-13',
      '2026-03-13',
      '2026-11-13',
    ]);
  });

  it('empty lists never open', () => {
    for (const empty of [{ days: [] }, { months: [] }, { daysOfMonth: [] }]) {
      expect(days(empty)).toEqual([]);
    }
  });

  it('before 1970 are the same', () => {
    expect(days({ days: [{ weekday: 1 }] }, '1969-12-20', '1970-01-10')).toEqual([
      '1969-12-22',
      '1969-12-29',
      '1970-01-05',
    ]);
  });
});

describe('lengths', () => {
  const sunday = { days: [{ weekday: 7 }] };

  it('cross midnight and the end of the week', () => {
    expect(spans([window('23:30', 60, sunday)], '2026-01-01T00:00Z', '2026-01-09T00:00Z')).toEqual([
      '2026-01-04T23:30 2026-01-05T00:30',
    ]);
  });

  it('of a week are open for a week, from one to the next without an end', () => {
    const week = new Calendar([window('4:00', 10_080, sunday)]);
    expect(week.stateAt(at('2026-01-08T00:00Z'))).toEqual({ open: true, untilAt: undefined });
    expect(week.openSpans(at('2026-01-01T00:00Z'), at('2026-03-01T00:00Z'))).toHaveLength(1);
    expect(week.spanAround(at('2026-02-01T00:00Z'))).toEqual({
      fromAt: at('2025-12-31T00:00Z'),
      untilAt: at('2026-03-05T00:00Z'),
    });
  });

  it('of a week leave an hour out when the week has an hour more', () => {
    const berlin = new Calendar([
      window('0:00', 10_080, { days: [{ weekday: 1 }], zone: zone('Europe/Berlin') }),
    ]);
    const state = berlin.stateAt(at('2026-10-22T00:00Z'));
    expect(state).toEqual({ open: true, untilAt: at('2026-10-25T22:00Z') });
    expect(berlin.stateAt(at('2026-10-25T22:00Z'))).toMatchObject({
      open: false,
      nextAt: at('2026-10-25T23:00Z'),
    });
  });

  it('that touch or overlap are one; half-open to the millisecond', () => {
    const calendar = new Calendar([
      window('1:00', 60, sunday),
      window('2:00', 60, sunday),
      window('1:30', 15, sunday),
    ]);
    expect(calendar.stateAt(at('2026-01-04T01:30Z'))).toEqual({
      open: true,
      untilAt: at('2026-01-04T03:00Z'),
    });
    expect(calendar.stateAt(at('2026-01-04T01:00Z') - 1)).toMatchObject({
      open: false,
      nextAt: at('2026-01-04T01:00Z'),
    });
    expect(calendar.stateAt(at('2026-01-04T03:00Z'))).toMatchObject({
      open: false,
      nextAt: at('2026-01-11T01:00Z'),
    });
  });

  it('are found whole and in part, as far from UTC as a zone can be', () => {
    for (const minutes of [-(26 * 60 - 1), -720, 840, 26 * 60 - 1]) {
      const far = fixedZone('X', minutes * MINUTE_MS);
      for (const startMinutes of [0, 1439]) {
        const calendar = new Calendar([{ daysOfMonth: [10], startMinutes, lengthMinutes: 1, zone: far }]);
        const opens = at('2026-03-10T00:00Z') + (startMinutes - minutes) * MINUTE_MS;
        const span = { fromAt: opens, untilAt: opens + MINUTE_MS };
        expect(calendar.openSpans(opens - 1, opens + MINUTE_MS + 1)).toEqual([span]);
        expect(calendar.openSpans(opens, opens + 1)).toEqual([{ fromAt: opens, untilAt: opens + 1 }]);
        expect(calendar.openSpans(opens + MINUTE_MS - 1, opens + DAY_MS)).toHaveLength(1);
      }
    }
  });

  it('that open in one month only end with it', () => {
    const calendar = new Calendar([window('0:00', 1440, { months: [1, 2] })]);
    expect(calendar.stateAt(at('2026-01-10T00:00Z'))).toEqual({ open: true, untilAt: undefined });
    expect(calendar.stateAt(at('2026-02-10T00:00Z'))).toEqual({
      open: true,
      untilAt: at('2026-03-01T00:00Z'),
    });
    expect(calendar.stateAt(at('2026-03-01T00:00Z'))).toMatchObject({
      open: false,
      nextAt: at('2027-01-01T00:00Z'),
    });
  });
});

describe('what comes next', () => {
  it('is found years ahead', () => {
    const leap = new Calendar([window('3:00', 60, { daysOfMonth: [29], months: [2] })]);
    expect(leap.stateAt(at('2026-01-01T00:00Z'))).toMatchObject({ nextAt: at('2028-02-29T03:00Z') });
    const leapSunday = new Calendar([
      window('3:00', 60, { daysOfMonth: [29], months: [2], days: [{ weekday: 7 }] }),
    ]);
    expect(leapSunday.stateAt(at('2072-01-01T00:00Z'))).toMatchObject({ nextAt: at('2088-02-29T03:00Z') });
    // From 2088 on, it takes forty years, because 2100 has no such day.
    expect(leapSunday.stateAt(at('2088-03-01T00:00Z'))).toMatchObject({ nextAt: at('2128-02-29T03:00Z') });
  });

  it('is nothing where there is no such date, or no window', () => {
    const never = new Calendar([window('3:00', 60, { daysOfMonth: [30], months: [2] })]);
    expect(never.stateAt(0)).toEqual({ open: false, nextAt: undefined, frozen: undefined });
    expect(new Calendar([]).stateAt(0)).toEqual({ open: false, nextAt: undefined, frozen: undefined });
  });
});

describe('freezes', () => {
  const frozen = (from: string, until: string, reason = 'x'): FrozenSpan => ({
    fromAt: at(from),
    untilAt: at(until),
    reason,
  });

  it('cut windows', () => {
    const windows = [window('3:00', 120)];
    expect(
      spans(windows, '2026-01-01T00:00Z', '2026-01-05T00:00Z', [
        frozen('2026-01-01T04:00Z', '2026-01-02T04:00Z'),
        frozen('2026-01-03T03:30Z', '2026-01-03T04:30Z'),
        frozen('2026-01-04T00:00Z', '2026-01-05T00:00Z'),
      ]),
    ).toEqual([
      '2026-01-01T03:00 2026-01-01T04:00',
      '2026-01-02T04:00 2026-01-02T05:00',
      '2026-01-03T03:00 2026-01-03T03:30',
      '2026-01-03T04:30 2026-01-03T05:00',
    ]);
  });

  it('leave nothing of a window that they just cover, and all of one that they just touch', () => {
    const windows = [window('3:00', 120)];
    expect(
      spans(windows, '2026-01-01T00:00Z', '2026-01-03T00:00Z', [
        frozen('2026-01-01T03:00Z', '2026-01-01T05:00Z'),
        frozen('2026-01-02T01:00Z', '2026-01-02T03:00Z'),
        frozen('2026-01-02T05:00Z', '2026-01-02T06:00Z'),
      ]),
    ).toEqual(['2026-01-02T03:00 2026-01-02T05:00']);
  });

  it('that end when they begin, or before, cut nothing', () => {
    const edges = [
      frozen('2026-01-01T04:00Z', '2026-01-01T04:00Z'),
      frozen('2026-01-01T04:30Z', '2026-01-01T03:30Z'),
    ];
    const calendar = new Calendar([window('3:00', 120)], edges);
    expect(calendar.freezes).toEqual([]);
    expect(calendar.openSpans(at('2026-01-01T00:00Z'), at('2026-01-02T00:00Z'))).toHaveLength(1);
  });

  it('are named by the first of two that end together, wherever a shorter one is listed', () => {
    const calendar = new Calendar(
      [window('3:00', 60)],
      [
        frozen('2026-01-11T00:00Z', '2026-01-20T00:00Z', 'first'),
        frozen('2026-01-10T00:00Z', '2026-01-20T00:00Z', 'second'),
        frozen('2026-01-10T00:00Z', '2026-01-12T00:00Z', 'short'),
      ],
    );
    expect(calendar.frozenAt(at('2026-01-11T00:00Z'))?.reason).toBe('first');
    expect(calendar.frozenAt(at('2026-01-10T00:00Z'))?.reason).toBe('second');
  });

  it('are named while they are in force, of several the longest, to the millisecond', () => {
    const calendar = new Calendar(
      [window('3:00', 60)],
      [
        frozen('2026-01-10T00:00Z', '2026-01-12T00:00Z', 'short'),
        frozen('2026-01-11T00:00Z', '2026-01-20T00:00Z', 'long'),
        frozen('2026-02-02T00:00Z', '2026-02-01T00:00Z', 'turned round'),
      ],
    );
    const said = (text: string, shift = 0): string | undefined => {
      const state = calendar.stateAt(at(text) + shift);
      return state.open ? 'open' : state.frozen?.reason;
    };
    expect(said('2026-01-10T00:00Z', -1)).toBeUndefined();
    expect(said('2026-01-10T00:00Z')).toBe('short');
    expect(said('2026-01-11T03:00Z')).toBe('long');
    expect(said('2026-01-20T00:00Z', -1)).toBe('long');
    expect(said('2026-01-20T00:00Z')).toBeUndefined();
    expect(said('2026-02-01T12:00Z')).toBeUndefined();
    expect(calendar.stateAt(at('2026-01-10T00:00Z'))).toMatchObject({ nextAt: at('2026-01-20T03:00Z') });
  });
});

describe('answers', () => {
  const selector = fc.oneof(
    fc
      .subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 })
      .map((list) => ({ days: list.map((weekday) => ({ weekday })) })),
    fc
      .record({ weekday: fc.integer({ min: 1, max: 7 }), nth: fc.constantFrom(1, 2, 5, -1) })
      .map((day) => ({ days: [day] })),
    fc.subarray([1, 13, 31, -1, -5], { minLength: 1 }).map((daysOfMonth) => ({ daysOfMonth })),
  );
  const anyWindow = fc
    .record({
      selector,
      startMinutes: fc.nat({ max: 1439 }),
      lengthMinutes: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 10_080 })),
      name: fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/New_York'),
    })
    .map(({ selector: dates, name, ...rest }) => ({ ...dates, ...rest, zone: zone(name) }));
  const freeze = fc
    .tuple(fc.nat({ max: 400 * 24 }), fc.integer({ min: 1, max: 60 * 24 }))
    .map(([from, length]) => ({
      fromAt: START + from * HOUR_MS + 7,
      untilAt: START + (from + length) * HOUR_MS + 13,
      reason: 'x',
    }));
  const START = Date.UTC(2026, 0, 1);

  it('name exact edges: the same until a millisecond before, the opposite from then on', () => {
    const outcomes = { open: 0, closed: 0 };
    fc.assert(
      fc.property(
        fc.array(anyWindow, { minLength: 1, maxLength: 3 }),
        fc.array(freeze, { maxLength: 2 }),
        fc.nat({ max: 400 * 1440 }),
        (windows, freezes, minute) => {
          const calendar = new Calendar(windows, freezes);
          const now = START + minute * MINUTE_MS + 17;
          const state = calendar.stateAt(now);
          const edge = state.open ? state.untilAt : state.nextAt;
          if (edge === undefined) {
            return;
          }
          outcomes[state.open ? 'open' : 'closed']++;
          expect(edge).toBeGreaterThan(now);
          const fresh = (): Calendar => new Calendar(windows, freezes);
          expect(fresh().stateAt(edge - 1).open).toBe(state.open);
          expect(fresh().stateAt(edge).open).toBe(!state.open);
          expect(fresh().openSpans(now, edge)).toEqual(state.open ? [{ fromAt: now, untilAt: edge }] : []);
        },
      ),
      { numRuns: 600, seed: 3 },
    );
    expect(outcomes.open).toBeGreaterThan(50);
    expect(outcomes.closed).toBeGreaterThan(50);
  });

  it('do not depend on what was asked before', () => {
    const instants = fc.array(fc.nat({ max: 60 * 1440 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(anyWindow, { maxLength: 3 }),
        fc.array(freeze, { maxLength: 1 }),
        instants,
        (windows, freezes, minutes) => {
          const asked = new Calendar(windows, freezes);
          for (const minute of minutes) {
            const now = START + minute * MINUTE_MS;
            expect(asked.stateAt(now)).toEqual(new Calendar(windows, freezes).stateAt(now));
          }
        },
      ),
      { numRuns: 300, seed: 4 },
    );
  });

  it('are worked out once for each edge, however often they are asked for', () => {
    const berlin = zone('Europe/Berlin');
    const days = 30;
    const ask = (stepMinutes: number) => {
      let looks = 0;
      const counted: ZoneRules = {
        name: berlin.name,
        periodAt: (instant) => {
          looks++;
          return berlin.periodAt(instant);
        },
      };
      const calendar = new Calendar([window('3:00', 60, { zone: counted }), window('5:00', 60)]);
      let open = 0;
      for (let asked = 0; asked < days * 1440; asked += stepMinutes) {
        const at = START + asked * MINUTE_MS;
        open += calendar.stateAt(at).open ? stepMinutes : 0;
        const before = looks;
        calendar.stateAt(at);
        expect(looks).toBe(before);
      }
      return { looks, open };
    };
    expect(ask(60).open).toBe(days * 120);
    expect(ask(5)).toEqual(ask(60));
  });
});

describe('the time around an instant', () => {
  const calendar = new Calendar([window('3:00', 60)]);
  const around = (text: string, shift = 0) => calendar.spanAround(at(text) + shift);

  it('is the window, from its first instant to its last', () => {
    const span = { fromAt: at('2026-01-05T03:00Z'), untilAt: at('2026-01-05T04:00Z') };
    expect(around('2026-01-05T03:00Z')).toEqual(span);
    expect(around('2026-01-05T04:00Z', -1)).toEqual(span);
  });

  it('is none where no window is open', () => {
    expect(around('2026-01-05T03:00Z', -1)).toBeUndefined();
    expect(around('2026-01-05T04:00Z')).toBeUndefined();
  });
});

it('a year is looked through day by day', () => {
  const calendar = new Calendar([window('3:00', 60)]);
  expect(calendar.openSpans(0, 365 * DAY_MS)).toHaveLength(365);
});
