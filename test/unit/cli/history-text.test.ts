import { describe, expect, it } from 'vitest';

import { historyLines } from '../../../src/cli/history-text.ts';
import { parsePast } from '../../../src/cli/past-time.ts';
import { UsageError } from '../../../src/cli/usage-error.ts';
import { UTC } from '../../../src/calendar/zone-rules.ts';

const NOW = Date.parse('2026-11-25T15:44:30Z');
const TERMS = { now: NOW, zone: UTC, width: undefined, colour: false, users: new Map() };
const entry = (kind: string, text: string, fields = {}) => ({ at: NOW - 60_000, kind, text, fields });

describe('an entry', () => {
  it('has its local time, its kind and its sentence', () => {
    expect(historyLines([entry('staged', 'a'), entry('configuration-refused', 'b')], TERMS)).toEqual([
      'Wed 25 Nov 15:43 UTC  staged                 a',
      'Wed 25 Nov 15:43 UTC  configuration-refused  b',
    ]);
  });

  it('of a whole update has the downtime, once', () => {
    const [without, withIt] = historyLines(
      [
        entry('updated', "updated to '2.0'", { downtimeMs: 48_000 }),
        entry('updated', "updated to '2.0', 48 s down", { downtimeMs: 48_000 }),
      ],
      TERMS,
    );
    expect(without).toMatch(/updated to '2\.0', down for 48 s$/);
    expect(withIt).toMatch(/updated to '2\.0', 48 s down$/);
  });

  it.each([
    [
      'held',
      'reboot held by the update strategy: outside of maintenance windows; next one opens Sat 2026-11-28 02:00 UTC (in 2 days), not before Sat 2026-11-28 02:00:00 UTC',
      'outside of maintenance windows; next one opens Sat 28 Nov 02:00 UTC',
    ],
    [
      'held',
      'reboot held by the update strategy: reboots are held: h1 by uid 1000 until Sat 2026-11-28 18:00:00 UTC, not before Sat 2026-12-05 02:00:00 UTC',
      'reboots are held: h1 by core until Sat 28 Nov 18:00 UTC, not before Sat 5 Dec 02:00 UTC',
    ],
    ['request', 'request a-1 of uid 1000: hold reboot: exam', 'a-1 by core: hold reboot: exam'],
    ['request', 'request a-1 is done: hold h1 is over', 'a-1 is done: hold h1 is over'],
    ['staged', 'update staged: 2.0', 'update staged: 2.0'],
  ])('of kind %s says once what there is to say', (kind, text, expected) => {
    const [line] = historyLines([entry(kind, text)], { ...TERMS, users: new Map([[1000, 'core']]) });
    expect(line?.slice(36)).toBe(expected);
  });

  it('moves no cursor, and fits on a narrow terminal', () => {
    expect(historyLines([entry('x\u001b[2J', 'y\u001b[H')], TERMS).join()).not.toContain('\u001b');
    const long = historyLines([entry('staged', 'word '.repeat(30).trim())], { ...TERMS, width: 40 });
    expect(long.length).toBeGreaterThan(3);
    expect(Math.max(...long.map((line) => line.length))).toBeLessThanOrEqual(40);
  });
});

describe('an instant that is over', () => {
  const past = (text: string) => new Date(parsePast(text, TERMS)).toISOString();

  it.each([
    ['15:00', '2026-11-25T15:00:00.000Z'],
    ['18:00', '2026-11-24T18:00:00.000Z'],
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    ['2026-11-20 18:00', '2026-11-20T18:00:00.000Z'],
    ['2026-11-25T16:00:00+01:00', '2026-11-25T15:00:00.000Z'],
    ['2d', '2026-11-23T15:44:30.000Z'],
  ])('%s', (text, expected) => {
    expect(past(text)).toBe(expected);
  });

  it('that is still to come is a mistake', () => {
    expect(() => past('2026-11-26')).toThrow(UsageError);
    expect(() => past('soon')).toThrow(UsageError);
  });
});
