import { describe, expect, it } from 'vitest';

import { fixedZone, UTC } from '../../../src/calendar/zone-rules.ts';
import { PeriodicSchedule, type PeriodicSettings } from '../../../src/strategies/periodic-schedule.ts';
import { upcoming } from '../../../src/strategies/upcoming.ts';

const DAY = 86_400_000;
const HOUR = DAY / 24;
const MON = Date.UTC(2026, 10, 23);
const text = { showInstant: () => '', showDate: () => '', showDistance: () => '' };

function schedule(changes: Partial<PeriodicSettings>) {
  const settings: PeriodicSettings = {
    timeZone: 'UTC',
    windows: [{ days: [{ weekday: 1 }], startMinutes: 60, lengthMinutes: 120 }],
    freezes: [],
    splayMinutes: 0,
    minHours: 1,
    ...changes,
  };
  const nodeUuid = '12345678123412341234123456789abc';
  return new PeriodicSchedule({
    settings,
    nodeUuid,
    zoneOf: (name) => (name === 'UTC' ? UTC : fixedZone(name, HOUR)),
    text,
  });
}

describe('upcoming', () => {
  it('has each window whole that overlaps the time, by its start', () => {
    const spans = upcoming(schedule({}), MON + 2 * HOUR, MON + 7 * DAY + 1.5 * HOUR);
    expect(spans.map(({ kind, startAt, endAt }) => [kind, startAt - MON, (endAt ?? 0) - MON])).toEqual([
      ['window', HOUR, 3 * HOUR],
      ['window', 7 * DAY + HOUR, 7 * DAY + 3 * HOUR],
    ]);
  });

  it('leaves out what ends where the time begins, and what begins where it ends', () => {
    expect(upcoming(schedule({}), MON + 3 * HOUR, MON + 7 * DAY + HOUR)).toEqual([]);
  });

  it('says when it is the turn of this node, where there is splay', () => {
    const [window, turn] = upcoming(schedule({ splayMinutes: 60 }), MON, MON + DAY);
    expect(window?.kind).toBe('window');
    expect(turn?.kind).toBe('turn');
    expect(turn?.endAt).toBe(window?.endAt);
    expect(turn?.startAt).toBeGreaterThanOrEqual(MON + HOUR);
    expect(turn?.startAt).toBeLessThan(MON + 2 * HOUR);
  });

  it('leaves out a turn that comes when the time is over', () => {
    const plan = schedule({ splayMinutes: 60 });
    const turnAt = plan.turnAt(MON + HOUR)!;
    expect(turnAt).toBeGreaterThan(MON + HOUR);
    const kinds = (untilAt: number) => upcoming(plan, MON, untilAt).map(({ kind }) => kind);
    expect(kinds(turnAt)).toEqual(['window']);
    expect(kinds(turnAt + 1)).toEqual(['window', 'turn']);
  });

  it('leaves out a freeze that ends where the time begins, or begins where it ends', () => {
    const freeze = (from: number, until: number, reason: string) => ({
      from: { kind: 'instant' as const, ms: from },
      until: { kind: 'instant' as const, ms: until },
      reason,
    });
    const plan = schedule({
      windows: [],
      freezes: [
        freeze(MON - DAY, MON, 'before'),
        freeze(MON - DAY, MON + 1, 'into it'),
        freeze(MON + HOUR - 1, MON + DAY, 'out of it'),
        freeze(MON + HOUR, MON + DAY, 'behind'),
      ],
    });
    const reasons = upcoming(plan, MON, MON + HOUR).map(({ text: said }) => said);
    expect(reasons).toEqual(['freeze: into it', 'freeze: out of it']);
  });

  it('has freezes, and no window within them', () => {
    const freezes = [
      {
        from: { kind: 'instant' as const, ms: MON - DAY },
        until: { kind: 'instant' as const, ms: MON + 2 * HOUR },
        reason: 'R',
      },
    ];
    const spans = upcoming(schedule({ freezes }), MON, MON + DAY);
    expect(spans.map(({ kind, startAt, text }) => [kind, startAt - MON, text])).toEqual([
      ['freeze', -DAY, 'freeze: R'],
      ['window', 2 * HOUR, 'maintenance window'],
    ]);
  });

  it('says of windows that never close that no end is in sight', () => {
    const windows = [
      { startMinutes: 0, lengthMinutes: 1440, days: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday })) },
    ];
    const [only, ...others] = upcoming(schedule({ windows }), MON, MON + DAY);
    expect(others).toEqual([]);
    expect(only).not.toHaveProperty('endAt');
  });
});
