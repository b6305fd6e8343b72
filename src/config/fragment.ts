/**
 * The first stage: one file as written, each key checked by itself. Pure.
 *
 * Invariants:
 * - Every key that was written is in `values`, in an error or in a warning. Nothing is dropped silently.
 */
import type { ConfigError } from '../errors.ts';
import { printable } from '../text/printable.ts';
import { Checker, type Findings, isTable } from './checker.ts';
import { nearestKey } from './nearest-key.ts';
import { readKeys, type Written } from './read-keys.ts';
import { type ConfigValues, SCHEMA, shownKey, WRITABLE_KEYS } from './schema.ts';
import type { TomlTable, TomlValue } from './toml.ts';

export interface Fragment {
  readonly file: string;
  readonly values: Readonly<Written<ConfigValues>>;
  /** The same keys with what the file has for them. */
  readonly written: ReadonlyMap<string, TomlValue>;
  readonly warnings: readonly string[];
  readonly errors: readonly ConfigError[];
}

/**
 * Another program's file has hundreds of unknown keys, and a generated file has the same fault in every entry. Twenty
 * of them are enough to understand.
 */
const MAX_NAMED = 20;

/** Checks the parsed file. `path` is for messages. */
export function readFragment(table: TomlTable, path: string): Fragment {
  const file = printable(path);
  const findings: Findings = { errors: [], warnings: [], unknownKeys: [] };
  const values = readKeys(SCHEMA, table, new Checker(file, findings));
  const warnings = [
    ...atMost(
      findings.warnings,
      (sentence) => sentence,
      (rest) => `${file}: and ${rest} more warnings about its values`,
    ),
    ...atMost(
      findings.unknownKeys,
      (key) => unknownKey(file, key),
      (rest) => `${file}: ${rest} more unknown keys ignored`,
    ),
  ];
  return { file, values, written: asWritten(values, table), warnings, errors: findings.errors };
}

function asWritten(values: Readonly<Written<ConfigValues>>, table: TomlTable): Map<string, TomlValue> {
  const written = new Map<string, TomlValue>();
  for (const key of Object.keys(values)) {
    let value: TomlValue | undefined = table;
    for (const part of key.split('.')) {
      value = isTable(value) ? value.get(part) : undefined;
    }
    if (value !== undefined) {
      written.set(key, value);
    }
  }
  return written;
}

function atMost(
  found: readonly string[],
  tell: (each: string) => string,
  summary: (rest: number) => string,
): string[] {
  const told = found.slice(0, MAX_NAMED).map(tell);
  const rest = found.length - told.length;
  return rest === 0 ? told : [...told, summary(rest)];
}

function unknownKey(file: string, key: string): string {
  const nearest = nearestKey(key, WRITABLE_KEYS);
  const hint = nearest === undefined ? 'no known key is near' : `did you mean ${shownKey(nearest)}?`;
  return `${file}: unknown key ${printable(key)} ignored; ${hint}`;
}
