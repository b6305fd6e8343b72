import { describe, expect, it } from 'vitest';
import type { CheckQuery, CheckResult } from '../../../src/agent/ports.ts';
import { includesPayload } from '../../../src/agent/release.ts';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import type { MayHold } from '../../../src/agent/slot-place.ts';
import { initialModel } from '../../../src/agent/state.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import type { Entry } from '../../../src/history/entry.ts';
import { Historian } from '../../../src/report/historian.ts';
import { Reporter } from '../../../src/report/reporter.ts';
import type { Logger } from '../../../src/log/log.ts';
import { blocking, checkResult, deployment, POLICY, release } from '../../support/samples.ts';
import { KindError, SimulatedNode, type World } from '../../support/simulated-node.ts';

const HOUR = 3_600_000;
const V2 = release('2.0', 2);

interface Told {
  readonly log: string[];
  readonly debug: string[];
  readonly status: string[];
  readonly motd: Map<string, string | undefined>;
  readonly metrics: Metrics;
  readonly reporter: Reporter;
  readonly history: Entry[];
}

function listen(clock: { now(): number; monotonic(): number }, policy = POLICY): Told {
  const log: string[] = [];
  const debug: string[] = [];
  const at = (level: string) => (message: string) => {
    if (level !== 'debug' && level !== 'trace') {
      log.push(`${level} ${message}`);
    }
  };
  const logger: Logger = {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: (message) => void debug.push(message),
    trace: at('trace'),
  };
  const status: string[] = [];
  const motd = new Map<string, string | undefined>();
  const metrics = new Metrics(clock.now());
  const history: Entry[] = [];
  const reporter = new Reporter({
    historian: new Historian({
      append: (entry) => void history.push(entry),
      entries: () => Promise.resolve([...history]),
    }),
    log: logger,
    metrics,
    notifier: { status: (text) => void status.push(text) },
    motd: { show: (notice, text) => void motd.set(notice, text), retry: () => undefined },
    policy,
    model: initialModel(),
    clock,
  });
  return { log, debug, status, motd, metrics, reporter, history };
}

/** Runs a simulated node with the reporter listening to each of its steps. */
function run(world: Partial<World>, forMs: number): Told {
  const node = new SimulatedNode(world, [deployment('1.0', { booted: true })]);
  const told = listen({ now: () => node.at, monotonic: () => node.mono }, world.policy);
  const end = node.at + forMs;
  // The texts of the node itself are not wanted here.
  node.listener = {
    begins: (beginning) => told.reporter.begins(beginning, node.at),
    happened: (happenings) => told.reporter.happened(node.model, happenings, node.at),
  };
  while (node.at < end && node.reboots === 0) {
    node.step();
  }
  return told;
}

function offer(query: CheckQuery): CheckResult {
  return checkResult(
    includesPayload(query.denied, V2.payload) ? { kind: 'no-update' } : { kind: 'update', release: V2 },
  );
}

async function value(metrics: Metrics, name: string): Promise<string | undefined> {
  return (await metrics.render())
    .split('\n')
    .find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
}

