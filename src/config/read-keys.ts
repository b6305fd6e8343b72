/**
 * Reads the keys of a schema out of a table: each known key through its own parser, each unknown one reported. Pure.
 */
import { type Checker, isTable, type Refused, REFUSED } from './checker.ts';
import type { TomlTable, TomlValue } from './toml.ts';

/** One key: how it is read, what it is without being written, and what the documentation says. */
export interface KeyDescriptor<T> {
  /** For the documentation: the type in a few words. */
  readonly type: string;
  readonly parse: (value: TomlValue, at: Checker) => T | Refused;
  readonly fallback: T;
  /** One sentence for the documentation. */
  readonly doc: string;
  /** Entries of later files are added to those of earlier ones, instead of taking their place. */
  readonly accumulate?: (earlier: T, later: T) => T;
  /** Attributes of the machine (`${AFTERBURN_...}`) can stand in it: as part of a name, or of an address. */
  readonly attributes?: 'name' | 'address';
  /** Set to true in a file: what the files before it have gathered under these keys is dropped. */
  readonly clears?: readonly string[];
  /** The keys of each entry, where the value is a list of tables. */
  readonly fields?: Readonly<Record<string, { readonly type: string; readonly doc: string }>>;
}

/** A schema: dotted keys and their descriptors. */
export type Schema<Values> = { readonly [K in keyof Values]: KeyDescriptor<Values[K]> };

/** What of a schema was written: only keys that were there and are right. */
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
    // A quoted key with a dot in it is not the path it looks like.
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

/** An unknown table is reported key by key: each can be a known key below a misspelt name. */
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
