import { describe, expect, it } from 'vitest';
import type { HappeningKind } from '../../../src/agent/happenings.ts';
import type { Effect } from '../../../src/agent/messages.ts';
import { limitMsOf, perform, type Ports } from '../../../src/agent/perform.ts';
import { Runner } from '../../../src/agent/runner.ts';
import type { AgentRecord } from '../../../src/agent/record.ts';
import { MOST_REQUESTS, type Wish } from '../../../src/agent/requests.ts';
import { initialModel } from '../../../src/agent/state.ts';
import { CincinnatiError, RecordError } from '../../../src/errors.ts';
import { loopPorts, observe, whenAborted } from '../../support/loop-ports.ts';
import { bootedOn, checkResult, deployment, host, POLICY, release, staged } from '../../support/samples.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

describe('Runner', () => {
  it('polls at the steady pace on a virtual clock and ends when its life ends', async () => {
    const clock = new VirtualClock();
    const life = new AbortController();
    const seen = observe();
    const runner = new Runner({
      model: initialModel(),
      configuration: { policy: POLICY, ports: loopPorts(clock) },
      dice: () => 10,
      observer: seen.observer,
      signal: life.signal,
    });
    const running = runner.run();
    await clock.advance(3_600_000);
    expect(seen.begun.filter(({ kind }) => kind === 'checking')).toHaveLength(11);
    expect(runner.isAlive()).toBe(true);
    life.abort();
    await running;
    expect(clock.sleepers).toBe(0);
  });

  it('never has two effects under way', async () => {
    const clock = new VirtualClock();
    const life = new AbortController();
    let running = 0;
    let most = 0;
    const slow = async <T>(value: T): Promise<T> => {
      most = Math.max(most, ++running);
      await clock.sleep(1000, life.signal);
      running--;
      return value;
    };
    const base = loopPorts(clock);
    const all = loopPorts(clock, {
      rpmOstree: {
        ...base.rpmOstree,
        status: () => slow(bootedOn('1.0')),
        registerDriver: () => slow(undefined),
      },
      updatesFor: () => ({ check: () => slow(checkResult({ kind: 'no-update' })) }),
    });
    const runner = new Runner({
      model: initialModel(),
      configuration: { policy: POLICY, ports: all },
      dice: () => 0,
      observer: observe().observer,
      signal: life.signal,
    });
    const end = runner.run();
    await clock.advance(3_600_000);
    expect(most).toBe(1);
    life.abort();
    await end;
  });

  it('B15: an effect that hangs is given up at its limit, and the loop goes on', async () => {
    const clock = new VirtualClock();
    const life = new AbortController();
    const seen = observe();
    const hanging = loopPorts(clock, { updatesFor: () => ({ check: (_, signal) => whenAborted(signal) }) });
    const runner = new Runner({
      model: initialModel(),
      configuration: { policy: POLICY, ports: hanging },
      dice: () => 0,
      observer: seen.observer,
      signal: life.signal,
    });
    const end = runner.run();
    await clock.advance(limitMsOf('check') + 60_000);
    const failed = seen.happened.flatMap((happening) =>
      happening.kind === 'failing' && happening.activity === 'check' ? [happening.failure.kind] : [],
    );
    expect(failed[0]).toBe('effect_timeout');
    life.abort();
    await end;
  });

  it('B15: an effect that ignores its limit shows as a loop that is no longer alive', async () => {
    const clock = new VirtualClock();
    const life = new AbortController();
    const deaf = loopPorts(clock, { updatesFor: () => ({ check: () => new Promise(() => undefined) }) });
    const runner = new Runner({
      model: initialModel(),
      configuration: { policy: POLICY, ports: deaf },
      dice: () => 0,
      observer: observe().observer,
      signal: life.signal,
    });
    void runner.run();
    await settle();
    expect(runner.isAlive()).toBe(true);
    await clock.advance(limitMsOf('check') + 61_000);
    expect(runner.isAlive()).toBe(false);
    life.abort();
  });
});

