/** When strategy `periodic` passes: as it reports, under whatever a person overrides. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Override } from '../../../src/agent/overrides.ts';
import { fixedZone, UTC } from '../../../src/calendar/zone-rules.ts';
import { PeriodicSchedule } from '../../../src/strategies/periodic-schedule.ts';
import { timePeriodic } from '../../../src/strategies/periodic-timing.ts';
import { explainPeriodic, judgePeriodic } from '../../../src/strategies/periodic.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/text/units.ts';
import { question } from '../../support/question.ts';

const TEXT = { showInstant: () => '', showDate: () => '', showDistance: () => '' };
/** A Monday. */
const MONDAY = Date.UTC(2026, 10, 23);

interface Drawn {
  readonly startMinutes?: number;
  readonly lengthMinutes?: number;
  readonly splayMinutes?: number;
  readonly freezes?: readonly (readonly [number, number])[];
}

/** A window on each Monday, from 02:00 UTC for two hours. */
function schedule(drawn: Drawn = {}): PeriodicSchedule {
  const { startMinutes = 120, lengthMinutes = 120, splayMinutes = 0, freezes = [] } = drawn;
  return new PeriodicSchedule({
    settings: {
      timeZone: 'UTC',
      windows: [{ days: [{ weekday: 1 }], startMinutes, lengthMinutes }],
      freezes: freezes.map(([from, until]) => ({
        from: { kind: 'instant', ms: from },
        until: { kind: 'instant', ms: until },
        reason: 'release week',
      })),
      splayMinutes,
      minHours: 0,
    },
    nodeUuid: 'a node',
    zoneOf: (name) => (name === 'UTC' ? UTC : fixedZone(name, 0)),
    text: TEXT,
  });
}

describe('passAfter', () => {
  it('is the open window to its end, or the next one', () => {
    const { class: of, passAfter } = timePeriodic(schedule());
    const opensAt = MONDAY + 2 * HOUR_MS;
    expect(of).toBe('timed');
    expect(passAfter(MONDAY)).toEqual({ fromAt: opensAt, untilAt: opensAt + 2 * HOUR_MS });
    expect(passAfter(opensAt + 5)).toEqual({ fromAt: opensAt + 5, untilAt: opensAt + 2 * HOUR_MS });
    expect(passAfter(opensAt + 2 * HOUR_MS)?.fromAt).toBe(opensAt + 7 * DAY_MS);
  });

  it('begins with the turn of the node', () => {
    const plan = schedule({ splayMinutes: 60 });
    const turnAt = plan.turnAt(MONDAY + 2 * HOUR_MS)!;
    expect(turnAt).toBeGreaterThan(MONDAY + 2 * HOUR_MS);
    expect(timePeriodic(plan).passAfter(MONDAY)?.fromAt).toBe(turnAt);
    expect(timePeriodic(plan).passAfter(MONDAY + 2 * HOUR_MS)?.fromAt).toBe(turnAt);
  });

  it('passes over a window that is frozen', () => {
    const plan = schedule({ freezes: [[MONDAY, MONDAY + DAY_MS]] });
    expect(timePeriodic(plan).passAfter(MONDAY)?.fromAt).toBe(MONDAY + 7 * DAY_MS + 2 * HOUR_MS);
  });

  it('knows that no window ever opens', () => {
    const plan = new PeriodicSchedule({
      settings: { timeZone: 'UTC', windows: [], freezes: [], splayMinutes: 0, minHours: 0 },
      nodeUuid: 'a node',
      zoneOf: () => UTC,
      text: TEXT,
    });
    expect(timePeriodic(plan).passAfter(MONDAY)).toBeUndefined();
    expect(timePeriodic(plan, ['window']).passAfter(MONDAY)).toEqual({ fromAt: MONDAY });
  });

  const words: readonly Override[] = ['window', 'freeze', 'splay'];
  const minutes = (max: number) => fc.integer({ min: 1, max });
  const drawn = fc.record({
    startMinutes: fc.nat(1439),
    lengthMinutes: minutes(900),
    splayMinutes: fc.oneof(fc.constant(0), minutes(200)),
    freezes: fc.array(
      fc.tuple(fc.nat(14 * 1440), minutes(2000)).map(([from, length]) => {
        const fromAt = MONDAY + from * MINUTE_MS;
        return [fromAt, fromAt + length * MINUTE_MS] as const;
      }),
      { maxLength: 2 },
    ),
  });

  it('begins and ends where the reports do, whatever is overridden', () => {
    const overrides = fc.subarray([...words]);
    fc.assert(
      fc.property(drawn, overrides, fc.nat(14 * 1440 * 60), (shape, over, seconds) => {
        const plan = schedule(shape);
        const at = MONDAY + seconds * 1000;
        const verdictAt = (instant: number) =>
          judgePeriodic(plan, question(instant, { overrides: over })).verdict;
        const { passAfter } = timePeriodic(plan, over);
        const pass = passAfter(at)!;
        expect(verdictAt(pass.fromAt)).toBe('pass');
        expect(pass.fromAt === at).toBe(verdictAt(at) === 'pass');
        const { nextAt } = judgePeriodic(plan, question(at, { overrides: over }));
        expect(nextAt ?? at).toBe(pass.fromAt);
        const untilAt = pass.untilAt ?? pass.fromAt + DAY_MS;
        for (let step = 1; step < 8; step++) {
          const before = at + ((pass.fromAt - at) * step) / 8;
          expect(before < pass.fromAt && verdictAt(before) === 'pass').toBe(false);
          expect(verdictAt(pass.fromAt + ((untilAt - pass.fromAt) * step) / 8)).toBe('pass');
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('overrides', () => {
  const frozen = schedule({ splayMinutes: 60, freezes: [[MONDAY, MONDAY + DAY_MS]] });

  it('of a freeze alone leave the windows as they are', () => {
    const report = judgePeriodic(frozen, question(MONDAY, { overrides: ['freeze', 'splay'] }));
    expect(report).toMatchObject({ label: 'outside_window', nextAt: MONDAY + 2 * HOUR_MS });
  });

  it('of the windows alone leave the freezes as they are', () => {
    const report = judgePeriodic(frozen, question(MONDAY, { overrides: ['window'] }));
    expect(report).toMatchObject({ verdict: 'block', label: 'frozen', nextAt: MONDAY + DAY_MS });
  });

  it('of all three let the node pass at any time', () => {
    const explained = explainPeriodic(frozen, question(MONDAY, { overrides: ['window', 'freeze', 'splay'] }));
    expect(explained.report).toMatchObject({ verdict: 'pass' });
    expect(explained.passAfter(MONDAY)).toEqual({ fromAt: MONDAY });
  });
});
