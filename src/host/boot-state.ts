/**
 * How far this boot has come, as systemd says over D-Bus.
 *
 * Invariants:
 * - A bus without systemd gives undefined.
 * - Anything else that is not a plain answer is an error, never "complete".
 */
import { getProperty } from '../dbus/calls.ts';
import type { BusLink, SystemBus } from '../dbus/types.ts';
import { BusError, printable } from '../errors.ts';
import type { BootState } from '../gates/boot-complete.ts';
import { SECOND_MS } from '../text/units.ts';

const SYSTEMD = 'org.freedesktop.systemd1';
const MANAGER = { destination: SYSTEMD, path: '/org/freedesktop/systemd1', interface: `${SYSTEMD}.Manager` };
const TARGET = {
  destination: SYSTEMD,
  path: '/org/freedesktop/systemd1/unit/boot_2dcomplete_2etarget',
  interface: `${SYSTEMD}.Unit`,
};
/** systemd answers from memory. */
const TIMEOUT_MS = 10 * SECOND_MS;

const NO_SYSTEMD: ReadonlySet<string> = new Set([
  'org.freedesktop.DBus.Error.ServiceUnknown',
  'org.freedesktop.DBus.Error.NameHasNoOwner',
  'org.freedesktop.DBus.Error.Spawn.ServiceNotFound',
]);

/** Undefined: no systemd is on the bus. Rejects with BusError or CancelledError. */
export async function readBootState(bus: SystemBus, signal: AbortSignal): Promise<BootState | undefined> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const link = await bus.link(limited);
  try {
    const system = await text(link, MANAGER, 'SystemState', limited);
    return { system, bootComplete: await text(link, TARGET, 'ActiveState', limited) };
  } catch (error) {
    if (error instanceof BusError && NO_SYSTEMD.has(error.errorName ?? '')) {
      return undefined;
    }
    throw error;
  }
}

async function text(
  link: BusLink,
  source: typeof MANAGER,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const value = await getProperty(link, source, name, signal);
  if (typeof value === 'string') {
    return printable(value);
  }
  throw new BusError('bus_malformed_message', `cannot tell how far this boot is: ${name} must be a text`);
}
