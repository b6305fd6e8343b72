/**
 * Surveys for whoever asks why.
 *
 * Invariants:
 * - Callers of one second who override the same share one survey, and so do those who come while it runs.
 * - No more than one survey runs at a time, and no more than MOST_WAITING others wait for it.
 */
import type { Clock } from '../agent/ports.ts';
import { OVERRIDES, type Override } from '../agent/overrides.ts';
import { SECOND_MS } from '../text/units.ts';
import type { Explanation } from '../why/explanation.ts';
import type { AgentPort } from './agent-port.ts';
import { tooMany } from './refusals.ts';

export const MOST_WAITING = 8;
const SHARED_MS = SECOND_MS;

interface Shared {
  readonly explanation: Promise<Explanation>;
  readonly askedMono: number;
  isOver: boolean;
}

export class Explanations {
  readonly #port: Pick<AgentPort, 'explain'>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #life: AbortSignal;
  readonly #shared = new Map<string, Shared>();
  #running: Promise<unknown> = Promise.resolve();

  constructor(port: Pick<AgentPort, 'explain'>, clock: Pick<Clock, 'monotonic'>, life: AbortSignal) {
    this.#port = port;
    this.#clock = clock;
    this.#life = life;
  }

  /** Rejects with CancelledError at the end of the agent, and with BusError `LimitsExceeded`. */
  async explain(overrides: readonly Override[]): Promise<Explanation> {
    const nowMono = this.#clock.monotonic();
    for (const [key, { isOver, askedMono }] of this.#shared) {
      if (isOver && nowMono - askedMono >= SHARED_MS) {
        this.#shared.delete(key);
      }
    }
    const wanted = OVERRIDES.filter((override) => overrides.includes(override));
    const key = wanted.join(' ');
    const found = this.#shared.get(key);
    if (found !== undefined && (!found.isOver || nowMono - found.askedMono < SHARED_MS)) {
      return found.explanation;
    }
    if ([...this.#shared.values()].filter(({ isOver }) => !isOver).length > MOST_WAITING) {
      throw tooMany(`at most ${MOST_WAITING} explanations at a time`);
    }
    const explanation = this.#running.then(() => this.#port.explain(wanted, this.#life));
    const shared: Shared = { explanation, askedMono: nowMono, isOver: false };
    this.#shared.set(key, shared);
    const over = (): void => void (shared.isOver = true);
    this.#running = explanation.then(over, over);
    return explanation;
  }
}
