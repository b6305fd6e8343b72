/**
 * Reads a dictionary of type `a{sv}` key by key. Pure.
 *
 * Invariants:
 * - Keys that nobody asks for are ignored: the other side may be newer.
 * - What is missing or has another type throws BusError `bus_malformed_message`, which names the key.
 */
import { type BusValue, type Dictionary, isDictionary, isList, Variant } from '../../../src/dbus/types.ts';
import { BusError } from '../../../src/errors.ts';
import { printable } from '../../../src/text/printable.ts';
import { fromInstant, type Plain } from '../../../src/service/wire-values.ts';

export class Fields {
  readonly #where: string;
  readonly #values: Dictionary;

  /** `where`: what the dictionary is, for errors. */
  constructor(value: BusValue | undefined, where: string) {
    this.#where = where;
    if (!isDictionary(value)) {
      throw this.#wrong('a dictionary', value);
    }
    this.#values = value;
  }

  get isEmpty(): boolean {
    return this.#values.size === 0;
  }

  maybeText(key: string): string | undefined {
    return this.#maybe(key, 's', (value) => (typeof value === 'string' ? value : undefined));
  }

  text(key: string): string {
    return this.#needed(key, this.maybeText(key));
  }

  /** One of `words`. */
  word<T extends string>(key: string, words: readonly T[]): T {
    const found = this.text(key);
    const word = words.find((known) => known === found);
    if (word === undefined) {
      throw this.#wrong(`${key} as one of ${words.join(', ')}`, found);
    }
    return word;
  }

  maybeTexts(key: string): readonly string[] | undefined {
    return this.#maybe(key, 'as', asTexts);
  }

  texts(key: string): readonly string[] {
    return this.#needed(key, this.maybeTexts(key));
  }

  maybeFlag(key: string): boolean | undefined {
    return this.#maybe(key, 'b', (value) => (typeof value === 'boolean' ? value : undefined));
  }

  flag(key: string): boolean {
    return this.#needed(key, this.maybeFlag(key));
  }

  maybeCount(key: string): number | undefined {
    return this.#maybe(key, 'u', asNumber);
  }

  count(key: string): number {
    return this.#needed(key, this.maybeCount(key));
  }

  maybeReal(key: string): number | undefined {
    return this.#maybe(key, 'd', asNumber);
  }

  maybeSize(key: string): number | undefined {
    return this.#maybe(key, 't', (value) => (typeof value === 'bigint' ? Number(value) : undefined));
  }

  /** Milliseconds since 1970 UTC. */
  maybeInstant(key: string): number | undefined {
    return this.#maybe(key, 'x', (value) => (typeof value === 'bigint' ? fromInstant(value) : undefined));
  }

  instant(key: string): number {
    return this.#needed(key, this.maybeInstant(key));
  }

  fields(key: string): Fields {
    return new Fields(
      this.#maybe(key, 'a{sv}', (value) => value),
      `${this.#where}, ${key}`,
    );
  }

  maybeFields(key: string): Fields | undefined {
    return this.#values.has(key) ? this.fields(key) : undefined;
  }

  list(key: string): readonly Fields[] {
    return listOf(
      this.#needed(
        key,
        this.#maybe(key, 'aa{sv}', (value) => value),
      ),
      `${this.#where}, ${key}`,
    );
  }

  /** All values that are texts, numbers or booleans, but for the keys in `without`. */
  plain(without: readonly string[] = []): Readonly<Record<string, Plain>> {
    const found: [string, Plain][] = [];
    for (const [key, variant] of this.#values) {
      const value = variant instanceof Variant ? variant.value : undefined;
      const told = typeof value === 'bigint' ? Number(value) : value;
      const isPlain = typeof told === 'string' || typeof told === 'number' || typeof told === 'boolean';
      if (isPlain && typeof key === 'string' && !without.includes(key)) {
        found.push([key, told]);
      }
    }
    return Object.fromEntries(found);
  }

  #maybe<T>(key: string, signature: string, read: (value: BusValue) => T | undefined): T | undefined {
    const variant = this.#values.get(key);
    if (variant === undefined) {
      return undefined;
    }
    const isFit = variant instanceof Variant && variant.signature === signature;
    const value = isFit ? read(variant.value) : undefined;
    if (value === undefined) {
      throw this.#wrong(`${key} of type ${signature}`, variant);
    }
    return value;
  }

  #needed<T>(key: string, value: T | undefined): T {
    if (value === undefined) {
      throw this.#wrong(key, undefined);
    }
    return value;
  }

  #wrong(expected: string, got: BusValue | undefined): BusError {
    const found =
      got instanceof Variant
        ? `type ${got.signature}`
        : typeof got === 'string'
          ? printable(got)
          : got === undefined
            ? 'nothing'
            : 'something else';
    return new BusError(
      'bus_malformed_message',
      `cannot read ${this.#where} of the agent: it must have ${expected}, got ${found}`,
    );
  }
}

export function listOf(value: BusValue | undefined, where: string): readonly Fields[] {
  if (!isList(value)) {
    throw new BusError('bus_malformed_message', `cannot read ${where} of the agent: it must be a list`);
  }
  return value.map((item) => new Fields(item, where));
}

function asTexts(value: BusValue): readonly string[] | undefined {
  return isList(value) && value.every((one) => typeof one === 'string') ? value : undefined;
}

function asNumber(value: BusValue): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Without the keys that are undefined. */
export type Known<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the keys that are undefined. */
export function known<T extends object>(values: T): Known<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Known<T>;
}
