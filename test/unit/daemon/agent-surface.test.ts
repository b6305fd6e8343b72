/** The agent as the bus sees it: before there is a configuration, and with one. */
import { describe, expect, it } from 'vitest';

import { HEALTHY } from '../../../src/agent/health.ts';
import { EMPTY_RECORD, type AgentRecord } from '../../../src/agent/record.ts';
import type { Outcome, Request } from '../../../src/agent/requests.ts';
import { initialModel, type Model } from '../../../src/agent/state.ts';
import { AgentSurface } from '../../../src/daemon/agent-surface.ts';
import { ConfigError } from '../../../src/errors.ts';
import type { Entry } from '../../../src/history/entry.ts';
import { deployment, POLICY, release } from '../../support/samples.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NEVER = new AbortController().signal;
const ROOT = { uid: 0 };
const SKIP_FILE = '/etc/zincati/config.d/60-skip.toml';
const entry = (at: number): Entry => ({ at, kind: 'staged', text: '', fields: {} });

class Agent {
  readonly clock = new VirtualClock();
  readonly requests: Request[] = [];
  readonly asked: (readonly [number, number])[] = [];
  reloads = 0;
  entries: readonly Entry[] = [];
  model: Model;
  problem: { readonly reason: string; readonly sinceAt: number } | undefined;
  outcome: Outcome = { kind: 'done', text: 'T', changed: true };
  readonly surface: AgentSurface;

  constructor(record: Partial<AgentRecord> = {}) {
    this.model = initialModel({ ...EMPTY_RECORD, ...record });
    const reporter = (): Model => this.model;
    const problem = () => this.problem;
    this.surface = new AgentSurface({
      reporter: {
        get model() {
          return reporter();
        },
        health: HEALTHY,
        status: 'S',
        stagingProgress: undefined,
        get configurationProblem() {
          return problem();
        },
        onChange: () => () => undefined,
      },
      history: { entries: () => Promise.resolve(this.entries), onAppended: () => () => undefined },
      clock: this.clock,
    });
  }

  attach(skip: readonly string[] = []): this {
    this.surface.attach({
      runner: {
        request: (request) => {
          this.requests.push(request);
          return Promise.resolve(this.outcome);
        },
      },
      configured: () => ({
        policy: { ...POLICY, skip },
        survey: { explain: () => Promise.resolve([]) },
        ports: { sessions: { list: () => Promise.resolve([]) } },
        reading: {
          origins: new Map([['updates.skip', SKIP_FILE]]),
          shown: [],
          identity: { nodeUuid: '1e0a'.repeat(8), group: 'workers', platform: 'aws' },
        },
        gates: {
          upcoming: (fromAt, untilAt) => {
            this.asked.push([fromAt, untilAt]);
            return Promise.resolve([]);
          },
        },
      }),
      reload: () => {
        this.reloads += 1;
        return Promise.resolve();
      },
    });
    return this;
  }
}

describe('what the node is and has', () => {
  it('status-hop, status-since: is told with its instants, and where it is on its way', () => {
    const staged = deployment('2', { id: 'd-2', staged: true, finalizationLocked: true });
    const agent = new Agent({
      bootedSinceAt: 5,
      hopsDone: 1,
      staged: { ...release('2'), deploymentId: 'd-2', sinceAt: 7 },
    });
    expect(agent.surface.snapshot()).toMatchObject({ node: { id: undefined }, stagedSinceAt: undefined });
    const { model } = agent;
    const booted = deployment('1', { booted: true });
    const host = { booted, staged, deployments: [staged, booted], activeTransaction: undefined };
    const check = { ...model.memory.check, hops: 2 };
    agent.model = { ...model, memory: { ...model.memory, host, check } };
    expect(agent.attach().surface.snapshot()).toMatchObject({
      node: { id: '1e0a'.repeat(8), group: 'workers', platform: 'aws', stream: booted.stream },
      bootedSinceAt: 5,
      stagedSinceAt: 7,
      hop: { number: 2, of: 3 },
    });
    // Of what somebody else has staged is known when it was first seen.
    const foreign = { id: 'd-3', version: '3', since: { at: 9, mono: 0 } };
    const theirs = deployment('3', { id: 'd-3', staged: true });
    const seen = { ...host, staged: theirs, deployments: [theirs, booted] };
    agent.model = { ...model, memory: { ...model.memory, host: seen, foreign } };
    expect(agent.surface.snapshot()).toMatchObject({ stagedSinceAt: 9, hop: undefined });
  });
});

