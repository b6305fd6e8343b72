/**
 * Options and arguments of methods, as callers send them. Pure.
 *
 * Invariants:
 * - An unknown option and a value of another type are refused with `Invalid`, which names option, expected and found.
 * - Nothing that is kept is longer than its limit, and nothing has control characters.
 */
import { type BusValue, isDictionary, isList, Variant } from '../dbus/types.ts';
import { isPrintable, printable } from '../text/printable.ts';
import { refused } from './refusals.ts';
import { fromInstant } from './wire-values.ts';

const LONGEST_NAME_SHOWN = 40;
/** A version, a digest with its algorithm, an image name. */
export const LONGEST_RELEASE = 300;

const KINDS = {
  flag: { signature: 'b', what: 'true or false (b)' },
  text: { signature: 's', what: 'a text (s)' },
  texts: { signature: 'as', what: 'a list of texts (as)' },
  count: { signature: 'u', what: 'a number (u)' },
  instant: { signature: 'x', what: 'microseconds since 1970 UTC (x)' },
} as const;
type Kind = keyof typeof KINDS;

interface Values {
  readonly flag: boolean;
  readonly text: string;
  readonly texts: readonly string[];
  readonly count: number;
  /** Milliseconds since 1970 UTC. */
  readonly instant: number;
}

export type Found<S extends Readonly<Record<string, Kind>>> = { readonly [K in keyof S]?: Values[S[K]] };

/** `method`: for errors. */
export function readOptions<const S extends Readonly<Record<string, Kind>>>(
  method: string,
  value: BusValue | undefined,
  known: S,
): Found<S> {
  const found: Record<string, Values[Kind]> = {};
  for (const [key, variant] of isDictionary(value) ? value : []) {
    const kind = typeof key === 'string' && Object.hasOwn(known, key) ? known[key] : undefined;
    if (kind === undefined) {
      const names = Object.keys(known).join(', ');
      throw refused('Invalid', `${method}: option must be one of ${names}, got ${shown(String(key))}`);
    }
    const { signature, what } = KINDS[kind];
    const read =
      variant instanceof Variant && variant.signature === signature ? valueOf(variant.value) : undefined;
    if (read === undefined) {
      const got = variant instanceof Variant ? variant.signature : 'no variant';
      throw refused('Invalid', `${method}: option ${String(key)} must be ${what}, got ${shown(got)}`);
    }
    found[String(key)] = read;
  }
  return found as Found<S>;
}

/** Of at least one and at most `longest` characters, none of them a control character, and not of blanks alone. */
export function readText(what: string, value: BusValue | undefined, longest: number): string {
  if (typeof value === 'string' && value !== '' && value.trim() === '') {
    throw refused('Invalid', `${what} must be more than blanks, got ${shown(value)}`);
  }
  if (typeof value !== 'string' || value === '' || value.length > longest) {
    const got = typeof value === 'string' ? `${value.length}` : 'no text';
    throw refused('Invalid', `${what} must have 1 to ${longest} characters, got ${got}`);
  }
  return readable(what, value);
}

/** The same, but it may be empty. */
export function readMaybeText(what: string, value: string | undefined, longest: number): string {
  return value === undefined || value === '' ? '' : readText(what, value, longest);
}

/** One of `words`. */
export function readWord<T extends string>(
  what: string,
  value: BusValue | undefined,
  words: readonly T[],
): T {
  const word = words.find((known) => known === value);
  if (word === undefined) {
    const got = typeof value === 'string' ? shown(value) : 'no text';
    throw refused('Invalid', `${what} must be one of ${words.join(', ')}, got ${got}`);
  }
  return word;
}

/** `Range`: both ends included. */
export function readRange(
  what: string,
  value: number | undefined,
  { least, most, otherwise }: { readonly least: number; readonly most: number; readonly otherwise: number },
): number {
  const number = value ?? otherwise;
  if (number < least || number > most) {
    throw refused('Invalid', `${what} must be from ${least} to ${most}, got ${number}`);
  }
  return number;
}

function readable(what: string, value: string): string {
  if (!isPrintable(value) || !value.isWellFormed()) {
    throw refused('Invalid', `${what} must be without control characters, got ${shown(value)}`);
  }
  return value;
}

function valueOf(value: BusValue): Values[Kind] | undefined {
  if (typeof value === 'bigint') {
    return fromInstant(value);
  }
  if (isList(value)) {
    return value.filter((item) => typeof item === 'string');
  }
  return typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number'
    ? value
    : undefined;
}

function shown(text: string): string {
  return JSON.stringify(printable(text.slice(0, LONGEST_NAME_SHOWN)));
}
