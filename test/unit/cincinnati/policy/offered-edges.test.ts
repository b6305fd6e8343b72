import { describe, expect, it } from 'vitest';

import { parseHistory, type History } from '../../../../sandbox/releases.ts';
import { offeredEdges } from '../../../../src/cincinnati/policy/offered-edges.ts';
import { warinessOf } from '../../../../src/cincinnati/policy/rollout.ts';

const START_SECS = 1_000_000;
const NOW = START_SECS * 1000;

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

describe('who is reached', () => {
  it('field 11: each node at the share of time that its id stands for', () => {
    const past = history({}, running);
    const shares = Array.from({ length: 1000 }, (_, index) => warinessOf(`node-${index}`));
    const half = shares.filter((wariness) => offered(past, wariness, NOW + 3_600_000).length === 1);
    expect(half.length).toBe(shares.filter((share) => share <= 0.5).length);
    expect(half.length).toBeGreaterThan(430);
    expect(half.length).toBeLessThan(570);
  });

  it('field 11: a client that asks with NaN sees every edge, as the engine has it', () => {
    expect(offered(history({}, running), Number.NaN, NOW - 1000)).toEqual(['0>1']);
  });

  it('field 11: nobody before the start, whatever the start value, and not even without a duration', () => {
    const early = (rollout: object) => offered(history({}, { rollout }), 0.1, NOW);
    const startEpoch = START_SECS + 1;
    expect(early({ startEpoch, startValue: 1 })).toEqual([]);
    expect(early({ startEpoch, startValue: 1, durationMinutes: 9 })).toEqual([]);
    expect(early({ startEpoch: START_SECS, startValue: 1 })).toEqual(['0>1']);
  });

  it('field 11: a wariness of 0 takes what its rollout has not begun, and nobody else does', () => {
    const past = history({}, { rollout: { startEpoch: START_SECS + 1, durationMinutes: 9 } });
    expect([0, 0.000_001, 1].map((wariness) => offered(past, wariness).length)).toEqual([1, 0, 0]);
  });
});
