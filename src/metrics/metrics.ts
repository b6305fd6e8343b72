/**
 * The numbers that people see of the agent: one method per fact. They are plain values, written out on demand.
 *
 * Invariants:
 * - Recording never throws.
 * - Counters never go down.
 * - The number of series is bounded, whatever servers send.
 * - Instants go in as milliseconds since 1970 UTC and come out as whole seconds, as Zincati has them.
 * - A number that is not finite is not taken.
 */
import type { CheckResult, Progress } from '../agent/ports.ts';
import { printable } from '../errors.ts';
import { SECOND_MS } from '../text/units.ts';
import {
  DEFINITIONS,
  EXPOSITION_TYPE,
  exposition,
  METRIC_NAMES,
  type Labels,
  type MetricName,
  type Sample,
} from './definitions.ts';

/** Servers name kinds of error too. What is scraped must not grow with their fancy. */
const MOST_KINDS = 32;
const OTHER_KIND = 'other';
/** Longer words help nobody on a dashboard. */
const LONGEST_LABEL = 128;

export const FINALIZE_RESPONSES = ['allow', 'deny', 'error'] as const;
export type FinalizeResponse = (typeof FINALIZE_RESPONSES)[number];
export const FLEET_LOCK_APIS = ['pre-reboot', 'steady-state'] as const;
export type FleetLockApi = (typeof FLEET_LOCK_APIS)[number];
/** `yes`: lent, or given back. `no`: others have the slots. `under-way`: the server still drains the node. */
export const FLEET_LOCK_ANSWERS = ['yes', 'no', 'under-way', 'uncertain', 'failed'] as const;
export type FleetLockAnswer = (typeof FLEET_LOCK_ANSWERS)[number];
const BLOCKED_BY_USERS = 'active_usersessions';

type GaugeName = {
  [N in MetricName]: (typeof DEFINITIONS)[N]['type'] extends 'gauge' ? N : never;
}[MetricName];
type CounterName = Exclude<MetricName, GaugeName>;
type Unlabelled<N extends MetricName> = {
  [M in N]: (typeof DEFINITIONS)[M]['labels'] extends readonly [] ? M : never;
}[N];

export class Metrics {
  /** Media type of {@link render}. */
  readonly contentType = EXPOSITION_TYPE;
  /** Per metric, the series by their label values. */
  readonly #series = new Map<MetricName, Map<string, Sample>>();
  readonly #kinds = new Map<MetricName, Set<string>>();
  #state: string | undefined;

  constructor(startedAt: number) {
    this.#setInstant('process_start_time_seconds', startedAt);
    // A rate needs the zero before the first event, wherever the labels are known beforehand.
    for (const name of METRIC_NAMES) {
      const { type, labels } = DEFINITIONS[name];
      if (type === 'counter' && labels.length === 0) {
        this.#put(name, {}, 0);
      }
    }
    this.#put('zincati_update_agent_finalization_blocked_count', { reason: BLOCKED_BY_USERS }, 0);
    for (const response of FINALIZE_RESPONSES) {
      this.#put('zincati_updates_strategy_can_finalize_responses', { response }, 0);
    }
    for (const api of FLEET_LOCK_APIS) {
      this.#put('zincati_strategy_fleet_lock_requests_total', { api }, 0);
      for (const answer of FLEET_LOCK_ANSWERS) {
        this.#put('zincati_strategy_fleet_lock_answers_total', { api, answer }, 0);
      }
    }
  }

