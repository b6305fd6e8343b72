import { describe, expect, it } from 'vitest';
import { keepListening, type Listening } from '../../../src/metrics/keep-listening.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const MINUTE = 60_000;

function setUp(open: (attempt: number) => Promise<Listening>) {
  const clock = new VirtualClock();
  const life = new AbortController();
  const lines: string[] = [];
  let attempts = 0;
  let tried = 0;
  const done = keepListening({
    what: 'metrics socket /x',
    open: () => open(++attempts),
    clock,
    log: { info: (line) => lines.push(`info ${line}`), warn: (line) => lines.push(`warn ${line}`) },
    signal: life.signal,
    onTried: () => (tried += 1),
  });
  return { clock, life, lines, done, attempts: () => attempts, tried: () => tried };
}

function listening() {
  const { promise: fault, resolve: fail } = Promise.withResolvers<unknown>();
  const state = { closed: 0 };
  return { fault, fail, state, close: async () => void (state.closed += 1) };
}

describe('keepListening', () => {
  it('tries again in growing pauses, tells the trouble once and the recovery once', async () => {
    const good = listening();
    const run = setUp(async (attempt) => {
      if (attempt <= 3) {
        throw new Error('address in use');
      }
      return good;
    });
    await run.clock.advance(0);
    expect(run.tried()).toBeGreaterThan(0);
    expect(run.attempts()).toBe(1);
    await run.clock.advance(999);
    expect(run.attempts()).toBe(1);
    await run.clock.advance(1 + 2000 + 4000);
    expect(run.attempts()).toBe(4);
    await run.clock.advance(MINUTE);
    expect(run.lines).toEqual([
      'warn metrics socket /x does not listen, trying again: address in use',
      'info metrics socket /x listens again',
    ]);
    run.life.abort();
    await run.done;
    expect(good.state.closed).toBe(1);
    expect(run.clock.sleepers).toBe(0);
  });

  it('B19: accepting that fails at once, every time, costs at most one attempt a minute in the end', async () => {
    const run = setUp(async () => ({
      fault: Promise.resolve(new Error('EMFILE')),
      close: async () => undefined,
    }));
    await run.clock.advance(60 * MINUTE);
    expect(run.attempts()).toBeLessThan(70);
    expect(run.attempts()).toBeGreaterThan(50);
    expect(run.lines).toEqual(['warn metrics socket /x does not listen, trying again: EMFILE']);
    run.life.abort();
    await run.done;
    expect(run.clock.sleepers).toBe(0);
  });

  it('opens again after a fault, and closes what was faulty', async () => {
    const servers = [listening(), listening()];
    const run = setUp(async (attempt) => servers[attempt - 1]!);
    await run.clock.advance(MINUTE);
    servers[0]!.fail(new Error('EMFILE'));
    await run.clock.advance(1000);
    expect(run.attempts()).toBe(2);
    expect(servers[0]!.state.closed).toBe(1);
    run.life.abort();
    await run.done;
    expect(servers[1]!.state.closed).toBe(1);
  });
});
