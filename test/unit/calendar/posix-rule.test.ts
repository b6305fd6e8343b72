import { describe, expect, it } from 'vitest';

import { builtInZone } from '../../../src/calendar/luxon-zone.ts';
import { parsePosixRule } from '../../../src/calendar/posix-rule.ts';
import { offsetAt } from '../../../src/calendar/zone-rules.ts';

const HOUR_MS = 3_600_000;

/** Rules from tzdata's footers, with their zones. */
const RULES: readonly (readonly [string, string])[] = [
  ['Europe/Berlin', 'CET-1CEST,M3.5.0,M10.5.0/3'],
  ['Europe/Dublin', 'IST-1GMT0,M10.5.0,M3.5.0/1'],
  ['America/New_York', 'EST5EDT,M3.2.0,M11.1.0'],
  ['Australia/Lord_Howe', '<+1030>-10:30<+11>-11,M10.1.0,M4.1.0'],
  ['Antarctica/Troll', '<+00>0<+02>-2,M3.5.0/1,M10.5.0/3'],
  ['America/Nuuk', '<-02>2<-01>,M3.5.0/-1,M10.5.0/0'],
  ['Asia/Jerusalem', 'IST-2IDT,M3.4.4/26,M10.5.0'],
  ['Asia/Kolkata', 'IST-5:30'],
  ['America/Santiago', '<-04>4<-03>,M9.1.6/24,M4.1.6/24'],
  ['Pacific/Chatham', '<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45'],
];

