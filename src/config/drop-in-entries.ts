/**
 * What lies in a directory of the configuration: the names that may be drop-ins, and what each of them stands for.
 *
 * Invariant: every entry that is ignored is named in a warning.
 */
import { opendir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

import { ConfigError, reasonOf } from '../errors.ts';
import { accessRemedy } from '../files/access-remedy.ts';
import { errorCode } from '../files/error-code.ts';
import { resolveBelow } from '../files/resolve-below.ts';
import { printable } from '../text/printable.ts';
import {
  adviceForDangling,
  adviceForDirectory,
  adviceForLink,
  adviceForName,
  adviceForSpecialFile,
  adviceForWritable,
} from './ignored-entry.ts';

/** For each directory, entries of any kind. A host has a handful. */
export const MAX_ENTRIES = 1000;

/** What a name stands for: a file to read, a mask, or an error that prevents the start. */
export type Entry = ToRead | 'masked' | ConfigError;

/** `notes`: what to say about it when it counts. */
export interface ToRead {
  readonly read: string;
  readonly path: string;
  readonly notes: readonly string[];
}

/** A link to nothing. It hides nothing, and is named unless something stronger has its name. */
export interface Dangling {
  readonly dangling: string;
}

/** The names of possible drop-ins in a directory, which need not exist. Undefined: something else is in its place. */
export async function listDirectory(
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

export async function lookAt(
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

/** Why a drop-in, or a directory of them, is not read. */
export function unreadable(path: string, cause: unknown): ConfigError {
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
