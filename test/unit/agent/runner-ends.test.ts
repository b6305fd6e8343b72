/** How a loop ends, and what becomes of those who wait for it; and when it counts as stuck. */
import { describe, expect, it } from 'vitest';
import type { Pending } from '../../../src/agent/pending-request.ts';
import { limitMsOf, type Ports } from '../../../src/agent/perform.ts';
import { Runner, type Observer } from '../../../src/agent/runner.ts';
import { MOST_REQUESTS, type Wish } from '../../../src/agent/requests.ts';
import { initialModel } from '../../../src/agent/state.ts';
import { loopPorts, observe, whenAborted } from '../../support/loop-ports.ts';
import { checkResult, POLICY, release, staged } from '../../support/samples.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const MINUTE = 60_000;
const HOLD: Wish = { kind: 'hold', what: 'reboot', reason: '' };
const asked = (id: string, wish: Wish = { kind: 'check' }) => ({ id, by: { uid: 0 }, wish });

function loop(changes: Partial<Ports> = {}, observer: Partial<Observer> = {}, model = initialModel()) {
  const clock = new VirtualClock();
  const life = new AbortController();
  const seen = observe();
  const runner = new Runner({
    model,
    configuration: { policy: POLICY, ports: loopPorts(clock, changes) },
    dice: () => 0,
    observer: { ...seen.observer, ...observer },
    signal: life.signal,
  });
  return { runner, clock, life, seen };
}

const rpmOstree = (changes: Partial<Ports['rpmOstree']>): Partial<Ports> => ({
  rpmOstree: { ...loopPorts(new VirtualClock()).rpmOstree, ...changes },
});
const updating: Partial<Ports> = {
  updatesFor: () => ({ check: async () => checkResult({ kind: 'update', release: release('2.0') }) }),
};

describe('a loop that ends', () => {
  it('takes no more requests from the end of its life on, though its last effect has not let go', async () => {
    const reading = Promise.withResolvers<never>();
    const { runner, clock, life } = loop(rpmOstree({ status: () => reading.promise }));
    const end = runner.run();
    await clock.advance(1000);
    life.abort();
    expect(await runner.request(asked('a'))).toMatchObject({ kind: 'refused', error: 'ShuttingDown' });
    reading.reject(new Error('given up'));
    await end;
    expect(await runner.request(asked('b'))).toMatchObject({ error: 'ShuttingDown' });
  });

  it('of itself, since the program is at fault, says so and leaves nobody waiting', async () => {
    const fault = new Error('a fault of the program');
    const { runner, clock } = loop(
      { ...updating, ...rpmOstree({ stage: (_1, _2, _3, signal) => whenAborted(signal) }) },
      {
        happened: (_model, happenings) => {
          if (happenings.some(({ kind }) => kind === 'request-taken')) {
            throw fault;
          }
        },
      },
    );
    const end = runner.run();
    const failed = expect(end).rejects.toBe(fault);
    await clock.advance(1000);
    const waiting = runner.request(asked('a', HOLD));
    // What is under way goes on to its limit.
    await clock.advance(limitMsOf('stage'));
    await failed;
    expect(await waiting).toMatchObject({ error: 'ShuttingDown' });
    expect(await runner.request(asked('b'))).toMatchObject({ error: 'ShuttingDown' });
  });

  it('has nothing to tell where nobody waits', async () => {
    const told: number[] = [];
    const { runner, clock, life } = loop({}, { happened: (_, happenings) => told.push(happenings.length) });
    const end = runner.run();
    await clock.advance(1000);
    const before = told.length;
    life.abort();
    await end;
    expect(told).toHaveLength(before);
  });

  it('waits for its effect also where what was written beside it has ended before', async () => {
    const letGo = Promise.withResolvers<never>();
    const { runner, clock, life } = loop({
      ...updating,
      ...rpmOstree({ stage: () => letGo.promise }),
      records: {
        save: (record, signal) => (record.holds.length > 0 ? whenAborted(signal) : Promise.resolve()),
      },
    });
    let isOver = false;
    const end = runner.run().then(() => (isOver = true));
    await clock.advance(1000);
    const holding = runner.request(asked('a', HOLD));
    await settle();
    life.abort();
    await settle();
    expect(isOver).toBe(false);
    letGo.reject(new Error('given up'));
    await end;
    expect(await holding).toMatchObject({ error: 'ShuttingDown' });
  });
});

describe('a request', () => {
  it('that comes before the loop runs is taken first', async () => {
    const { runner, life, clock } = loop();
    const early = runner.request(asked('a', HOLD));
    const end = runner.run();
    await clock.advance(1000);
    expect(await early).toMatchObject({ kind: 'done', hold: 'h1' });
    life.abort();
    await end;
  });

  it('is refused at once where as many wait as may', async () => {
    const { runner, clock, life } = loop(rpmOstree({ status: (_, signal) => whenAborted(signal) }));
    const end = runner.run();
    await clock.advance(1000);
    const outcomes: unknown[] = [];
    for (let count = 0; count <= MOST_REQUESTS; count++) {
      void runner.request(asked(`a-${count}`)).then((outcome) => outcomes.push(outcome));
    }
    await Promise.resolve();
    expect(outcomes).toEqual([
      { kind: 'refused', error: 'Busy', text: 'too many requests wait: ask again when they have ended' },
    ]);
    life.abort();
    await end;
  });

  it('is taken in the middle of a download, under the configuration that is in use', async () => {
    const { runner, clock, life, seen } = loop({
      ...updating,
      ...rpmOstree({ stage: (_1, _2, _3, signal) => whenAborted(signal) }),
    });
    const end = runner.run();
    await clock.advance(1000);
    const request = asked('a');
    void runner.request(request);
    await settle();
    expect(seen.happened).toContainEqual({ kind: 'request-taken', request });
    life.abort();
    await end;
  });

  it('of another life, which the model still has, ends without anybody who waits', async () => {
    const requests: readonly Pending[] = [{ request: asked('old'), begun: false }];
    const { state, memory } = initialModel();
    const { runner, clock, life, seen } = loop({}, {}, { state, memory: { ...memory, requests } });
    const end = runner.run();
    await clock.advance(1000);
    life.abort();
    await end;
    expect(seen.happened).toContainEqual(
      expect.objectContaining({ kind: 'request-ended', request: asked('old') }),
    );
  });
});

describe('a loop', () => {
  it('is alive until its effect has outlived its limit by a minute, to the millisecond', async () => {
    const staging = Promise.withResolvers<ReturnType<typeof staged>>();
    const { runner, clock, life, seen } = loop({
      ...updating,
      ...rpmOstree({ stage: () => staging.promise }),
    });
    const end = runner.run();
    await clock.advance(0);
    expect(seen.begun.at(-1)).toMatchObject({ kind: 'staging' });
    await clock.advance(limitMsOf('stage') + MINUTE - 1);
    expect(runner.isAlive()).toBe(true);
    await clock.advance(1);
    expect(runner.isAlive()).toBe(false);
    staging.resolve(staged('2.0'));
    await settle();
    expect(runner.isAlive()).toBe(true);
    life.abort();
    await end;
  });
});
