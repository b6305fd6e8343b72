/**
 * Loads the configuration of a host, from its files to frozen settings.
 *
 * Invariants:
 * - A failure reports everything at once: each unreadable file and each wrong key on a line of its own.
 * - The error carries the warnings as notes, because a warning often explains an error.
 */
import { ConfigError, type ConfigErrorKind } from '../errors.ts';
import { readAttributes } from './attributes.ts';
import { attributesIn } from './attribute-template.ts';
import { type DropIns, readDropIns, readPlaces } from './drop-ins.ts';
import { adviceOnExposed, namedFiles } from './exposed-files.ts';
import {
  attributesInVain,
  attributeUsers,
  fillAttributes,
  type Filled,
  withoutUnneeded,
} from './fill-attributes.ts';
import { type Fragment, readFragment } from './fragment.ts';
import { type Merged, mergeFragments } from './merge.ts';
import { shownSettings, type ShownSetting } from './shown-settings.ts';
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
  /** Every setting as it is in force. */
  readonly shown: readonly ShownSetting[];
}

/** Reads the drop-ins of the host whose file system is at `root` (`/` for this one). Rejects with ConfigError. */
export async function loadSettings(root: string): Promise<LoadedSettings> {
  let needsAttributes = false;
  const loaded = await settingsOf(await readDropIns(root), (merged) => {
    needsAttributes = attributeUsers(merged).length > 0;
    return fillIn(root, merged);
  });
  const { settings, origins, warnings } = loaded;
  const exposed = await adviceOnExposed(root, namedFiles(settings, origins, needsAttributes));
  return { ...loaded, warnings: [...warnings, ...exposed] };
}

/** Stands for what the host has and the folder has not. */
const SOME_SERVER = 'https://update-server';

/**
 * Checks the drop-ins in folders, the weakest first, away from a host: in a working copy, or in a CI job. Rejects with
 * ConfigError.
 *
 * What only a host has is not asked for: the files of its other folders, and the attributes of the machine. A note says
 * which settings need them.
 */
export async function loadFolders(folders: readonly string[]): Promise<LoadedSettings> {
  const places = folders.map((root) => ({ root, directory: '/' }));
  return settingsOf(await readPlaces(places), (merged) => {
    const some = fillAttributes(merged, someAttributes(merged));
    const notes = attributeUsers(merged).map((user) => `${user} is made from attributes of each node`);
    const { values } = some.merged;
    if (values['cincinnati.base_url'] !== undefined) {
      return Promise.resolve({ ...some, notes });
    }
    return Promise.resolve({
      ...some,
      merged: { ...some.merged, values: { ...values, 'cincinnati.base_url': SOME_SERVER } },
      notes: [...notes, 'cincinnati.base_url is not set here: another file of the host must set it'],
    });
  });
}

function someAttributes({ values }: Merged): ReadonlyMap<string, string> {
  const texts: readonly unknown[] = Object.values(values);
  const names = texts.flatMap((value) => (typeof value === 'string' ? attributesIn(value) : []));
  return new Map(names.map((name) => [name, 'x']));
}

async function settingsOf(
  dropIns: DropIns,
  fill: (merged: Merged) => Promise<Filled>,
): Promise<LoadedSettings> {
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

  const written = mergeFragments(fragments);
  const { merged, notes, errors: unfilled } = await fill(withoutUnneeded(written));
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
    shown: shownSettings(written, fragments),
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
