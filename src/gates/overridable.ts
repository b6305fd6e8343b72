/** Which override lets which report pass. Pure. */
import type { Override } from '../agent/overrides.ts';
import type { GateReport } from '../agent/ports.ts';

/** Which override lets a report of this label pass. A label that is missing here cannot be overridden. */
const BY_LABEL: Readonly<Record<string, Override>> = {
  outside_window: 'window',
  splay: 'splay',
  frozen: 'freeze',
  held: 'hold',
  uptime: 'uptime',
  first_boot: 'uptime',
  marker_missing: 'marker',
  marker_refused: 'marker',
  marker_expired: 'marker',
  manual: 'manual',
  inhibitor: 'inhibitors',
  boot_space: 'boot-space',
  boot_complete: 'boot-complete',
  fleet_lock: 'fleet-lock',
};

/** Every word that concerns a gate: its `unknown` passes where all of them are overridden. */
const BY_GATE: Readonly<Record<string, readonly Override[]>> = {
  periodic: ['window', 'splay', 'freeze'],
  hold: ['hold'],
  uptime: ['uptime'],
  marker: ['marker'],
  manual: ['manual'],
  inhibitors: ['inhibitors'],
  free_space: ['boot-space'],
  boot_complete: ['boot-complete'],
};

/** The overrides that `report` needs, all of them. Undefined: it passes, or nothing helps. */
export function overridesFor({ gate, verdict, label }: GateReport): readonly Override[] | undefined {
  switch (verdict) {
    case 'pass':
      return undefined;
    case 'block': {
      const word = BY_LABEL[label];
      return word === undefined ? undefined : [word];
    }
    case 'unknown':
      return BY_GATE[gate];
  }
}

/** Whether a person has overridden all that holds `report` back. */
export function isOverridden(report: GateReport, overrides: readonly Override[]): boolean {
  return overridesFor(report)?.every((word) => overrides.includes(word)) === true;
}

/** Whether a person has overridden all that a gate can ever say. */
export function isSilenced(gate: string, overrides: readonly Override[]): boolean {
  return BY_GATE[gate]?.every((word) => overrides.includes(word)) === true;
}

/** What `report` becomes then. */
export function overridden({ gate, label, reason, evidence }: GateReport): GateReport {
  const told = { gate, verdict: 'pass', label, reason: `overridden: ${reason}` } as const;
  return evidence === undefined ? told : { ...told, evidence };
}
