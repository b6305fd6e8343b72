/**
 * Asks all gates of the node at once.
 *
 * Invariants:
 * - There is one report of each gate, in the order of the configuration, whatever becomes of the others.
 * - A gate that throws, or that takes longer than its limit, is one `unknown` report.
 * - Only the end of the caller's signal makes `survey` reject. It does so at once, also when a gate ignores its signal.
 * - The signal of a gate is aborted when its answer no longer counts, and its timer goes with its answer.
 */
import type { Clock, GateQuestion, GateReport, Gates } from '../agent/ports.ts';
import { CancelledError, kindOf, messageOf } from '../errors.ts';
import { SECOND_MS } from '../text/units.ts';
import type { Gate } from './gate.ts';
import { unknown } from './verdict.ts';

/**
 * The longest that one gate may take. It lies above the limits of the adapters (a connection to the bus and a call, ten
 * seconds each), whose own errors say more. It lies below the 60 seconds that the loop gives the whole effect: otherwise
 * a gate that hangs would hide what the others say.
 */
export const GATE_LIMIT_MS = 45 * SECOND_MS;

/** The kind that the loop has for an effect without end, for a gate without end. See docs/errors.md. */
const TIMEOUT_KIND = 'effect_timeout';

export interface SurveyOptions {
  /** In the order of the configuration. */
  readonly gates: readonly Gate[];
  readonly clock: Pick<Clock, 'sleep'>;
}

export class Survey implements Gates {
  readonly #gates: readonly Gate[];
  readonly #clock: Pick<Clock, 'sleep'>;

  constructor({ gates, clock }: SurveyOptions) {
    this.#gates = gates;
    this.#clock = clock;
  }

  async survey(question: GateQuestion, signal: AbortSignal): Promise<readonly GateReport[]> {
    throwIfAborted(signal);
    const reports = await Promise.all(this.#gates.map((gate) => this.#report(gate, question, signal)));
    // A gate that was given up because of the signal is no unknown gate.
    throwIfAborted(signal);
    return reports;
  }

  /** Never rejects. */
  async #report(gate: Gate, question: GateQuestion, signal: AbortSignal): Promise<GateReport> {
    const over = new AbortController();
    const limited = AbortSignal.any([signal, over.signal]);
    try {
      // In this order: the timer must not run yet where the gate throws at once.
      return await Promise.race([gate.ask(question, limited), this.#timeout(gate, limited)]);
    } catch (error) {
      return unknown(gate.name, kindOf(error), messageOf(error));
    } finally {
      over.abort(new CancelledError(`the question to ${gate.name} is over`));
    }
  }

  /** Resolves at the limit. Rejects with CancelledError as soon as the signal is aborted. */
  async #timeout(gate: Gate, signal: AbortSignal): Promise<GateReport> {
    await this.#clock.sleep(GATE_LIMIT_MS, signal);
    return unknown(gate.name, TIMEOUT_KIND, `${gate.name} took longer than ${GATE_LIMIT_MS / SECOND_MS} s`);
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new CancelledError('the question to the gates was given up', { cause: signal.reason });
  }
}
