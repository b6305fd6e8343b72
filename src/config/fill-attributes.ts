/**
 * Between merging and settling: attributes of the machine take the place of their names, in the values that count. Pure.
 *
 * Invariants: a value with attributes passes every check that it would have to pass if it were written out; in an address
 * an attribute stays within the part in which it stands.
 */
import { ConfigError } from '../errors.ts';
import { printable } from '../text/printable.ts';
import { ATTRIBUTES_FILE, attributesIn, fillIn, type Attributes } from './attribute-template.ts';
import { Checker, describe, REFUSED, type Findings } from './checker.ts';
import type { Merged } from './merge.ts';
import { nearestKey } from './nearest-key.ts';
import type { KeyDescriptor, Written } from './read-keys.ts';
import { CONFIG_KEYS, type ConfigKey, type ConfigValues, SCHEMA } from './schema.ts';

/** The longest name of a host. */
const LONGEST_VALUE = 255;
/** What has no meaning of its own anywhere in an address, dots alone aside, which lead up. */
const ADDRESS_PART = /^(?!\.+$)[A-Za-z0-9._~-]+$/;
/** The names that a cloud has fill a screen. */
const MOST_NAMED = 10;

export interface Filled {
  readonly merged: Merged;
  /** One sentence for each value that was made of attributes. */
  readonly notes: readonly string[];
  readonly errors: readonly ConfigError[];
}

/** The keys whose values have attributes in them, each with its file. Empty: nothing is to be filled in. */
export function attributeUsers({ values, origins }: Merged): string[] {
  return CONFIG_KEYS.filter((key) => templateOf(key, values) !== undefined).map(
    (key) => `${key} in ${origins.get(key) ?? ''}`,
  );
}

/** Warnings about attributes in keys that know none: a path is taken as it is written. */
export function attributesInVain({ values, origins }: Merged): string[] {
  return CONFIG_KEYS.flatMap((key) => {
    const value: unknown = values[key];
    const [name] =
      typeof value === 'string' && SCHEMA[key].attributes === undefined ? attributesIn(value) : [];
    return name === undefined
      ? []
      : [`${origins.get(key) ?? ''}: ${key} is taken as it is written, with \${${name}}`];
  });
}

/** `attributes`: undefined if the machine has no file of them. */
export function fillAttributes(merged: Merged, attributes: Attributes | undefined): Filled {
  const values = { ...merged.values };
  const findings: Findings = { errors: [], warnings: [], unknownKeys: [] };
  const notes: string[] = [];
  for (const key of CONFIG_KEYS) {
    const template = templateOf(key, merged.values);
    if (template === undefined) {
      continue;
    }
    const file = merged.origins.get(key) ?? '';
    const problems = [...new Set(attributesIn(template))].flatMap((name) => problemOf(key, name, attributes));
    findings.errors.push(
      ...problems.map(
        (problem) => new ConfigError('config_invalid', printable(`${file}: ${key} must ${problem}`)),
      ),
    );
    if (problems.length > 0) {
      continue;
    }
    const text = fillIn(template, (name) => attributes?.get(name) ?? '');
    const from = `${describe(template)} in ${file} and the attributes in ${ATTRIBUTES_FILE}`;
    const checker = new Checker(file, findings, `${key}, made from ${describe(template)},`);
    if (assign(key, text, values, checker)) {
      notes.push(printable(`${key} is ${describe(text)}, made from ${from}`));
    }
  }
  return { merged: { ...merged, values }, notes, errors: findings.errors };
}

function templateOf(key: ConfigKey, values: Merged['values']): string | undefined {
  const value: unknown = values[key];
  if (SCHEMA[key].attributes === undefined || typeof value !== 'string') {
    return undefined;
  }
  return attributesIn(value).length > 0 ? value : undefined;
}

/** Through the parser of the key, as if `text` stood in the file. */
function assign<K extends ConfigKey>(
  key: K,
  text: string,
  values: Written<Pick<ConfigValues, K>>,
  checker: Checker,
): boolean {
  const descriptor: KeyDescriptor<ConfigValues[K]> = SCHEMA[key];
  const parsed = descriptor.parse(text, checker);
  if (parsed === REFUSED) {
    return false;
  }
  values[key] = parsed;
  return true;
}

/** The end of "KEY must …". */
function problemOf(key: ConfigKey, name: string, attributes: Attributes | undefined): string[] {
  if (attributes === undefined) {
    return [
      `be made from attribute ${name}, got none: ${ATTRIBUTES_FILE} does not exist; is afterburn.service part of this boot? A drop-in for zincati.service with Wants=afterburn.service makes it so`,
    ];
  }
  const value = attributes.get(name);
  if (value === undefined) {
    return [`name attributes that ${ATTRIBUTES_FILE} has, got ${name}; ${hint(name, attributes)}`];
  }
  if (value === '') {
    return [`be made from attributes with a value, got nothing for ${name} in ${ATTRIBUTES_FILE}`];
  }
  if (value.length > LONGEST_VALUE) {
    return [
      `be made from attributes of at most ${LONGEST_VALUE} characters, got ${value.length} for ${name}`,
    ];
  }
  if (SCHEMA[key].attributes === 'address' && !ADDRESS_PART.test(value)) {
    return [
      `be made from attributes of letters, digits, ".", "_", "~" and "-" that are not dots alone, got ${describe(value)} for ${name}`,
    ];
  }
  return [];
}

function hint(name: string, attributes: Attributes): string {
  const names = [...attributes.keys()].toSorted();
  if (names.length === 0) {
    return 'there is none in it';
  }
  const lower = nearestKey(
    name,
    names.map((known) => known.toLowerCase()),
  );
  const nearest = names.find((known) => known.toLowerCase() === lower);
  const rest = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  const known = `it has ${names.slice(0, MOST_NAMED).join(', ')}${rest}`;
  return nearest === undefined ? known : `did you mean ${nearest}? ${known}`;
}
