/**
 * The stage between merging and resolving: replaces machine attributes with their values. Pure.
 *
 * Invariants:
 * - A value made from attributes passes every check that it would have to pass if it were written out.
 * - In an address, the value of an attribute stays within the part of the address that it is in.
 */
import { ConfigError } from '../errors.ts';
import { shownAddress } from '../text/shown-address.ts';
import { printable } from '../text/printable.ts';
import { ATTRIBUTES_FILE, attributesIn, fillIn, type Attributes } from './attribute-template.ts';
import { Checker, describe, REFUSED, type Findings } from './checker.ts';
import type { Merged } from './merge.ts';
import { nearestKey } from './nearest-key.ts';
import type { KeyDescriptor, Written } from './read-keys.ts';
import { CONFIG_KEYS, type ConfigKey, type ConfigValues, SCHEMA } from './schema.ts';

/** As long as the longest host name. */
const LONGEST_VALUE = 255;
/** Characters without a special meaning anywhere in an address. Dots alone are refused, because they lead upwards. */
const ADDRESS_PART = /^(?!\.+$)[A-Za-z0-9._~-]+$/;
/** A cloud provides a screenful of names. */
const MOST_NAMED = 10;

export interface Filled {
  readonly merged: Merged;
  /** One sentence for each value that was made from attributes. */
  readonly notes: readonly string[];
  readonly errors: readonly ConfigError[];
}

/** The keys whose values contain attributes, each with its file. Empty when there is nothing to fill in. */
export function attributeUsers({ values, origins }: Merged): string[] {
  return CONFIG_KEYS.filter((key) => templateOf(key, values) !== undefined).map(
    (key) => `${key} in ${origins.get(key) ?? ''}`,
  );
}

/** Warnings about attributes in keys that do not support them, such as paths: those are used as written. */
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

/** While updates are disabled, no update server is asked: its address waits for no attribute. */
export function withoutUnneeded(merged: Merged): Merged {
  const isTemplate = templateOf('cincinnati.base_url', merged.values) !== undefined;
  if (merged.values['updates.enabled'] !== false || !isTemplate) {
    return merged;
  }
  const values = { ...merged.values };
  delete values['cincinnati.base_url'];
  return { ...merged, values };
}

/** Fills in all values. `attributes`: undefined when the machine has no such file. */
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
        (problem) =>
          new ConfigError('config_invalid', printable(`${file}: ${key} must ${problem}`), {
            mayCome: isNotWritten(attributes),
          }),
      ),
    );
    if (problems.length > 0) {
      continue;
    }
    const text = fillIn(template, (name) => attributes?.get(name) ?? '');
    const isAddress = SCHEMA[key].attributes === 'address';
    const shown = (value: string): string => (isAddress ? shownAddress(value) : describe(value));
    const from = `${shown(template)} in ${file} and the attributes in ${ATTRIBUTES_FILE}`;
    const checker = new Checker(file, findings, `${key}, made from ${shown(template)},`);
    if (assign(key, text, values, checker)) {
      notes.push(printable(`${key} is ${shown(text)}, made from ${from}`));
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

/** Runs `text` through the parser of the key, as if the file had it. False when it is refused. */
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

/**
 * Afterburn may still be asking the metadata server. It creates its file first and writes to it afterwards, and leaves it
 * empty where it gives up (its source, and seen with 5.10.0).
 */
export function isNotWritten(attributes: Attributes | undefined): boolean {
  return attributes === undefined || attributes.size === 0;
}

/** What is wrong with attribute `name` in `key`, as the end of "KEY must …"; empty when nothing is. */
function problemOf(key: ConfigKey, name: string, attributes: Attributes | undefined): string[] {
  if (attributes === undefined) {
    return [
      `be made from attribute ${name}, got none: ${ATTRIBUTES_FILE} does not exist; is afterburn.service part of this boot? A drop-in for zincati.service with Wants=afterburn.service makes it so`,
    ];
  }
  if (attributes.size === 0) {
    return [
      `be made from attribute ${name}, got none: ${ATTRIBUTES_FILE} has none yet; did afterburn.service reach the metadata server?`,
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
  if (value.includes('${AFTERBURN_')) {
    return [
      `be made from attributes whose values name no attribute themselves, got ${describe(value)} for ${name} in ${ATTRIBUTES_FILE}`,
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
  const lower = nearestKey(
    name,
    names.map((known) => known.toLowerCase()),
  );
  const nearest = names.find((known) => known.toLowerCase() === lower);
  const rest = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  const known = `it has ${names.slice(0, MOST_NAMED).join(', ')}${rest}`;
  return nearest === undefined ? known : `did you mean ${nearest}? ${known}`;
}
