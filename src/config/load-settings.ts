/**
 * Loads the configuration of a host, from its files to frozen settings.
 *
 * Invariants:
 * - A failure reports everything at once: each unreadable file and each wrong key on a line of its own.
 * - The error carries the warnings as notes, because a warning often explains an error.
 */
import { ConfigError, type ConfigErrorKind } from '../errors.ts';
import { readAttributes } from './attributes.ts';
import { readDropIns, type DropIns } from './drop-ins.ts';
import { attributesInVain, attributeUsers, fillAttributes, type Filled } from './fill-attributes.ts';
import { type Fragment, readFragment } from './fragment.ts';
import { type Merged, mergeFragments } from './merge.ts';
import { resolveSettings } from './resolve-settings.ts';
import type { Settings } from './settings.ts';
import { parseToml } from './toml.ts';

export interface LoadedSettings {
  readonly settings: Settings;
  /** One sentence each, with the file it is about. */
  readonly warnings: readonly string[];
  /** How values came about that no file contains as they are, one sentence each. */
  readonly notes: readonly string[];
  /** The file that set each dotted key. Keys that have their default are absent. */
  readonly origins: ReadonlyMap<string, string>;
  /** The files that were read, weakest first. */
  readonly files: readonly string[];
}

/** Reads the drop-ins of the host whose file system is at `root` (`/` for this one). Rejects with ConfigError. */
export async function loadSettings(root: string): Promise<LoadedSettings> {
  const dropIns = await readDropIns(root);
  const errors: ConfigError[] = [...dropIns.errors];
  const fragments: Fragment[] = [];
  for (const file of dropIns.files) {
    try {
      fragments.push(readFragment(parseToml(file.bytes, file.path), file.path));
    } catch (error) {
      if (!(error instanceof ConfigError)) {
        throw error;
      }
      errors.push(error);
    }
  }
  errors.push(...fragments.flatMap((fragment) => fragment.errors));
  const warnings = [...dropIns.warnings, ...fragments.flatMap((fragment) => fragment.warnings)];
  // Checks across keys make sense only once each key is right.
  if (errors.length > 0) {
    throw together(errors, warnings);
  }

  const { merged, notes, errors: unfilled } = await fillIn(root, mergeFragments(fragments));
  warnings.push(...attributesInVain(merged));
  if (unfilled.length > 0) {
    throw together(unfilled, warnings);
  }
  const resolved = resolveSettings(merged);
  warnings.push(...resolved.warnings);
  if (resolved.errors.length > 0) {
    throw together([...whyMissing(dropIns), ...resolved.errors], warnings);
  }
  return {
    settings: resolved.settings,
    warnings,
    notes: [...notes, ...resolved.notes],
    origins: merged.origins,
    files: fragments.map((fragment) => fragment.file),
  };
}

/** What was passed over is no error, unless a key is missing: then it is the likely reason, and comes first. */
export function whyMissing({ hidden }: Pick<DropIns, 'hidden'>): readonly ConfigError[] {
  return hidden.map((sentence) => new ConfigError('config_unreadable', sentence));
}

/** Reads the file of attributes only when a value needs it. */
async function fillIn(root: string, merged: Merged): Promise<Filled> {
  const users = attributeUsers(merged);
  if (users.length === 0) {
    return { merged, notes: [], errors: [] };
  }
  try {
    return fillAttributes(merged, await readAttributes(root, users.join(', ')));
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    return { merged, notes: [], errors: [error] };
  }
}

/** A screenful. The rest shows up once these are repaired. */
const MAX_LINES = 50;
const GRAVEST_FIRST: readonly ConfigErrorKind[] = ['config_unreadable', 'config_syntax', 'config_invalid'];

function together(errors: readonly ConfigError[], warnings: readonly string[]): ConfigError {
  const kind = GRAVEST_FIRST.find((candidate) => errors.some((error) => error.kind === candidate));
  const message = atMost(errors.map((error) => error.message)).join('\n');
  return new ConfigError(kind ?? 'config_invalid', message, {
    cause: errors[0],
    notes: atMost(warnings),
    // One fault that somebody has to mend makes waiting pointless.
    mayCome: errors.every((error) => error.mayCome),
  });
}

function atMost(lines: readonly string[]): string[] {
  const shown = lines.slice(0, MAX_LINES);
  return lines.length > shown.length ? [...shown, `and ${lines.length - shown.length} more`] : shown;
}
