/** A simulated fleet has the same outcome whether rounds that change nothing are walked or run. */
import { describe, expect, it } from 'vitest';

import { LIMITS } from '../../src/fleet/limits.ts';
import { simulateFleet } from '../../src/fleet/simulate-fleet.ts';
import { randomPlan } from '../support/fleet/random-plan.ts';

/** Thousands were tried once; these keep it so. */
const PLANS = 120;

const seeds = Array.from({ length: PLANS }, (_, seed) => seed);

describe('walking rounds in place of running them', () => {
  it('changes no byte of the outcome, in any of the plans', () => {
    const differing = seeds.filter((seed) => {
      const plan = randomPlan(seed);
      return JSON.stringify(simulateFleet(plan)) !== JSON.stringify(simulateFleet(plan, { skips: false }));
    });
    expect(differing).toEqual([]);
  });

  it.each(Object.keys(LIMITS))('needs its limit "%s"', (name) => {
    const limits = Object.entries(LIMITS)
      .filter(([other]) => other !== name)
      .map(([, limit]) => limit);
    const found = seeds.find((seed) => {
      const plan = randomPlan(seed);
      return JSON.stringify(simulateFleet(plan)) !== JSON.stringify(simulateFleet(plan, { limits }));
    });
    expect(found).toBeDefined();
  });

  it('the plans have what can go wrong in a fleet', () => {
    const outcomes = seeds.map((seed) => simulateFleet(randomPlan(seed)));
    const groups = outcomes.flatMap((outcome) => outcome.groups);
    expect(groups.some(({ exposed }) => exposed > 0)).toBe(true);
    expect(groups.some(({ missedReboots }) => missedReboots > 0)).toBe(true);
    expect(groups.some(({ failedStagings }) => failedStagings > 0)).toBe(true);
    const holders = new Set(groups.flatMap(({ stuck }) => stuck.map(({ by }) => by)));
    for (const by of ['periodic', 'manual', 'updates_disabled', 'staging', 'not_offered']) {
      expect(holders).toContain(by);
    }
  });
});
