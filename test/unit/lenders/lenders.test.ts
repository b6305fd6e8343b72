/** Several lenders as one, and what is given back to whom. */
import { describe, expect, it } from 'vitest';
import type { SlotAnswer, SlotRequest, SlotReturn } from '../../../src/agent/ports.ts';
import type { MayHold } from '../../../src/agent/slot-place.ts';
import type { Lender } from '../../../src/lenders/lender.ts';
import { Lenders } from '../../../src/lenders/lenders.ts';

const signal = new AbortController().signal;
const NOW: SlotRequest = { at: 0, stream: 'stable' };
const BACK: SlotReturn = { ...NOW, configured: true, former: [] };
const GRANTED: SlotAnswer = { kind: 'granted' };
const REFUSED = { kind: 'refused', reason: 'full', label: 'fleet_lock', untilAt: 7 } as const;

/** A lock server in short: what was asked of it, in one list for all. */
function lender(
  name: string,
  asked: string[],
  {
    answer = GRANTED,
    fault = () => undefined,
    refuses,
  }: { answer?: SlotAnswer; fault?: () => Error | undefined; refuses?: Error } = {},
): Lender {
  return {
    name,
    acquire: async () => {
      asked.push(`${name} lends`);
      if (refuses !== undefined) {
        throw refuses;
      }
      return answer;
    },
    release: async () => {
      asked.push(`${name} gets it back`);
      const error = fault();
      if (error !== undefined) {
        throw error;
      }
    },
  };
}

function formerSlot(address: string): MayHold {
  return { lender: 'fleet_lock', address, group: 'g', id: 'n', sinceAt: 0 };
}

function nobody(): Lender {
  throw new Error('nobody else was configured');
}

describe('Lenders', () => {
  it('grant when all lend, and when there is nobody to ask', async () => {
    const asked: string[] = [];
    const all = new Lenders([lender('a', asked), lender('b', asked)], nobody);
    expect(await all.acquire(NOW, signal)).toEqual(GRANTED);
    expect(asked).toEqual(['a lends', 'b lends']);
    expect(await new Lenders([], nobody).acquire(NOW, signal)).toEqual(GRANTED);
  });

  it('ask nobody further after the first refusal, hand it on, and take back what others lent', async () => {
    const asked: string[] = [];
    const all = new Lenders(
      [lender('a', asked), lender('b', asked, { answer: REFUSED }), lender('c', asked)],
      nobody,
    );
    expect(await all.acquire(NOW, signal)).toEqual(REFUSED);
    expect(asked).toEqual(['a lends', 'b lends', 'a gets it back']);
  });

  it('cannot say that nothing is held when one of them could not be told after a refusal', async () => {
    const asked: string[] = [];
    const gone = lender('a', asked, { fault: () => new Error('gone') });
    const refusing = new Lenders([gone, lender('b', asked, { answer: REFUSED })], nobody);
    expect(await refusing.acquire(NOW, signal)).toMatchObject({ kind: 'may-be-held', reason: 'full' });
    const broken = new Lenders([gone, lender('b', asked, { refuses: new Error('no group') })], nobody);
    expect(await broken.acquire(NOW, signal)).toMatchObject({ kind: 'may-be-held', reason: 'no group' });
  });

  it('reject when one cannot be asked', async () => {
    const asked: string[] = [];
    const all = new Lenders(
      [lender('a', asked), lender('b', asked, { refuses: new Error('no group') })],
      nobody,
    );
    await expect(all.acquire(NOW, signal)).rejects.toThrow('no group');
    expect(asked).toEqual(['a lends', 'b lends', 'a gets it back']);
  });

  it('hand each the request and the signal', async () => {
    const heard: unknown[] = [];
    const one: Lender = {
      name: 'a',
      acquire: async (...given) => {
        heard.push(given);
        return GRANTED;
      },
      release: async (...given) => void heard.push(given),
    };
    const all = new Lenders([one], nobody);
    await all.acquire(NOW, signal);
    await all.release(BACK, signal);
    expect(heard).toEqual([
      [NOW, signal],
      [BACK, signal],
    ]);
  });

  it('take everything back, and say what is left when one of them fails', async () => {
    const asked: string[] = [];
    const gone = new Error('gone');
    const all = new Lenders([lender('a', asked, { fault: () => gone }), lender('b', asked)], nobody);
    expect(await all.release(BACK, signal)).toEqual({ configured: true, former: [], error: gone });
    expect(asked).toEqual(['a gets it back', 'b gets it back']);
    expect(await new Lenders([lender('c', asked)], nobody).release(BACK, signal)).toBeUndefined();
  });

  it('F8: give back to a lender that is no longer configured, whether or not the present ones are told', async () => {
    const asked: string[] = [];
    const gone = new Error('gone');
    const all = new Lenders([lender('new', asked)], ({ address }) =>
      lender(address, asked, { fault: () => (address === 'dead' ? gone : undefined) }),
    );
    const former = [formerSlot('old'), formerSlot('dead')];
    expect(await all.release({ ...NOW, configured: false, former }, signal)).toEqual({
      configured: false,
      former: [formerSlot('dead')],
      error: gone,
    });
    expect(asked).toEqual(['old gets it back', 'dead gets it back']);
    expect(
      await all.release({ ...NOW, configured: true, former: [formerSlot('old')] }, signal),
    ).toBeUndefined();
    expect(asked.slice(2).toSorted()).toEqual(['new gets it back', 'old gets it back']);
  });

  it('reject when the life of the agent ends meanwhile', async () => {
    const life = new AbortController();
    const ending: Lender = {
      name: 'a',
      acquire: async () => GRANTED,
      release: async () => {
        life.abort(new Error('the end'));
        throw new Error('cut');
      },
    };
    await expect(new Lenders([ending], nobody).release(BACK, life.signal)).rejects.toThrow('the end');
  });
});
