/**
 * Checks across keys: keys that others require, keys that have no effect, and dangerous combinations. Pure.
 *
 * Invariants:
 * - Each sentence names the file that it is about, where there is one.
 */
import { describeWindow } from '../calendar/describe-window.ts';
import type { MaintenanceWindow } from '../calendar/maintenance-window.ts';
import { everOpens } from '../calendar/opens-on.ts';
import { ConfigError } from '../errors.ts';
import type { Settings } from './settings.ts';

/** The file that set each dotted key. */
type Origins = ReadonlyMap<string, string>;

/** Keys without effect and dangerous settings, one sentence each. */
export function settingsWarnings(settings: Settings, origins: Origins): string[] {
  return [
    ...downgradeWarning(settings, origins),
    ...withoutEffect(settings, origins),
    ...withoutEncryption(settings, origins),
  ];
}

/** A ConfigError `config_invalid` for each key that must be set and is not. */
export function missingKeys(settings: Settings, origins: Origins): ConfigError[] {
  const { strategies, periodic, fleetLock } = settings.updates;
  const chosenIn = origins.get('updates.strategy') ?? 'the default';
  const errors: string[] = [];
  if (settings.cincinnati.baseUrl === undefined) {
    errors.push(
      'cincinnati.base_url must be set unless updates.enabled is false, got nothing; for example, in /etc/zincati/config.d/50-cincinnati.toml: cincinnati.base_url = "https://updates.coreos.fedoraproject.org"',
    );
  }
  if (strategies.includes('periodic') && !periodic.windows.some(everOpens)) {
    errors.push(
      `[[updates.periodic.window]] must be given with at least one day for strategy periodic (${chosenIn}), got ${neverOpening(periodic.windows, origins)}; for example: days = ["Sat", "Sun"], start_time = "3:00", length_minutes = 60`,
    );
  }
  if (strategies.includes('fleet_lock') && fleetLock.baseUrl === undefined) {
    errors.push(
      `updates.fleet_lock.base_url must be set for strategy fleet_lock (${chosenIn}), got nothing; for example: updates.fleet_lock.base_url = "http://lock.example.com:8080"`,
    );
  }
  if (strategies.includes('fleet_lock')) {
    errors.push(...halfACertificate(fleetLock, origins));
  }
  return errors.map((message) => new ConfigError('config_invalid', message));
}

function neverOpening(windows: readonly MaintenanceWindow[], origins: Origins): string {
  const [first, ...others] = windows;
  if (first === undefined) {
    return 'no window at all';
  }
  const more = others.length === 0 ? '' : `, and ${others.length} more of that kind`;
  return `${origins.get('updates.periodic.window[0]') ?? ''}: updates.periodic.window[0] (${describeWindow(first)}), which never opens${more}`;
}

type FleetLockSettings = Settings['updates']['fleetLock'];

function halfACertificate({ clientCertFile, clientKeyFile }: FleetLockSettings, origins: Origins): string[] {
  if ((clientCertFile === undefined) === (clientKeyFile === undefined)) {
    return [];
  }
  const [there, missing] =
    clientCertFile === undefined
      ? ['client_key_file', 'client_cert_file']
      : ['client_cert_file', 'client_key_file'];
  const file = origins.get(`updates.fleet_lock.${there}`) ?? '';
  return [`${file}: updates.fleet_lock.${missing} must be set together with ${there}, got nothing`];
}

/** Without TLS, neither side can prove who it is, and a token can be read on the way. Programs use the table too. */
function withoutEncryption({ updates }: Settings, origins: Origins): string[] {
  const { baseUrl, bearerFile } = updates.fleetLock;
  if (baseUrl?.startsWith('https:') !== false) {
    return [];
  }
  const file = (key: string): string | undefined => origins.get(`updates.fleet_lock.${key}`);
  const address = 'updates.fleet_lock.base_url is no https:// address';
  const warnings = ['ca_file', 'client_cert_file', 'client_key_file'].flatMap((key) =>
    file(key) === undefined ? [] : [`${file(key)}: updates.fleet_lock.${key} has no effect: ${address}`],
  );
  if (bearerFile !== undefined) {
    warnings.push(
      `${file('bearer_file')}: the token of updates.fleet_lock.bearer_file is sent in clear text: ${address}`,
    );
  }
  return warnings;
}

function downgradeWarning(settings: Settings, origins: Origins): string[] {
  if (!settings.updates.allowDowngrade) {
    return [];
  }
  const file = origins.get('updates.allow_downgrade') ?? '';
  return [
    `${file}: client configuration allows (possibly vulnerable) downgrades: updates.allow_downgrade is true`,
  ];
}

/** Settings of a strategy that is not in use: the operator may believe that they apply. */
function withoutEffect(settings: Settings, origins: Origins): string[] {
  const { strategies, periodic } = settings.updates;
  const inUse = strategies.join(', ');
  const warnings: string[] = [];
  if (!strategies.includes('periodic')) {
    const gathered = { window: periodic.windows, freeze: periodic.freezes };
    for (const [name, entries] of Object.entries(gathered)) {
      if (entries.length === 0) {
        continue;
      }
      const file = origins.get(`updates.periodic.${name}[0]`) ?? '';
      warnings.push(`${file}: [[updates.periodic.${name}]] has no effect: updates.strategy is ${inUse}`);
    }
  }
  return strategies.includes('fleet_lock')
    ? warnings
    : [...warnings, ...lockWithoutReboots(settings, origins)];
}

/** Programs of the node use the table whatever the strategy is, once it has an address. Exported for its tests. */
export function lockWithoutReboots({ updates }: Settings, origins: Origins): string[] {
  const inUse = `updates.strategy is ${updates.strategies.join(', ')}`;
  const server = origins.get('updates.fleet_lock.base_url');
  if (server !== undefined) {
    return [
      `${server}: updates.fleet_lock holds no reboot, since ${inUse}; zincati lock, unlock and run-locked use it`,
    ];
  }
  return [...origins]
    .filter(([key]) => key.startsWith('updates.fleet_lock.'))
    .map(
      ([key, file]) => `${file}: ${key} has no effect: updates.fleet_lock.base_url is not set, and ${inUse}`,
    );
}
