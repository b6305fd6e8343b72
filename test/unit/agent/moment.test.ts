/** One moment on both clocks. */
import { expect, it } from 'vitest';
import { lastedMs, momentOf, wallOf } from '../../../src/agent/moment.ts';

const SINCE = { at: 1_000_000, mono: 500 };
/** The wall clock was set a million back meanwhile. */
const NOW = { at: 3000, mono: 2500 };

it('a duration comes from the monotonic clock, whatever was done to the other', () => {
  expect(lastedMs(SINCE, NOW)).toBe(2000);
});

it('an instant is told as the wall clock now has it', () => {
  expect(wallOf(SINCE, NOW)).toBe(1000);
});

it('a moment is the two clocks, and nothing of what else came with them', () => {
  expect(momentOf({ ...NOW, roll: 3 } as typeof NOW)).toStrictEqual(NOW);
});
