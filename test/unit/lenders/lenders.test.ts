import { describe, expect, it } from 'vitest';
import type { SlotAnswer, SlotRequest } from '../../../src/agent/ports.ts';
import type { Lender } from '../../../src/lenders/lender.ts';
import { Lenders } from '../../../src/lenders/lenders.ts';

const signal = new AbortController().signal;
const NOW: SlotRequest = { at: 0, stream: 'stable' };
const GRANTED: SlotAnswer = { kind: 'granted' };

/** A lock server in short: what was asked of it, in one list for all. */
function lender(
  name: string,
  asked: string[],
  {
    answer = GRANTED,
    fault = () => undefined,
  }: { answer?: SlotAnswer; fault?: () => Error | undefined } = {},
): Lender {
  return {
    name,
    acquire: async () => {
      asked.push(`${name} lends`);
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

describe('Lenders', () => {
  it('ask nobody further after the first refusal, and hand it on as it is', async () => {
    const asked: string[] = [];
    const answer = { kind: 'refused', reason: 'full', label: 'fleet_lock', untilAt: 7 } as const;
    const all = new Lenders([lender('a', asked), lender('b', asked, { answer }), lender('c', asked)]);
    expect(await all.acquire(NOW, signal)).toEqual(answer);
    expect(asked).toEqual(['a lends', 'b lends']);
  });

  it('grant when all lend, and when there is nobody to ask', async () => {
    const asked: string[] = [];
    expect(await new Lenders([lender('a', asked), lender('b', asked)]).acquire(NOW, signal)).toEqual(GRANTED);
    expect(asked).toEqual(['a lends', 'b lends']);
    expect(await new Lenders([]).acquire(NOW, signal)).toEqual(GRANTED);
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
    const all = new Lenders([one]);
    await all.acquire(NOW, signal);
    await all.release(NOW, signal);
    expect(heard).toEqual([
      [NOW, signal],
      [NOW, signal],
    ]);
  });

  it('reject when one cannot be asked, and owe it from then on', async () => {
    const asked: string[] = [];
    const lost: Lender = {
      ...lender('a', asked),
      acquire: () => Promise.reject(new Error('no answer')),
    };
    const all = new Lenders([lost, lender('b', asked)], new Lenders([]));
    await expect(all.acquire(NOW, signal)).rejects.toThrow('no answer');
    await new Lenders([], all).release(NOW, signal);
    expect(asked).toEqual(['a gets it back']);
  });

  it('give back everything even when one of them fails, and say so', async () => {
    const asked: string[] = [];
    const all = new Lenders([lender('a', asked, { fault: () => new Error('no route') }), lender('b', asked)]);
    await expect(all.release(NOW, signal)).rejects.toThrow('no route');
    expect(asked).toEqual(['a gets it back', 'b gets it back']);
  });
});

describe('Lenders in place of others', () => {
  it('give back what those before have borrowed, before they borrow', async () => {
    const asked: string[] = [];
    const before = new Lenders([lender('old', asked)]);
    await before.acquire(NOW, signal);
    const after = new Lenders([lender('new', asked)], before);
    await after.acquire(NOW, signal);
    await after.release(NOW, signal);
    expect(asked).toEqual(['old lends', 'old gets it back', 'new lends', 'new gets it back']);
  });

  it('hear of what was borrowed between their making and their use', async () => {
    const asked: string[] = [];
    const before = new Lenders([lender('old', asked)]);
    await before.release(NOW, signal);
    const after = new Lenders([], before);
    await before.acquire(NOW, signal);
    await after.release(NOW, signal);
    await after.release(NOW, signal);
    expect(asked).toEqual(['old gets it back', 'old lends', 'old gets it back']);
  });

  it('leave those alone that have everything back', async () => {
    const asked: string[] = [];
    const before = new Lenders([lender('old', asked)]);
    await before.acquire(NOW, signal);
    await before.release(NOW, signal);
    asked.length = 0;
    await new Lenders([], before).release(NOW, signal);
    expect(asked).toEqual([]);
  });

  it('go on giving back to a server that is gone, and are not held by it', async () => {
    const asked: string[] = [];
    let isGone = true;
    const gone = lender('old', asked, { fault: () => (isGone ? new Error('gone') : undefined) });
    const before = new Lenders([gone]);
    await before.acquire(NOW, signal);
    const middle = new Lenders([lender('mid', asked)], before);
    const after = new Lenders([lender('new', asked)], middle);
    expect(await after.acquire(NOW, signal)).toEqual(GRANTED);
    await expect(after.release(NOW, signal)).rejects.toThrow('gone');
    // Nobody has asked it for anything.
    expect(asked).not.toContain('mid gets it back');
    isGone = false;
    asked.length = 0;
    await after.release(NOW, signal);
    await after.release(NOW, signal);
    expect(asked.filter((line) => line.startsWith('old'))).toEqual(['old gets it back']);
  });

  it('keep one that is in both', async () => {
    const asked: string[] = [];
    const same = lender('same', asked);
    const before = new Lenders([same]);
    await before.acquire(NOW, signal);
    await new Lenders([same], before).acquire(NOW, signal);
    expect(asked).toEqual(['same lends', 'same lends']);
  });
});
