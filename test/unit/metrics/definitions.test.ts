/** Names, types and labels that dashboards rely on, and docs/metrics.md against the definitions, both ways. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  DEFINITIONS,
  exposition,
  METRIC_NAMES,
  type MetricName,
  type Sample,
} from '../../../src/metrics/definitions.ts';
import { FLEET_LOCK_ANSWERS } from '../../../src/metrics/metrics.ts';
import { STATE_NAMES } from '../../support/state-names.ts';

const documentation = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');

/** `| `name` | type | labels | meaning |` */
const rows = new Map(
  [...documentation.matchAll(/^\| `((?:zincati|process)_[a-z_]+)` \|(.+)\|$/gm)].map((match) => [
    match[1]!,
    match[2]!.split('|').map((cell) => cell.trim()),
  ]),
);

/** What Zincati 0.0.32 exports. */
const ZINCATI: Readonly<Record<string, string>> = {
  process_start_time_seconds: 'gauge',
  zincati_identity_os_info: 'gauge os_version basearch stream platform',
  zincati_identity_rollout_wariness: 'gauge',
  zincati_update_agent_last_refresh_timestamp: 'gauge',
  zincati_update_agent_latest_state_change_timestamp: 'gauge',
  zincati_update_agent_updates_enabled: 'gauge',
  zincati_update_agent_updates_allow_downgrade: 'gauge',
  zincati_update_agent_finalization_attempts: 'counter',
  zincati_update_agent_finalization_successes: 'counter',
  zincati_update_agent_finalization_blocked_count: 'counter reason',
  zincati_update_agent_finalization_detected_active_users: 'gauge',
  zincati_update_agent_postponed_finalizations_total: 'counter',
  zincati_updates_strategy_mode: 'gauge strategy',
  zincati_updates_strategy_periodic_schedule_length_minutes: 'gauge',
  zincati_updates_strategy_can_finalize_responses: 'counter response',
  zincati_strategy_fleet_lock_requests_total: 'counter api',
  zincati_strategy_fleet_lock_errors_total: 'counter api kind',
  zincati_cincinnati_graph_nodes_count: 'gauge',
  zincati_cincinnati_graph_edges_count: 'gauge',
  zincati_cincinnati_booted_release_is_deadend: 'gauge',
  zincati_cincinnati_ignored_update_targets: 'gauge',
  zincati_cincinnati_update_checks_total: 'counter',
  zincati_cincinnati_update_checks_errors_total: 'counter kind',
  zincati_rpm_ostree_deploy_attempts_total: 'counter',
  zincati_rpm_ostree_deploy_failures_total: 'counter',
  zincati_rpm_ostree_finalize_attempts_total: 'counter',
  zincati_rpm_ostree_finalize_failures_total: 'counter',
  zincati_rpm_ostree_register_driver_failures_total: 'counter',
  zincati_rpm_ostree_status_attempts_total: 'counter',
  zincati_rpm_ostree_status_failures_total: 'counter',
  zincati_rpm_ostree_status_cache_requests_total: 'counter',
  zincati_rpm_ostree_status_cache_misses_total: 'counter',
};

describe('definitions', () => {
  it.each(Object.entries(ZINCATI))('has %s as %s', (name, expected) => {
    const found = METRIC_NAMES.find((known) => known === name);
    expect(found).toBeDefined();
    const { type, labels } = DEFINITIONS[found!];
    expect([type, ...labels].join(' ')).toBe(expected);
  });

  it('documents every metric and no other', () => {
    expect([...rows.keys()].toSorted()).toEqual([...METRIC_NAMES].toSorted());
  });

  it.each(METRIC_NAMES)('documents %s as it is', (name) => {
    const { type, labels, help } = DEFINITIONS[name];
    const [shownType, shownLabels, meaning] = rows.get(name)!;
    expect(shownType).toBe(type);
    expect(shownLabels).toBe(labels.map((label) => `\`${label}\``).join(', '));
    expect(meaning!.startsWith(help)).toBe(true);
  });

  it('names only existing metrics in the documentation', () => {
    const named = [...documentation.matchAll(/\b(?:zincati|process)_[a-z_]+/g)].map((match) => match[0]);
    const known = new Set<string>(METRIC_NAMES);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('values of labels', () => {
  it.each([
    ['Answers of a lock server', FLEET_LOCK_ANSWERS],
    ['States', Object.keys(STATE_NAMES)],
  ])('of section "%s" are documented, in order', (title, values) => {
    const section = documentation.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
    const [, ...cells] = [...section.matchAll(/^\| `([\w-]+)` \|/gm)].map((match) => match[1]);
    expect(cells).toEqual(values);
  });
});

describe('exposition', () => {
  const withSamples = (samples: Partial<Record<MetricName, readonly Sample[]>>) =>
    exposition((name) => samples[name] ?? []);

  it('leaves out what has no value, its header included', async () => {
    expect((await withSamples({})).trim()).toBe('');
    const text = await withSamples({ zincati_cincinnati_graph_nodes_count: [{ labels: {}, value: 7 }] });
    expect(text.trim().split('\n')).toEqual([
      '# HELP zincati_cincinnati_graph_nodes_count Releases in the update graph.',
      '# TYPE zincati_cincinnati_graph_nodes_count gauge',
      'zincati_cincinnati_graph_nodes_count 7',
    ]);
  });

  it('escapes what labels carry', async () => {
    const text = await withSamples({
      zincati_update_agent_info: [{ labels: { state: 'x"y', target_version: 'a\\b\nc' }, value: 1 }],
    });
    expect(text).toContain('zincati_update_agent_info{state="x\\"y",target_version="a\\\\b\\nc"} 1');
  });
});
