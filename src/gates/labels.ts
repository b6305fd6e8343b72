/**
 * Every word that a report or the refusal of a slot can carry as its label, the kinds of errors aside. They are the
 * bounded vocabulary of the metric, and the index of docs/why-not-rebooting.md, which a test compares with this list.
 */

export const PASS_LABELS = [
  'immediate',
  'periodic',
  'marker',
  'inhibitor',
  'uptime',
  'boot_space',
  'boot_complete',
  'held',
] as const;
export type PassLabel = (typeof PASS_LABELS)[number];

export const BLOCK_LABELS = [
  'manual',
  'marker_missing',
  'marker_refused',
  'marker_expired',
  'outside_window',
  'frozen',
  'splay',
  'inhibitor',
  'uptime',
  'first_boot',
  'boot_space',
  'boot_complete',
  'held',
  'fleet_lock',
] as const;
export type BlockLabel = (typeof BLOCK_LABELS)[number];
