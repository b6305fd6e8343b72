/**
 * Wakes when what is told is over by itself: a hold or a denial whose end has come changes no model.
 *
 * Invariant: the wall clock is looked at again every {@link SLICE_MS}, so one that is set makes nothing last longer.
 */
import type { Clock } from '../agent/ports.ts';
import { SECOND_MS } from '../text/units.ts';

export const SLICE_MS = 30 * SECOND_MS;

export class Expiry {
  readonly #clock: Pick<Clock, 'now' | 'sleep'>;
  readonly #onOver: () => void;
  #planned: AbortController | undefined;
  #at: number | undefined;

  constructor(clock: Pick<Clock, 'now' | 'sleep'>, onOver: () => void) {
    this.#clock = clock;
    this.#onOver = onOver;
  }

  /** `ends`: wall clock, milliseconds. The earliest counts, in place of what was planned before. */
  plan(ends: readonly (number | undefined)[]): void {
    const at = earliestOf(ends);
    if (at === this.#at) {
      return;
    }
    this.cancel();
    this.#at = at;
    if (at !== undefined) {
      this.#planned = new AbortController();
      void this.#wait(at, this.#planned.signal);
    }
  }

  cancel(): void {
    this.#planned?.abort();
    this.#planned = undefined;
    this.#at = undefined;
  }

  async #wait(at: number, signal: AbortSignal): Promise<void> {
    try {
      for (let left = at - this.#clock.now(); left > 0; left = at - this.#clock.now()) {
        await this.#clock.sleep(Math.min(left, SLICE_MS), signal);
      }
    } catch {
      return;
    }
    if (!signal.aborted) {
      this.cancel();
      this.#onOver();
    }
  }
}

/** Exported for its tests. Undefined: none of them has an end. */
export function earliestOf(ends: readonly (number | undefined)[]): number | undefined {
  const known = ends.filter((at) => at !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
