/**
 * Every setting as it is in force, with the file that set it and the files whose value it replaced. Pure.
 *
 * Invariants:
 * - Values stand as they were written: attributes are not filled in.
 * - Of an address no password is shown; it may stand in a file that only root can read.
 * - What `updates.periodic.reset` dropped is not in force, and not shown.
 */
import { shownAddress } from '../text/shown-address.ts';
import { ADDRESS_KEY, isList } from './checker.ts';
import type { Fragment } from './fragment.ts';
import type { Merged } from './merge.ts';
import { CONFIG_KEYS, type ConfigKey, SCHEMA } from './schema.ts';
import { tomlText } from './toml-text.ts';
import type { TomlValue } from './toml.ts';

export interface ShownSetting {
  /** Dotted; an entry of a list that several files add to has its index: `updates.periodic.window[0]`. */
  readonly key: string;
  /** As TOML, on one line. */
  readonly value: string;
  /** "" for the built-in default. */
  readonly file: string;
  /** Files whose value this one replaced, weakest first. */
  readonly masked: readonly string[];
}

/** In the order of the documentation. A key without a value and without a default is left out. */
export function shownSettings(merged: Merged, fragments: readonly Fragment[]): readonly ShownSetting[] {
  return CONFIG_KEYS.flatMap((key) =>
    SCHEMA[key].accumulate === undefined ? single(key, fragments) : listed(key, merged, fragments),
  );
}

/** The last one that has it sets it. */
function single(key: ConfigKey, fragments: readonly Fragment[]): ShownSetting[] {
  const writers = fragments.flatMap(({ file, written }) => {
    const value = written.get(key);
    return value === undefined ? [] : [{ file, value }];
  });
  const inForce = writers.pop();
  if (inForce === undefined) {
    const fallback = defaultText(SCHEMA[key].fallback);
    return fallback === undefined ? [] : [{ key, value: fallback, file: '', masked: [] }];
  }
  const { file, value } = inForce;
  return [{ key, value: shownValue(key, value), file, masked: writers.map((writer) => writer.file) }];
}

function listed(key: ConfigKey, { origins }: Merged, fragments: readonly Fragment[]): ShownSetting[] {
  const shown: ShownSetting[] = [];
  for (const { file, written } of fragments) {
    const entries = written.get(key);
    if (!isList(entries)) {
      continue;
    }
    for (const entry of entries) {
      const place = `${key}[${shown.length}]`;
      // Entries that a later file dropped have no origin of this file.
      if (origins.get(place) === file) {
        shown.push({ key: place, value: tomlText(entry), file, masked: [] });
      }
    }
  }
  return shown;
}

function shownValue(key: string, value: TomlValue): string {
  const isHidden = ADDRESS_KEY.test(key) && typeof value === 'string' && value !== '';
  return tomlText(isHidden ? shownAddress(value.trim()) : value);
}

/** Defaults are texts, numbers, truth values and lists of texts. */
function defaultText(fallback: unknown): string | undefined {
  if (typeof fallback === 'string' || typeof fallback === 'boolean') {
    return tomlText(fallback);
  }
  if (typeof fallback === 'number') {
    return tomlText(Number.isInteger(fallback) ? BigInt(fallback) : fallback);
  }
  return isTexts(fallback) ? tomlText(fallback) : undefined;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
