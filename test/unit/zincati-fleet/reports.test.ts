import { describe, expect, it } from 'vitest';

import { calendarOf } from '../../../fleet/calendar-report.ts';
import { htmlReport } from '../../../fleet/html-report.ts';
import { jsonReport } from '../../../fleet/json-report.ts';
import { quantile, textReport } from '../../../fleet/text-report.ts';
import { simulateFleet } from '../../../src/fleet/simulate-fleet.ts';
import { group, LOCKED, PERIODIC, plan, zone } from '../../support/fleet/sample-plan.ts';

const PLAN = plan({
  groups: [
    group('web', PERIODIC, { zones: [zone('Europe/Berlin')] }),
    group('db', LOCKED, { lock: 'https://lock.example/<script>' }),
    group('by hand', '[updates]\nstrategy = "manual"', { nodes: 3 }),
  ],
  locks: [{ name: 'https://lock.example/<script>', slots: 2 }],
});
const OUTCOME = simulateFleet(PLAN);

describe('reports of a simulation', () => {
  it('the text has a line for each group, lock and holder', () => {
    const text = textReport(PLAN, OUTCOME);
    expect(text).toMatch(/^43 nodes from 2026-12-01 00:00 UTC to 2026-12-11 00:00 UTC, seed 1\n/);
    expect(text).toMatch(/^web +44\.1\.0 +20 of 20 +2 d 1\d h +2 d 1\d h +2 d 1\d h$/m);
    expect(text).toMatch(/^https:\/\/lock\.example\/<script> +2 +1 +\d+ % +/m);
    expect(text).toMatch(/^by hand +3 +manual +staged; this node reboots only by hand/m);
    expect(text).not.toMatch(/ $/m);
  });

  it('says that all have moved on where they have', () => {
    const all = plan({ groups: [group('web', '')] });
    expect(textReport(all, simulateFleet(all))).toContain(
      'Every node has left the release that it began with.',
    );
  });

  it('a quantile counts nodes that have not arrived as later than any', () => {
    expect([0.5, 0.95].map((part) => quantile([1, 2, 3, 4], part, 4))).toEqual([2, 4]);
    expect([0.5, 0.95].map((part) => quantile([1, 2], part, 4))).toEqual([2, undefined]);
    expect(quantile([], 0.5, 4)).toBeUndefined();
  });

  it('the page has three plots, loads nothing, runs nothing, and escapes what a plan says', async () => {
    const page = await htmlReport(PLAN, OUTCOME);
    expect(page.match(/<svg /g)).toHaveLength(3);
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<script|src=|href="http|url\((?!#)/);
    expect(page).toContain('https://lock.example/&lt;script&gt;');
    expect((await htmlReport(PLAN, OUTCOME)) === page).toBe(true);
    const ids = [...page.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('the calendar has the windows of each group and zone, in UTC', () => {
    const text = calendarOf(PLAN);
    expect(text.match(/BEGIN:VEVENT/g)).toHaveLength(2);
    expect(text).toContain('DTSTART:20261205T030000Z');
    expect(text).toContain('SUMMARY:web: maintenance window (Europe/Berlin)');
  });

  it('the JSON document says everything', () => {
    const document: unknown = JSON.parse(jsonReport(PLAN, OUTCOME));
    expect(document).toMatchObject({
      simulation: 1,
      from: '2026-12-01T00:00:00.000Z',
      groups: [{ name: 'web' }, { name: 'db' }, { name: 'by hand', stuck: [{ by: 'manual', nodes: 3 }] }],
      locks: [{ slots: 2 }],
    });
  });
});
