import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { parseTzif } from '../../../src/calendar/tzif.ts';
import { UTC } from '../../../src/calendar/zone-rules.ts';
import { describeDuration, parseDuration } from '../../../src/cli/duration.ts';
import { distance, localTime, parseTime } from '../../../src/cli/terms.ts';
import { UsageError } from '../../../src/cli/usage-error.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/text/units.ts';

const BERLIN = parseTzif('Europe/Berlin', readFileSync('/usr/share/zoneinfo/Europe/Berlin'));
const NOW = Date.parse('2026-11-25T15:44:30Z');
const berlin = { now: NOW, zone: BERLIN };
const OF = { option: 'until', command: 'hold' };
const iso = (text: string, terms = berlin): string => new Date(parseTime(text, terms, OF)).toISOString();

describe('local time', () => {
  it('has the name of the zone that holds at that instant, and another year where it is one', () => {
    expect(localTime(Date.parse('2026-11-28T01:00:00Z'), berlin)).toBe('Sat 28 Nov 02:00 CET');
    expect(localTime(Date.parse('2026-07-01T22:30:00Z'), berlin)).toBe('Thu 2 Jul 00:30 CEST');
    expect(localTime(Date.parse('2027-01-01T00:00:00Z'), berlin)).toBe('Fri 1 Jan 2027 01:00 CET');
    expect(localTime(Date.parse('2026-12-31T23:30:00Z'), berlin)).toBe('Fri 1 Jan 2027 00:30 CET');
    expect(localTime(NOW, { now: NOW, zone: UTC })).toBe('Wed 25 Nov 15:44 UTC');
  });

  it('has a distance', () => {
    expect(distance(NOW + 2 * DAY_MS + 9 * HOUR_MS, berlin)).toBe('in 2 d 9 h');
    expect(distance(NOW - 4 * MINUTE_MS, berlin)).toBe('4 min ago');
    expect(distance(NOW, berlin)).toBe('now');
  });
});

describe('what people mean by a time', () => {
  it.each([
    ['18:00', '2026-11-25T17:00:00.000Z'],
    ['08:00', '2026-11-26T07:00:00.000Z'],
    ['2026-11-28', '2026-11-27T23:00:00.000Z'],
    ['2026-11-28 18:00', '2026-11-28T17:00:00.000Z'],
    ['2026-11-28T18:00:30', '2026-11-28T17:00:30.000Z'],
    ['2026-07-01 18:00', '2026-07-01T16:00:00.000Z'],
    // It is skipped there, so it means the first instant after the gap.
    ['2027-03-28 02:30', '2027-03-28T01:00:00.000Z'],
    ['2026-11-28T18:00Z', '2026-11-28T18:00:00.000Z'],
    ['2026-11-28 18:00:00.5+05:30', '2026-11-28T12:30:00.500Z'],
  ])('%s', (text, expected) => {
    expect(iso(text)).toBe(expected);
  });

  it.each([
    '',
    '25:00',
    '18:60',
    '8',
    'tomorrow',
    '2026-02-31',
    '2026-13-01',
    '2026-11-28 24:00',
    '\u001b[2J',
  ])('refuses %j', (text) => {
    expect(() => parseTime(text, berlin, OF)).toThrow(UsageError);
    expect(() => parseTime(text, berlin, OF)).toThrow(/^--until: a time must be such as/);
  });
});

describe('durations', () => {
  it.each([
    ['90s', 90 * SECOND_MS],
    ['45m', 45 * MINUTE_MS],
    ['45 min', 45 * MINUTE_MS],
    ['2d 12h', 60 * HOUR_MS],
    ['1w2d', 9 * DAY_MS],
  ])('reads %s', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each(['', '0s', '5', 'h', '-1h', '1.5h', '1y', '99999d', '1s'.repeat(60)])('refuses %j', (text) => {
    expect(() => parseDuration(text)).toThrow(UsageError);
  });

  it.each([
    [0, '0 s'],
    [999, '0 s'],
    [30 * SECOND_MS, '30 s'],
    [4 * MINUTE_MS + 5 * SECOND_MS, '4 min 5 s'],
    [12 * MINUTE_MS + 5 * SECOND_MS, '12 min'],
    [2 * HOUR_MS, '2 h'],
    [2 * HOUR_MS + 61 * SECOND_MS, '2 h 1 min'],
    [2 * DAY_MS + 9 * HOUR_MS, '2 d 9 h'],
    [22 * DAY_MS + 9 * HOUR_MS, '22 d'],
    // The second unit is the next one: a day and three minutes is a day.
    [DAY_MS + 3 * MINUTE_MS, '1 d'],
  ])('says %d ms as %s', (ms, expected) => {
    expect(describeDuration(ms)).toBe(expected);
  });
});
