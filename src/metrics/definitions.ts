/**
 * Every metric of the agent, by name, and how they are written out. The only file that knows prom-client.
 *
 * Invariants:
 * - Names, types and labels that Zincati had stay as they were: dashboards rely on them.
 * - Nothing is registered globally.
 * - A metric without a value is left out altogether, so no number is shown that nobody has measured.
 */
import type { Counter, Gauge, Registry } from 'prom-client';

export interface MetricDefinition {
  readonly type: 'gauge' | 'counter';
  readonly labels: readonly string[];
  readonly help: string;
}

export const DEFINITIONS = {
  process_start_time_seconds: gauge('Start of the agent, in seconds since 1970 UTC.'),

  zincati_identity_os_info: gauge(
    'Facts about the booted system, as labels; always 1.',
    'os_version',
    'basearch',
    'stream',
    'platform',
  ),
  zincati_identity_rollout_wariness: gauge('Configured wariness towards new releases, 0 to 1.'),
  zincati_config_warnings: gauge('Warnings about the configuration that is in use.'),
  zincati_config_last_reload_successful: gauge(
    'Whether the configuration could be used when it was last read.',
  ),
  zincati_config_last_reload_success_timestamp: gauge(
    'Last time the configuration was read and could be used, in seconds since 1970 UTC.',
  ),

  zincati_update_agent_last_refresh_timestamp: gauge(
    'Last time the agent went to work, in seconds since 1970 UTC.',
  ),
  zincati_update_agent_last_success_timestamp: gauge(
    'Last time an update check was answered, in seconds since 1970 UTC.',
  ),
  zincati_update_agent_latest_state_change_timestamp: gauge(
    'Last time the agent changed its state, in seconds since 1970 UTC.',
  ),
  zincati_update_agent_info: gauge(
    'State of the agent and the version it works towards, as labels; always 1.',
    'state',
    'target_version',
  ),
  zincati_update_agent_health: gauge('Health of updating itself, as labels; always 1.', 'level', 'cause'),
  zincati_update_agent_consecutive_failures: gauge('Failures in a row, by activity.', 'activity'),
  zincati_update_agent_denied_releases: gauge('Releases that are not taken, by reason.', 'reason'),
  zincati_update_agent_blocked: gauge(
    'Gates that did not let the node reboot at the last look; 1 for each of them.',
    'gate',
  ),
  zincati_update_agent_earliest_reboot_timestamp: gauge(
    'Earliest possible reboot into the staged update, in seconds since 1970 UTC.',
  ),
  zincati_update_agent_foreign_staged: gauge(
    'Whether a deployment that somebody else staged, or had boot next, holds updates back.',
  ),
  zincati_update_agent_updates_enabled: gauge('Whether updates are enabled by configuration.'),
  zincati_update_agent_updates_allow_downgrade: gauge('Whether downgrades are allowed by configuration.'),
  zincati_update_agent_finalization_attempts: counter('Attempts to finalize a staged update.'),
  zincati_update_agent_finalization_successes: counter('Staged updates that were finalized.'),
  zincati_update_agent_finalization_blocked_count: counter(
    'Finalizations that could not go on, by reason.',
    'reason',
  ),
  zincati_update_agent_finalization_detected_active_users: gauge(
    'Interactive sessions seen at the last attempt to finalize.',
  ),
  zincati_update_agent_postponed_finalizations_total: counter(
    'Finalizations that were put off for people who are logged in.',
  ),
  zincati_update_agent_last_update_timestamp: gauge(
    'When the last update was booted, in seconds since 1970 UTC.',
  ),
  zincati_update_agent_last_update_duration_seconds: gauge(
    'How long the last update took, from its offer to its boot.',
  ),
  zincati_update_agent_last_update_downtime_seconds: gauge('How long the node was down for the last update.'),
  zincati_update_agent_download_progress_ratio: gauge('How much of the running download is done, 0 to 1.'),
  zincati_update_agent_download_bytes: gauge('Bytes transferred by the running download.'),
  zincati_update_agent_download_bytes_per_second: gauge('Speed of the running download.'),
  zincati_update_agent_download_layers_done: gauge('Layers of the image that the running download has got.'),
  zincati_update_agent_download_layers_needed: gauge('Layers of the image that the running download needs.'),

  zincati_updates_strategy_mode: gauge('Update strategies in use, as labels; always 1.', 'strategy'),
  zincati_updates_strategy_periodic_schedule_length_minutes: gauge(
    'Total length of the configured maintenance windows in a week.',
  ),
  zincati_updates_strategy_periodic_window_start_timestamp: gauge(
    'Start of the open or else the next maintenance window, in seconds since 1970 UTC.',
  ),
  zincati_updates_strategy_periodic_window_end_timestamp: gauge(
    'End of the open or else the next maintenance window, in seconds since 1970 UTC.',
  ),
  zincati_updates_strategy_can_finalize_responses: counter(
    'Answers of the update strategy to the question whether the node may reboot.',
    'response',
  ),

  zincati_strategy_fleet_lock_requests_total: counter('Requests to the lock server, by API.', 'api'),
  zincati_strategy_fleet_lock_errors_total: counter(
    'Requests to the lock server that failed, by API and kind of error.',
    'api',
    'kind',
  ),
  zincati_strategy_fleet_lock_answers_total: counter(
    'What the lock server answered, by API and meaning.',
    'api',
    'answer',
  ),
  zincati_strategy_fleet_lock_held_seconds_total: counter('Seconds for which a reboot slot was held.'),
  zincati_strategy_fleet_lock_slots: gauge('Reboot slots that this node holds, or may hold.'),
  zincati_strategy_fleet_lock_slot_since_timestamp: gauge(
    'Since when this node holds a reboot slot, or may hold one, in seconds since 1970 UTC.',
  ),

  zincati_cincinnati_graph_nodes_count: gauge('Releases in the update graph.'),
  zincati_cincinnati_graph_edges_count: gauge('Edges in the update graph.'),
  zincati_cincinnati_graph_warnings: gauge('Faults of the update graph that did not spoil the answer.'),
  zincati_cincinnati_booted_release_is_deadend: gauge('Whether the booted release is a dead end.'),
  zincati_cincinnati_booted_release_is_off_graph: gauge(
    'Whether the booted release is missing from the update graph.',
  ),
  zincati_cincinnati_ignored_update_targets: gauge(
    'Possible targets of the last check that were left out because they are denied.',
  ),
  zincati_cincinnati_update_checks_total: counter('Update checks.'),
  zincati_cincinnati_update_checks_errors_total: counter(
    'Update checks that failed, by kind of error.',
    'kind',
  ),

  zincati_rpm_ostree_deploy_attempts_total: counter('Attempts to stage a release.'),
  zincati_rpm_ostree_deploy_failures_total: counter('Attempts to stage a release that failed.'),
  zincati_rpm_ostree_finalize_attempts_total: counter('Requests to rpm-ostree to finalize.'),
  zincati_rpm_ostree_finalize_failures_total: counter('Requests to rpm-ostree to finalize that failed.'),
  zincati_rpm_ostree_register_driver_failures_total: counter(
    'Attempts to register as the update driver that failed.',
  ),
  zincati_rpm_ostree_status_attempts_total: counter('Attempts to read the deployments from rpm-ostree.'),
  zincati_rpm_ostree_status_failures_total: counter(
    'Attempts to read the deployments from rpm-ostree that failed.',
  ),
  zincati_rpm_ostree_status_cache_requests_total: counter(
    'Readings of the deployments that a cached answer could serve.',
  ),
  zincati_rpm_ostree_status_cache_misses_total: counter(
    'Readings of the deployments that no cached answer could serve.',
  ),
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof DEFINITIONS;
export type Labels<N extends MetricName> = Readonly<
  Record<(typeof DEFINITIONS)[N]['labels'][number], string>
>;

export const METRIC_NAMES = Object.keys(DEFINITIONS) as readonly MetricName[];

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Media type of what {@link exposition} returns. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The text that Prometheus reads. Everything is built anew each time, which takes a tenth of a millisecond. On a host
 * that nobody scrapes, prom-client is not even loaded.
 */
export async function exposition(samplesOf: (name: MetricName) => Iterable<Sample>): Promise<string> {
  const library = await loadLibrary();
  const registry = new library.Registry();
  for (const name of METRIC_NAMES) {
    const samples = [...samplesOf(name)];
    if (samples.length === 0) {
      continue;
    }
    const { type, labels, help }: MetricDefinition = DEFINITIONS[name];
    const metric = new library[type]({ name, help, labelNames: [...labels], registers: [registry] });
    for (const sample of samples) {
      metric.inc({ ...sample.labels }, sample.value);
    }
  }
  return registry.metrics();
}

interface Library {
  readonly Registry: typeof Registry;
  readonly gauge: typeof Gauge;
  readonly counter: typeof Counter;
}

/**
 * Loads file by file. The package as a whole also loads Node's HTTP and cluster modules. Those parts are not used here, and cost 7 MB
 * instead of half a megabyte.
 */
async function loadLibrary(): Promise<Library> {
  const [registry, gauges, counters] = await Promise.all([
    import('prom-client/lib/registry.js'),
    import('prom-client/lib/gauge.js'),
    import('prom-client/lib/counter.js'),
  ]);
  return { Registry: registry.default, gauge: gauges.default, counter: counters.default };
}

function gauge<const L extends readonly string[]>(help: string, ...labels: L) {
  return { type: 'gauge', labels, help } as const;
}

function counter<const L extends readonly string[]>(help: string, ...labels: L) {
  return { type: 'counter', labels, help } as const;
}
