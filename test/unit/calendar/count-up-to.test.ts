import fc from 'fast-check';
import { expect, it } from 'vitest';

import { countUpTo } from '../../../src/calendar/count-up-to.ts';

it('counts what is not after an instant, in a list of any length', () => {
  const sorted = fc.array(fc.integer({ min: 0, max: 20 })).map((list) => list.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(sorted, fc.integer({ min: -1, max: 21 }), (instants, instant) => {
      expect(countUpTo(instants, instant)).toBe(instants.filter((each) => each <= instant).length);
    }),
  );
});

it('looks at few of them', () => {
  let looks = 0;
  const list = new Proxy(
    Array.from({ length: 1 << 16 }, (_, index) => index),
    {
      get: (target, key, receiver): unknown => {
        looks += key === 'length' ? 0 : 1;
        return Reflect.get(target, key, receiver);
      },
    },
  );
  expect(countUpTo(list, 12_345)).toBe(12_346);
  expect(looks).toBeLessThanOrEqual(17);
});
