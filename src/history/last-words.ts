/**
 * What an agent says when it ends: ROOT/var/lib/zincati/last-words.json. `zincati status` reads it where no agent runs.
 *
 * Invariants:
 * - An agent that runs has none, so what is found is of the agent that ran last. One that was killed has said nothing.
 * - Neither writing nor reading ever throws, and no link is followed in the last part of the path.
 * - Whoever reads takes nothing of the file but these three facts, printable and bounded.
 */
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { readFileStart } from '../files/read-small-file.ts';
import { printable } from '../errors.ts';
import { parseJsonText, SMALL_JSON } from '../text/bounded-json.ts';
import { KIBIBYTE } from '../text/units.ts';

const FOLDER = 'var/lib/zincati';
const FILE = 'last-words.json';
const MOST_BYTES = 8 * KIBIBYTE;
const LONGEST_TEXT = 1000;
const LONGEST_VERSION = 100;

export interface LastWords {
  /** Wall clock, milliseconds since 1970 UTC. */
  readonly at: number;
  /** Of the program. */
  readonly version: string;
  /** One or more sentences for people. */
  readonly text: string;
}

/** `root` is "/" on a host. */
export function lastWordsFile(root: string): string {
  return path.join(root, FOLDER, FILE);
}

/** At once, since a process that crashes waits for nothing. */
export function sayLastWords(root: string, { at, version, text }: LastWords): void {
  const file = lastWordsFile(root);
  const temporary = path.join(path.dirname(file), `.${FILE}.${process.pid}.tmp`);
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    rmSync(temporary, { force: true });
    const handle = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(handle, `${JSON.stringify({ at, version, text: bounded(text, LONGEST_TEXT) })}\n`);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
  } catch {
    // The journal has it as well.
  }
}

/** A new life begins. */
export function takeBackLastWords(root: string): void {
  try {
    rmSync(lastWordsFile(root), { force: true });
  } catch {
    // They are then those of a life before, with their instant.
  }
}

/** Undefined: there are none, or the caller may not read them. */
export async function readLastWords(root: string): Promise<LastWords | undefined> {
  try {
    const { bytes, isWhole } = await readFileStart(lastWordsFile(root), MOST_BYTES, 'refuse');
    return isWhole ? checked(parseJsonText(bytes.toString('utf8'), SMALL_JSON)) : undefined;
  } catch {
    return undefined;
  }
}

function checked(value: unknown): LastWords | undefined {
  if (typeof value !== 'object' || value === null || !('at' in value)) {
    return undefined;
  }
  const { at } = value;
  const text = 'text' in value ? value.text : undefined;
  const version = 'version' in value ? value.version : undefined;
  return typeof at === 'number' &&
    Number.isSafeInteger(at) &&
    Math.abs(at) <= 8.64e15 &&
    typeof text === 'string' &&
    typeof version === 'string'
    ? { at, version: bounded(version, LONGEST_VERSION), text: bounded(text, LONGEST_TEXT) }
    : undefined;
}

function bounded(text: string, longest: number): string {
  return printable(text).slice(0, longest);
}
