/**
 * Runs a node alone in thousands of random worlds, each for a virtual quarter. These hold in all of them:
 *
 * - There is no reboot that was not allowed, and no reboot loop.
 * - No denied release is booted.
 * - No slot is held without need.
 * - There is progress whenever the world permits it.
 *
 * WORLDS and DAYS ask for more or longer worlds, SEED for one of them. The usual 2000 are some 500 virtual years. One
 * core of a small machine runs about 1300 years a minute.
 */
import { describe, expect, it } from 'vitest';
import { RandomWorld } from '../support/random-world.ts';

/** The length with which the kept seeds were found. */
const KEPT_DAYS = 90;
const DAYS = Number(process.env['DAYS'] ?? KEPT_DAYS);
const WORLDS = Number(process.env['WORLDS'] ?? 2000);
/** Worlds that once found a fault are kept forever: clocks set in the middle of an attempt. */
const KEPT_SEEDS: readonly number[] = [270, 374, 380, 986, 1625, 2173];

function runWorld(seed: number, days: number): string | undefined {
  try {
    new RandomWorld(seed, days, true).run(days);
    return undefined;
  } catch {
    // Runs the same world again, with output.
    const world = new RandomWorld(seed, days);
    try {
      world.run(days);
      return `seed ${seed} fails only when nobody listens`;
    } catch (error) {
      const transcript = world.node.log.slice(-60).join('\n');
      return `seed ${seed}: ${error instanceof Error ? error.message : String(error)}\n${transcript}`;
    }
  }
}

describe('random worlds', () => {
  it(`hold in ${WORLDS} worlds of ${DAYS} days`, { timeout: 600_000 }, () => {
    const first = Number(process.env['SEED'] ?? 1);
    const count = process.env['SEED'] === undefined ? WORLDS : 1;
    const failures: string[] = [];
    for (let seed = first; seed < first + count && failures.length < 3; seed++) {
      const failure = runWorld(seed, DAYS);
      if (failure !== undefined) {
        failures.push(failure);
      }
    }
    expect(failures.join('\n\n')).toBe('');
  });

  it.each(KEPT_SEEDS)('seed %i, which once failed, holds', (seed) => {
    expect(runWorld(seed, KEPT_DAYS)).toBeUndefined();
  });
});
