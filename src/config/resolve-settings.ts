/**
 * The third stage: from merged values to settings. It fills in defaults, checks keys against each other, and freezes
 * the result deeply. Pure.
 */
import type { ConfigError } from '../errors.ts';
import { MINUTE_MS, SECOND_MS } from '../text/units.ts';
import { missingKeys, settingsWarnings } from './check-settings.ts';
import type { Merged } from './merge.ts';
import type { KeyDescriptor } from './read-keys.ts';
import { type ConfigKey, type ConfigValues, SCHEMA } from './schema.ts';
import type { Settings } from './settings.ts';
import type { StrategyName } from './strategy-names.ts';

export interface Resolved {
  readonly settings: Settings;
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly errors: readonly ConfigError[];
}

/** Always returns settings; they may be used only when `errors` is empty. */
export function resolveSettings(merged: Merged): Resolved {
  const get = <K extends ConfigKey>(key: K): ConfigValues[K] => effective(merged, key);
  const named = namedStrategies(merged);
  const gates = gatesBySetting(merged, named);
  const settings: Settings = {
    timing: {
      steadyIntervalMs: get('agent.timing.steady_interval_secs') * SECOND_MS,
      retryIntervalMs: get('agent.timing.retry_interval_secs') * SECOND_MS,
      jitter: get('agent.timing.jitter'),
      rebootOverdueMs: get('agent.timing.reboot_overdue_secs') * SECOND_MS,
      transactionStallMs: get('agent.timing.transaction_stall_secs') * SECOND_MS,
    },
    identity: {
      group: get('identity.group'),
      nodeUuid: get('identity.node_uuid'),
      rolloutWariness: get('identity.rollout_wariness'),
      platform: get('identity.platform'),
      stream: get('identity.stream'),
    },
    cincinnati: { baseUrl: get('cincinnati.base_url') },
    updates: {
      enabled: get('updates.enabled'),
      allowDowngrade: get('updates.allow_downgrade'),
      catchUp: get('updates.catch_up'),
      replaceStagedByOthers: get('updates.replace_staged_by_others'),
      skip: [...get('updates.skip')],
      strategies: [...named, ...gates],
      periodic: {
        timeZone: get('updates.periodic.time_zone'),
        windows: [...get('updates.periodic.window')],
        freezes: [...get('updates.periodic.freeze')],
        splayMinutes: get('updates.periodic.splay_minutes'),
        minHours: get('updates.periodic.min_hours'),
      },
      fleetLock: {
        baseUrl: get('updates.fleet_lock.base_url'),
        caFile: get('updates.fleet_lock.ca_file'),
        clientCertFile: get('updates.fleet_lock.client_cert_file'),
        clientKeyFile: get('updates.fleet_lock.client_key_file'),
        bearerFile: get('updates.fleet_lock.bearer_file'),
        timeoutMs: get('updates.fleet_lock.timeout_secs') * SECOND_MS,
      },
      marker: { path: get('updates.marker.path') },
      reboot: {
        minUptimeMs: get('updates.reboot.min_uptime_minutes') * MINUTE_MS,
        firstBootGraceMs: get('updates.reboot.first_boot_grace_minutes') * MINUTE_MS,
      },
      sessions: {
        graceMinutes: get('updates.sessions.grace_minutes'),
        maxDelayMinutes: get('updates.sessions.max_delay_minutes') ?? get('updates.sessions.grace_minutes'),
        neverWhileLoggedIn: get('updates.sessions.never_while_logged_in'),
        ignoreUsers: [...get('updates.sessions.ignore_users')],
      },
    },
    metrics: { listen: get('metrics.listen') },
  };
  return {
    settings: deepFreeze(settings),
    errors: settings.updates.enabled ? missingKeys(settings, merged.origins) : [],
    notes: gates.map(
      () =>
        `${merged.origins.get('updates.marker.path')}: updates.marker.path is set, so strategy marker must allow a reboot too`,
    ),
    warnings: settingsWarnings(settings, merged.origins),
  };
}

function effective<K extends ConfigKey>(merged: Merged, key: K): ConfigValues[K] {
  const written: ConfigValues[K] | undefined = merged.values[key];
  if (written !== undefined && written !== '') {
    return written;
  }
  const descriptor: KeyDescriptor<ConfigValues[K]> = SCHEMA[key];
  return descriptor.fallback;
}

/** An empty text takes back what earlier files name. */
function namedStrategies(merged: Merged): readonly StrategyName[] {
  const named = effective(merged, 'updates.strategy');
  return named.length > 0 ? named : SCHEMA['updates.strategy'].fallback;
}

/**
 * Setting the path of the permission file implies strategy `marker`, even where `updates.strategy` does not name it.
 */
function gatesBySetting({ values }: Merged, named: readonly StrategyName[]): StrategyName[] {
  const path = values['updates.marker.path'];
  return path === undefined || path === '' || named.includes('marker') ? [] : ['marker'];
}

/** What is no object is frozen already. */
function deepFreeze<T>(value: T): T {
  if (!Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value ?? {})) {
      deepFreeze(part);
    }
  }
  return value;
}
