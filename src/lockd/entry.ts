/** One entry of a group's history: who changed what, and when. Pure. */
import { parseJsonText, SMALL_JSON } from '../text/bounded-json.ts';

/** `taken` and `given-back` are nodes' doing; the rest is people's, and `slots` the configuration's. */
export const ENTRY_KINDS = ['taken', 'given-back', 'released', 'paused', 'resumed', 'slots'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

export interface Entry {
  /** From 0, without gaps. */
  readonly number: number;
  /** Wall clock of the server, milliseconds. */
  readonly at: number;
  readonly kind: EntryKind;
  /** The node; empty where the group is meant. */
  readonly id: string;
  /** Who did it: a person, or the address of a node. */
  readonly by: string;
  /** A reason, or what changed; may be empty. */
  readonly text: string;
}

/** Entries of a group that are kept. */
export const MOST_ENTRIES = 1000;

export function entryText({ number, at, kind, id, by, text }: Entry): string {
  return JSON.stringify({ number, at, kind, id, by, text });
}

/** Undefined: another version wrote it. */
export function parseEntry(line: string): Entry | undefined {
  const json = parseJsonText(line, SMALL_JSON);
  const { number, at, kind, id, by, text } = (
    typeof json === 'object' && json !== null ? json : {}
  ) as Readonly<Record<string, unknown>>;
  const known = ENTRY_KINDS.find((name) => name === kind);
  return known !== undefined &&
    typeof number === 'number' &&
    typeof at === 'number' &&
    typeof id === 'string' &&
    typeof by === 'string' &&
    typeof text === 'string'
    ? { number, at, kind: known, id, by, text }
    : undefined;
}
