import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  firstOfferAt,
  readRollout,
  throttle,
  warinessOf,
  warinessOfRequest,
} from '../../../../src/cincinnati/policy/rollout.ts';

const START_SECS = 1_000_000;
const NOW = START_SECS * 1000;
const HOUR_MS = 3_600_000;
const running = { rollout: { startEpoch: START_SECS, startValue: 0, durationMinutes: 120 } };

describe('a rollout', () => {
  it.each<[object, number, number]>([
    [{ startValue: 0.25 }, 0, 0.25],
    [{ startEpoch: START_SECS + 999, startValue: 0.25 }, 0, 0],
    [{ startEpoch: START_SECS + 1, startValue: 0.25 }, 999, 0],
    [{ startEpoch: START_SECS + 1, startValue: 0.25 }, 1000, 0.25],
    [{}, 0, 0],
    [running.rollout, -1, 0],
    [running.rollout, 0, 0],
    [running.rollout, HOUR_MS, 0.5],
    [running.rollout, 2 * HOUR_MS, 1],
    [running.rollout, 99 * HOUR_MS, 1],
    [{ ...running.rollout, startValue: 0.5 }, -1, 0],
    [{ ...running.rollout, startValue: 0.5 }, 0, 0.5],
    [{ ...running.rollout, startValue: 0.5 }, HOUR_MS, 0.75],
    [{ ...running.rollout, durationMinutes: 0 }, 0, 0],
    [{ ...running.rollout, durationMinutes: 0 }, 30_000, 0.5],
    [{ ...running.rollout, durationMinutes: 0 }, 60_000, 1],
    [{ ...running.rollout, durationMinutes: 1 }, 30_999, 0.5],
    [{ ...running.rollout, startValue: 2 }, HOUR_MS, 1.5],
    [{ ...running.rollout, durationMinutes: 0 }, -1, 0],
  ])('field 11: %j has reached, %d ms after its start, %d', (rollout, afterMs, expected) => {
    expect(throttle(rollout, NOW + afterMs)).toBe(expected);
  });

  it('reaches ever more nodes and in the end all', () => {
    fc.assert(
      fc.property(
        fc.record({
          startEpoch: fc.nat(1000),
          startValue: fc.double({ min: 0, max: 1, noNaN: true }),
          durationMinutes: fc.nat(1000),
        }),
        fc.nat(100_000_000),
        fc.nat(100_000_000),
        (rollout, a, b) => {
          const [early, late] = [throttle(rollout, Math.min(a, b)), throttle(rollout, Math.max(a, b))];
          // Shortly before its end the sum is rounded, and may be a last digit above 1.
          expect(early).toBeLessThanOrEqual(late + 1e-12);
          expect(early).toBeGreaterThanOrEqual(0);
          expect(
            throttle(rollout, (rollout.startEpoch + Math.max(rollout.durationMinutes, 1) * 60) * 1000),
          ).toBeCloseTo(1);
        },
      ),
    );
  });
});

describe('the wariness of a request', () => {
  const uuid = '0123456789abcdef0123456789abcdef';
  const own = warinessOf(uuid);

  it('field 11: is computed from the id of the node, as the engine computes it', () => {
    expect(own).toBeCloseTo(13257554401969295008 / 18446744073709551615, 12);
    const shares = Array.from({ length: 1000 }, (_, index) => warinessOf(`node-${index}`));
    expect(Math.min(...shares)).toBeGreaterThan(0);
    expect(Math.max(...shares)).toBeLessThanOrEqual(1);
    expect(warinessOfRequest(undefined, undefined)).toBe(warinessOf(''));
  });

  it.each<[string, number]>([
    ['0', 0],
    ['0.25', 0.25],
    ['0.250000', 0.25],
    ['.5', 0.5],
    ['1.', 1],
    ['1e-1', 0.1],
    ['+0.5', 0.5],
    ['-1', 0],
    ['-0.5', 0],
    ['2', 1],
    ['inf', 1],
    ['-Infinity', 0],
    ['NaN', Number.NaN],
    ['', own],
    [' 0.5', own],
    ['0,5', own],
    ['0x1', own],
    ['half', own],
    ['.', own],
    ['e1', own],
  ])('field 11: %j is read, clamped or ignored, never refused', (asked, expected) => {
    expect(warinessOfRequest(asked, uuid)).toBe(expected);
  });
});

describe('the metadata of a rollout', () => {
  it.each([
    [['1784728800', '0.5', '2880'], { startEpoch: 1784728800, startValue: 0.5, durationMinutes: 2880 }],
    [['-5', '1', '+7'], { startEpoch: -5, startValue: 1, durationMinutes: 7 }],
    [['soon', '50%', '1.5'], {}],
    [['1.5', '', '-1'], {}],
    [[undefined, undefined, undefined], {}],
  ])('field 11: %j is %j', ([startEpoch, startValue, durationMinutes], expected) => {
    expect(readRollout({ startEpoch, startValue, durationMinutes })).toEqual(expected);
  });
});

describe('the first offer', () => {
  it('is the first second at which the client is shown the release', () => {
    const rollouts = fc.record(
      {
        startEpoch: fc.integer({ min: START_SECS - 300, max: START_SECS + 300 }),
        startValue: fc.constantFrom(0, 0.3, 1),
        durationMinutes: fc.integer({ min: 0, max: 4 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(rollouts, fc.double({ min: 0, max: 1, noNaN: true }), (rollout, wariness) => {
        const shown = Array.from({ length: 800 }, (_, secs) => NOW + secs * 1000).find(
          (at) => !(wariness > throttle(rollout, at)),
        );
        expect(firstOfferAt(rollout, wariness, NOW)).toBe(shown ?? Number.POSITIVE_INFINITY);
      }),
    );
  });

  it('is found, or never comes, however far away the numbers of a graph are', () => {
    for (const startEpoch of [2 ** 62, 2 ** 63 - 1024, -(2 ** 63)]) {
      for (const durationMinutes of [0, 2 ** 63]) {
        expect(firstOfferAt({ startEpoch, durationMinutes }, 0.5, NOW)).toBeGreaterThanOrEqual(NOW);
      }
    }
  });
});

describe('graph 1: numbers of a rollout', () => {
  it('that do not fit into 64 bits count as not given, as to the real engine', () => {
    const read = (startEpoch: string, durationMinutes: string) =>
      readRollout({ startEpoch, startValue: undefined, durationMinutes });
    expect(read('9223372036854775807', '18446744073709551615')).toEqual({
      startEpoch: 2 ** 63,
      durationMinutes: 2 ** 64,
    });
    expect(read('9223372036854775808', '18446744073709551616')).toEqual({});
    expect(read('-9223372036854775808', '1')).toEqual({ startEpoch: -(2 ** 63), durationMinutes: 1 });
    expect(read('-9223372036854775809', '9'.repeat(1_000_000))).toEqual({});
  });
});
