/**
 * What a person may override, for one reboot. Pure.
 *
 * Invariants:
 * - An override is part of one request. It is never configuration, and only its history is written down.
 * - What protects the node itself has no word here. Such are a staged deployment that is gone, foreign or denied, a
 *   record that cannot be written, and the brake on reboot loops.
 */
export const OVERRIDES = [
  'window',
  'splay',
  'freeze',
  'hold',
  'uptime',
  'marker',
  'manual',
  'people',
  'inhibitors',
  'boot-space',
  'boot-complete',
  'fleet-lock',
] as const;
export type Override = (typeof OVERRIDES)[number];

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

/** What of a report counts here. */
export interface Judged {
  readonly gate: string;
  readonly verdict: 'pass' | 'block' | 'unknown';
  readonly label: string;
}

/** Every word that concerns a gate; undefined: none does. */
export function overridesOf(gate: string): readonly Override[] | undefined {
  return BY_GATE[gate];
}

/** The overrides that `report` needs, all of them. Undefined: it passes, or nothing helps. */
export function overridesFor({ gate, verdict, label }: Judged): readonly Override[] | undefined {
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
