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
import { opendir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

import { ConfigError, reasonOf } from '../errors.ts';
import { accessRemedy } from '../files/access-remedy.ts';
import { errorCode } from '../files/error-code.ts';
import { readSmallFile } from '../files/read-small-file.ts';
import { resolveBelow } from '../files/resolve-below.ts';
import { printable } from '../text/printable.ts';
import { KIBIBYTE } from '../text/units.ts';
import {
  adviceForDangling,
  adviceForDirectory,
  adviceForLink,
  adviceForName,
  adviceForNoDirectory,
  adviceForSpecialFile,
  adviceForWritable,
} from './ignored-entry.ts';

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
/** For each directory, entries of any kind. A host has a handful. */
export const MAX_ENTRIES = 1000;

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

/** What a name stands for: a file to read, a mask, or an error that prevents the start. */
type Entry = ToRead | 'masked' | ConfigError;

/** `notes`: what to say about it when it counts. */
interface ToRead {
  readonly read: string;
  readonly path: string;
  readonly notes: readonly string[];
}

/** A link to nothing. It hides nothing, and is named unless something stronger has its name. */
interface Dangling {
  readonly dangling: string;
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

/** The names of possible drop-ins in a directory, which need not exist. Undefined: something else is in its place. */
async function listDirectory(
  root: string,
  directory: string,
  warnings: string[],
): Promise<string[] | undefined> {
  const resolved = await resolveBelow(root, directory);
  if (resolved.kind === 'missing') {
    return [];
  }
  const shownIn = join(root, directory);
  if (resolved.kind !== 'found' || !resolved.stats.isDirectory()) {
    return undefined;
  }
  const names: string[] = [];
  let entries = 0;
  for await (const entry of await opendir(resolved.path)) {
    entries += 1;
    if (entries > MAX_ENTRIES) {
      throw new Error(`it must hold at most ${MAX_ENTRIES} files`);
    }
    if (!entry.name.startsWith('.') && entry.name.endsWith('.toml')) {
      names.push(entry.name);
    } else if (!entry.name.startsWith('.') && entry.isDirectory()) {
      warnings.push(adviceForDirectory(shownIn, entry.name));
    } else {
      const advice = adviceForName(shownIn, entry.name);
      if (advice !== undefined) {
        warnings.push(advice);
      }
    }
  }
  // A directory lists its entries in any order; messages must have a fixed one.
  warnings.sort();
  return names.sort();
}

async function lookAt(
  root: string,
  directory: string,
  name: string,
  warnings: string[],
): Promise<Entry | Dangling | undefined> {
  const path = join(root, directory, name);
  try {
    const found = await resolveBelow(root, `${directory}/${name}`);
    switch (found.kind) {
      case 'null-device':
        return 'masked';
      case 'missing':
        return unreadable(path, new Error('its name must be UTF-8 and it must stay while it is read'));
      case 'dangling':
        return { dangling: adviceForDangling(path, found.target) };
      case 'found':
        if (found.stats.isFile()) {
          const target = await readlink(path).catch(() => undefined);
          return {
            read: found.path,
            path,
            notes: [
              ...(target === undefined ? [] : [adviceForLink(path, target)]),
              ...notesOnMode(path, found.stats.mode),
            ],
          };
        }
        warnings.push(
          found.stats.isDirectory()
            ? adviceForDirectory(join(root, directory), name)
            : adviceForSpecialFile(join(root, directory), name),
        );
        return undefined;
    }
  } catch (error) {
    return unreadable(path, error);
  }
}

const WRITABLE_BY_OTHERS = 0o002;

/** Zincati reads such a file as well, so it stays in force: whoever can log in may then decide about reboots. */
export function notesOnMode(path: string, mode: number): readonly string[] {
  return (mode & WRITABLE_BY_OTHERS) === 0 ? [] : [adviceForWritable(path, mode)];
}

function unreadable(path: string, cause: unknown): ConfigError {
  return new ConfigError(
    'config_unreadable',
    `cannot read ${printable(path)}: ${reasonOf(cause)}${accessRemedy(cause)}`,
    {
      cause,
      // The system refused: the device or the permission may be there in a moment. What a file is, stays.
      mayCome: errorCode(cause) !== undefined,
    },
  );
}
