import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { VisitQueue } from '../../../src/fleet/visit-queue.ts';

const MOST = 12;

describe('VisitQueue', () => {
  it('gives the earliest, and of the same instant the lowest number, whatever was put and moved', () => {
    const put = fc.record({ number: fc.nat(MOST - 1), at: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(fc.option(put, { nil: 'take' as const })), (acts) => {
        const queue = new VisitQueue(MOST);
        const known = new Map<number, number>();
        for (const act of acts) {
          if (act === 'take') {
            const next = [...known].toSorted(([a, one], [b, other]) => one - other || a - b)[0];
            expect(queue.take()).toEqual(next && { number: next[0], at: next[1] });
            known.delete(next?.[0] ?? -1);
          } else {
            queue.put(act.number, act.at);
            known.set(act.number, act.at);
          }
          expect(queue.size).toBe(known.size);
        }
        for (let number = 0; number < MOST; number++) {
          expect(queue.atOf(number)).toBe(known.get(number));
        }
      }),
    );
  });
});