describe('perform', () => {
  const life = new AbortController().signal;

  it('makes every failure an event with its kind, message and Retry-After', async () => {
    const clock = new VirtualClock();
    const failing = loopPorts(clock, {
      updatesFor: () => ({
        check: () =>
          Promise.reject(new CincinnatiError('generic_http_503', 'server said 503', { retryAfterMs: 5000 })),
      }),
    });
    const effect: Effect = {
      kind: 'check',
      stream: 'stable',
      query: { booted: release('1.0'), denied: [], skip: [], allowDowngrade: false },
    };
    expect(await perform(effect, failing, life)).toEqual({
      kind: 'check-failed',
      failure: { kind: 'generic_http_503', message: 'server said 503', retryAfterMs: 5000 },
    });
  });

  it('wakes at an instant of the wall clock even when the clock is set while it sleeps', async () => {
    const clock = new VirtualClock(0);
    const opensAt = 7_200_000;
    let woke = false;
    const waiting = perform(
      { kind: 'wait', forMs: 86_400_000, untilAt: opensAt },
      loopPorts(clock),
      life,
    ).then(() => {
      woke = true;
    });
    await clock.advance(60_000);
    expect(woke).toBe(false);
    clock.setWall(opensAt);
    await clock.advance(30_000);
    expect(woke).toBe(true);
    await waiting;
  });

  it('hands the notice to the terminals of those who are logged in', async () => {
    const told: string[] = [];
    const clock = new VirtualClock();
    const all = loopPorts(clock, {
      notice: (r, minutes) => `${r.version} in ${minutes}`,
      sessions: {
        list: async () => [],
        broadcast: async (sessions, text) => void told.push(`${sessions.map((s) => s.tty).join()}: ${text}`),
      },
    });
    await perform(
      {
        kind: 'warn-sessions',
        sessions: [{ user: 'core', tty: 'pts/1' }],
        release: release('2.0'),
        minutesLeft: 10,
      },
      all,
      life,
    );
    expect(told).toEqual(['pts/1: 2.0 in 10']);
  });

  it('walks from a check to the finalization', async () => {
    const clock = new VirtualClock();
    const ends = new AbortController();
    const seen = observe();
    let status = bootedOn('1.0');
    const base = loopPorts(clock);
    const all = loopPorts(clock, {
      rpmOstree: {
        ...base.rpmOstree,
        status: async () => status,
        stage: async () => {
          status = host([staged('2.0'), deployment('1.0', { booted: true })]);
          return staged('2.0');
        },
      },
      updatesFor: () => ({ check: async () => checkResult({ kind: 'update', release: release('2.0', 2) }) }),
    });
    const runner = new Runner({
      model: initialModel(),
      configuration: { policy: POLICY, ports: all },
      dice: () => 0,
      observer: seen.observer,
      signal: ends.signal,
    });
    const end = runner.run();
    await clock.advance(1000);
    const kinds: readonly HappeningKind[] = [
      'initialized',
      'steady',
      'checked',
      'no-deadend',
      'selected',
      'staged',
      'reboot-allowed',
      'sessions-seen',
      'sessions-seen',
      'reboot-allowed',
      'reboot-asked',
      'finalized',
      'waiting-for-reboot',
    ];
    expect(seen.happened.map(({ kind }) => kind).filter((kind) => kind !== 'state-changed')).toEqual(kinds);
    expect(seen.begun.map(({ kind }) => kind)).toEqual([
      'registering',
      'working',
      'working',
      'working',
      'working',
      'checking',
      'working',
      'staging',
      'working',
      'working',
      'working',
      'working',
      'working',
      'working',
      'working',
      'finalizing',
      'waiting',
      'waiting',
    ]);
    ends.abort();
    await end;
  });
});

