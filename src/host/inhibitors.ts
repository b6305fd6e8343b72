/**
 * Who holds inhibitor locks, as logind says. A host without logind has none. A logind that cannot be asked
 * is an error, and so is an answer of another shape.
 */
import type { SystemBus } from '../dbus/types.ts';
import type { Inhibitor } from '../gates/inhibitors.ts';
import { Logind, malformed } from './logind.ts';

/** Makes a function that asks for the locks of the moment. That function rejects with BusError or CancelledError. */
export function logindInhibitors(
  bus: SystemBus,
  callTimeoutMs?: number,
): (signal: AbortSignal) => Promise<readonly Inhibitor[]> {
  const logind = new Logind(bus, callTimeoutMs);
  return async (signal) => {
    const rows = (await logind.list('ListInhibitors', 'a(ssssuu)', signal)) ?? [];
    return rows.map(([what, who, why, mode]) => {
      if (
        typeof what !== 'string' ||
        typeof who !== 'string' ||
        typeof why !== 'string' ||
        typeof mode !== 'string'
      ) {
        throw malformed('an inhibitor must have four texts');
      }
      return { what, who, why, mode };
    });
  };
}
