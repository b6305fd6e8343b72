/** A gate that answers as a test says, and of whose future nothing is known. */
import type { GateQuestion, GateReport } from '../../src/agent/ports.ts';
import { explained, type Gate } from '../../src/gates/gate.ts';
import { OBSERVED } from '../../src/gates/timing.ts';

export function gateOf(
  name: string,
  ask: (question: GateQuestion, signal: AbortSignal) => Promise<GateReport>,
): Gate {
  return {
    name,
    ask,
    explain: (question, signal) =>
      ask(question, signal).then((report) => explained(report, OBSERVED, question)),
  };
}
