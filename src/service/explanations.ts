/**
 * Surveys for whoever asks why.
 *
 * Invariants:
 * - Callers who override the same share one survey while it runs.
 * - No more than one survey runs at a time, and no more than MOST_WAITING others wait for it.
 */
import { OVERRIDES, type Override } from '../agent/overrides.ts';
import type { Asker } from '../agent/requests.ts';
import type { Explanation } from '../why/explanation.ts';
import type { AgentPort } from './agent-port.ts';
import { tooMany } from './refusals.ts';

export const MOST_WAITING = 8;

export class Explanations {
  readonly #port: Pick<AgentPort, 'explain'>;
  readonly #life: AbortSignal;
  readonly #shared = new Map<string, Promise<Explanation>>();
  #running: Promise<unknown> = Promise.resolve();

  constructor(port: Pick<AgentPort, 'explain'>, life: AbortSignal) {
    this.#port = port;
    this.#life = life;
  }

  /** `by`: as in AgentPort. Rejects with CancelledError at the end of the agent, and with BusError `LimitsExceeded`. */
  async explain(overrides: readonly Override[], by?: Asker): Promise<Explanation> {
    const wanted = OVERRIDES.filter((override) => overrides.includes(override));
    const key = `${wanted.join(' ')}/${by?.uid ?? ''}`;
    const found = this.#shared.get(key);
    if (found !== undefined) {
      return found;
    }
    if (this.#shared.size > MOST_WAITING) {
      throw tooMany(`at most ${MOST_WAITING} explanations at a time`);
    }
    const explanation = this.#running.then(() => this.#port.explain(wanted, this.#life, by));
    this.#shared.set(key, explanation);
    const over = (): void => void this.#shared.delete(key);
    this.#running = explanation.then(over, over);
    return explanation;
  }
}
