import { describe, expect, it } from 'vitest';
import { joinVerdicts, Strategies } from '../../../src/gates/gatekeeper.ts';
import { IMMEDIATE } from '../../../src/strategies/immediate.ts';
import type { Strategy, Verdict } from '../../../src/gates/strategy.ts';

const signal = new AbortController().signal;

function strategy(
  name: string,
  remote: boolean,
  verdict: Verdict,
  asked: string[] = [],
  steady = () => Promise.resolve(),
): Strategy {
  return {
    name,
    remote,
    canFinalize: () => {
      asked.push(name);
      return Promise.resolve(verdict);
    },
    reportSteady: steady,
  };
}

const ALLOW: Verdict = { verdict: 'allow', reason: 'fine', label: 'x' };
const deny = (reason: string, until?: number): Verdict =>
  until === undefined
    ? { verdict: 'deny', reason, label: reason }
    : { verdict: 'deny', reason, label: reason, until };

describe('joinVerdicts', () => {
  it('allows when all allow, and when there is nobody to ask', () => {
    expect(joinVerdicts([ALLOW, ALLOW]).verdict).toBe('allow');
    expect(joinVerdicts([]).verdict).toBe('allow');
  });

  it('names everybody who denies and cannot change before the last of them does', () => {
    expect(joinVerdicts([deny('early', 10), ALLOW, deny('late', 20), deny('unknown')])).toEqual({
      verdict: 'deny',
      reason: 'early; late; unknown',
      label: 'early',
      untilAt: 20,
    });
  });

  it('gives no instant when nobody knows one', () => {
    expect(joinVerdicts([deny('whenever')])).not.toHaveProperty('untilAt');
  });
});

describe('Strategies', () => {
  it('asks local and remote ones apart, and stops at the first remote no', async () => {
    const asked: string[] = [];
    const all = new Strategies([
      strategy('lock-a', true, deny('full'), asked),
      IMMEDIATE,
      strategy('window', false, ALLOW, asked),
      strategy('lock-b', true, ALLOW, asked),
    ]);
    expect((await all.askLocal(0, signal)).verdict).toBe('allow');
    expect(asked).toEqual(['window']);
    expect(await all.askRemote(0, signal)).toMatchObject({ verdict: 'deny', reason: 'full' });
    expect(asked).toEqual(['window', 'lock-a']);
  });

  it('gives back everything even when one of them fails, and says so', async () => {
    let given = 0;
    const all = new Strategies([
      strategy('a', true, ALLOW, [], () => Promise.reject(new Error('no route'))),
      strategy('b', true, ALLOW, [], () => Promise.resolve(void (given += 1))),
    ]);
    await expect(all.reportSteady(signal)).rejects.toThrow('no route');
    expect(given).toBe(1);
  });
});

describe('Strategies in place of others', () => {
  /** A minimal lock server, with all requests in one list. */
  function lender(name: string, asked: string[], fault: () => Error | undefined = () => undefined): Strategy {
    return {
      name,
      remote: true,
      canFinalize: async () => {
        asked.push(`${name} lends`);
        return ALLOW;
      },
      reportSteady: async () => {
        asked.push(`${name} gets it back`);
        const error = fault();
        if (error !== undefined) {
          throw error;
        }
      },
    };
  }

  it('give back what those before have borrowed, before they borrow', async () => {
    const asked: string[] = [];
    const before = new Strategies([lender('old', asked)]);
    await before.askRemote(0, signal);
    const after = new Strategies([lender('new', asked)], before);
    await after.askRemote(0, signal);
    await after.reportSteady(signal);
    expect(asked).toEqual(['old lends', 'old gets it back', 'new lends', 'new gets it back']);
  });

  it('hear of what was borrowed between their making and their use', async () => {
    const asked: string[] = [];
    const before = new Strategies([lender('old', asked)]);
    await before.reportSteady(signal);
    const after = new Strategies([], before);
    await before.askRemote(0, signal);
    await after.reportSteady(signal);
    await after.reportSteady(signal);
    expect(asked).toEqual(['old gets it back', 'old lends', 'old gets it back']);
  });

  it('leave those alone that have everything back', async () => {
    const asked: string[] = [];
    const before = new Strategies([lender('old', asked)]);
    await before.askRemote(0, signal);
    await before.reportSteady(signal);
    asked.length = 0;
    await new Strategies([], before).reportSteady(signal);
    expect(asked).toEqual([]);
  });

  it('go on giving back to a server that is gone, and are not held by it', async () => {
    const asked: string[] = [];
    let isGone = true;
    const gone = lender('old', asked, () => (isGone ? new Error('gone') : undefined));
    const before = new Strategies([gone]);
    await before.askRemote(0, signal);
    const middle = new Strategies([lender('mid', asked)], before);
    const after = new Strategies([lender('new', asked)], middle);
    expect(await after.askRemote(0, signal)).toMatchObject({ verdict: 'allow' });
    await expect(after.reportSteady(signal)).rejects.toThrow('gone');
    // It got no request.
    expect(asked).not.toContain('mid gets it back');
    isGone = false;
    asked.length = 0;
    await after.reportSteady(signal);
    await after.reportSteady(signal);
    expect(asked.filter((line) => line.startsWith('old'))).toEqual(['old gets it back']);
  });

  it('keep one that is in both', async () => {
    const asked: string[] = [];
    const same = lender('same', asked);
    const before = new Strategies([same]);
    await before.askRemote(0, signal);
    await new Strategies([same], before).askRemote(0, signal);
    expect(asked).toEqual(['same lends', 'same lends']);
  });
});
