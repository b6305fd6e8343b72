/**
 * What a person may override, for one reboot. Data only.
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