  /** The text that Prometheus reads. */
  render(): Promise<string> {
    return exposition((name) => this.#series.get(name)?.values() ?? []);
  }

  // What the node is and what it is told to do.

  identityKnown(os: {
    readonly osVersion: string;
    readonly basearch: string;
    readonly stream: string;
    readonly platform: string;
  }): void {
    const { osVersion, ...rest } = os;
    this.#setOnly('zincati_identity_os_info', { os_version: osVersion, ...rest });
  }

  /** Undefined: the server chooses. */
  rolloutWarinessConfigured(wariness: number | undefined): void {
    this.#setIfKnown('zincati_identity_rollout_wariness', wariness);
  }

  configurationRead(warnings: number, at: number): void {
    this.#set('zincati_config_warnings', warnings);
    this.#set('zincati_config_last_reload_successful', 1);
    this.#setInstant('zincati_config_last_reload_success_timestamp', at);
  }

  configurationRefused(): void {
    this.#set('zincati_config_last_reload_successful', 0);
  }

  updatesConfigured(config: { readonly enabled: boolean; readonly allowDowngrade: boolean }): void {
    this.#set('zincati_update_agent_updates_enabled', Number(config.enabled));
    this.#set('zincati_update_agent_updates_allow_downgrade', Number(config.allowDowngrade));
    if (!config.enabled) {
      // What the last graph said is no reason for an alert any more.
      this.#setIfKnown('zincati_cincinnati_booted_release_is_deadend', undefined);
      this.#setIfKnown('zincati_cincinnati_booted_release_is_off_graph', undefined);
    }
  }

  strategiesConfigured(strategies: readonly string[]): void {
    this.#series.delete('zincati_updates_strategy_mode');
    for (const strategy of strategies) {
      this.#put('zincati_updates_strategy_mode', { strategy }, 1);
    }
  }

  /** Undefined: no strategy has one. */
  scheduleConfigured(lengthMinutes: number | undefined): void {
    this.#setIfKnown('zincati_updates_strategy_periodic_schedule_length_minutes', lengthMinutes);
    if (lengthMinutes === undefined) {
      this.windowIs(undefined);
    }
  }

  // What the agent does.

  refreshed(at: number): void {
    this.#setInstant('zincati_update_agent_last_refresh_timestamp', at);
  }

  /** `targetVersion`: the release that the agent works towards; "" for none. The same state again keeps its instant. */
  stateIs(state: string, targetVersion: string, at: number): void {
    this.#setOnly('zincati_update_agent_info', { state, target_version: targetVersion });
    if (state === this.#state) {
      return;
    }
    this.#state = state;
    this.#setInstant('zincati_update_agent_latest_state_change_timestamp', at);
  }

  healthIs(level: string, cause: string): void {
    this.#setOnly('zincati_update_agent_health', { level, cause });
  }

  /** `activity` is one of a handful of words; 0 ends the row. */
  failuresInARow(activity: string, count: number): void {
    this.#put('zincati_update_agent_consecutive_failures', { activity }, count);
  }

  /** `counts`: how many by reason. Reasons that are left out are gone. */
  releasesDenied(counts: ReadonlyMap<string, number>): void {
    this.#series.delete('zincati_update_agent_denied_releases');
    for (const [reason, count] of counts) {
      this.#put('zincati_update_agent_denied_releases', { reason }, count);
    }
  }

  /** Names of gates. Those that are left out did not hold the node back. */
  blockedBy(gates: readonly string[]): void {
    this.#series.delete('zincati_update_agent_blocked');
    for (const gate of gates) {
      this.#put('zincati_update_agent_blocked', { gate }, 1);
    }
  }

  /** Undefined: nobody knows. */
  earliestRebootIs(at: number | undefined): void {
    const seconds = at === undefined ? undefined : Math.ceil(at / SECOND_MS);
    this.#setIfKnown('zincati_update_agent_earliest_reboot_timestamp', seconds);
  }

  finalizationAttempted(): void {
    this.#add('zincati_update_agent_finalization_attempts');
  }

  finalizationSucceeded(): void {
    this.#add('zincati_update_agent_finalization_successes');
  }

  /** `reason`: a verdict's label, or another word of the program's own. */
  finalizationBlocked(reason: string): void {
    this.#addTo('zincati_update_agent_finalization_blocked_count', { reason });
  }

  finalizationBlockedByUsers(): void {
    this.#addTo('zincati_update_agent_finalization_blocked_count', { reason: BLOCKED_BY_USERS });
  }

  activeUsersDetected(sessions: number): void {
    this.#set('zincati_update_agent_finalization_detected_active_users', sessions);
  }

  finalizationPostponed(): void {
    this.#add('zincati_update_agent_postponed_finalizations_total');
  }

  foreignStaged(isStaged: boolean): void {
    this.#set('zincati_update_agent_foreign_staged', isStaged ? 1 : 0);
  }

  /** The node has booted into an update. What is not known of it has no value. */
  updated(update: {
    readonly bootedAt: number;
    readonly tookMs?: number | undefined;
    readonly downtimeMs?: number | undefined;
  }): void {
    const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / SECOND_MS);
    this.#setInstant('zincati_update_agent_last_update_timestamp', update.bootedAt);
    this.#setIfKnown('zincati_update_agent_last_update_duration_seconds', seconds(update.tookMs));
    this.#setIfKnown('zincati_update_agent_last_update_downtime_seconds', seconds(update.downtimeMs));
  }

