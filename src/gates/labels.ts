/**
 * Every word that a verdict can carry as its label: the bounded vocabulary of the metric, and the index of
 * docs/why-not-rebooting.md, which a test compares with it.
 */

export const ALLOW_LABELS = [
  'allowed',
  'immediate',
  'periodic',
  'marker',
  'inhibitor',
  'uptime',
  'boot_space',
  'boot_complete',
  'fleet_lock',
] as const;
export type AllowLabel = (typeof ALLOW_LABELS)[number];

export const DENY_LABELS = [
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
  'fleet_lock',
] as const;
export type DenyLabel = (typeof DENY_LABELS)[number];
