/**
 * Finds the configuration files that count, and reads their bytes.
 *
 * Invariants:
 * - Of several files with the same name, only the one in the latest directory counts.
 * - A link to /dev/null masks its name.
 * - The remaining files are ordered by name, byte by byte, whatever their directory.
 * - All files together have at most MAX_TOTAL_BYTES, and no more are read.
 * - Every ignored entry is named in a warning, and every unreadable one in an error. Reading goes on after an error.
 * - A drop-in that is a symbolic link is read, and named in a warning each time: Zincati ignores it.
 */
import { join } from 'node:path';

import { ConfigError } from '../errors.ts';
import { readSmallFile } from '../files/read-small-file.ts';
import { KIBIBYTE } from '../text/units.ts';
import { type Entry, listDirectory, lookAt, unreadable } from './drop-in-entries.ts';
import { adviceForNoDirectory } from './ignored-entry.ts';

/** From weakest to strongest. */
export const DROP_IN_DIRECTORIES = [
  '/usr/lib/zincati/config.d',
  '/run/zincati/config.d',
  '/etc/zincati/config.d',
] as const;

/** All settings together take a few kilobytes; a larger file is in the wrong place. */
export const MAX_FILE_BYTES = 128 * KIBIBYTE;
/** Of all drop-ins together: 3,000 maintenance windows take so much. */
export const MAX_TOTAL_BYTES = 256 * KIBIBYTE;
/** Of all directories together, those that others replace or mask left out. */
export const MAX_FILES = 200;

export interface DropIn {
  readonly name: string;
  /** Where the drop-in itself is, `root` included, before any link is followed. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface DropIns {
  readonly files: readonly DropIn[];
  readonly warnings: readonly string[];
  readonly errors: readonly ConfigError[];
  /** Those of the warnings of which each may be the reason that a setting is missing. */
  readonly hidden: readonly string[];
}

/**
 * Reads the drop-ins of the host whose file system is at `root`, or those in other `directories` below it. Never
 * rejects: what goes wrong is in `errors`.
 */
export async function readDropIns(
  root: string,
  directories: readonly string[] = DROP_IN_DIRECTORIES,
): Promise<DropIns> {
  return readPlaces(directories.map((directory) => ({ root, directory })));
}

/** A directory, as the host whose file system is at `root` sees it. */
export interface Place {
  readonly root: string;
  readonly directory: string;
}

/** Reads the drop-ins in these places, the weakest first. Never rejects, as `readDropIns` does not. */
export async function readPlaces(places: readonly Place[]): Promise<DropIns> {
  const winners = new Map<string, Entry>();
  const leadNowhere = new Map<string, string>();
  const warnings: string[] = [];
  const errors: ConfigError[] = [];
  const hidden: string[] = [];
  for (const { root, directory } of places) {
    try {
      const names = await listDirectory(root, directory, warnings);
      if (names === undefined) {
        hidden.push(adviceForNoDirectory(join(root, directory)));
        continue;
      }
      for (const name of names) {
        const entry = await lookAt(root, directory, name, warnings);
        if (entry === undefined) {
          continue;
        }
        if (typeof entry === 'object' && 'dangling' in entry) {
          leadNowhere.set(name, entry.dangling);
        } else {
          winners.set(name, entry);
          leadNowhere.delete(name);
        }
      }
    } catch (error) {
      errors.push(unreadable(join(root, directory), error));
    }
  }
  hidden.push(...leadNowhere.values());
  warnings.push(...hidden);
  const files: DropIn[] = [];
  let total = 0;
  for (const [name, entry] of [...winners].sort(([a], [b]) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  )) {
    if (entry === 'masked') {
      continue;
    }
    if (entry instanceof ConfigError) {
      errors.push(entry);
      continue;
    }
    if (files.length >= MAX_FILES) {
      errors.push(unreadable(entry.path, new Error(`there must be at most ${MAX_FILES} drop-ins, got more`)));
      break;
    }
    warnings.push(...entry.notes);
    try {
      const bytes = await readSmallFile(entry.read, MAX_FILE_BYTES);
      total += bytes.length;
      if (total > MAX_TOTAL_BYTES) {
        const together = `all drop-ins together must have at most ${MAX_TOTAL_BYTES} bytes, got more`;
        errors.push(unreadable(entry.path, new Error(together)));
        break;
      }
      files.push({ name, path: entry.path, bytes });
    } catch (error) {
      errors.push(unreadable(entry.path, error));
    }
  }
  return { files, warnings, errors, hidden };
}
