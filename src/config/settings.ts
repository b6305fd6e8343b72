/**
 * Third stage: what the agent runs with. Defaults filled in, checks between keys made, deeply frozen. Pure.
 */
import type { ConfigError } from '../errors.ts';
import type { ListenAddress } from './checks.ts';
import type { Freeze } from './freeze.ts';
import type { Merged } from './merge.ts';
import { missingKeys, settingsWarnings } from './check-settings.ts';
import type { KeyDescriptor } from './read-keys.ts';
import { type ConfigKey, type ConfigValues, SCHEMA, type StrategyName } from './schema.ts';
import type { MaintenanceWindow } from './window.ts';

export interface Settings {
  readonly timing: {
    readonly steadyIntervalMs: number;
    readonly retryIntervalMs: number;
    readonly jitter: boolean;
    readonly rebootOverdueMs: number;
    readonly transactionStallMs: number;
  };
  readonly identity: {
    readonly group: string;
    /** 32 lower-hex digits; undefined: derive it from the machine id. */
    readonly nodeUuid: string | undefined;
    readonly rolloutWariness: number | undefined;
    readonly platform: string | undefined;
    readonly stream: string | undefined;
  };
  readonly cincinnati: {
    /** With templates. Undefined only while updates are disabled. */
    readonly baseUrl: string | undefined;
  };
  readonly updates: {
    readonly enabled: boolean;
    readonly allowDowngrade: boolean;
    readonly catchUp: boolean;
    readonly replaceStagedByOthers: boolean;
    /** Releases that are never taken: versions, checksums of 64 lower-hex digits, digests `sha256:HEX`. Each once. */
    readonly skip: readonly string[];
    /** At least one, each once, in the order written, and `marker` where only its path is. All must allow a reboot. */
    readonly strategies: readonly StrategyName[];
    readonly periodic: {
      /** An IANA name or `localtime`. */
      readonly timeZone: string;
      readonly windows: readonly MaintenanceWindow[];
      readonly freezes: readonly Freeze[];
      /** 0: none. */
      readonly splayMinutes: number;
      /** Wanted in any 32 days; 0: whatever there is will do. */
      readonly minHours: number;
    };
    readonly fleetLock: {
      /** With templates. Defined whenever updates are enabled and `strategies` has `fleet_lock`. */
      readonly baseUrl: string | undefined;
      /** Absolute paths as the host sees them. The certificate and its key are both set or both not. */
      readonly caFile: string | undefined;
      readonly clientCertFile: string | undefined;
      readonly clientKeyFile: string | undefined;
      readonly bearerFile: string | undefined;
      readonly timeoutMs: number;
    };
    /** `path`: of the permission file, as the host sees it. */
    readonly marker: { readonly path: string };
    /** 0: no such hold. */
    readonly reboot: { readonly minUptimeMs: number; readonly firstBootGraceMs: number };
    readonly sessions: {
      /** What people who are logged in get, each time a reboot comes up. */
      readonly graceMinutes: number;
      /** The most that all of it may come to for one release. */
      readonly maxDelayMinutes: number;
      readonly neverWhileLoggedIn: boolean;
      readonly ignoreUsers: readonly string[];
    };
  };
  readonly metrics: { readonly listen: ListenAddress | undefined };
}

export interface Resolved {
  readonly settings: Settings;
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly errors: readonly ConfigError[];
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

export function resolveSettings(merged: Merged): Resolved {
  const get = <K extends ConfigKey>(key: K): ConfigValues[K] => effective(merged, key);
  const named = get('updates.strategy');
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

/** Whoever says where the permission file is wants it to be asked for, also under another file's `updates.strategy`. */
function gatesBySetting({ values }: Merged, named: readonly StrategyName[]): StrategyName[] {
  const path = values['updates.marker.path'];
  return path === undefined || path === '' || named.includes('marker') ? [] : ['marker'];
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) {
      deepFreeze(part);
    }
  }
  return value;
}
