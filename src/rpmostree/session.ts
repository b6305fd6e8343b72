/**
 * A visit to rpm-ostree's daemon: register as a client, work, unregister.
 *
 * Invariants:
 * - The daemon is never kept awake between visits.
 * - A visit that finds the daemon exiting is repeated once, with a new registration.
 * - Every failure is an RpmOstreeError or a CancelledError.
 */
import type { BusLink, SystemBus } from '../dbus/types.ts';
import { BusError, CancelledError, RpmOstreeError } from '../errors.ts';
import { DaemonCalls } from './daemon-calls.ts';
import { daemonWasLeaving, isAccessDenied, mapCallError } from './map-error.ts';

export interface Visit {
  readonly daemon: DaemonCalls;
  readonly link: BusLink;
}

/**
 * `doing` completes "cannot …". `work` may run twice, so it must read the state of the host before it changes anything.
 */
export async function visitDaemon<T>(
  bus: SystemBus,
  doing: string,
  signal: AbortSignal,
  work: (visit: Visit) => Promise<T>,
): Promise<T> {
  try {
    return await visitOnce(bus, signal, work).catch((error: unknown) => {
      if (!daemonWasLeaving(error) || signal.aborted) {
        throw error;
      }
      return visitOnce(bus, signal, work);
    });
  } catch (error) {
    // After an abort, an error of the bus is expected.
    if (signal.aborted && error instanceof BusError) {
      throw new CancelledError(`gave up: ${doing}`, { cause: error });
    }
    throw mapCallError(error, doing);
  }
}

async function visitOnce<T>(
  bus: SystemBus,
  signal: AbortSignal,
  work: (visit: Visit) => Promise<T>,
): Promise<T> {
  const link = await bus.link(signal);
  const daemon = new DaemonCalls(link);
  const registered = await register(daemon, signal);
  let daemonIsThere = true;
  try {
    return await work({ daemon, link });
  } catch (error) {
    daemonIsThere = !daemonIsGone(error);
    throw error;
  } finally {
    // Unregistering from a daemon that is gone would only start it again.
    if (registered && daemonIsThere) {
      const goodbye = daemon.unregisterClient();
      if (!signal.aborted) {
        await goodbye;
      }
    }
  }
}

/** Registering only keeps the daemon from exiting during the visit. A host may forbid it to our user; that is fine. */
async function register(daemon: DaemonCalls, signal: AbortSignal): Promise<boolean> {
  try {
    await daemon.registerClient(signal);
    return true;
  } catch (error) {
    if (!isAccessDenied(error)) {
      throw error;
    }
    return false;
  }
}

function daemonIsGone(error: unknown): boolean {
  return (
    daemonWasLeaving(error) ||
    (error instanceof RpmOstreeError && error.kind === 'rpm_ostree_transaction_lost')
  );
}
