/**
 * Tells a service that the host does not have from one that the host has and that could not be asked.
 *
 * The error of a failed call cannot tell the two apart. dbus-broker answers NameHasNoOwner for each failed activation,
 * whatever the cause. dbus-daemon answers with the cause, as systemd names it. So the bus and systemd are asked.
 *
 * Invariants:
 * - A service that the bus has no way to start is absent. So is one whose unit is masked or not there, as systemd says.
 * - Whatever cannot be asked makes no service absent.
 */
import { getNameOwner, getProperty, listActivatableNames } from '../dbus/calls.ts';
import type { BusLink } from '../dbus/types.ts';
import { BusError } from '../errors.ts';
import { SECOND_MS } from '../text/units.ts';

const SYSTEMD = 'org.freedesktop.systemd1';
/** systemd answers from memory, or reads one unit file. */
const TIMEOUT_MS = 10 * SECOND_MS;

/** Errors of a call that may mean that nobody has the name. By themselves they do not say that the host lacks it. */
const MAY_BE_ABSENT: ReadonlySet<string> = new Set([
  'org.freedesktop.DBus.Error.ServiceUnknown',
  'org.freedesktop.DBus.Error.NameHasNoOwner',
  'org.freedesktop.DBus.Error.Spawn.ServiceNotFound',
  'org.freedesktop.systemd1.NoSuchUnit',
  'org.freedesktop.systemd1.UnitMasked',
]);

/** `LoadState` of a unit that an administrator turned off, or that no package has brought. */
const ABSENT_UNIT: ReadonlySet<unknown> = new Set(['masked', 'not-found']);

export interface HostService {
  /** On the bus. */
  readonly name: string;
  /** The unit that the bus asks systemd to start for the name. */
  readonly unit: string;
}

/** `error`: of a call to some service. True: perhaps nobody has the name. */
export function mayBeAbsent(error: unknown): error is BusError {
  return (
    error instanceof BusError && error.kind === 'bus_remote_error' && MAY_BE_ABSENT.has(error.errorName ?? '')
  );
}

/** `error`: of a call to the service. Rejects with CancelledError alone: what cannot be asked is there. */
export async function isAbsent(
  link: BusLink,
  { name, unit }: HostService,
  error: unknown,
  signal: AbortSignal,
): Promise<boolean> {
  if (!mayBeAbsent(error)) {
    return false;
  }
  try {
    if ((await getNameOwner(link, name, signal)) !== undefined) {
      return false;
    }
    const names = await listActivatableNames(link, signal);
    return !names.includes(name) || ABSENT_UNIT.has(await loadState(link, unit, signal));
  } catch (trouble) {
    if (trouble instanceof BusError) {
      return false;
    }
    throw trouble;
  }
}

async function loadState(link: BusLink, unit: string, signal: AbortSignal): Promise<unknown> {
  const manager = { destination: SYSTEMD, path: '/org/freedesktop/systemd1', timeoutMs: TIMEOUT_MS };
  const call = { ...manager, interface: `${SYSTEMD}.Manager`, member: 'LoadUnit', signature: 's' };
  const [path] = (await link.call({ ...call, body: [unit] }, signal)).body;
  if (typeof path !== 'string') {
    return undefined;
  }
  return getProperty(link, { ...manager, path, interface: `${SYSTEMD}.Unit` }, 'LoadState', signal);
}
