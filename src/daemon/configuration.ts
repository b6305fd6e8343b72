/**
 * One reading of everything that is configured: the settings of the host's files, and who the node is by them.
 *
 * Invariant: it is complete and checked, or there is none (ConfigError, IdentityError).
 */
import { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Policy } from '../agent/state.ts';
import { loadSettings, type LoadedSettings } from '../config/load-settings.ts';
import { ConfigError, printable, reasonOf } from '../errors.ts';
import { loadIdentity, needsOfAgent, type Identity } from '../identity/identity.ts';
import { lockPlace } from '../lenders/lock-place.ts';
import type { Logger } from '../log/log.ts';

export interface Reading extends LoadedSettings {
  readonly identity: Identity;
}

/** Warnings and notes go to `log` at once: one of them may be why the rest fails. */
export async function readConfiguration(root: string, log: Pick<Logger, 'warn' | 'info'>): Promise<Reading> {
  await requireRoot(root);
  const loaded = await loadSettings(root);
  for (const warning of loaded.warnings) {
    log.warn(warning);
  }
  for (const note of loaded.notes) {
    log.info(note);
  }
  return { ...loaded, identity: await loadIdentity(root, loaded.settings, needsOfAgent(loaded.settings)) };
}

/** A mistyped `--root` is no host on which something is still to come. Rejects with ConfigError. */
export async function requireRoot(root: string): Promise<void> {
  const found = await stat(root).catch((error: unknown) => error);
  if (found instanceof Stats && found.isDirectory()) {
    return;
  }
  const got = found instanceof Stats ? 'something else' : reasonOf(found);
  throw new ConfigError(
    'config_unreadable',
    `cannot use --root ${printable(root)}: it must be a directory, got ${got}`,
  );
}

/** Both say the same; which file says it makes no difference. */
export function isSameConfiguration(a: Reading, b: Reading): boolean {
  return isDeepStrictEqual([a.settings, a.identity], [b.settings, b.identity]);
}

/** `before`: the policy that this one replaces. */
export function policyOf(
  { settings, identity }: Pick<Reading, 'settings' | 'identity'>,
  bootId: string,
  before?: Policy,
): Policy {
  const { timing, updates } = settings;
  const { baseUrl } = updates.fleetLock;
  const hasLockServer = updates.strategies.includes('fleet_lock') && baseUrl !== undefined;
  return {
    enabled: updates.enabled,
    allowDowngrade: updates.allowDowngrade,
    skip: updates.skip,
    stream: settings.identity.stream,
    catchUp: updates.catchUp,
    // A lock server that was configured before may still have to be paid back.
    hasLenders: hasLockServer || before?.hasLenders === true,
    slotPlaces: hasLockServer ? [lockPlace({ ...updates.fleetLock, baseUrl }, identity)] : [],
    sessions: updates.sessions,
    steadyIntervalMs: timing.steadyIntervalMs,
    retryIntervalMs: timing.retryIntervalMs,
    rebootOverdueMs: timing.rebootOverdueMs,
    jitter: timing.jitter,
    replaceForeignStaged: updates.replaceStagedByOthers,
    bootId,
  };
}
