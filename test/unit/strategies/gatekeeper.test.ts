import { describe, expect, it } from 'vitest';
import { joinVerdicts, Strategies } from '../../../src/strategies/gatekeeper.ts';
import { IMMEDIATE } from '../../../src/strategies/immediate.ts';
import type { Strategy, Verdict } from '../../../src/strategies/strategy.ts';

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
