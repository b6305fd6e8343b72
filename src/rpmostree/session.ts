/**
 * A visit to rpm-ostree's daemon: register as a client, work, unregister.
 *
 * Invariants: the daemon is never kept awake between visits; a visit that finds it leaving is made once more, with a
 * fresh registration; whatever fails comes out as RpmOstreeError or CancelledError.
 */
import type { BusLink, SystemBus } from '../dbus/types.ts';
import { DaemonCalls } from './daemon-calls.ts';
import { daemonWasLeaving, isAccessDenied, mapCallError } from './map-error.ts';

export interface Visit {
  readonly daemon: DaemonCalls;
  readonly link: BusLink;
}

/** `doing` completes "cannot …". `work` may run twice, so it looks at the host before it changes it. */
export async function visitDaemon<T>(
  bus: SystemBus,
  doing: string,
  signal: AbortSignal,
  work: (visit: Visit) => Promise<T>,
): Promise<T> {
  try {
    return await visitOnce(bus, signal, work);
  } catch (error) {
    if (!daemonWasLeaving(error) || signal.aborted) throw mapCallError(error, doing);
  }
  try {
    return await visitOnce(bus, signal, work);
  } catch (error) {
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
  try {
    await register(daemon, signal);
    return await work({ daemon, link });
  } finally {
    const goodbye = daemon.unregisterClient();
    if (!signal.aborted) await goodbye;
  }
}

async function register(daemon: DaemonCalls, signal: AbortSignal): Promise<void> {
  try {
    await daemon.registerClient(signal);
  } catch (error) {
    // Registering only keeps the daemon from leaving under our feet; a host may forbid it to our user.
    if (!isAccessDenied(error)) throw error;
  }
}
