/**
 * Collects everything that is wrong with one file.
 *
 * Invariants:
 * - Each finding names the file, the key, what was expected and what was found.
 * - Checking goes on after a finding, so that all of them are reported at once.
 */
import { ConfigError } from '../errors.ts';
import { printable } from '../text/printable.ts';
import { HIDDEN_PATH, looksLikePath, SECRET_KEY } from '../text/shown-path.ts';
import { TomlDate, type TomlTable, type TomlValue } from './toml.ts';
import { quotedText } from './quoted-text.ts';

/** Returned by a parser in place of a value, after it told the checker why. */
export const REFUSED = Symbol('refused');
export type Refused = typeof REFUSED;

/** Everything found in one file. */
export interface Findings {
  readonly errors: ConfigError[];
  readonly warnings: string[];
  /** Full names of keys that are not in the schema, list indexes included. */
  readonly unknownKeys: string[];
}

/** The value of an address may hold a password, whatever its form: no message repeats it. */
export const ADDRESS_KEY = /_url\b/;
const HIDDEN_VALUE = 'a value that is not shown, since it may hold a password';

export class Checker {
  readonly #file: string;
  readonly #findings: Findings;
  /** Dotted, with list indexes: `updates.periodic.window[0].days`. Empty for the whole file. */
  readonly key: string;
  /** Shown in refusals in place of the refused value. */
  readonly #original: TomlValue | undefined;

  constructor(file: string, findings: Findings, key = '', original?: TomlValue) {
    this.#file = file;
    this.#findings = findings;
    this.key = key;
    this.#original = original;
  }

  /** The checker for a value derived from `original`: refusals show `original`, which the operator wrote. */
  standingFor(original: TomlValue): Checker {
    return new Checker(this.#file, this.#findings, this.key, original);
  }

  /** What opens an entry of this list of tables: `[[updates.periodic.window]]`. */
  get header(): string {
    return `[[${this.key.replaceAll(/\[\d+\]/g, '')}]]`;
  }

  /** The checker for one key of this table. */
  inTable(key: string): Checker {
    return new Checker(this.#file, this.#findings, joinKey(this.key, key));
  }

  /** The checker for one entry of this list. */
  inList(index: number): Checker {
    return new Checker(this.#file, this.#findings, `${this.key}[${index}]`);
  }

  /** Records "KEY must be EXPECTED, got VALUE". */
  refuse(expected: string, value: TomlValue): Refused {
    const got = this.#original ?? value;
    return this.refuseText(`must be ${expected}, got ${shownFor(this.key, got)}`);
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

  /** Records that this key is not in the schema. */
  unknown(): void {
    this.#findings.unknownKeys.push(this.key);
  }
}

/** The value as a message may repeat it. */
export function shownFor(key: string, value: TomlValue): string {
  if (ADDRESS_KEY.test(key)) {
    return typeof value === 'string' && value !== '' ? HIDDEN_VALUE : describe(value);
  }
  if (!SECRET_KEY.test(key) || value === '' || typeof value === 'boolean' || typeof value === 'object') {
    return describe(value);
  }
  return typeof value === 'string' && looksLikePath(value) ? describe(value) : HIDDEN_PATH;
}

const BARE_KEY = /^[A-Za-z0-9_-]+$/;

/** A dotted key as TOML writes it: any part that is not a bare key is quoted. */
export function joinKey(table: string, key: string): string {
  const written = BARE_KEY.test(key) ? key : quotedText(key);
  return table === '' ? written : `${table}.${written}`;
}

const LONGEST_VALUE_SHOWN = 80;

/** The value as an operator would write it, shortened. */
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
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/** `Array.isArray` does not narrow readonly lists. */
export function isList(value: TomlValue | undefined): value is readonly TomlValue[] {
  return Array.isArray(value);
}

/** Tables, and only tables, are Maps. */
export function isTable(value: TomlValue | undefined): value is TomlTable {
  return value instanceof Map;
}
