/**
 * One entry of the history: what mattered to people, when, and how long it is worth keeping. Data only.
 *
 * Invariants:
 * - A kind is never renamed: entries outlive versions of this program. A reader keeps kinds that it does not know.
 * - Fields are plain data, and bounded, since texts of servers end up in them.
 */

/**
 * Every kind, with its rank. Where there is no more room, entries of the lowest rank go first, the oldest of them first.
 */
export const ENTRY_KINDS = {
  /** A whole update, written when the node has booted into it. */
  updated: 3,
  'rolled-back': 3,
  'reboot-missed': 3,
  abandoned: 3,
  'staging-failed': 2,
  'reboot-refused': 2,
  'wrong-stream': 2,
  request: 2,
  stalled: 2,
  'configuration-refused': 2,
  booted: 1,
  finalized: 1,
  'reboot-asked': 1,
  staged: 1,
  offered: 1,
  dropped: 1,
  'foreign-staged': 1,
  deadend: 1,
  'off-graph': 1,
  'configuration-taken': 1,
  held: 0,
} as const satisfies Readonly<Record<string, number>>;
export type EntryKind = keyof typeof ENTRY_KINDS;

export type FieldValue = string | number | boolean;
export type Fields = Readonly<Record<string, FieldValue>>;

export interface Entry {
  /** Wall clock, milliseconds since 1970 UTC. */
  readonly at: number;
  /** An {@link EntryKind}, or one of a version of this program that came later. */
  readonly kind: string;
  /** One sentence for people, printable. */
  readonly text: string;
  readonly fields: Fields;
}

export function rankOf(kind: string): number {
  return Object.hasOwn(ENTRY_KINDS, kind) ? ENTRY_KINDS[kind as EntryKind] : 1;
}
