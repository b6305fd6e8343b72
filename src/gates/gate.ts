/**
 * A gate: one thing on this node that can hold a reboot back. It has two halves, so that explanations and simulations
 * judge exactly as the agent does.
 *
 * Invariants:
 * - `observe` does all the I/O and decides nothing; the functions that read the host are handed in.
 * - `judge` and `timing` are pure: the same facts and the same question give the same answers.
 * - Nothing but the question tells a gate the time and the deployments.
 * - `ask` rejects when the gate cannot tell. It never reports `unknown` itself: survey.ts makes that of a rejection.
 * - `ask` and `explain` give the same report. What explains it comes of the same observation.
 */
import type { ExplainedReport, GateQuestion, GateReport } from '../agent/ports.ts';
import { isOverridden, isSilenced, overridden } from './overridable.ts';
import { OBSERVED, OPEN, type Timing } from './timing.ts';

export interface Gate {
  /** As in the configuration, or the name of a hold that always applies: `periodic`, `free_space`. */
  readonly name: string;
  /** May the node reboot, as far as this gate goes? Rejects with whatever `observe` rejects with. */
  ask(question: GateQuestion, signal: AbortSignal): Promise<GateReport>;
  /** As `ask`, with what the same look says about later. */
  explain(question: GateQuestion, signal: AbortSignal): Promise<ExplainedReport>;
}

export interface GateHalves<Facts> {
  readonly name: string;
  /** Looks at the host. Rejects with an AgentError when it cannot be looked at, with CancelledError when aborted. */
  readonly observe: (signal: AbortSignal, question: GateQuestion) => Facts | Promise<Facts>;
  /** `pass` or `block`, never `unknown`. Throws only for a fault of the program. */
  readonly judge: (facts: Facts, question: GateQuestion) => GateReport;
  /** When it passes. Left out: nothing is known of later. */
  readonly timing?: (facts: Facts, question: GateQuestion) => Timing;
}

export function gate<Facts>({ name, observe, judge, timing = () => OBSERVED }: GateHalves<Facts>): Gate {
  const explain = async (question: GateQuestion, signal: AbortSignal): Promise<ExplainedReport> => {
    const facts = await observe(signal, question);
    return explained(judge(facts, question), timing(facts, question), question);
  };
  return {
    name,
    ask: async (question, signal) => (await explain(question, signal)).report,
    explain,
  };
}

/** The report and the timing of one look, with what the question overrides. */
export function explained(
  report: GateReport,
  { class: of, passAfter }: Timing,
  { overrides = [] }: GateQuestion,
): ExplainedReport {
  const told = isOverridden(report, overrides) ? overridden(report) : report;
  return {
    report: told,
    class: of,
    passAfter: isSilenced(told.gate, overrides) ? OPEN.passAfter : passAfter,
  };
}
