/** When strategy `periodic` passes: as it reports, under whatever a person overrides. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Override } from '../../../src/agent/overrides.ts';
import { UTC, type OffsetPeriod, type ZoneRules } from '../../../src/calendar/zone-rules.ts';
import { PeriodicSchedule } from '../../../src/strategies/periodic-schedule.ts';
import { timePeriodic } from '../../../src/strategies/periodic-timing.ts';
import { explainPeriodic, judgePeriodic } from '../../../src/strategies/periodic.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/text/units.ts';
import { question } from '../../support/question.ts';

const TEXT = { showInstant: () => '', showDate: () => '', showDistance: () => '' };
/** A Monday. */
const MONDAY = Date.UTC(2026, 10, 23);

/** A clock that shows UTC, and counts how often it is asked. */
class CountedZone implements ZoneRules {
  readonly name = 'UTC';
  looks = 0;

  periodAt(instant: number): OffsetPeriod {
    this.looks += 1;
    return UTC.periodAt(instant);
  }

  /** How often `work` asks. */
  during(work: () => unknown): number {
    const before = this.looks;
    work();
    return this.looks - before;
  }
}

interface Drawn {
  readonly zone?: ZoneRules;
  readonly startMinutes?: number;
  readonly lengthMinutes?: number;
  readonly splayMinutes?: number;
  readonly freezes?: readonly (readonly [number, number])[];
}

/** A window on each Monday, from 02:00 UTC for two hours. */
function schedule(drawn: Drawn = {}): PeriodicSchedule {
  const { startMinutes = 120, lengthMinutes = 120, splayMinutes = 0, freezes = [], zone = UTC } = drawn;
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
    zoneOf: () => zone,
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
    const { passAfter } = timePeriodic(plan);
    expect(passAfter(MONDAY)).toBeUndefined();
    expect(passAfter(MONDAY)).toBeUndefined();
    expect(timePeriodic(plan, ['window']).passAfter(MONDAY)).toEqual({ fromAt: MONDAY });
  });

  it('is searched once for all instants from which it is the next, and within it', () => {
    const zone = new CountedZone();
    const { passAfter } = timePeriodic(schedule({ zone }));
    const opensAt = MONDAY + 2 * HOUR_MS;
    expect(zone.during(() => passAfter(MONDAY))).toBeGreaterThan(0);
    for (const at of [MONDAY, MONDAY + 1, opensAt - 1, opensAt, opensAt + 2 * HOUR_MS - 1]) {
      expect(zone.during(() => passAfter(at))).toBe(0);
    }
    for (const at of [MONDAY - 1, opensAt + 2 * HOUR_MS]) {
      expect(zone.during(() => passAfter(at))).toBeGreaterThan(0);
    }
  });

  it('without an end is searched again behind its beginning', () => {
    const zone = new CountedZone();
    const { passAfter } = timePeriodic(schedule({ zone, lengthMinutes: 7 * 1440, splayMinutes: 60 }));
    expect(passAfter(MONDAY)).toEqual({ fromAt: MONDAY });
    expect(zone.during(() => passAfter(MONDAY))).toBe(0);
    expect(zone.during(() => passAfter(MONDAY + 40 * DAY_MS))).toBeGreaterThan(0);
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

describe('what is remembered', () => {
  const shape = fc.record({
    startMinutes: fc.nat(1439),
    lengthMinutes: fc.constantFrom(60, 1439, 1440, 1441, 10_000, 10_080),
    splayMinutes: fc.constantFrom(0, 60, 600),
  });
  const instants = fc.array(fc.nat(21 * 1440), { minLength: 2, maxLength: 8 });

  it('changes no answer, in whatever order they are asked for', () => {
    const overrides = fc.constantFrom<readonly Override[]>([], ['window']);
    fc.assert(
      fc.property(shape, overrides, instants, (drawn, over, minutes) => {
        const plan = schedule(drawn);
        const { passAfter } = timePeriodic(plan, over);
        for (const minute of minutes) {
          const at = MONDAY + minute * MINUTE_MS;
          expect(passAfter(at)).toEqual(timePeriodic(schedule(drawn), over).passAfter(at));
          expect(plan.turnAt(at)).toBe(schedule(drawn).turnAt(at));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('is the turn in a window of up to a day, from its first instant to its last', () => {
    const zone = new CountedZone();
    const plan = schedule({ zone, startMinutes: 0, lengthMinutes: 1440, splayMinutes: 60 });
    const turnAt = plan.turnAt(MONDAY + HOUR_MS);
    for (const at of [MONDAY, MONDAY + DAY_MS - 1]) {
      expect(zone.during(() => expect(plan.turnAt(at)).toBe(turnAt))).toBe(0);
    }
    expect(plan.turnAt(MONDAY - 1)).toBeUndefined();
    expect(plan.turnAt(MONDAY + DAY_MS)).toBeUndefined();
    // What was remembered stays so.
    expect(zone.during(() => plan.turnAt(MONDAY))).toBe(0);
    const long = schedule({ zone, startMinutes: 0, lengthMinutes: 1441, splayMinutes: 60 });
    long.turnAt(MONDAY);
    expect(zone.during(() => long.turnAt(MONDAY))).toBeGreaterThan(0);
  });
});

describe('overrides', () => {
  it('that take nothing out leave the schedule itself', () => {
    const plain = schedule();
    const splayed = schedule({ splayMinutes: 60 });
    const frozen = schedule({ freezes: [[MONDAY, MONDAY + DAY_MS]] });
    expect(plain.overriding(['freeze', 'splay', 'window'])).toBe(plain);
    expect(splayed.overriding(['freeze'])).toBe(splayed);
    expect(frozen.overriding(['splay'])).toBe(frozen);
    expect(frozen.overriding(['freeze']).calendar.freezes).toEqual([]);
    expect(splayed.overriding(['splay']).turnAt(MONDAY + 2 * HOUR_MS)).toBeUndefined();
  });

  it('of the windows change nothing inside of one', () => {
    const plan = schedule();
    const opensAt = MONDAY + 2 * HOUR_MS;
    expect(judgePeriodic(plan, question(opensAt, { overrides: ['window'] }))).toEqual(
      judgePeriodic(plan, question(opensAt)),
    );
  });

  it('of the windows let the node pass until the next freeze, or until a window opens', () => {
    const opensAt = MONDAY + 2 * HOUR_MS;
    const freezeAt = MONDAY + HOUR_MS;
    const before: readonly [number, number] = [MONDAY - DAY_MS, MONDAY - HOUR_MS];
    const passAfter = (drawn: Drawn) => timePeriodic(schedule(drawn), ['window']).passAfter(MONDAY);
    expect(passAfter({})).toEqual({ fromAt: MONDAY, untilAt: opensAt });
    expect(passAfter({ freezes: [before, [freezeAt, freezeAt + 1]] })).toEqual({
      fromAt: MONDAY,
      untilAt: freezeAt,
    });
    expect(passAfter({ freezes: [[opensAt + HOUR_MS, opensAt + DAY_MS]] })).toEqual({
      fromAt: MONDAY,
      untilAt: opensAt,
    });
  });

  it('of the windows leave the turn of this node inside of one', () => {
    const plan = schedule({ splayMinutes: 60 });
    const opensAt = MONDAY + 2 * HOUR_MS;
    expect(timePeriodic(plan, ['window']).passAfter(opensAt)).toEqual({
      fromAt: plan.turnAt(opensAt),
      untilAt: opensAt + 2 * HOUR_MS,
    });
  });

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
