/**
 * Collects what is wrong with one file: each finding names file, key, what was expected and what was found. Nothing
 * stops at the first.
 */
import { ConfigError } from '../errors.ts';
import { printable } from '../text/printable.ts';
import { TomlDate, type TomlTable, type TomlValue } from './toml.ts';

/** What a parser answers instead of a value, once it has told the checker why. */
export const REFUSED = Symbol('refused');
export type Refused = typeof REFUSED;

/** What one file gave cause to. */
export interface Findings {
  readonly errors: ConfigError[];
  readonly warnings: string[];
  /** Full names of keys the schema does not have, list indexes left out. */
  readonly unknownKeys: string[];
}

export class Checker {
  readonly #file: string;
  readonly #findings: Findings;
  /** Dotted, with list indexes: `updates.periodic.window[0].days`. Empty for the whole file. */
  readonly key: string;
  /** Shown in place of the values that are refused. */
  readonly #original: TomlValue | undefined;

  constructor(file: string, findings: Findings, key = '', original?: TomlValue) {
    this.#file = file;
    this.#findings = findings;
    this.key = key;
    this.#original = original;
  }

  /** The checker for a value that is made of `original`, which is what the operator knows. */
  standingFor(original: TomlValue): Checker {
    return new Checker(this.#file, this.#findings, this.key, original);
  }

  /** The checker for a key of this table. */
  inTable(key: string): Checker {
    return new Checker(this.#file, this.#findings, joinKey(this.key, key));
  }

  /** The checker for an entry of this list. */
  inList(index: number): Checker {
    return new Checker(this.#file, this.#findings, `${this.key}[${index}]`);
  }

  /** Records "KEY must be EXPECTED, got VALUE". */
  refuse(expected: string, value: TomlValue): Refused {
    return this.refuseText(`must be ${expected}, got ${describe(this.#original ?? value)}`);
  }

  /** Records "KEY SENTENCE". */
  refuseText(sentence: string): Refused {
    this.#findings.errors.push(
      new ConfigError('config_invalid', `${this.#file}: ${printable(this.key)} ${sentence}`),
    );
    return REFUSED;
  }

  warn(sentence: string): void {
    this.#findings.warnings.push(`${this.#file}: ${printable(this.key)} ${sentence}`);
  }

  /** Records that the schema does not know this key. */
  unknown(): void {
    this.#findings.unknownKeys.push(this.key);
  }
}

const BARE_KEY = /^[A-Za-z0-9_-]+$/;

/** Joins like TOML writes it: what is no bare key stands in quotes. */
export function joinKey(table: string, key: string): string {
  const written = BARE_KEY.test(key) ? key : JSON.stringify(key);
  return table === '' ? written : `${table}.${written}`;
}

const LONGEST_VALUE_SHOWN = 80;

/** A value as an operator would write it, shortened. */
export function describe(value: TomlValue): string {
  if (typeof value === 'string') {
    return printable(
      value.length > LONGEST_VALUE_SHOWN
        ? `${JSON.stringify(value.slice(0, LONGEST_VALUE_SHOWN))}…`
        : JSON.stringify(value),
    );
  }
  if (typeof value === 'number') {
    return describeFloat(value);
  }
  if (typeof value === 'bigint' || typeof value === 'boolean') {
    return String(value);
  }
  if (value instanceof TomlDate) {
    return value.text;
  }
  if (isList(value)) {
    return value.length === 0 ? 'an empty list' : 'a list';
  }
  return 'a table';
}

function describeFloat(value: number): string {
  if (Number.isNaN(value)) {
    return 'nan';
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? 'inf' : '-inf';
  }
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? value.toFixed(1) : String(value);
}

/** Array.isArray does not narrow readonly lists. */
export function isList(value: TomlValue): value is readonly TomlValue[] {
  return Array.isArray(value);
}

/** A Map is a table and nothing else is. */
export function isTable(value: TomlValue): value is TomlTable {
  return value instanceof Map;
}
