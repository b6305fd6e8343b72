import { describe, expect, it } from 'vitest';

import { powerAround } from '../../../src/fleet/power.ts';
import { UTC, zone } from '../../support/fleet/sample-plan.ts';

const ALL = new Set([0, 1, 2, 3, 4, 5, 6]);
const WORKDAYS = new Set([1, 2, 3, 4, 5]);
const at = (text: string): number => Date.parse(text);

describe('powerAround', () => {
  it('is always there without hours', () => {
    expect(powerAround(UTC, undefined, 5)).toEqual({ fromAt: -Infinity, untilAt: Infinity });
  });

  it('is the time that contains the instant, or the next one', () => {
    const hours = { fromMinutes: 480, untilMinutes: 1080, weekdays: WORKDAYS };
    const monday = { fromAt: at('2026-12-07T08:00Z'), untilAt: at('2026-12-07T18:00Z') };
    for (const text of ['2026-12-04T18:00Z', '2026-12-06T12:00Z', '2026-12-07T08:00Z', '2026-12-07T17:59Z']) {
      expect(powerAround(UTC, hours, at(text))).toEqual(monday);
    }
  });

  it('follows the local clock across a change of it', () => {
    const hours = { fromMinutes: 480, untilMinutes: 1080, weekdays: ALL };
    expect(powerAround(zone('Europe/Berlin'), hours, at('2027-03-27T20:00Z'))).toEqual({
      fromAt: at('2027-03-28T06:00Z'),
      untilAt: at('2027-03-28T16:00Z'),
    });
  });

  it('does not go out at midnight where the next day begins with power', () => {
    const whole = { fromMinutes: 0, untilMinutes: 1440, weekdays: WORKDAYS };
    expect(powerAround(UTC, whole, at('2026-12-08T12:00Z'))).toMatchObject({
      untilAt: at('2026-12-12T00:00Z'),
    });
    expect(powerAround(UTC, { ...whole, weekdays: ALL }, at('2026-12-08T12:00Z'))?.untilAt).toBe(Infinity);
  });
});
