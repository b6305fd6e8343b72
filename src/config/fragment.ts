/**
 * First stage: one file as written, every key checked by itself. Pure.
 *
 * Invariant: a key that was written is in `values`, or in an error, or in a warning; nothing is dropped in silence.
 */
import type { ConfigError } from '../errors.ts';
import { printable } from '../text/printable.ts';
import { Checker, type Findings } from './checker.ts';
import { nearestKey } from './nearest-key.ts';
import { readKeys, type Written } from './read-keys.ts';
import { type ConfigValues, SCHEMA, shownKey, WRITABLE_KEYS } from './schema.ts';
import type { TomlTable } from './toml.ts';

export interface Fragment {
  readonly file: string;
  readonly values: Readonly<Written<ConfigValues>>;
  readonly warnings: readonly string[];
  readonly errors: readonly ConfigError[];
}

/** A file of another program has hundreds of unknown keys, a generated one the same fault in each entry; twenty tell the story. */
const MAX_NAMED = 20;

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
  return { file, values, warnings, errors: findings.errors };
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
