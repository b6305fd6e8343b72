/**
 * How far this boot has come, as systemd says over D-Bus.
 *
 * Invariants:
 * - A host that systemd has not booted gives undefined. A bus that does not find systemd is not enough for that.
 * - Anything else that is not a plain answer is an error, never "complete".
 */
import { lstat } from 'node:fs/promises';
import path from 'node:path';

import { getProperty, type PropertySource } from '../dbus/calls.ts';
import type { BusLink, SystemBus } from '../dbus/types.ts';
import { BusError, printable } from '../errors.ts';
import { isMissingOrNotDirectory } from '../files/error-code.ts';
import type { BootState } from '../gates/boot-complete.ts';
import { SECOND_MS } from '../text/units.ts';
import { mayBeAbsent } from './absent-service.ts';

const SYSTEMD = 'org.freedesktop.systemd1';
const MANAGER = { destination: SYSTEMD, path: '/org/freedesktop/systemd1', interface: `${SYSTEMD}.Manager` };
const TARGET = {
  destination: SYSTEMD,
  path: '/org/freedesktop/systemd1/unit/boot_2dcomplete_2etarget',
  interface: `${SYSTEMD}.Unit`,
};
/** systemd answers from memory. */
const CALL_TIMEOUT_MS = 10 * SECOND_MS;

/** Below the root. systemd makes it before anything else runs, and a host without systemd lacks it (sd_booted). */
const BOOTED_BY_SYSTEMD = 'run/systemd/system';

/**
 * `root`: where the host's files are. Undefined: the host does without systemd. Rejects with BusError or CancelledError,
 * and with the system's error when nobody can tell whether systemd has booted the host.
 */
export async function readBootState(
  bus: SystemBus,
  root: string,
  signal: AbortSignal,
  timeoutMs: number = CALL_TIMEOUT_MS,
): Promise<BootState | undefined> {
  const link = await bus.link(signal);
  try {
    const system = await text(link, { ...MANAGER, timeoutMs }, 'SystemState', signal);
    return { system, bootComplete: await text(link, { ...TARGET, timeoutMs }, 'ActiveState', signal) };
  } catch (error) {
    if (mayBeAbsent(error) && !(await isBootedBySystemd(root))) {
      return undefined;
    }
    throw error;
  }
}

async function isBootedBySystemd(root: string): Promise<boolean> {
  try {
    await lstat(path.join(root, BOOTED_BY_SYSTEMD));
    return true;
  } catch (error) {
    if (isMissingOrNotDirectory(error)) {
      return false;
    }
    throw error;
  }
}

async function text(
  link: BusLink,
  source: PropertySource,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const value = await getProperty(link, source, name, signal);
  if (typeof value === 'string') {
    return printable(value);
  }
  throw new BusError('bus_malformed_message', `cannot tell how far this boot is: ${name} must be a text`);
}