describe('Runner.reconfigure', () => {
  it('cuts a wait short, and goes on under the new configuration', async () => {
    const clock = new VirtualClock();
    const life = new AbortController();
    const seen = observe();
    const asked: string[] = [];
    const withServer = (name: string): Ports =>
      loopPorts(clock, {
        updatesFor: () => ({
          check: async () => {
            asked.push(name);
            return checkResult({ kind: 'no-update' });
          },
        }),
      });
    const inUse: unknown[] = [];
    const runner = new Runner({
      model: initialModel(),
      configuration: { policy: POLICY, ports: withServer('old') },
      dice: () => 0,
      observer: { ...seen.observer, configured: ({ policy }) => void inUse.push(policy) },
      signal: life.signal,
    });
    const running = runner.run();
    await clock.advance(1000);
    expect(asked).toEqual(['old']);
    const slow = { ...POLICY, steadyIntervalMs: 3_600_000 };
    runner.reconfigure({ policy: POLICY, ports: withServer('skipped') });
    runner.reconfigure({ policy: slow, ports: withServer('new') });
    await clock.advance(1000);
    expect(asked).toEqual(['old', 'new']);
    expect(inUse).toEqual([slow]);
    await clock.advance(3_000_000);
    expect(asked).toHaveLength(2);
    await clock.advance(700_000);
    expect(asked).toEqual(['old', 'new', 'new']);
    life.abort();
    await running;
    expect(clock.sleepers).toBe(0);
  });

  it('leaves everything but a wait to its end', async () => {
    const clock = new VirtualClock();
    const life = new AbortController();
    const seen = observe();
    const staging = Promise.withResolvers<ReturnType<typeof staged>>();
    const inUse: string[] = [];
    const updating = loopPorts(clock, {
      updatesFor: () => ({ check: async () => checkResult({ kind: 'update', release: release('2.0', 2) }) }),
      rpmOstree: {
        ...loopPorts(clock).rpmOstree,
        stage: (_, __, ___, signal) => Promise.race([staging.promise, whenAborted(signal)]),
      },
    });
    const runner = new Runner({
      model: initialModel(),
      configuration: { policy: POLICY, ports: updating },
      dice: () => 0,
      observer: {
        ...seen.observer,
        happened: (model, happenings) => {
          if (happenings.some(({ kind }) => kind === 'reconfigured')) {
            inUse.push(model.state.name);
          }
        },
      },
      signal: life.signal,
    });
    const running = runner.run();
    await clock.advance(60_000);
    expect(seen.begun.at(-1)).toMatchObject({ kind: 'staging' });
    runner.reconfigure({ policy: { ...POLICY, enabled: false }, ports: updating });
    await clock.advance(3_600_000);
    expect(inUse).toEqual([]);
    staging.resolve(staged('2.0'));
    await clock.advance(60_000);
    expect(inUse).toEqual(['EndState']);
    expect(seen.begun.filter(({ kind }) => kind === 'finalizing')).toEqual([]);
    life.abort();
    await running;
  });
});

