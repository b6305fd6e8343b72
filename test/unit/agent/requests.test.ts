/** How the numbers of requests are read. */
import { expect, it } from 'vitest';
import { isHoldInForce, isInstant } from '../../../src/agent/requests.ts';

it('an instant is whole, and no further away than calendars go', () => {
  expect([0, 8.64e15, -8.64e15].map(isInstant)).toEqual([true, true, true]);
  expect([0.5, 8.64e15 + 1, -8.64e15 - 1, Number.NaN].map(isInstant)).toEqual([false, false, false, false]);
});

it('a hold is over at the instant at which it ends', () => {
  expect([9, 10].map((at) => isHoldInForce({ untilAt: 10 }, at))).toEqual([true, false]);
  expect(isHoldInForce({}, Number.MAX_SAFE_INTEGER)).toBe(true);
});
