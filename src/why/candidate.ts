/** A gate on its way into an explanation: what people read of it, and what is reckoned with. Pure. */
import type { Override } from '../agent/overrides.ts';
import type { ExplainedReport, GateReport, GateVerdict, PassAfter } from '../agent/ports.ts';
import type { Moment } from '../agent/moment.ts';
import type { Hold } from '../agent/requests.ts';
import type { Model, Policy } from '../agent/state.ts';
import type { ExplainedGate } from './explanation.ts';

export interface Candidate {
  readonly shown: Omit<ExplainedGate, 'earliestAt' | 'endsAt' | 'binds'>;
  /** At best. */
  readonly passAfter: PassAfter;
  /** Nobody knows when it passes at worst. */
  readonly openEnded: boolean;
  /** What the lower bound takes for granted of it, one sentence. */
  readonly assumption?: string;
}

/** What all parts of an explanation rest on. */
export interface Scene {
  readonly model: Model;
  readonly policy: Policy;
  readonly now: Moment;
  readonly overrides: readonly Override[];
  /** Of people, on reboots and on staging. */
  readonly holds: readonly Hold[];
}

/** What is assumed of gates that block now, and of whose future nothing is known. */
const ASSUMED: Readonly<Record<string, string>> = {
  boot_complete: 'this boot is complete by then',
  inhibitors: 'nobody inhibits a shutdown by then',
  free_space: 'there is room on /boot by then',
  marker: 'the permission file allows it by then',
};

/** A gate of this node, as it was looked at. `asOfAt`: when; left out: just now. */
export function ofGate({ report, class: of, passAfter }: ExplainedReport, asOfAt?: number): Candidate {
  const { gate, verdict, label, reason, evidence } = report;
  const isHeld = verdict !== 'pass' && of !== 'timed';
  return {
    shown: {
      gate,
      class: of,
      verdict,
      label,
      reason,
      ...(evidence !== undefined && { evidence }),
      ...(asOfAt !== undefined && { asOfAt }),
    },
    passAfter,
    openEnded: isHeld,
    ...(isHeld && { assumption: assumedOf(report) }),
  };
}

function assumedOf({ gate, verdict }: GateReport): string {
  if (verdict === 'unknown') {
    return `gate ${gate} can tell by then, and lets the node pass`;
  }
  return ASSUMED[gate] ?? `gate ${gate} lets the node pass by then`;
}

/** A gate that the machine itself adds. All of its instants are known. */
export function ofMachine(
  gate: string,
  verdict: GateVerdict,
  label: string,
  reason: string,
  passAfter: PassAfter,
): Candidate {
  return { shown: { gate, class: 'timed', verdict, label, reason }, passAfter, openEnded: false };
}
