/**
 * Reads the keys of a schema from a table. Each known key is read by its own parser, and each unknown one is reported.
 * Pure.
 */
import { type Checker, isTable, type Refused, REFUSED } from './checker.ts';
import type { JsonShape } from './json-shapes.ts';
import type { TomlTable, TomlValue } from './toml.ts';

/** One key: how it is read, its default, and what the documentation says about it. */
export interface KeyDescriptor<T> {
  /** The type in a few words, for the documentation. */
  readonly type: string;
  readonly parse: (value: TomlValue, at: Checker) => T | Refused;
  /** What editors may know of the value. */
  readonly json: JsonShape;
  readonly fallback: T;
  /** One sentence for the documentation. */
  readonly doc: string;
  /** Adds the entries of a later file to those of earlier ones, where the key does not simply override. */
  readonly accumulate?: (earlier: T, later: T) => T;
  /** Set when the value may contain machine attributes (`${AFTERBURN_...}`), as part of a name or of an address. */
  readonly attributes?: 'name' | 'address';
  /** Keys whose entries from earlier files are dropped when this key is true. */
  readonly clears?: readonly string[];
  /** The keys of each entry, when the value is a list of tables. */
  readonly fields?: Readonly<
    Record<string, { readonly type: string; readonly doc: string; readonly json: JsonShape }>
  >;
  /** Those of `fields` that each entry must have. */
  readonly needed?: readonly string[];
}

/** A schema: dotted keys and their descriptors. */
export type Schema<Values> = { readonly [K in keyof Values]: KeyDescriptor<Values[K]> };

/** The values that were written and accepted. */
export type Written<Values> = { -readonly [K in keyof Values]?: Values[K] };

export function readKeys<Values extends object>(
  schema: Schema<Values>,
  table: TomlTable,
  at: Checker,
): Written<Values> {
  const written: Written<Values> = {};
  readTable(schema, table, '', at, written);
  return written;
}

function readTable<Values extends object>(
  schema: Schema<Values>,
  table: TomlTable,
  prefix: string,
  at: Checker,
  written: Written<Values>,
): void {
  for (const [key, value] of table) {
    const path = `${prefix}${key}`;
    const here = at.inTable(key);
    // A quoted key that contains a dot is not the path that it looks like.
    if (!key.includes('.') && isKeyOf(schema, path)) {
      const parsed = schema[path].parse(value, here);
      if (parsed !== REFUSED) {
        written[path] = parsed;
      }
    } else if (!key.includes('.') && isSection(schema, path)) {
      if (isTable(value)) {
        readTable(schema, value, `${path}.`, here, written);
      } else {
        here.refuse('a table', value);
      }
    } else {
      reportUnknown(value, here);
    }
  }
}

/** Reports an unknown table key by key: each may be a known key below a misspelt name. */
function reportUnknown(value: TomlValue, at: Checker): void {
  if (isTable(value) && value.size > 0) {
    for (const [key, entry] of value) {
      reportUnknown(entry, at.inTable(key));
    }
  } else {
    at.unknown();
  }
}

export function isKeyOf<T extends object>(object: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(object, key);
}

function isSection(schema: object, path: string): boolean {
  return Object.keys(schema).some((key) => key.startsWith(`${path}.`));
}
