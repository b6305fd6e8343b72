/**
 * Reads what the agent sends as `a{sv}`. Pure.
 *
 * Invariants:
 * - A key that is missing, or has another type than expected, counts as not known: agents of other versions may answer.
 * - Every text is printable and bounded.
 */
import { type BusValue, isDictionary, isList, Variant } from '../dbus/types.ts';
import { printable } from '../errors.ts';

/** More entries of a list are nothing that a person reads. */
const MOST_ENTRIES = 1000;

export class Dictionary {
  readonly #values: ReadonlyMap<string, BusValue>;

  private constructor(values: ReadonlyMap<string, BusValue>) {
    this.#values = values;
  }

  /** An empty one, if `value` is none. Variants are unwrapped, on either side of the dictionary. */
  static of(value: BusValue | undefined): Dictionary {
    const inner = value instanceof Variant ? value.value : value;
    const values = new Map<string, BusValue>();
    if (isDictionary(inner)) {
      for (const [key, entry] of inner) {
        if (typeof key === 'string') {
          values.set(key, entry instanceof Variant ? entry.value : entry);
        }
      }
    }
    return new Dictionary(values);
  }

  /** Of an `aa{sv}`. */
  static listOf(value: BusValue | undefined): readonly Dictionary[] {
    return isList(value) ? value.slice(0, MOST_ENTRIES).map((one) => Dictionary.of(one)) : [];
  }

  get isEmpty(): boolean {
    return this.#values.size === 0;
  }

  text(key: string): string | undefined {
    const value = this.#values.get(key);
    return typeof value === 'string' ? printable(value) : undefined;
  }

  flag(key: string): boolean | undefined {
    const value = this.#values.get(key);
    return typeof value === 'boolean' ? value : undefined;
  }

  /** Of any numeric type. */
  number(key: string): number | undefined {
    const value = this.#values.get(key);
    if (typeof value === 'bigint') {
      return Number(value);
    }
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  }

  /** Milliseconds since 1970 UTC; the bus has microseconds. Not an instant that a calendar has: not known. */
  instant(key: string): number | undefined {
    const value = this.number(key);
    const at = value === undefined ? undefined : Math.floor(value / 1000);
    return at === undefined || Number.isNaN(new Date(at).getTime()) ? undefined : at;
  }

  texts(key: string): readonly string[] {
    const value = this.#values.get(key);
    const all = isList(value) ? value.slice(0, MOST_ENTRIES) : [];
    return all.filter((one) => typeof one === 'string').map(printable);
  }

  dictionary(key: string): Dictionary {
    return Dictionary.of(this.#values.get(key));
  }

  dictionaries(key: string): readonly Dictionary[] {
    return Dictionary.listOf(this.#values.get(key));
  }

  /** All entries with a plain value, as they can be printed. */
  plain(): Readonly<Record<string, string | number | boolean>> {
    const entries: [string, string | number | boolean][] = [];
    for (const [key, value] of this.#values) {
      if (typeof value === 'string') {
        entries.push([printable(key), printable(value)]);
      } else if (typeof value === 'bigint') {
        entries.push([printable(key), Number(value)]);
      } else if (typeof value === 'number' || typeof value === 'boolean') {
        entries.push([printable(key), value]);
      }
    }
    return Object.fromEntries(entries);
  }
}