describe('parsePosixRule', () => {
  it.each(RULES)('%s is %s, hour by hour for two years that no new data will change', (name, rule) => {
    const periodAt = parsePosixRule(rule);
    const builtIn = builtInZone(name)!;
    const wrong: string[] = [];
    for (let at = Date.UTC(2024, 4, 1); at < Date.UTC(2026, 4, 1); at += HOUR_MS) {
      const period = periodAt(at);
      if (period.offsetMs !== offsetAt(builtIn, at)) {
        wrong.push(new Date(at).toISOString());
      }
      if (at < period.fromAt || at >= period.untilAt) {
        wrong.push(`${new Date(at).toISOString()} outside`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('knows what people call it', () => {
    const berlin = parsePosixRule('CET-1CEST,M3.5.0,M10.5.0/3');
    expect(berlin(Date.UTC(2026, 0, 1)).abbreviation).toBe('CET');
    expect(berlin(Date.UTC(2026, 6, 1)).abbreviation).toBe('CEST');
    expect(parsePosixRule('<+0330>-3:30')(0).abbreviation).toBe('+0330');
  });

  it('counts days of the year with and without the 29th of February', () => {
    const rule = parsePosixRule('AAA0BBB,J60/0,J300/0');
    for (const year of [2023, 2024]) {
      expect(rule(Date.UTC(year, 2, 1) - 1).abbreviation).toBe('AAA');
      expect(rule(Date.UTC(year, 2, 1)).abbreviation).toBe('BBB');
    }
    const zeroBased = parsePosixRule('AAA0BBB,59/0,300/0');
    expect(zeroBased(Date.UTC(2024, 1, 29)).abbreviation).toBe('BBB');
    expect(zeroBased(Date.UTC(2024, 1, 29) - 1).abbreviation).toBe('AAA');
    expect(zeroBased(Date.UTC(2023, 2, 1)).abbreviation).toBe('BBB');
  });

  it('takes daylight time all year, as RFC 8536 writes it', () => {
    const rule = parsePosixRule('XXX3EDT4,0/0,J365/23');
    for (let at = Date.UTC(2023, 11, 30); at < Date.UTC(2024, 0, 3); at += HOUR_MS / 4) {
      expect(rule(at)).toMatchObject({ abbreviation: 'EDT', offsetMs: -4 * HOUR_MS });
    }
  });

  it('counts hours, minutes and seconds of an offset, up to the last that may be', () => {
    expect(parsePosixRule('LMT-0:17:30')(0).offsetMs).toBe((17 * 60 + 30) * 1000);
    expect(parsePosixRule('AAA24:59:59')(0).offsetMs).toBe(-((24 * 60 + 59) * 60 + 59) * 1000);
    expect(parsePosixRule('AAA-1:2:3')(0).offsetMs).toBe(((60 + 2) * 60 + 3) * 1000);
  });

  it('takes the first and the last date that there is, and the latest time of change', () => {
    const days = parsePosixRule('AAA0BBB,J1/0,J365/0');
    expect(days(Date.UTC(2023, 0, 1))).toMatchObject({
      abbreviation: 'BBB',
      untilAt: Date.UTC(2023, 11, 30, 23),
    });
    expect(days(Date.UTC(2024, 0, 1))).toMatchObject({
      abbreviation: 'BBB',
      untilAt: Date.UTC(2024, 11, 30, 23),
    });
    const months = parsePosixRule('AAA0BBB,M1.1.0/0,M12.5.6/0');
    expect(months(Date.UTC(2026, 0, 4))).toMatchObject({
      fromAt: Date.UTC(2026, 0, 4),
      untilAt: Date.UTC(2026, 11, 25, 23),
    });
    expect(parsePosixRule('AAA0BBB,M3.1.0/167,M10.1.0')(Date.UTC(2026, 5, 1)).fromAt).toBe(
      Date.UTC(2026, 2, 1) + 167 * HOUR_MS,
    );
  });

  it('adds the time of change to a day of the year, however the days are counted', () => {
    expect(parsePosixRule('AAA0BBB,J60/5,300')(Date.UTC(2023, 3, 1)).fromAt).toBe(Date.UTC(2023, 2, 1, 5));
    expect(parsePosixRule('AAA0BBB,59/5,300')(Date.UTC(2023, 3, 1)).fromAt).toBe(Date.UTC(2023, 2, 1, 5));
  });

  it('counts the 29th of February in leap years alone, and of the centuries every fourth', () => {
    const rule = parsePosixRule('AAA0BBB,J32/0,J60/0');
    const endsAt = (year: number): number => rule(Date.UTC(year, 1, 2)).untilAt;
    for (const year of [2000, 2023, 2024, 2100, 2200, 2400]) {
      expect(new Date(endsAt(year)).toISOString(), String(year)).toBe(
        new Date(Date.UTC(year, 2, 1) - HOUR_MS).toISOString(),
      );
    }
    // Before the 60th nothing is counted, in a leap year either.
    expect(rule(Date.UTC(2024, 1, 2)).fromAt).toBe(Date.UTC(2024, 1, 1));
  });

  it('knows the change before, when clocks far east or west have begun another year', () => {
    const east = parsePosixRule('AAA-14BBB,J1/0,J180/0');
    // In the zone the year began 14 hours ago, and with it the summer.
    expect(east(Date.UTC(2025, 11, 31, 10))).toMatchObject({
      fromAt: Date.UTC(2025, 11, 31, 10),
      abbreviation: 'BBB',
    });
    const west = parsePosixRule('AAA12BBB,J364/0,J180/0');
    expect(west(Date.UTC(2026, 0, 1, 6))).toMatchObject({
      fromAt: Date.UTC(2025, 11, 30, 12),
      abbreviation: 'BBB',
    });
  });

  it.each([
    '',
    'A',
    'CET-1:0:60',
    'CET-1CEST,M0.5.0,M10.5.0',
    'CET',
    'CET-1CEST',
    'CET-1CEST,M3.5.0',
    'CET-1CEST,M3.5.0,M10.5.0/3,',
    'CET-1CEST,M13.5.0,M10.5.0',
    'CET-1CEST,M3.0.0,M10.5.0',
    'CET-1CEST,M3.6.0,M10.5.0',
    'CET-1CEST,M3.5.7,M10.5.0',
    'CET-1CEST,J0,J10',
    'CET-1CEST,366,10',
    'CET-25',
    'CET-1:60',
    'CET-1CEST,M3.5.0/168,M10.5.0',
    '<CET-1',
    'CET-1\n',
  ])('refuses %j', (rule) => {
    expect(() => parsePosixRule(rule)).toThrow(SyntaxError);
  });
});
