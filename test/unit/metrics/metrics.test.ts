import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CheckResult } from '../../../src/agent/ports.ts';
import { DEFINITIONS, METRIC_NAMES } from '../../../src/metrics/definitions.ts';
import { FLEET_LOCK_ANSWERS, FLEET_LOCK_APIS, Metrics } from '../../../src/metrics/metrics.ts';

const STARTED_AT = Date.UTC(2026, 0, 1) + 999;

/** The values of all lines that are not comments, by the part before the value. */
async function values(metrics: Metrics): Promise<Map<string, number>> {
  const lines = (await metrics.render()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

async function valueOf(metrics: Metrics, series: string): Promise<number | undefined> {
  return (await values(metrics)).get(series);
}

const ANSWER: CheckResult = {
  outcome: { kind: 'no-update' },
  deadend: { isDeadend: false },
  ignoredTargets: 2,
  skipped: [],
  nodes: 30,
  edges: 29,
  warnings: ['one node has no age'],
  notModified: false,
};

describe('field 23: updates that are switched off', () => {
  it('have no series about a graph', async () => {
    const metrics = new Metrics(STARTED_AT);
    metrics.checkAnswered({ ...ANSWER, outcome: { kind: 'off-graph' } }, STARTED_AT);
    expect(await valueOf(metrics, 'zincati_cincinnati_booted_release_is_off_graph')).toBe(1);
    metrics.updatesConfigured({ enabled: false, allowDowngrade: false });
    expect(await valueOf(metrics, 'zincati_cincinnati_booted_release_is_off_graph')).toBeUndefined();
    expect(await valueOf(metrics, 'zincati_cincinnati_booted_release_is_deadend')).toBeUndefined();
  });
});

describe('Metrics', () => {
  it('begins with zeros where the series are known, and with nothing where nobody has measured', async () => {
    expect(Object.fromEntries(await values(new Metrics(STARTED_AT)))).toEqual({
      process_start_time_seconds: Math.floor(STARTED_AT / 1000),
      zincati_update_agent_finalization_attempts: 0,
      zincati_update_agent_finalization_successes: 0,
      'zincati_update_agent_finalization_blocked_count{reason="active_usersessions"}': 0,
      zincati_update_agent_postponed_finalizations_total: 0,
      'zincati_updates_strategy_can_finalize_responses{response="allow"}': 0,
      'zincati_updates_strategy_can_finalize_responses{response="deny"}': 0,
      'zincati_updates_strategy_can_finalize_responses{response="error"}': 0,
      'zincati_strategy_fleet_lock_requests_total{api="pre-reboot"}': 0,
      'zincati_strategy_fleet_lock_requests_total{api="steady-state"}': 0,
      ...Object.fromEntries(
        FLEET_LOCK_APIS.flatMap((api) =>
          FLEET_LOCK_ANSWERS.map((answer) => [
            `zincati_strategy_fleet_lock_answers_total{api="${api}",answer="${answer}"}`,
            0,
          ]),
        ),
      ),
      zincati_strategy_fleet_lock_held_seconds_total: 0,
      zincati_cincinnati_update_checks_total: 0,
      zincati_rpm_ostree_deploy_attempts_total: 0,
      zincati_rpm_ostree_deploy_failures_total: 0,
      zincati_rpm_ostree_finalize_attempts_total: 0,
      zincati_rpm_ostree_finalize_failures_total: 0,
      zincati_rpm_ostree_register_driver_failures_total: 0,
      zincati_rpm_ostree_status_attempts_total: 0,
      zincati_rpm_ostree_status_failures_total: 0,
      zincati_rpm_ostree_status_cache_requests_total: 0,
      zincati_rpm_ostree_status_cache_misses_total: 0,
    });
  });

  it('has a method for every metric', async () => {
    const metrics = everything();
    const shown = new Set([...(await values(metrics)).keys()].map((series) => series.replace(/\{.*/, '')));
    expect([...shown].toSorted()).toEqual([...METRIC_NAMES].toSorted());
  });

  it('counts each event once', async () => {
    const before = await values(new Metrics(STARTED_AT));
    const after = await values(everything());
    const counters = [...after].filter(([series]) => typeOf(series) === 'counter');
    expect(counters.map(([series, value]) => [series, value - (before.get(series) ?? 0)])).toEqual(
      counters.map(([series]) => [
        series,
        series.includes('response="deny"') ||
        series.includes('response="error"') ||
        (series.includes('_answers_total') && series !== FAILED_ANSWERS) ||
        series === STEADY_REQUESTS
          ? 0
          : series.includes('held_seconds')
            ? 12.5
            : 1,
      ]),
    );
  });

  it('shows the present state alone, and when it was entered', async () => {
    const metrics = new Metrics(STARTED_AT);
    metrics.stateIs('UpdateAvailable', '1.2', 5000);
    metrics.stateIs('UpdateAvailable', '1.3', 6000);
    expect(infoOf(await values(metrics))).toEqual([
      'zincati_update_agent_info{state="UpdateAvailable",target_version="1.3"}',
    ]);
    expect(await valueOf(metrics, 'zincati_update_agent_latest_state_change_timestamp')).toBe(5);
    metrics.stateIs('UpdateStaged', '1.3', 9999);
    expect(infoOf(await values(metrics))).toEqual([
      'zincati_update_agent_info{state="UpdateStaged",target_version="1.3"}',
    ]);
    expect(await valueOf(metrics, 'zincati_update_agent_latest_state_change_timestamp')).toBe(9);
  });

  it('shows a download only while one runs, and only what is known of it', async () => {
    const metrics = new Metrics(STARTED_AT);
    metrics.downloading({ percent: 250, bytesTransferred: 10 });
    expect(await valueOf(metrics, 'zincati_update_agent_download_progress_ratio')).toBe(1);
    expect(await valueOf(metrics, 'zincati_update_agent_download_bytes')).toBe(10);
    expect(await valueOf(metrics, 'zincati_update_agent_download_bytes_per_second')).toBeUndefined();
    metrics.downloadEnded();
    expect(await metrics.render()).not.toContain('download');
  });

  it('shows the oldest slot alone, and 0 slots when none is held', async () => {
    const [slots, since] = [
      'zincati_strategy_fleet_lock_slots',
      'zincati_strategy_fleet_lock_slot_since_timestamp',
    ];
    const metrics = new Metrics(STARTED_AT);
    metrics.fleetLockSlots([7999, 5999]);
    expect([await valueOf(metrics, slots), await valueOf(metrics, since)]).toEqual([2, 5]);
    metrics.fleetLockSlots([]);
    expect([await valueOf(metrics, slots), await valueOf(metrics, since)]).toEqual([0, undefined]);
  });

  it('shows of the last update what is known of it, and nothing of the one before', async () => {
    const metrics = new Metrics(STARTED_AT);
    metrics.updated({ bootedAt: 5000, tookMs: 3500, downtimeMs: 1500 });
    const name = 'zincati_update_agent_last_update';
    expect(await valueOf(metrics, `${name}_duration_seconds`)).toBe(3.5);
    expect(await valueOf(metrics, `${name}_downtime_seconds`)).toBe(1.5);
    metrics.updated({ bootedAt: 9000 });
    expect(await valueOf(metrics, `${name}_timestamp`)).toBe(9);
    expect(await metrics.render()).not.toMatch(/last_update_\w+_seconds /);
  });

  it('does not take what is no number', async () => {
    const metrics = new Metrics(STARTED_AT);
    metrics.downloading({ percent: Number.NaN, bytesTransferred: Number.POSITIVE_INFINITY });
    expect(await metrics.render()).not.toContain('download');
  });

  it('forgets denied releases and windows that are over', async () => {
    const metrics = new Metrics(STARTED_AT);
    metrics.releasesDenied(new Map([['abandoned', 2]]));
    metrics.windowIs({ startAt: 1000, endAt: 2000 });
    expect(await valueOf(metrics, 'zincati_update_agent_denied_releases{reason="abandoned"}')).toBe(2);
    expect(await valueOf(metrics, 'zincati_updates_strategy_periodic_window_end_timestamp')).toBe(2);
    metrics.releasesDenied(new Map());
    metrics.windowIs(undefined);
    expect(await metrics.render()).not.toMatch(/denied_releases|periodic_window/);
  });

  it('bounds what servers can add, in number and in length, and loses no count by it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ api: fc.constantFrom(...FLEET_LOCK_APIS), kind: fc.string({ maxLength: 400 }) }),
          {
            maxLength: 200,
          },
        ),
        async (errors) => {
          const metrics = new Metrics(STARTED_AT);
          for (const { api, kind } of errors) {
            metrics.fleetLockFailed(api, kind);
            metrics.checkFailed(kind);
          }
          const shown = await values(metrics);
          const checks = [...shown].filter(([series]) => series.includes('checks_errors_total'));
          expect(checks.length).toBeLessThanOrEqual(33);
          expect(checks.reduce((sum, [, value]) => sum + value, 0)).toBe(errors.length);
          const locks = [...shown].filter(([series]) => series.includes('lock_errors_total'));
          expect(locks.length).toBeLessThanOrEqual(2 * 33);
          expect(locks.reduce((sum, [, value]) => sum + value, 0)).toBe(errors.length);
          for (const [series] of shown) {
            expect(series.length).toBeLessThan(500);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('names the thirty-third kind of error "other"', async () => {
    const metrics = new Metrics(STARTED_AT);
    for (let n = 1; n <= 40; n++) {
      metrics.checkFailed(`kind_${n}`);
    }
    metrics.checkFailed('kind_1');
    const series = (kind: string) => `zincati_cincinnati_update_checks_errors_total{kind="${kind}"}`;
    expect(await valueOf(metrics, series('kind_1'))).toBe(2);
    expect(await valueOf(metrics, series('kind_32'))).toBe(1);
    expect(await valueOf(metrics, series('kind_33'))).toBeUndefined();
    expect(await valueOf(metrics, series('other'))).toBe(8);
  });
});

const FAILED_ANSWERS = 'zincati_strategy_fleet_lock_answers_total{api="pre-reboot",answer="failed"}';
const STEADY_REQUESTS = 'zincati_strategy_fleet_lock_requests_total{api="steady-state"}';

function typeOf(series: string): string {
  const name = METRIC_NAMES.find((known) => known === series.replace(/\{.*/, ''));
  return DEFINITIONS[name!].type;
}

function infoOf(shown: ReadonlyMap<string, number>): string[] {
  return [...shown.keys()].filter((series) => series.startsWith('zincati_update_agent_info'));
}

/** Every method called once. */
function everything(): Metrics {
  const metrics = new Metrics(STARTED_AT);
  metrics.identityKnown({ osVersion: '1', basearch: 'x86_64', stream: 'stable', platform: 'metal' });
  metrics.rolloutWarinessConfigured(0.5);
  metrics.configurationRead(1, 1000);
  metrics.updatesConfigured({ enabled: true, allowDowngrade: false });
  metrics.strategiesConfigured(['periodic', 'fleet_lock']);
  metrics.scheduleConfigured(120);
  metrics.refreshed(1000);
  metrics.stateIs('NoNewUpdate', '', 1000);
  metrics.healthIs('OK', 'none');
  metrics.failuresInARow('check', 3);
  metrics.releasesDenied(new Map([['abandoned', 1]]));
  metrics.blockedBy(['periodic']);
  metrics.earliestRebootIs(STARTED_AT);
  metrics.finalizationAttempted();
  metrics.finalizationSucceeded();
  metrics.finalizationBlockedByUsers();
  metrics.activeUsersDetected(2);
  metrics.finalizationPostponed();
  metrics.downloading({
    ...{ percent: 50, bytesTransferred: 10, bytesPerSecond: 5 },
    ...{ layersDone: 1, layersNeeded: 2 },
  });
  metrics.updated({ bootedAt: 3000, tookMs: 2000, downtimeMs: 1000 });
  metrics.foreignStaged(true);
  metrics.finalizeAnswered('allow');
  metrics.windowIs({ startAt: 1000, endAt: 2000 });
  metrics.fleetLockRequested('pre-reboot');
  metrics.fleetLockFailed('pre-reboot', 'generic_http_500');
  metrics.fleetLockAnswered('pre-reboot', 'failed');
  metrics.fleetLockSlots([STARTED_AT]);
  metrics.fleetLockHeld(12.5);
  metrics.checkStarted();
  metrics.checkFailed('client_failed_request');
  metrics.checkAnswered(ANSWER, 2000);
  metrics.deployAttempted();
  metrics.deployFailed();
  metrics.finalizeAttempted();
  metrics.finalizeFailed();
  metrics.registerDriverFailed();
  metrics.statusAttempted();
  metrics.statusFailed();
  metrics.statusCacheRequested();
  metrics.statusCacheMissed();
  return metrics;
}