describe('Reporter', () => {
  it('tells an update in the phrases that tools wait for, in order', () => {
    const { log, status } = run({ check: offer }, HOUR);
    const phrases = [
      'registering as the update driver for rpm-ostree',
      'initialization complete, auto-updates logic enabled',
      'reached steady state, periodically polling for updates',
      'current release detected as not a dead-end',
      "target release '2.0' selected, proceeding to stage it",
      'update staged: 2.0',
      "staged deployment '2.0' available, proceeding to finalize it",
      'update finalized: 2.0',
    ];
    expect(
      log
        .filter((line) => phrases.some((phrase) => line === `info ${phrase}`))
        .map((line) => line.slice('info '.length)),
    ).toEqual(phrases);
    expect(status).toContain('found update on remote: 2.0');
    expect(status).toContain('update staged: 2.0');
    expect(status).toContain('update finalized: 2.0');
  });

  it('progress-anew: of each staging the first progress is told at once, and none is left when it has failed', () => {
    const world = { check: offer, stageFault: () => new KindError('rpm_ostree_transaction_failed') };
    const node = new SimulatedNode(world, [deployment('1.0', { booted: true })]);
    // Its clock stands still: the attempts follow each other within a second.
    const told = listen({ now: () => node.at, monotonic: () => 0 });
    const shown: (string | undefined)[] = [];
    node.listener = {
      begins: (beginning) => {
        told.reporter.begins(beginning, node.at);
        if (node.effect.kind === 'stage') {
          told.reporter.progress({ text: 'Resolving' });
          told.reporter.progress({ text: 'and more of it' });
          shown.push(told.reporter.stagingProgress?.text);
        }
      },
      happened: (happenings) => {
        told.reporter.happened(node.model, happenings, node.at);
        if (happenings.some(({ kind }) => kind === 'staging-failed')) {
          shown.push(told.reporter.stagingProgress?.text);
        }
      },
    };
    node.runUntil(() => shown.length === 4);
    expect(shown).toEqual(['and more of it', undefined, 'and more of it', undefined]);
    expect(told.debug.filter((line) => line === 'Resolving' || line === 'and more of it')).toEqual([
      'Resolving',
      'Resolving',
    ]);
  });

  it('diff 9: counts what was decided, not each tick, and a lock server that says no as a no', async () => {
    const place = { lender: 'fleet_lock', address: 'https://lock', group: 'workers', id: 'n1' };
    let asked = 0;
    const { metrics, log } = run(
      {
        check: offer,
        policy: { ...POLICY, hasLenders: true, slotPlaces: [place] },
        acquire: () => {
          asked += 1;
          return { kind: 'refused', reason: 'all slots are taken', label: 'fleet_lock' };
        },
      },
      HOUR,
    );
    expect(asked).toBeGreaterThan(5);
    expect(log.filter((line) => line.includes('all slots are taken'))).toHaveLength(1);
    const told = async (name: string) =>
      (await metrics.render()).split('\n').find((line) => line.startsWith(name));
    const responses = 'zincati_updates_strategy_can_finalize_responses';
    expect(await told(`${responses}{response="deny"}`)).toBe(`${responses}{response="deny"} ${asked}`);
    expect(await told(`${responses}{response="error"}`)).toBe(`${responses}{response="error"} 0`);
    expect(await told(`${responses}{response="allow"}`)).toBe(`${responses}{response="allow"} 0`);
    expect(await value(metrics, 'zincati_update_agent_finalization_attempts')).toMatch(/ 0$/);
  });

  it('field 23: shows no dead end to who logs in where updates are switched off', () => {
    const deadend = { isDeadend: true, reason: 'move on' } as const;
    const node = new SimulatedNode({ check: () => checkResult({ kind: 'no-update' }, { deadend }) }, [
      deployment('1.0', { booted: true }),
    ]);
    const told = listen({ now: () => node.at, monotonic: () => node.mono });
    node.listener = {
      happened: (happenings) => told.reporter.happened(node.model, happenings, node.at),
    };
    node.runFor(HOUR);
    expect(told.motd.get('deadend')).toContain('move on');
    node.reconfigure({ ...POLICY, enabled: false });
    expect(told.motd.get('deadend')).toBeUndefined();
  });

  it('shows the health to who logs in while it is bad, and takes it away', () => {
    const bad = run({ check: () => new KindError('generic_http_502') }, 3 * HOUR);
    expect(bad.motd.get('health')).toMatch(
      /^Automatic updates are DEGRADED since .*: update checks fail \(generic_http_502, /,
    );
    expect(bad.log.filter((line) => line.includes('updates are DEGRADED'))).toHaveLength(1);
    expect(run({ check: () => checkResult({ kind: 'no-update' }) }, HOUR).motd.get('health')).toBeUndefined();
  });

  it('has the health in the status while it is bad, after the state, and follows it without a change of state', () => {
    const { status } = run({ check: () => new KindError('generic_http_502') }, 30 * HOUR);
    const bad = (level: string) =>
      new RegExp(
        `^periodically polling for updates \\(checks fail since (.{27}): generic_http_502(?:; asked again at .{27})?\\); updates are ${level} \\(checks_failing\\) since \\1: update checks fail \\(generic_http_502, \\d+ times\\)$`,
      );
    const first = status.findIndex((text) => bad('DEGRADED').test(text));
    expect(first).toBeGreaterThan(0);
    expect(status[first - 1]).toMatch(/^periodically polling for updates \([^)]*\)$/);
    expect(status.at(-1)).toMatch(bad('STUCK'));
  });

  it('takes the health out of the status when it is good again', () => {
    let checks = 0;
    const { status } = run(
      {
        check: () => (++checks < 12 ? new KindError('generic_http_502') : checkResult({ kind: 'no-update' })),
      },
      30 * HOUR,
    );
    expect(status.filter((text) => text.includes('updates are DEGRADED'))).not.toEqual([]);
    expect(status.at(-1)).toMatch(/^periodically polling for updates \(last checked .* UTC\)$/);
  });

  it('keeps a history of what matters, a refused configuration with its reason included', () => {
    const { history, reporter } = listen({ now: () => 7, monotonic: () => 7 });
    reporter.happened(initialModel(), [{ kind: 'off-graph', booted: '1.0' }, { kind: 'steady' }], 5);
    reporter.configurationRefused('a.toml: no');
    expect(history.map(({ at, kind, text }) => [at, kind, text])).toEqual([
      [5, 'off-graph', 'booted deployment 1.0 not found in the update graph: no updates until it is there'],
      [7, 'configuration-refused', 'the configuration on disk cannot be used: a.toml: no'],
    ]);
  });

  it('says both where the configuration is refused and something graver is wrong', () => {
    const { status, reporter } = listen({ now: () => 100 * HOUR, monotonic: () => 100 * HOUR });
    reporter.configurationRefused('a.toml: no');
    const node = new SimulatedNode({}, [deployment('1.0', { booted: true })]);
    const model = {
      ...node.model,
      state: { name: 'OffGraph', step: 'rest', since: { at: 0, mono: 0 } } as const,
    };
    reporter.happened(model, [], 0);
    expect(status.at(-1)).toMatch(
      /; the configuration on disk cannot be used; updates are STUCK \(off_graph\) since Thu 1970-01-01 00:00:00 UTC: /,
    );
  });

  it('counts what the administrator denies', async () => {
    const { metrics, status } = run(
      {
        check: () => checkResult({ kind: 'no-update' }, { ignoredTargets: 1, skipped: ['2.0'] }),
        policy: { ...POLICY, skip: ['2.0', '3.0'] },
      },
      HOUR,
    );
    expect(await value(metrics, 'zincati_update_agent_denied_releases')).toBe(
      'zincati_update_agent_denied_releases{reason="administrator"} 2',
    );
    expect(status.at(-1)).toContain("release '2.0' is denied by the administrator");
  });

  it('counts what was tried and what failed', async () => {
    const { metrics } = run(
      { check: offer, stageFault: () => new KindError('rpm_ostree_transaction_failed', 'no') },
      1.5 * HOUR,
    );
    expect(await value(metrics, 'zincati_rpm_ostree_deploy_attempts_total')).toMatch(/ 1[2-9]$/);
    expect(await value(metrics, 'zincati_rpm_ostree_deploy_failures_total')).toMatch(/ 1[2-9]$/);
    expect(await value(metrics, 'zincati_update_agent_denied_releases')).toBe(
      'zincati_update_agent_denied_releases{reason="abandoned"} 1',
    );
  });

  it('counts who held a reboot back, by reason', async () => {
    const { metrics } = run({ check: offer, survey: () => blocking('x', 'outside_window') }, HOUR);
    expect(
      await value(metrics, 'zincati_update_agent_finalization_blocked_count{reason="outside_window"}'),
    ).toBeDefined();
    expect(await metrics.render()).toContain(
      'zincati_updates_strategy_can_finalize_responses{response="deny"}',
    );
  });

  it('names who blocks, and the earliest reboot, as of the last look', async () => {
    let open = false;
    const node = new SimulatedNode(
      {
        check: offer,
        policy: { ...POLICY, jitter: false },
        survey: ({ at }) => (open ? [] : blocking('shut', 'periodic', at + 2 * HOUR)),
        rebootComes: () => false,
      },
      [deployment('1.0', { booted: true })],
    );
    const told = listen({ now: () => node.at, monotonic: () => node.mono });
    told.reporter.configured({ policy: node.policy });
    node.listener = { happened: (happenings) => told.reporter.happened(node.model, happenings, node.at) };
    const blocked = 'zincati_update_agent_blocked{gate="periodic"}';
    const earliest = 'zincati_update_agent_earliest_reboot_timestamp';
    expect(await value(told.metrics, earliest)).toBeUndefined();
    node.runUntil(({ model }) => model.state.name === 'UpdateStaged' && model.state.step === 'rest');
    expect(await value(told.metrics, blocked)).toMatch(/ 1$/);
    expect(await value(told.metrics, earliest)).toBe(`${earliest} ${Math.ceil((node.at + 2 * HOUR) / 1000)}`);
    open = true;
    node.runUntil(({ stateName }) => stateName === 'UpdateFinalized');
    expect(await told.metrics.render()).not.toMatch(/agent_blocked\{|earliest_reboot_timestamp \d/);
  });

  it('shows since when a slot may be held, as the record has it', async () => {
    const { metrics, reporter } = listen({ now: () => 1_000_000, monotonic: () => 0 });
    const slot = {
      lender: 'fleet_lock',
      address: 'https://lock',
      group: 'default',
      id: 'a',
      sinceAt: 70_000,
    };
    const told = async (slots: readonly MayHold[]) => {
      reporter.happened(initialModel({ ...EMPTY_RECORD, slots }), [], 1_000_000);
      return [
        await value(metrics, 'zincati_strategy_fleet_lock_slots'),
        await value(metrics, 'zincati_strategy_fleet_lock_slot_since_timestamp'),
      ];
    };
    expect(await told([slot])).toEqual([
      'zincati_strategy_fleet_lock_slots 1',
      'zincati_strategy_fleet_lock_slot_since_timestamp 70',
    ]);
    expect(await told([])).toEqual(['zincati_strategy_fleet_lock_slots 0', undefined]);
  });

  it('says for as long as the configuration on disk is not the one in use', async () => {
    const { log, status, motd, metrics, reporter } = listen({ now: () => 1_000_000, monotonic: () => 0 });
    const node = new SimulatedNode({}, [deployment('1.0', { booted: true })]);
    reporter.configurationRefused('a.toml: no');
    const refused =
      'initialization complete, auto-updates logic enabled; updates are DEGRADED (configuration_refused) since Thu 1970-01-01 00:16:40 UTC: the configuration on disk cannot be used: the one before it is in use, until the agent ends';
    expect(reporter.status).toBe(refused);
    // It stays so whatever happens meanwhile.
    reporter.happened(node.model, [], 0);
    expect(status).toEqual([refused]);
    expect(motd.get('health')).toMatch(/^Automatic updates are DEGRADED since .*: the configuration on disk/);
    expect(await value(metrics, 'zincati_config_last_reload_successful')).toMatch(/ 0$/);
    expect(await value(metrics, 'zincati_update_agent_health')).toContain('cause="configuration_refused"');
    reporter.configurationAccepted();
    expect(status.at(-1)).toBe('initialization complete, auto-updates logic enabled');
    expect(motd.get('health')).toBeUndefined();
    expect(log).toEqual([
      expect.stringContaining('updates are DEGRADED: the configuration on disk cannot be used'),
      'info updates are OK again',
    ]);
  });

  it('shows what a new policy means', () => {
    const { status, reporter } = listen({ now: () => 1_000_000, monotonic: () => 0 });
    const policy = { ...POLICY, enabled: false };
    const model = { ...initialModel(), state: { name: 'EndState', cause: 'disabled', dueMono: 0 } as const };
    reporter.configured({ policy });
    reporter.happened(model, [{ kind: 'reconfigured' }], 1_000_000);
    expect(status).toEqual(['initialization complete, auto-updates logic disabled by configuration']);
  });

  it('does not let a fault in telling become a fault in updating', () => {
    const { log, reporter } = listen({ now: () => Number.NaN, monotonic: () => 0 });
    const node = new SimulatedNode({}, [deployment('1.0', { booted: true })]);
    expect(() =>
      reporter.begins({ kind: 'waiting', state: 'StartState', forMs: Number.NaN }, Number.NaN),
    ).not.toThrow();
    const broken = {
      ...node.model,
      memory: { ...node.model.memory, record: { ...node.model.memory.record, denials: undefined as never } },
    };
    expect(() => reporter.happened(broken, [], 0)).not.toThrow();
    expect(log.at(-1)).toContain('cannot report what happened');
  });
});
