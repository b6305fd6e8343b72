import { describe, expect, it } from 'vitest';

import { drawnWeek } from '../../../src/calendar/drawn-week.ts';
import { builtInZone } from '../../../src/calendar/luxon-zone.ts';
import { UTC } from '../../../src/calendar/zone-rules.ts';

const MON = Date.UTC(2026, 10, 23);
const HOUR = 3_600_000;
const window = (startAt: number, endAt?: number) => ({
  kind: 'window' as const,
  startAt,
  ...(endAt !== undefined && { endAt }),
});

function berlin() {
  const zone = builtInZone('Europe/Berlin');
  if (zone === undefined) {
    throw new Error('the runtime must know Europe/Berlin');
  }
  return zone;
}

describe('drawnWeek', () => {
  it('draws half hours where there is room, and hours where there is none', () => {
    const spans = [
      window(MON + 2 * HOUR, MON + 4.5 * HOUR),
      { kind: 'freeze' as const, startAt: MON + 24 * HOUR, endAt: MON + 48 * HOUR },
    ];
    expect(drawnWeek(spans, UTC, MON + HOUR, 80).slice(0, 3)).toEqual([
      '           0           6           12          18',
      'Mon 23 Nov ....#####.......................................',
      `Tue 24 Nov ${'x'.repeat(48)}`,
    ]);
    const narrow = drawnWeek(spans, UTC, MON + HOUR, 40);
    expect(narrow[1]).toBe('Mon 23 Nov ..##+...................');
    expect(Math.max(...narrow.map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  it('has seven dates of the zone, beginning with the one that its clocks show', () => {
    const rows = drawnWeek([], berlin(), Date.UTC(2026, 11, 28, 23, 30), 40).slice(1);
    expect(rows.map((row) => row.slice(0, 10))).toEqual([
      'Tue 29 Dec',
      'Wed 30 Dec',
      'Thu 31 Dec',
      'Fri  1 Jan',
      'Sat  2 Jan',
      'Sun  3 Jan',
      'Mon  4 Jan',
    ]);
  });

  it('leaves the hour blank that daylight saving skips', () => {
    const day = Date.UTC(2027, 2, 28);
    const [, row] = drawnWeek([window(day, day + 2 * HOUR)], berlin(), day, 40);
    // Clocks go from 01:59 to 03:00. Open from 01:00 to 04:00 as they show it: two hours.
    expect(row).toBe('Sun 28 Mar .# #....................');
  });

  it('draws the hour that comes twice once, and says when only a part of it is open', () => {
    const day = Date.UTC(2026, 9, 24, 22);
    const all = drawnWeek([window(day + 2 * HOUR, day + 4 * HOUR)], berlin(), day, 40)[1];
    const half = drawnWeek([window(day + 2 * HOUR, day + 3 * HOUR)], berlin(), day, 40)[1];
    expect(all).toBe('Sun 25 Oct ..#.....................');
    expect(half).toBe('Sun 25 Oct ..+.....................');
  });

  it('draws a window without an end to the end', () => {
    expect(drawnWeek([window(MON)], UTC, MON, 40)[7]).toBe(`Sun 29 Nov ${'#'.repeat(24)}`);
  });

  it('draws half hours as soon as a row has room for all of them', () => {
    const row = (width: number): number => drawnWeek([], UTC, MON, width)[1]!.length;
    expect([row(59), row(60)]).toEqual([35, 59]);
  });
});