  /** What is not known of the running download has no value. */
  downloading(progress: Omit<Progress, 'text'>): void {
    const { percent, bytesTransferred, bytesPerSecond, layersDone, layersNeeded } = progress;
    const ratio = percent === undefined ? undefined : Math.min(Math.max(percent / 100, 0), 1);
    this.#setIfKnown('zincati_update_agent_download_progress_ratio', ratio);
    this.#setIfKnown('zincati_update_agent_download_bytes', bytesTransferred);
    this.#setIfKnown('zincati_update_agent_download_bytes_per_second', bytesPerSecond);
    this.#setIfKnown('zincati_update_agent_download_layers_done', layersDone);
    this.#setIfKnown('zincati_update_agent_download_layers_needed', layersNeeded);
  }

  downloadEnded(): void {
    this.downloading({});
  }

  // Strategies.

  finalizeAnswered(response: FinalizeResponse): void {
    this.#addTo('zincati_updates_strategy_can_finalize_responses', { response });
  }

  /** The open or else the next window. Undefined: there will be none. */
  windowIs(window: { readonly startAt: number; readonly endAt: number } | undefined): void {
    const seconds = (at: number | undefined) => (at === undefined ? undefined : Math.floor(at / SECOND_MS));
    this.#setIfKnown('zincati_updates_strategy_periodic_window_start_timestamp', seconds(window?.startAt));
    this.#setIfKnown('zincati_updates_strategy_periodic_window_end_timestamp', seconds(window?.endAt));
  }

  fleetLockRequested(api: FleetLockApi): void {
    this.#addTo('zincati_strategy_fleet_lock_requests_total', { api });
  }

  fleetLockFailed(api: FleetLockApi, kind: string): void {
    const name = 'zincati_strategy_fleet_lock_errors_total';
    this.#addTo(name, { api, kind: this.#boundedKind(name, kind) });
  }

  fleetLockAnswered(api: FleetLockApi, answer: FleetLockAnswer): void {
    this.#addTo('zincati_strategy_fleet_lock_answers_total', { api, answer });
  }

  /** `sinceAts`: since when each slot may be held; empty for none. */
  fleetLockSlots(sinceAts: readonly number[]): void {
    this.#set('zincati_strategy_fleet_lock_slots', sinceAts.length);
    const first = sinceAts.length === 0 ? undefined : Math.floor(Math.min(...sinceAts) / SECOND_MS);
    this.#setIfKnown('zincati_strategy_fleet_lock_slot_since_timestamp', first);
  }

  /** `seconds`: more of them since the last call. */
  fleetLockHeld(seconds: number): void {
    this.#add('zincati_strategy_fleet_lock_held_seconds_total', Math.max(seconds, 0));
  }

  // The update server.

  checkStarted(): void {
    this.#add('zincati_cincinnati_update_checks_total');
  }

  checkFailed(kind: string): void {
    const name = 'zincati_cincinnati_update_checks_errors_total';
    this.#addTo(name, { kind: this.#boundedKind(name, kind) });
  }

