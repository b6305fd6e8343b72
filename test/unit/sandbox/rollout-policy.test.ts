import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseHistory, type History } from '../../../sandbox/releases.ts';
import { offeredEdges, throttle, warinessOf } from '../../../sandbox/rollout-policy.ts';

const START_SECS = 1_000_000;
const NOW = START_SECS * 1000;
const HOUR_MS = 3_600_000;

const history = (...releases: object[]): History =>
  parseHistory({
    stream: 's',
    releases: releases.map((release, index) => ({ version: `${index}`, ...release })),
  });
const offered = (past: History, wariness = 0, nowMs = NOW) =>
  offeredEdges(past, { wariness, nowMs }).map((edge) => edge.join('>'));

const barrier = { barrier: 'why' };
const done = { rollout: { startValue: 1 } };
const running = { rollout: { startEpoch: START_SECS, startValue: 0, durationMinutes: 120 } };

describe('edges', () => {
  it('lead into a rollout from all since the barrier before it', () => {
    expect(offered(history({}, {}, barrier, {}, done))).toEqual(['2>4', '3>4', '0>2', '1>2']);
  });

  it('lead into a barrier from all since the one before', () => {
    expect(offered(history({}, barrier, {}, barrier, {}))).toEqual(['0>1', '1>3', '2>3']);
  });

  it('lead nowhere else', () => {
    expect(offered(history({}, {}, {}))).toEqual([]);
  });

  it('lead into a barrier that is rolling out once, and only as far as it has got', () => {
    const past = history({}, { ...barrier, ...running }, done);
    expect(offered(past, 0)).toEqual(['1>2', '0>1']);
    expect(offered(past, 0.5)).toEqual(['1>2']);
  });

  it('do not lead out of a dead-end', () => {
    expect(offered(history({ deadend: 'why' }, {}, done))).toEqual(['1>2']);
  });

  it('of two rollouts are both there', () => {
    expect(offered(history({}, done, running))).toEqual(['0>2', '1>2', '0>1']);
    expect(offered(history({}, done, running), 0.5)).toEqual(['0>1']);
  });

  it('of a whole graph are its own, less dead-ends and rollouts that have not got so far', () => {
    const past = {
      ...history({}, { deadend: 'why' }, running, {}),
      edges: [
        [0, 1],
        [1, 3],
        [0, 2],
      ] as const,
    };
    expect(offered(past)).toEqual(['0>1', '0>2']);
    expect(offered(past, 0.9)).toEqual(['0>1']);
  });
});

describe('a rollout', () => {
  it.each<[object, number, number]>([
    [{ startValue: 0.25 }, 0, 0.25],
    [{ startEpoch: START_SECS + 999, startValue: 0.25 }, 0, 0.25],
    [{}, 0, 0],
    [running.rollout, -1, 0],
    [running.rollout, 0, 0],
    [running.rollout, HOUR_MS, 0.5],
    [running.rollout, 2 * HOUR_MS, 1],
    [running.rollout, 99 * HOUR_MS, 1],
    [{ ...running.rollout, startValue: 0.5 }, -1, 0],
    [{ ...running.rollout, startValue: 0.5 }, 0, 0.5],
    [{ ...running.rollout, startValue: 0.5 }, HOUR_MS, 0.75],
    [{ ...running.rollout, durationMinutes: 0 }, 0, 1],
    [{ ...running.rollout, durationMinutes: 0 }, -1, 0],
  ])('%j has reached, %d ms after its start, %d', (rollout, afterMs, expected) => {
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
          expect(early).toBeLessThanOrEqual(late);
          expect(early).toBeGreaterThanOrEqual(0);
          expect(throttle(rollout, (rollout.startEpoch + rollout.durationMinutes * 60) * 1000)).toBeCloseTo(
            1,
          );
        },
      ),
    );
  });

  it('reaches a node at the share of time that its id stands for', () => {
    const past = history({}, running);
    const shares = Array.from({ length: 1000 }, (_, index) => warinessOf(`node-${index}`));
    expect(Math.min(...shares)).toBeGreaterThan(0);
    expect(Math.max(...shares)).toBeLessThanOrEqual(1);
    const half = shares.filter((wariness) => offered(past, wariness, NOW + HOUR_MS).length === 1);
    expect(half.length).toBe(shares.filter((share) => share <= 0.5).length);
    expect(half.length).toBeGreaterThan(430);
    expect(half.length).toBeLessThan(570);
    expect(warinessOf('node-1')).toBe(warinessOf('node-1'));
  });
});
