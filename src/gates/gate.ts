/**
 * A gate: one thing on this node that can hold a reboot back. It has two halves, so that explanations and simulations
 * judge exactly as the agent does.
 *
 * Invariants:
 * - `observe` does all the I/O and decides nothing; the functions that read the host are handed in.
 * - `judge` is pure: the same facts and the same question give the same report.
 * - Nothing but the question tells a gate the time and the deployments.
 * - `ask` rejects when the gate cannot tell. It never reports `unknown` itself: survey.ts makes that of a rejection.
 */
import type { GateQuestion, GateReport } from '../agent/ports.ts';

export interface Gate {
  /** As in the configuration, or the name of a hold that always applies: `periodic`, `free_space`. */
  readonly name: string;
  /** May the node reboot, as far as this gate goes? Rejects with whatever `observe` rejects with. */
  ask(question: GateQuestion, signal: AbortSignal): Promise<GateReport>;
}

export interface GateHalves<Facts> {
  readonly name: string;
  /** Looks at the host. Rejects with an AgentError when it cannot be looked at, with CancelledError when aborted. */
  readonly observe: (signal: AbortSignal, question: GateQuestion) => Facts | Promise<Facts>;
  /** `pass` or `block`, never `unknown`. Throws only for a fault of the program. */
  readonly judge: (facts: Facts, question: GateQuestion) => GateReport;
}

export function gate<Facts>({ name, observe, judge }: GateHalves<Facts>): Gate {
  return {
    name,
    ask: async (question, signal) => judge(await observe(signal, question), question),
  };
}
