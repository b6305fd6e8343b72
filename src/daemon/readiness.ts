/**
 * When the service manager is told READY: whoever looks then finds what Zincati would show.
 *
 * Invariants:
 * - The metrics socket and the D-Bus name are there, or were tried in vain.
 * - The first reading of the deployments is over, well or not.
 * - Neither is waited for longer than {@link LONGEST_HOLD_MS}.
 */
import type { Happening } from '../agent/happenings.ts';
import type { Clock } from '../agent/ports.ts';
import type { Model } from '../agent/state.ts';
import { SECOND_MS } from '../text/units.ts';

export const LONGEST_HOLD_MS = 2 * SECOND_MS;

export interface ReadinessOptions {
  /** Must not reject. */
  readonly listening: Promise<unknown>;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Called once, and never after the signal is aborted. */
  readonly onReady: () => void;
  readonly signal: AbortSignal;
}

export class Readiness {
  readonly #begun = Promise.withResolvers<undefined>();

  constructor({ listening, clock, onReady, signal }: ReadinessOptions) {
    const over = new AbortController();
    const limit = clock.sleep(LONGEST_HOLD_MS, AbortSignal.any([signal, over.signal])).catch(() => undefined);
    void Promise.race([Promise.all([listening, this.#begun.promise]), limit]).then(() => {
      over.abort();
      if (!signal.aborted) {
        onReady();
      }
    });
  }

  /** Nothing more of the beginning is to be waited for. */
  begun(): void {
    this.#begun.resolve(undefined);
  }

  /** To be called after the reporter, so that READY carries the status of that model. */
  happened(model: Model, happenings: readonly Happening[]): void {
    if (isBegun(model, happenings)) {
      this.begun();
    }
  }
}

/** A registration that fails is no reason: the reading follows at once, whatever came of it. Pure. */
export function isBegun({ state }: Model, happenings: readonly Happening[]): boolean {
  const isReading = state.name === 'StartState' || state.name === 'Initialized';
  return !isReading || happenings.some((one) => one.kind === 'failing' && one.activity !== 'driver');
}
