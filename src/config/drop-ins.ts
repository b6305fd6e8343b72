/**
 * Which configuration files count, and their bytes.
 *
 * Invariants: for one file name the later directory wins whole; a link to /dev/null masks its name; the survivors come in
 * the order of their names (by bytes), whatever directory they are from. What is not read is named in a warning, what
 * cannot be read in an error; both lists are complete, nothing stops at the first.
 */
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';

import { ConfigError, messageOf } from '../errors.ts';
import { readBounded } from '../files/read-bounded.ts';
import { resolveBelow } from '../files/resolve-below.ts';
import { printable } from '../text/printable.ts';
import { MEBIBYTE } from '../text/units.ts';
import { adviceForDirectory, adviceForName, adviceForSpecialFile } from './ignored-entry.ts';

/** From weakest to strongest. */
export const DROP_IN_DIRECTORIES = [
  '/usr/lib/zincati/config.d',
  '/run/zincati/config.d',
  '/etc/zincati/config.d',
] as const;

/** All settings together fill a few kilobytes; more is a file in the wrong place. */
export const MAX_FILE_BYTES = MEBIBYTE;
/** Per directory, whatever they are. A host has a handful. */
export const MAX_ENTRIES = 1000;

export interface DropIn {
  readonly name: string;
  /** The drop-in itself, below the root it was looked for, before any link is followed. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface DropIns {
  readonly files: readonly DropIn[];
  readonly warnings: readonly string[];
  readonly errors: readonly ConfigError[];
}

/** What stands at a name: a file to read, a mask, or something that stops the start. */
type Entry = { readonly read: string; readonly path: string } | 'masked' | ConfigError;

export async function readDropIns(root: string): Promise<DropIns> {
  const winners = new Map<string, Entry>();
  const warnings: string[] = [];
  const errors: ConfigError[] = [];
  for (const directory of DROP_IN_DIRECTORIES) {
    try {
      for (const name of await listDirectory(root, directory, warnings)) {
        const entry = await lookAt(root, directory, name, warnings);
        if (entry !== undefined) {
          winners.set(name, entry);
        }
      }
    } catch (error) {
      errors.push(unreadable(join(root, directory), error));
    }
  }
  const files: DropIn[] = [];
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
    try {
      files.push({ name, path: entry.path, bytes: await readBounded(entry.read, MAX_FILE_BYTES) });
    } catch (error) {
      errors.push(unreadable(entry.path, error));
    }
  }
  return { files, warnings, errors };
}

/** Names of the possible drop-ins in a directory that need not exist. */
async function listDirectory(root: string, directory: string, warnings: string[]): Promise<string[]> {
  const resolved = await resolveBelow(root, directory);
  if (resolved.kind === 'missing') {
    return [];
  }
  if (resolved.kind !== 'found') {
    throw new Error('it must be a directory, got a symbolic link that leads nowhere');
  }
  const names: string[] = [];
  let entries = 0;
  for await (const entry of await opendir(resolved.path)) {
    entries += 1;
    if (entries > MAX_ENTRIES) {
      throw new Error(`it must hold at most ${MAX_ENTRIES} files`);
    }
    const shownIn = join(root, directory);
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
  // The order of a directory is chance; messages must not be.
  warnings.sort();
  return names.sort();
}

async function lookAt(
  root: string,
  directory: string,
  name: string,
  warnings: string[],
): Promise<Entry | undefined> {
  const path = join(root, directory, name);
  try {
    const found = await resolveBelow(root, `${directory}/${name}`);
    switch (found.kind) {
      case 'null-device':
        return 'masked';
      case 'missing':
        return unreadable(path, new Error('its name must be UTF-8 and it must stay while it is read'));
      case 'dangling':
        return unreadable(
          path,
          new Error(
            `the symbolic link must lead to a file, got ${found.target}, which does not exist; remove the link, or make it lead to /dev/null to mask the name`,
          ),
        );
      case 'found':
        if (found.stats.isFile()) {
          return { read: found.path, path };
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

function unreadable(path: string, cause: unknown): ConfigError {
  return new ConfigError('config_unreadable', `cannot read ${printable(path)}: ${messageOf(cause)}`, {
    cause,
  });
}