describe('requests to a running loop', () => {
  const CHECK = { id: 'a-1', by: { uid: 0 }, wish: { kind: 'check' } } as const;
  const HOLD = { kind: 'hold', what: 'stage', reason: '' } as const;

  function started(changes: Partial<Ports>, clock = new VirtualClock()) {
    const life = new AbortController();
    const seen = observe();
    const runner = new Runner({
      model: initialModel(),
      configuration: { policy: POLICY, ports: loopPorts(clock, changes) },
      dice: () => 0,
      observer: seen.observer,
      signal: life.signal,
    });
    return { runner, life, seen, clock, end: runner.run() };
  }

  it('cut a wait short, and resolve with what the history says', async () => {
    const { runner, life, seen, clock, end } = started({});
    await clock.advance(1000);
    const outcome = await runner.request(CHECK);
    expect(outcome).toMatchObject({ kind: 'done', changed: false });
    expect(seen.happened).toContainEqual({ kind: 'request-ended', request: CHECK, outcome });
    expect(clock.monotonic()).toBe(1000);
    life.abort();
    await end;
  });

  it('join a check that runs', async () => {
    let checks = 0;
    const clock = new VirtualClock();
    const { runner, life, end } = started(
      {
        updatesFor: () => ({
          check: async (_, signal) => {
            checks++;
            await clock.sleep(10_000, signal);
            return checkResult({ kind: 'no-update' });
          },
        }),
      },
      clock,
    );
    await clock.advance(5000);
    expect(checks).toBe(1);
    const ends = [runner.request(CHECK), runner.request({ ...CHECK, id: 'a-2' })];
    await clock.advance(5000);
    expect((await Promise.all(ends)).map(({ kind }) => kind)).toEqual(['done', 'done']);
    expect(checks).toBe(1);
    life.abort();
    await end;
  });

  it('cut staging short: the signal of the transaction is aborted, and no attempt counts', async () => {
    let aborted = false;
    const clock = new VirtualClock();
    const base = loopPorts(clock);
    const { runner, life, end, seen } = started(
      {
        updatesFor: () => ({
          check: async () => checkResult({ kind: 'update', release: release('2.0') }),
        }),
        rpmOstree: {
          ...base.rpmOstree,
          stage: async (_release, _options, _progress, signal) => {
            signal.addEventListener('abort', () => (aborted = true));
            return whenAborted(signal);
          },
        },
      },
      clock,
    );
    await clock.advance(1000);
    const other = runner.request({ ...CHECK, id: 'a-2' });
    await settle();
    expect(aborted).toBe(false);
    const outcome = await runner.request({ ...CHECK, wish: HOLD });
    expect(outcome).toMatchObject({ kind: 'done', hold: 'h1' });
    expect(aborted).toBe(true);
    await other;
    expect(seen.happened.map(({ kind }) => kind)).toContain('staging-cut-short');
    expect(seen.happened.map(({ kind }) => kind)).not.toContain('staging-failed');
    life.abort();
    await end;
  });

  it('are taken under the configuration that was read before them, and resolve once', async () => {
    const clock = new VirtualClock();
    const base = loopPorts(clock);
    const staging = Promise.withResolvers<ReturnType<typeof staged>>();
    const updating = {
      updatesFor: () => ({ check: async () => checkResult({ kind: 'update', release: release('2.0') }) }),
      rpmOstree: { ...base.rpmOstree, stage: () => staging.promise },
    };
    const { runner, life, end, seen } = started(updating, clock);
    await clock.advance(1000);
    const reading = runner.request(CHECK);
    const rebooting = runner.request({ ...CHECK, id: 'a-2', wish: { kind: 'reboot', overrides: [] } });
    runner.reconfigure({ policy: { ...POLICY, enabled: false }, ports: loopPorts(clock, updating) });
    await settle();
    expect(seen.happened.map(({ kind }) => kind)).not.toContain('request-taken');
    staging.resolve(staged('2.0'));
    expect(await reading).toMatchObject({ kind: 'refused', error: 'Disabled' });
    expect(await rebooting).toMatchObject({ kind: 'refused', error: 'Disabled' });
    const kinds = seen.happened.map(({ kind }) => kind);
    expect(kinds.indexOf('reconfigured')).toBeLessThan(kinds.indexOf('request-taken'));
    expect(kinds.filter((kind) => kind === 'request-ended')).toHaveLength(2);
    life.abort();
    await end;
    expect(seen.happened.filter(({ kind }) => kind === 'request-ended')).toHaveLength(2);
  });

  /** A download without end, until a test ends it. */
  async function downloading(changes: Partial<Ports> = {}) {
    const clock = new VirtualClock();
    const base = loopPorts(clock);
    const saved: AgentRecord[] = [];
    const staging = Promise.withResolvers<ReturnType<typeof staged>>();
    let isCut = false;
    const run = started(
      {
        updatesFor: () => ({ check: async () => checkResult({ kind: 'update', release: release('2.0') }) }),
        rpmOstree: {
          ...base.rpmOstree,
          stage: (_release, _options, _progress, signal) => {
            signal.addEventListener('abort', () => (isCut = true));
            return Promise.race([staging.promise, whenAborted(signal)]);
          },
        },
        records: { save: async (record) => void saved.push(record) },
        ...changes,
      },
      clock,
    );
    await clock.advance(1000);
    const ask = (id: string, wish: Wish) => run.runner.request({ id, by: { uid: 7 }, wish });
    const finish = async () => {
      run.life.abort();
      await run.end;
    };
    return { ...run, ask, finish, saved, staging, isCut: () => isCut };
  }

  it('what people hold, deny and lift is on disk at once, and the download goes on', async () => {
    const { ask, finish, saved, staging, isCut, seen, clock } = await downloading();
    expect(await ask('a', { kind: 'hold', what: 'reboot', reason: 'R' })).toMatchObject({ hold: 'h1' });
    expect(saved.at(-1)?.holds).toMatchObject([{ id: 'h1', by: { uid: 7 } }]);
    const others = [
      ask('b', { kind: 'deny', release: '9', reason: '' }),
      ask('c', { kind: 'hold', what: 'reboot', reason: '' }),
    ];
    expect(await Promise.all(others)).toMatchObject([{ kind: 'done' }, { hold: 'h2' }]);
    expect(await ask('d', { kind: 'release', hold: 'h1' })).toMatchObject({ kind: 'done' });
    expect(saved.at(-1)).toMatchObject({ holds: [{ id: 'h2' }], adminDenials: [{ release: '9' }] });
    expect(await ask('e', { kind: 'allow', release: '9' })).toMatchObject({ kind: 'done' });
    expect(await ask('f', { kind: 'release', hold: 'h1' })).toMatchObject({ error: 'NotFound' });
    expect(isCut()).toBe(false);
    staging.resolve(staged('2.0'));
    await clock.advance(1000);
    expect(seen.happened.map(({ kind }) => kind)).toContain('staged');
    // What came meanwhile is not lost with the answer.
    expect(saved.at(-1)).toMatchObject({ holds: [{ id: 'h2' }], adminDenials: [] });
    await finish();
  });

  it('a denial of the very release ends its download, and is on disk then', async () => {
    const { ask, finish, saved, isCut, seen } = await downloading();
    expect(await ask('a', { kind: 'deny', release: '2.0', reason: '' })).toMatchObject({ kind: 'done' });
    expect(isCut()).toBe(true);
    expect(saved.at(-1)?.adminDenials).toMatchObject([{ release: '2.0' }]);
    expect(seen.happened.map(({ kind }) => kind)).not.toContain('staging-failed');
    await finish();
  });

  it('a hold that cannot be written is refused at once, and the download goes on', async () => {
    let isBroken = false;
    const { ask, finish, staging, isCut, seen, clock } = await downloading({
      records: {
        save: async () => {
          if (isBroken) {
            throw new RecordError('no space left on device');
          }
        },
      },
    });
    isBroken = true;
    const outcome = await ask('a', { kind: 'hold', what: 'reboot', reason: '' });
    expect(outcome).toMatchObject({ kind: 'refused', error: 'Failed' });
    expect(isCut()).toBe(false);
    isBroken = false;
    staging.resolve(staged('2.0'));
    await clock.advance(1000);
    expect(seen.happened.map(({ kind }) => kind)).toContain('staged');
    await finish();
  });

  it('the agent ends while a hold is written, and waits for what it has let go of', async () => {
    let hangs = false;
    const { ask, life, end, isCut } = await downloading({
      records: { save: (_record, signal) => (hangs ? whenAborted(signal) : Promise.resolve()) },
    });
    hangs = true;
    const holding = ask('a', { kind: 'hold', what: 'reboot', reason: '' });
    await settle();
    life.abort();
    await end;
    expect(isCut()).toBe(true);
    expect(await holding).toMatchObject({ error: 'ShuttingDown' });
  });

  it('job-last-words: end with the agent, and so do those that come later', async () => {
    const clock = new VirtualClock();
    const base = loopPorts(clock);
    const { runner, life, end, seen } = started(
      { rpmOstree: { ...base.rpmOstree, status: (_mode, signal) => whenAborted(signal) } },
      clock,
    );
    await clock.advance(1000);
    const pending = runner.request(CHECK);
    life.abort();
    await end;
    const ending = { kind: 'refused', error: 'ShuttingDown', text: 'the agent ends' };
    expect(await pending).toEqual(ending);
    // The history has it too, once.
    expect(seen.happened.filter(({ kind }) => kind === 'request-ended')).toEqual([
      { kind: 'request-ended', request: CHECK, outcome: ending },
    ]);
    expect(await runner.request({ ...CHECK, id: 'a-2' })).toEqual(ending);
  });

  it('are bounded while an effect goes on, and each has an id of its own', async () => {
    const clock = new VirtualClock();
    const base = loopPorts(clock);
    const { runner, life, end } = started(
      { rpmOstree: { ...base.rpmOstree, status: (_mode, signal) => whenAborted(signal) } },
      clock,
    );
    await clock.advance(1000);
    const waiting = Array.from({ length: MOST_REQUESTS }, (_, n) =>
      runner.request({ ...CHECK, id: `a-${n}` }),
    );
    expect(await runner.request({ ...CHECK, id: 'a-3' })).toMatchObject({ error: 'Invalid' });
    expect(await runner.request({ ...CHECK, id: 'b' })).toMatchObject({ error: 'Busy' });
    life.abort();
    await end;
    expect(await Promise.all(waiting)).toHaveLength(MOST_REQUESTS);
  });
});
