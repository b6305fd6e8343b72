import { describe, expect, it } from 'vitest';
import { IANAZone } from 'luxon';

import { builtInZone, showDate, showDistance, showInstant } from '../../../src/calendar/luxon-zone.ts';
import { parseTzif } from '../../../src/calendar/tzif.ts';
import { UTC, offsetAt } from '../../../src/calendar/zone-rules.ts';
import { tzifOfRule } from '../../support/tzif-bytes.ts';

const HOUR_MS = 3_600_000;
const BERLIN = parseTzif('Europe/Berlin', tzifOfRule('CET-1CEST,M3.5.0,M10.5.0/3', 3600, 'CET'));
const TEHRAN = parseTzif('Asia/Tehran', tzifOfRule('<+0330>-3:30', 12_600, '+0330'));
const at = (text: string): number => Date.parse(text);

describe('for people', () => {
  it.each([
    [BERLIN, '2026-11-28T02:00:00Z', 'Sat 2026-11-28 03:00 CET'],
    [BERLIN, '2026-07-28T02:00:00Z', 'Tue 2026-07-28 04:00 CEST'],
    [BERLIN, '2026-11-28T02:17:21.900Z', 'Sat 2026-11-28 03:17:21 CET'],
    [BERLIN, '2026-10-25T00:30:00Z', 'Sun 2026-10-25 02:30 CEST'],
    [BERLIN, '2026-10-25T01:30:00Z', 'Sun 2026-10-25 02:30 CET'],
    [TEHRAN, '2026-11-28T23:00:00Z', 'Sun 2026-11-29 02:30 +0330'],
    [UTC, '2026-11-28T02:00:00Z', 'Sat 2026-11-28 02:00 UTC'],
  ])('an instant, %#', (zone, instant, expected) => {
    expect(showInstant(zone, at(instant))).toBe(expected);
  });

  it('a date is the local one', () => {
    expect(showDate(BERLIN, at('2026-11-28T23:00:00Z'))).toBe('2026-11-29');
  });

  it.each([
    ['2026-11-28T02:00:00Z', '2026-11-28T22:00:00Z', 'today'],
    ['2026-11-28T22:59:00Z', '2026-11-28T23:00:00Z', 'tomorrow'],
    ['2026-11-28T02:00:00Z', '2026-11-30T02:00:00Z', 'in 2 days'],
    ['2026-10-24T02:00:00Z', '2026-10-26T02:00:00Z', 'in 2 days'],
    ['2026-11-28T02:00:00Z', '2028-02-29T02:00:00Z', 'in 458 days'],
  ])('how far it is from %s to %s: %s', (from, to, expected) => {
    expect(showDistance(BERLIN, at(from), at(to))).toBe(expected);
  });
});

describe('the built-in data', () => {
  it('are periods with exact edges, whatever is asked first', () => {
    for (const name of ['Europe/Berlin', 'Australia/Lord_Howe', 'Pacific/Apia', 'Africa/Casablanca']) {
      const zone = builtInZone(name)!;
      const truth = IANAZone.create(name);
      for (let asked = Date.UTC(2010, 0, 1); asked < Date.UTC(2013, 0, 1); asked += 61 * HOUR_MS) {
        const period = zone.periodAt(asked);
        expect(period.fromAt <= asked && asked < period.untilAt).toBe(true);
        for (const probe of [period.fromAt, asked, period.untilAt - 1]) {
          expect(truth.offset(probe) * 60_000).toBe(period.offsetMs);
        }
      }
    }
    const apia = builtInZone('Pacific/Apia')!;
    expect(apia.periodAt(at('2011-12-30T09:59:59.999Z')).untilAt).toBe(at('2011-12-30T10:00:00Z'));
    expect(offsetAt(apia, at('2011-12-30T10:00:00Z'))).toBe(14 * HOUR_MS);
  });

  it('have the abbreviations that English has', () => {
    const names = (name: string) =>
      ['2026-01-15T00:00Z', '2026-07-15T00:00Z'].map(
        (text) => builtInZone(name)!.periodAt(at(text)).abbreviation,
      );
    expect(names('America/New_York')).toEqual(['EST', 'EDT']);
    expect(names('Europe/Berlin')).toEqual(['GMT+1', 'GMT+2']);
  });

  it('lack what is no zone', () => {
    for (const name of ['Europe/Bielefeld', '', '../x']) {
      expect(builtInZone(name)).toBeUndefined();
    }
  });

  it('refuse to tell about no time at all', () => {
    expect(() => builtInZone('Europe/Berlin')!.periodAt(Number.NaN)).toThrow(RangeError);
  });
});
