/**
 * Gives a program's slot back: tried several times where the trouble may pass, and within a limit.
 *
 * Invariant: it ends when `signal` is aborted at the latest, whatever the server does.
 */
import type { Clock } from '../agent/ports.ts';
import { FleetLockError, messageOf } from '../errors.ts';
import { MINUTE_MS, SECOND_MS } from '../text/units.ts';

const PAUSES_MS: readonly number[] = [2, 5, 10, 20].map((seconds) => seconds * SECOND_MS);
/** Shorter than systemd waits for a service that it stops. */
export const GIVE_BACK_LIMIT_MS = MINUTE_MS;

export interface GiveBackOptions {
  readonly giveBack: (signal: AbortSignal) => Promise<void>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal: AbortSignal;
  /** Told before a further try, unless the reason is the same as before. */
  readonly onRetry: (reason: string) => void;
}

/** Undefined: it is given back. Otherwise the latest failure of the server. */
export async function giveBackSlot(options: GiveBackOptions): Promise<Error | undefined> {
  const { giveBack, clock, signal, onRetry } = options;
  let failure: Error | undefined;
  let told = '';
  for (const pauseMs of [0, ...PAUSES_MS]) {
    try {
      if (failure !== undefined && messageOf(failure) !== told) {
        told = messageOf(failure);
        onRetry(told);
      }
      await clock.sleep(pauseMs, signal);
      await giveBack(signal);
      return undefined;
    } catch (error) {
      if (signal.aborted) {
        return failure ?? new Error('the lock server did not answer in time');
      }
      if (!(error instanceof FleetLockError)) {
        throw error;
      }
      failure = error;
      if (error.kind !== 'fleet_lock_unreachable' && error.kind !== 'fleet_lock_unavailable') {
        return failure;
      }
    }
  }
  return failure;
}
