/** When a reading of the deployments that failed is tried again. */
import { expect, it } from 'vitest';
import { readAgainMs } from '../../../../src/agent/states/reading.ts';

it('a reading is tried again after five seconds, and later each time', () => {
  const after = (count: number) =>
    readAgainMs({ hostStreak: { count, since: { at: 1, mono: 1 }, kind: 'x', kinds: ['x'] } });
  expect([1, 2, 3].map(after)).toEqual([5000, 10_000, 20_000]);
  expect(readAgainMs({ hostStreak: undefined })).toBe(5000);
});