describe('while there is no configuration', () => {
  it('requests are refused, and nothing is claimed to be in use', async () => {
    const { surface } = new Agent();
    expect(await surface.request(ROOT, { kind: 'check' }).ended).toMatchObject({ error: 'Busy' });
    expect(await surface.calendar(7)).toEqual([]);
    expect(surface.configuration()).toEqual([]);
    expect(surface.snapshot()).toMatchObject({ blocked: [], reboot: { lower: { kind: 'open' } } });
  });

  it('a reload and an explanation say what is waited for', async () => {
    const agent = new Agent();
    agent.problem = { reason: 'identity.group must be made from attribute A', sinceAt: 5 };
    await expect(agent.surface.reload()).rejects.toThrow(ConfigError);
    await expect(agent.surface.reload()).rejects.toThrow('identity.group must be made from attribute A');
    const { gates, stage } = await agent.surface.explain([], NEVER);
    expect(stage).toBe('none');
    expect(gates).toMatchObject([
      { gate: 'enabled', verdict: 'unknown', reason: 'identity.group must be made from attribute A' },
    ]);
    expect(agent.surface.snapshot().configuration).toEqual({
      current: false,
      reason: 'identity.group must be made from attribute A',
      sinceAt: 5,
    });
  });
});

describe('with a configuration', () => {
  it('requests go to the loop, each with an id of its own, also over restarts', async () => {
    const ids = [new Agent().attach(), new Agent().attach()].flatMap(({ surface }) =>
      [1, 2].map(() => surface.request(ROOT, { kind: 'check' }).request.id),
    );
    expect(new Set(ids).size).toBe(4);
    const agent = new Agent().attach();
    expect(await agent.surface.request({ uid: 7 }, { kind: 'discard' }).ended).toBe(agent.outcome);
    expect(agent.requests).toMatchObject([{ by: { uid: 7 }, wish: { kind: 'discard' } }]);
    await agent.surface.reload();
    expect(agent.reloads).toBe(1);
  });

  it('a release that the configuration denies is answered with the file', async () => {
    const agent = new Agent().attach(['2']);
    agent.outcome = { kind: 'refused', error: 'Blocked', text: 'the configuration denies 2' };
    expect(await agent.surface.request(ROOT, { kind: 'allow', release: '2' }).ended).toEqual({
      kind: 'refused',
      error: 'Blocked',
      text: `the configuration denies 2 in ${SKIP_FILE}`,
    });
    // Of other requests the file is not what blocks.
    expect(await agent.surface.request(ROOT, { kind: 'reboot', overrides: [] }).ended).toBe(agent.outcome);
  });

  it('tells what people, the configuration and the agent deny, and what is over no more', () => {
    const own = { ...release('4'), reason: 'abandoned' as const, sinceAt: 1, strikes: 1 };
    const agent = new Agent({
      adminDenials: [{ release: '1', by: { uid: 7 }, reason: 'R', sinceAt: 1 }],
      denials: [own, { ...own, ...release('5'), untilAt: 0 }],
    }).attach(['2']);
    expect(
      agent.surface.snapshot().denied.map(({ release: name, reason, file }) => [name, reason, file]),
    ).toEqual([
      ['1', 'administrator', undefined],
      ['2', 'configuration', SKIP_FILE],
      ['4', 'abandoned', undefined],
    ]);
  });

  it('tells holds in force alone', () => {
    const hold = { what: 'reboot' as const, by: { uid: 7 }, reason: '', sinceAt: 0 };
    const agent = new Agent({
      holds: [
        { ...hold, id: 'h1', untilAt: 1 },
        { ...hold, id: 'h2' },
      ],
    }).attach();
    expect(agent.surface.snapshot().holds.map(({ id }) => id)).toEqual(['h2']);
  });

  it('tells when the next check is, of a machine that makes one', async () => {
    const agent = new Agent().attach();
    expect(agent.surface.snapshot().checks.nextAt).toBeUndefined();
    const { memory } = agent.model;
    const dueMono = agent.clock.monotonic() + 60_000;
    agent.model = {
      state: { name: 'NoNewUpdate', step: 'rest' },
      memory: { ...memory, check: { ...memory.check, dueMono } },
    };
    expect(agent.surface.snapshot().checks.nextAt).toBe(agent.clock.now() + 60_000);
    await agent.clock.advance(90_000);
    expect(agent.surface.snapshot().checks.nextAt).toBe(agent.clock.now());
  });

  it('the history is the newest entries, from an instant on', async () => {
    const agent = new Agent().attach();
    agent.entries = [entry(1), entry(2), entry(3)];
    const ats = async (query: { newest: number; sinceAt?: number }) =>
      (await agent.surface.history(query)).map(({ at }) => at);
    expect(await ats({ newest: 2 })).toEqual([2, 3]);
    expect(await ats({ newest: 9, sinceAt: 3 })).toEqual([3]);
    expect(await ats({ newest: 0 })).toEqual([]);
  });

  it('the calendar begins now', async () => {
    const agent = new Agent().attach();
    await agent.surface.calendar(2);
    const now = agent.clock.now();
    expect(agent.asked).toEqual([[now, now + 2 * 86_400_000]]);
  });
});
