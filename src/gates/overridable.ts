/** Which override lets which report pass. Pure. */
import { overridesFor, overridesOf, type Override } from '../agent/overrides.ts';
import type { GateReport } from '../agent/ports.ts';

/** Whether a person has overridden all that holds `report` back. */
export function isOverridden(report: GateReport, overrides: readonly Override[]): boolean {
  return overridesFor(report)?.every((word) => overrides.includes(word)) === true;
}

/** Whether a person has overridden all that a gate can ever say. */
export function isSilenced(gate: string, overrides: readonly Override[]): boolean {
  return overridesOf(gate)?.every((word) => overrides.includes(word)) === true;
}

/** What `report` becomes then. */
export function overridden({ gate, label, reason, evidence }: GateReport): GateReport {
  const told = { gate, verdict: 'pass', label, reason: `overridden: ${reason}` } as const;
  return evidence === undefined ? told : { ...told, evidence };
}
