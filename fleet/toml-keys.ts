/** What the TOML files of this program have in common: defaults, unknown keys, names that are there twice. Pure. */
import type { Checker, Findings } from '../src/config/checker.ts';
import { nearestKey } from '../src/config/nearest-key.ts';
import type { Schema } from '../src/config/read-keys.ts';
import { ConfigError, linesOf, printable } from '../src/errors.ts';

/** What is written, and the defaults of the rest. */
export function withDefaults<Values extends object>(
  schema: Schema<Values>,
  written: { readonly [K in keyof Values]?: Values[K] },
): Values {
  const defaults: Partial<Values> = {};
  for (const name of Object.keys(schema) as (keyof Values)[]) {
    defaults[name] = written[name] ?? schema[name].fallback;
  }
  return defaults as Values;
}

/** `known`: dotted keys, without numbers of list entries. `of`: as in `is no key of a plan`. */
export function reportUnknown(
  { errors, unknownKeys }: Findings,
  file: string,
  known: readonly string[],
  of: string,
): void {
  for (const name of unknownKeys) {
    const nearest = nearestKey(name.replaceAll(/\[\d+\]/g, ''), known);
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    errors.push(new ConfigError('config_invalid', `${file}: ${printable(name)} is no key of ${of}${hint}`));
  }
}

/** Groups without a name are told elsewhere. */
export function reportRepeatedNames(names: readonly string[], at: Checker): void {
  const repeated = names.find((name, index) => name !== '' && names.indexOf(name) !== index);
  if (repeated !== undefined) {
    at.inTable('group').refuseText(`must have a name each, got ${JSON.stringify(repeated)} more than once`);
  }
}

/** One error with a line for each. */
export function allOf(errors: readonly ConfigError[]): ConfigError {
  const [first] = errors;
  return errors.length === 1 && first !== undefined
    ? first
    : new ConfigError('config_invalid', errors.map(linesOf).join('\n'));
}
