import { describe, expect, it } from 'vitest';

import { rebootTimes } from '../../../../fleet/graph/reboot-times.ts';
import { HOUR_MS, MINUTE_MS } from '../../../../src/text/units.ts';
import { settingsFrom } from '../../../support/fleet/sample-plan.ts';

const WINDOW = `
[updates]
strategy = "periodic"
[updates.periodic]
time_zone = "localtime"
[[updates.periodic.window]]
days = ["Sat"]
start_time = "03:00"
length_minutes = 60
`;
/** A Friday. */
const AT = Date.UTC(2026, 11, 4, 12);
const SATURDAY = Date.UTC(2026, 11, 5, 3);

describe('rebootTimes', () => {
  it('are at once without a calendar, and in the next window with one, in the zone of the node', () => {
    expect(rebootTimes(settingsFrom(''), 'UTC').timeOf(AT, 0)).toEqual({ at: AT });
    const { timeOf, assumptions } = rebootTimes(settingsFrom(WINDOW), 'UTC');
    expect(timeOf(AT, 0)).toEqual({ at: SATURDAY });
    expect(timeOf(SATURDAY + 59 * MINUTE_MS, 0)).toEqual({ at: SATURDAY + 59 * MINUTE_MS });
    expect(timeOf(SATURDAY + HOUR_MS, 0)).toEqual({ at: SATURDAY + 7 * 24 * HOUR_MS });
    expect(assumptions).toEqual(['nobody is logged in']);
    expect(rebootTimes(settingsFrom(WINDOW), 'Europe/Berlin').timeOf(AT, 0)).toEqual({
      at: SATURDAY - HOUR_MS,
    });
    expect(() => rebootTimes(settingsFrom(WINDOW), 'Europe/Nowhere')).toThrow(
      /must be known to this machine/,
    );
  });

  it('has the turn of the node within the window', () => {
    const splay = settingsFrom(WINDOW.replace('time_zone', 'splay_minutes = 50\ntime_zone'));
    const of = (node: string | undefined) => rebootTimes(splay, 'UTC', node);
    const turns = ['1', '2'].map((digit) => of(digit.repeat(32)).timeOf(AT, 0));
    expect(turns[0]).not.toEqual(turns[1]);
    expect(of(undefined).assumptions[0]).toBe(
      'the turn within a window is that of some node: --node says which',
    );
    expect(of('1'.repeat(32)).assumptions).toEqual(['nobody is logged in']);
  });

  it('never come where updates are off, or where a freeze has no end in sight', () => {
    expect(rebootTimes(settingsFrom('[updates]\nenabled = false'), 'UTC').timeOf(AT, 0)).toEqual({
      never: 'updates.enabled is false',
    });
    const frozen = settingsFrom(
      `${WINDOW}[[updates.periodic.freeze]]\nfrom = 2026-12-01T00:00:00\nuntil = 2099-01-01T00:00:00\nreason = "for ever"\n`,
    );
    expect(rebootTimes(frozen, 'UTC').timeOf(AT, 0)).toEqual({
      never: expect.stringContaining('for ever') as string,
    });
  });

  it('wait for the least uptime', () => {
    const { timeOf } = rebootTimes(settingsFrom('[updates.reboot]\nmin_uptime_minutes = 60'), 'UTC');
    expect(timeOf(AT, AT - 10 * MINUTE_MS)).toEqual({ at: AT + 50 * MINUTE_MS });
    expect(timeOf(AT, AT - 2 * HOUR_MS)).toEqual({ at: AT });
  });

  it('say what no calendar knows', () => {
    const { assumptions } = rebootTimes(
      settingsFrom(
        '[updates]\nstrategy = ["manual", "fleet_lock", "marker"]\nfleet_lock.base_url = "https://lock.example"\nmarker.path = "/run/ok"',
      ),
      'UTC',
    );
    expect(assumptions).toEqual([
      'the lock server lends a slot at once',
      'somebody asks for each reboot as soon as it is possible',
      'the permission file is there',
      'nobody is logged in',
    ]);
  });
});
