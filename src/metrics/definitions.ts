/**
 * Every metric of the agent: name, type, labels, help. Names, types and labels are Zincati's where it has them. Data.
 *
 * `preset`: label values under which a counter stands at 0 from the start, so that a rate over it is never missing.
 */

interface Definition {
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly labels?: readonly string[];
  readonly preset?: readonly Readonly<Record<string, string>>[];
  /** How many different label sets are kept; the rest counts under `other`. Bounds what a remote side can cause. */
  readonly most?: number;
}

const gauge = (help: string, labels: readonly string[] = []): Definition => ({ type: 'gauge', help, labels });
const counter = (
  help: string,
  labels: readonly string[] = [],
  more: Partial<Definition> = {},
): Definition => ({
  type: 'counter',
  help,
  labels,
  ...more,
});

const values = (label: string, ...list: readonly string[]): readonly Readonly<Record<string, string>>[] =>
  list.map((value) => ({ [label]: value }));

/** Different error kinds a server can bring up before the rest counts as `other`. */
const MOST_KINDS = 64;

export const METRICS = {
  process_start_time_seconds: gauge('Start time of the process, in seconds since 1970'),
  zincati_identity_os_info: gauge('What this node runs; always 1', [
    'os_version',
    'basearch',
    'stream',
    'platform',
  ]),
  zincati_identity_rollout_wariness: gauge('Configured place in gradual rollouts, from 0.0 to 1.0'),
  zincati_update_agent_last_refresh_timestamp: gauge(
    'When the agent last did something, in seconds since 1970',
  ),
  zincati_update_agent_last_success_timestamp: gauge(
    'When an update check last got an answer, in seconds since 1970',
  ),
  zincati_update_agent_latest_state_change_timestamp: gauge(
    'When the state last changed, in seconds since 1970',
  ),
  zincati_update_agent_info: gauge('State of the agent and the release it heads for; always 1', [
    'state',
    'target_version',
  ]),
  zincati_update_agent_health: gauge('Health of updating itself; always 1', ['level', 'cause']),
  zincati_update_agent_updates_enabled: gauge('Whether updates are enabled'),
  zincati_update_agent_updates_allow_downgrade: gauge('Whether downgrades are allowed'),
  zincati_update_agent_finalization_attempts: counter('Attempts to finalize a staged update'),
  zincati_update_agent_finalization_successes: counter('Successful finalizations'),
  zincati_update_agent_finalization_blocked_count: counter(
    'Finalizations that were held back, by reason',
    ['reason'],
    {
      preset: values('reason', 'active_usersessions'),
      most: MOST_KINDS,
    },
  ),
  zincati_update_agent_finalization_detected_active_users: gauge(
    'Sessions of logged-in people at the last look',
  ),
  zincati_update_agent_postponed_finalizations_total: counter('Finalizations put off for logged-in people'),
  zincati_update_agent_denied_releases: gauge('Releases denied at present, by reason', ['reason']),
  zincati_update_agent_consecutive_failures: gauge('Failures in a row, by activity', ['activity']),
  zincati_update_agent_download_progress_ratio: gauge('Progress of the transaction under way, from 0 to 1'),
  zincati_update_agent_download_bytes: gauge('Bytes fetched by the transaction under way'),
  zincati_update_agent_download_bytes_per_second: gauge('Rate of the transaction under way'),
  zincati_updates_strategy_mode: gauge('Configured strategies; always 1', ['strategy']),
  zincati_updates_strategy_periodic_schedule_length_minutes: gauge(
    'Minutes of maintenance windows in a week',
  ),
  zincati_updates_strategy_periodic_window_start_timestamp: gauge(
    'When the next maintenance window opens, or the open one opened',
  ),
  zincati_updates_strategy_periodic_window_end_timestamp: gauge(
    'When the open or next maintenance window closes',
  ),
  zincati_updates_strategy_can_finalize_responses: counter('Answers of the strategies', ['response'], {
    preset: values('response', 'allow', 'deny', 'error'),
  }),
  zincati_strategy_fleet_lock_requests_total: counter('Requests to the lock server', ['api'], {
    preset: values('api', 'pre-reboot', 'steady-state'),
  }),
  zincati_strategy_fleet_lock_errors_total: counter('Errors of the lock server', ['api', 'kind'], {
    most: MOST_KINDS,
  }),
  zincati_strategy_fleet_lock_held_seconds_total: counter('Seconds for which a reboot slot was held'),
  zincati_cincinnati_graph_nodes_count: gauge('Nodes of the update graph'),
  zincati_cincinnati_graph_edges_count: gauge('Edges of the update graph'),
  zincati_cincinnati_booted_release_is_deadend: gauge('Whether the booted release is a dead-end'),
  zincati_cincinnati_booted_release_is_off_graph: gauge(
    'Whether the booted release is missing from the update graph',
  ),
  zincati_cincinnati_ignored_update_targets: gauge('Update targets left out because they are denied'),
  zincati_cincinnati_graph_warnings: gauge('Faults in the update graph that did not spoil the answer'),
  zincati_cincinnati_update_checks_total: counter('Update checks'),
  zincati_cincinnati_update_checks_errors_total: counter('Failed update checks', ['kind'], {
    most: MOST_KINDS,
  }),
  zincati_rpm_ostree_deploy_attempts_total: counter('Attempts to stage a release'),
  zincati_rpm_ostree_deploy_failures_total: counter('Failed attempts to stage a release'),
  zincati_rpm_ostree_finalize_attempts_total: counter('Finalizations asked of rpm-ostree'),
  zincati_rpm_ostree_finalize_failures_total: counter('Finalizations that rpm-ostree refused or failed'),
  zincati_rpm_ostree_register_driver_failures_total: counter('Failed registrations as the update driver'),
  zincati_rpm_ostree_status_attempts_total: counter('Readings of the deployments'),
  zincati_rpm_ostree_status_failures_total: counter('Failed readings of the deployments'),
  zincati_rpm_ostree_status_cache_requests_total: counter('Looks at the deployments as last read'),
  zincati_rpm_ostree_status_cache_misses_total: counter('Such looks that had to read them anew'),
  zincati_config_warnings: gauge('Warnings about the configuration'),
} as const satisfies Record<string, Definition>;

export type MetricName = keyof typeof METRICS;
export type MetricDefinition = Definition;

export const METRIC_NAMES = Object.keys(DEFINITIONS) as readonly MetricName[];
