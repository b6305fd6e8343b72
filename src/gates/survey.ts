/**
 * Asks all gates of the node at once.
 *
 * Invariants:
 * - There is one report of each gate, in the order of the configuration, whatever becomes of the others.
 * - A gate that throws, or that takes longer than its limit, is one `unknown` report.
 * - Only the end of the caller's signal makes `survey` reject. It does so at once, also when a gate ignores its signal.
 * - The signal of a gate is aborted when its answer no longer counts, and its timer goes with its answer.
 */
import type {
  Clock,
  ExplainedReport,
  Foresight,
  GateQuestion,
  GateReport,
  Gates,
  Look,
} from '../agent/ports.ts';
import { CancelledError, kindOf, messageOf } from '../errors.ts';
import { SECOND_MS } from '../text/units.ts';
import { firstCommonPass } from './first-pass.ts';
import { explained, type Gate } from './gate.ts';
import { OBSERVED } from './timing.ts';
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
    return (await this.explain(question, signal)).map(({ report }) => report);
  }

  async look(question: GateQuestion, signal: AbortSignal): Promise<Look> {
    const explained = await this.explain(question, signal);
    return { reports: explained.map(({ report }) => report), foresight: foresee(explained, question.at) };
  }

  /** As `survey`, each report with what the same look says about later. */
  async explain(question: GateQuestion, signal: AbortSignal): Promise<readonly ExplainedReport[]> {
    throwIfAborted(signal);
    const reports = await Promise.all(this.#gates.map((gate) => this.#report(gate, question, signal)));
    // A gate that was given up because of the signal is no unknown gate.
    throwIfAborted(signal);
    return reports;
  }

  /** Never rejects. */
  async #report(gate: Gate, question: GateQuestion, signal: AbortSignal): Promise<ExplainedReport> {
    const over = new AbortController();
    const limited = AbortSignal.any([signal, over.signal]);
    try {
      // In this order: the timer must not run yet where the gate throws at once.
      return await Promise.race([gate.explain(question, limited), this.#timeout(gate, question, limited)]);
    } catch (error) {
      return untold(unknown(gate.name, kindOf(error), messageOf(error)), question);
    } finally {
      over.abort(new CancelledError(`the question to ${gate.name} is over`));
    }
  }

  /** Resolves at the limit. Rejects with CancelledError as soon as the signal is aborted. */
  async #timeout(gate: Gate, question: GateQuestion, signal: AbortSignal): Promise<ExplainedReport> {
    await this.#clock.sleep(GATE_LIMIT_MS, signal);
    const reason = `${gate.name} took longer than ${GATE_LIMIT_MS / SECOND_MS} s`;
    return untold(unknown(gate.name, TIMEOUT_KIND, reason), question);
  }
}

/** What cannot be looked at now may pass as soon as it can be. */
function untold(report: GateReport, question: GateQuestion): ExplainedReport {
  return explained(report, OBSERVED, question);
}

/** When all gates can pass, from their reports of `at`. */
export function foresee(gates: readonly ExplainedReport[], at: number): Foresight {
  const classes = gates.map((each) => each.class);
  const passes = gates.every(({ report }) => report.verdict === 'pass');
  // Most looks at a node that waits for nothing else find nothing: no calendar is searched then.
  const { pass } = passes
    ? { pass: { fromAt: at } }
    : firstCommonPass(
        gates.map(({ passAfter }) => passAfter),
        at,
      );
  return { classes, clearAt: pass?.fromAt };
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new CancelledError('the question to the gates was given up', { cause: signal.reason });
  }
}
