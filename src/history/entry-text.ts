/**
 * Entries of the history as lines of a file, and back. Pure.
 *
 * A line is the CRC-32 of the rest in eight hex digits, a blank, and the entry as JSON.
 *
 * Invariants:
 * - A line that is torn, changed or no entry is left out and counted; all others are read.
 * - No line has more than {@link LONGEST_LINE} bytes, whatever its texts are.
 */
import { crc32 } from 'node:zlib';

import { printable } from '../errors.ts';
import type { Entry, FieldValue } from './entry.ts';

export const LONGEST_LINE = 4096;
const LONGEST_TEXT = 600;
const LONGEST_VALUE = 300;
const LONGEST_NAME = 40;
const MOST_FIELDS = 16;
const NEWLINE = 0x0a;
const CHECKSUM = /^[0-9a-f]{8} /;

export interface ReadEntries {
  /** In the order of the file. */
  readonly entries: readonly Entry[];
  /** Lines that are no entries. */
  readonly damaged: number;
  /** The last line has its end mark. */
  readonly endsWhole: boolean;
}

/** With its end mark. Texts that are too long are cut; fields beyond the first sixteen are left out. */
export function lineOf({ at, kind, text, fields }: Entry): string {
  const kept = Object.entries(fields)
    .slice(0, MOST_FIELDS)
    .map(([name, value]): [string, FieldValue] => [
      cut(name, LONGEST_NAME),
      typeof value === 'string' ? cut(value, LONGEST_VALUE) : value,
    ]);
  const whole = encoded({
    at,
    kind: cut(kind, LONGEST_NAME),
    text: cut(text, LONGEST_TEXT),
    fields: Object.fromEntries(kept),
  });
  // Characters of several bytes can make it too long after all. What it says is in the text.
  return Buffer.byteLength(whole) <= LONGEST_LINE
    ? whole
    : encoded({
        at,
        kind: cut(kind, LONGEST_NAME),
        text: cut(text, LONGEST_VALUE),
        fields: {},
      });
}

function encoded(entry: Entry): string {
  const json = JSON.stringify(entry);
  return `${checksum(json)} ${json}\n`;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function cut(text: string, most: number): string {
  const shown = printable(text);
  return shown.length > most ? `${shown.slice(0, most - 1)}…` : shown;
}

export function readEntries(bytes: Uint8Array): ReadEntries {
  const entries: Entry[] = [];
  let damaged = 0;
  let from = 0;
  while (from < bytes.length) {
    const end = bytes.indexOf(NEWLINE, from);
    const to = end < 0 ? bytes.length : end;
    if (to > from) {
      const entry = to - from < LONGEST_LINE ? entryOf(bytes.subarray(from, to)) : undefined;
      if (entry === undefined) {
        damaged += 1;
      } else {
        entries.push(entry);
      }
    }
    from = to + 1;
  }
  return { entries, damaged, endsWhole: bytes.length === 0 || bytes.at(-1) === NEWLINE };
}

function entryOf(line: Uint8Array): Entry | undefined {
  const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString('utf8');
  const json = text.slice(9);
  if (!CHECKSUM.test(text) || checksum(json) !== text.slice(0, 8)) {
    return undefined;
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  return checked(value);
}

/** Whoever can write the file can also write a checksum: nothing of it is trusted. */
function checked(value: unknown): Entry | undefined {
  if (!isRecord(value) || !isRecord(value['fields'])) {
    return undefined;
  }
  const { at, kind, text } = value;
  if (
    typeof at !== 'number' ||
    !Number.isSafeInteger(at) ||
    typeof kind !== 'string' ||
    typeof text !== 'string'
  ) {
    return undefined;
  }
  const fields: [string, FieldValue][] = [];
  for (const [name, field] of Object.entries(value['fields']).slice(0, MOST_FIELDS)) {
    if (typeof field === 'string') {
      fields.push([cut(name, LONGEST_NAME), cut(field, LONGEST_VALUE)]);
    } else if (typeof field === 'boolean' || (typeof field === 'number' && Number.isFinite(field))) {
      fields.push([cut(name, LONGEST_NAME), field]);
    }
  }
  return {
    at,
    kind: cut(kind, LONGEST_NAME),
    text: cut(text, LONGEST_TEXT),
    fields: Object.fromEntries(fields),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