  checkAnswered(result: CheckResult, at: number): void {
    this.#setInstant('zincati_update_agent_last_success_timestamp', at);
    this.#set('zincati_cincinnati_graph_nodes_count', result.nodes);
    this.#set('zincati_cincinnati_graph_edges_count', result.edges);
    this.#set('zincati_cincinnati_graph_warnings', result.warnings.length);
    this.#set('zincati_cincinnati_ignored_update_targets', result.ignoredTargets);
    this.#set('zincati_cincinnati_booted_release_is_deadend', Number(result.deadend.isDeadend));
    this.#set('zincati_cincinnati_booted_release_is_off_graph', Number(result.outcome.kind === 'off-graph'));
  }

  // rpm-ostree.

  deployAttempted(): void {
    this.#add('zincati_rpm_ostree_deploy_attempts_total');
  }

  deployFailed(): void {
    this.#add('zincati_rpm_ostree_deploy_failures_total');
  }

  finalizeAttempted(): void {
    this.#add('zincati_rpm_ostree_finalize_attempts_total');
  }

  finalizeFailed(): void {
    this.#add('zincati_rpm_ostree_finalize_failures_total');
  }

  registerDriverFailed(): void {
    this.#add('zincati_rpm_ostree_register_driver_failures_total');
  }

  statusAttempted(): void {
    this.#add('zincati_rpm_ostree_status_attempts_total');
  }

  statusFailed(): void {
    this.#add('zincati_rpm_ostree_status_failures_total');
  }

  statusCacheRequested(): void {
    this.#add('zincati_rpm_ostree_status_cache_requests_total');
  }

  statusCacheMissed(): void {
    this.#add('zincati_rpm_ostree_status_cache_misses_total');
  }

  #add(name: Unlabelled<CounterName>, by = 1): void {
    this.#addTo(name, {}, by);
  }

  #addTo<N extends CounterName>(name: N, labels: Labels<N>, by = 1): void {
    const before = this.#series.get(name)?.get(keyOf(labels))?.value ?? 0;
    this.#put(name, labels, before + by);
  }

  #set(name: Unlabelled<GaugeName>, value: number): void {
    this.#put(name, {}, value);
  }

  #setInstant(name: Unlabelled<GaugeName>, at: number): void {
    this.#put(name, {}, Math.floor(at / SECOND_MS));
  }

  #setIfKnown(name: Unlabelled<GaugeName>, value: number | undefined): void {
    if (value === undefined) {
      this.#series.delete(name);
    } else {
      this.#put(name, {}, value);
    }
  }

  /** Sets the only series of a metric whose labels carry the information. The former one goes. */
  #setOnly<N extends GaugeName>(name: N, labels: Labels<N>): void {
    this.#series.delete(name);
    this.#put(name, labels, 1);
  }

  #put(name: MetricName, labels: Readonly<Record<string, string>>, value: number): void {
    if (!Number.isFinite(value)) {
      return;
    }
    let series = this.#series.get(name);
    if (series === undefined) {
      this.#series.set(name, (series = new Map<string, Sample>()));
    }
    const shown = Object.fromEntries(Object.entries(labels).map(([label, text]) => [label, labelText(text)]));
    series.set(keyOf(labels), { labels: shown, value });
  }

  #boundedKind(name: MetricName, kind: string): string {
    let known = this.#kinds.get(name);
    if (known === undefined) {
      this.#kinds.set(name, (known = new Set<string>()));
    }
    const label = labelText(kind);
    if (!known.has(label) && known.size >= MOST_KINDS) {
      return OTHER_KIND;
    }
    known.add(label);
    return label;
  }
}

/** Well-formed text without control characters. */
function labelText(text: string): string {
  const cut = printable(text);
  return cut.length <= LONGEST_LABEL ? cut : cut.slice(0, LONGEST_LABEL).toWellFormed();
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(labels);
}
