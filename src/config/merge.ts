/**
 * The second stage: merges the fragments, and remembers the file that each value came from. Pure.
 *
 * Invariants:
 * - A later fragment overrides an earlier one key by key, except where the schema accumulates.
 * - A fragment clears what earlier fragments accumulated, never its own values.
 */
import type { Fragment } from './fragment.ts';
import { CONFIG_KEYS, type ConfigKey, type ConfigValues, SCHEMA } from './schema.ts';
import type { KeyDescriptor, Written } from './read-keys.ts';

export interface Merged {
  readonly values: Readonly<Written<ConfigValues>>;
  /** The file of each dotted key, and of each entry of an accumulating list (`updates.periodic.window[0]`). */
  readonly origins: ReadonlyMap<string, string>;
}

/** `fragments`: in order of precedence, weakest first. */
export function mergeFragments(fragments: readonly Fragment[]): Merged {
  const values: Written<ConfigValues> = {};
  const origins = new Map<string, string>();
  for (const fragment of fragments) {
    clear(fragment, values, origins);
    for (const key of CONFIG_KEYS) {
      mergeKey(key, fragment.values[key], fragment.file, values, origins);
    }
  }
  return { values, origins };
}

function clear(fragment: Fragment, values: Written<ConfigValues>, origins: Map<string, string>): void {
  for (const key of CONFIG_KEYS) {
    if (fragment.values[key] !== true) {
      continue;
    }
    for (const cleared of CONFIG_KEYS.filter((each) => SCHEMA[key].clears?.includes(each) === true)) {
      Reflect.deleteProperty(values, cleared);
      for (const entry of origins.keys()) {
        if (entry.startsWith(`${cleared}[`)) {
          origins.delete(entry);
        }
      }
    }
  }
}

function mergeKey<K extends ConfigKey>(
  key: K,
  later: ConfigValues[K] | undefined,
  file: string,
  values: Written<ConfigValues>,
  origins: Map<string, string>,
): void {
  if (later === undefined) {
    return;
  }
  const descriptor: KeyDescriptor<ConfigValues[K]> = SCHEMA[key];
  if (descriptor.accumulate === undefined) {
    values[key] = later;
    origins.set(key, file);
    return;
  }
  const earlier: ConfigValues[K] | undefined = values[key];
  values[key] = earlier === undefined ? later : descriptor.accumulate(earlier, later);
  for (let index = countOf(earlier); index < countOf(earlier) + countOf(later); index += 1) {
    origins.set(`${key}[${index}]`, file);
  }
}

function countOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}
