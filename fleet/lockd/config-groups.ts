/** Reads the groups of `lockd.toml`, with their windows and freezes. */
import { describeWindow } from '../../src/calendar/describe-window.ts';
import { everOpens } from '../../src/calendar/opens-on.ts';
import { isTable, type Checker } from '../../src/config/checker.ts';
import { FREEZE_FIELDS } from '../../src/config/freezes.ts';
import { WINDOW_FIELDS } from '../../src/config/maintenance-windows.ts';
import { readKeys } from '../../src/config/read-keys.ts';
import type { TomlValue } from '../../src/config/toml.ts';
import { ConfigError, messageOf } from '../../src/errors.ts';
import { SECOND_MS } from '../../src/text/units.ts';
import { withDefaults } from '../toml-keys.ts';
import { LOCKD_GROUP_KEYS, type LockdGroupValues } from './config-keys.ts';
import { GroupHours } from './group-hours.ts';

export interface LockdGroup {
  readonly name: string;
  readonly slots: number;
  readonly maxHoldMs: number;
  /** Undefined: the group does not pause itself. */
  readonly pauseIfHeldMs?: number | undefined;
  /** Lower-case hexadecimal SHA-256. */
  readonly tokenHashes: readonly string[];
  readonly clientNames: readonly string[];
  /** Undefined: always open. */
  readonly hours?: GroupHours | undefined;
}

/** Dotted keys, without numbers of list entries. */
export const KNOWN_GROUP_KEYS: readonly string[] = [
  ...Object.keys(LOCKD_GROUP_KEYS),
  ...Object.keys(WINDOW_FIELDS).map((name) => `window.${name}`),
  ...Object.keys(FREEZE_FIELDS).map((name) => `freeze.${name}`),
].map((name) => `group.${name}`);

export interface ReadGroup {
  readonly group: LockdGroup;
  /** One sentence each. */
  readonly warnings: readonly string[];
}

/** Undefined: it is no table. What is wrong is told to the checker. `warn`: about time zones, also later. */
export async function groupOf(
  table: TomlValue,
  at: Checker,
  warn: (text: string) => void,
): Promise<ReadGroup | undefined> {
  if (!isTable(table)) {
    return undefined;
  }
  const values = withDefaults(LOCKD_GROUP_KEYS, readKeys<LockdGroupValues>(LOCKD_GROUP_KEYS, table, at));
  for (const needed of ['name', 'slots'] as const) {
    if (!table.has(needed)) {
      at.inTable(needed).refuseText(`must be there: ${LOCKD_GROUP_KEYS[needed].doc}`);
    }
  }
  const hours = await hoursOf(values, at, warn);
  return {
    group: {
      name: values.name,
      slots: values.slots,
      maxHoldMs: values.max_hold_secs * SECOND_MS,
      pauseIfHeldMs: values.pause_if_held_secs === 0 ? undefined : values.pause_if_held_secs * SECOND_MS,
      tokenHashes: values.token_hashes.map(hexOf),
      clientNames: values.client_names.map((name) => name.toLowerCase()),
      hours,
    },
    warnings: hours?.warningsAt(Date.now(), at.key) ?? [],
  };
}

async function hoursOf(
  { time_zone: timeZone, window: windows, freeze: freezes }: LockdGroupValues,
  at: Checker,
  warn: (text: string) => void,
): Promise<GroupHours | undefined> {
  const [first] = windows;
  if (first === undefined && freezes.length === 0) {
    if (timeZone !== LOCKD_GROUP_KEYS.time_zone.fallback) {
      at.inTable('time_zone').warn('has no effect: the group has no window and no freeze');
    }
    return undefined;
  }
  if (first !== undefined && !windows.some(everOpens)) {
    at.inTable('window').refuseText(
      `must have a window that opens, got ${describeWindow(first)}, which never does`,
    );
    return undefined;
  }
  try {
    return await GroupHours.create({ timeZone: timeZone === '' ? 'UTC' : timeZone, windows, freezes, warn });
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    at.inTable('time_zone').refuseText(`must be one that this host knows: ${messageOf(error)}`);
    return undefined;
  }
}

export function hexOf(hash: string): string {
  return hash.slice('sha256:'.length);
}
