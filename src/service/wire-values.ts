/**
 * Single values as D-Bus has them, for dictionaries of type `a{sv}`. Pure.
 *
 * Invariants:
 * - What is not known is undefined, and its key is left out.
 * - Every text is printable, well-formed and bounded, whoever wrote it.
 * - Every list is bounded.
 */
import { type BusValue, type Dictionary, Variant } from '../dbus/types.ts';
import { printable } from '../text/printable.ts';

/** Our own clients read messages of 50,000 values at most. No list of an agent that is well is as long. */
export const LONGEST_LIST = 500;
const LONGEST_VALUE_PARTS = 16;
const PART = /[\s\S]{1,1000}/gu;
const MICROSECONDS_IN_MS = 1000n;
/** The most that a Date can hold, in milliseconds. */
const LAST_INSTANT = 8.64e15;

export type Plain = string | number | boolean;
export type MaybeVariant = Variant | undefined;

/** For people: at most 1,000 characters. */
export function text(value: string | undefined): MaybeVariant {
  return value === undefined ? undefined : new Variant('s', shown(value));
}

/** For a value that is data, such as a list in a configuration: at most 16,000 characters. */
export function longText(value: string): Variant {
  const parts = value.match(PART) ?? [];
  return new Variant('s', parts.slice(0, LONGEST_VALUE_PARTS).map(shown).join(''));
}

export function texts(values: readonly string[] | undefined): MaybeVariant {
  return values === undefined ? undefined : new Variant('as', textList(values));
}

export function textList(values: readonly string[]): readonly string[] {
  return values.slice(0, LONGEST_LIST).map(shown);
}

export function flag(value: boolean | undefined): MaybeVariant {
  return value === undefined ? undefined : new Variant('b', value);
}

/** A whole number from 0 to 2^32-1. Others count as not known. */
export function count(value: number | undefined): MaybeVariant {
  return value !== undefined && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff
    ? new Variant('u', value)
    : undefined;
}

/** Bytes, or bytes a second. */
export function size(value: number | undefined): MaybeVariant {
  return value !== undefined && Number.isFinite(value) && value >= 0
    ? new Variant('t', BigInt(Math.round(value)))
    : undefined;
}

export function real(value: number | undefined): MaybeVariant {
  return value !== undefined && Number.isFinite(value) ? new Variant('d', value) : undefined;
}

/** `at`: milliseconds since 1970 UTC. On the bus they are microseconds. */
export function instant(at: number | undefined): MaybeVariant {
  return at !== undefined && Math.abs(at) <= LAST_INSTANT
    ? new Variant('x', BigInt(Math.round(at)) * MICROSECONDS_IN_MS)
    : undefined;
}

/** Milliseconds since 1970 UTC. */
export function fromInstant(microseconds: bigint): number {
  return Number(microseconds / MICROSECONDS_IN_MS);
}

export function nested(value: Dictionary | undefined): MaybeVariant {
  return value === undefined ? undefined : new Variant('a{sv}', value);
}

export function nestedList(values: readonly Dictionary[]): Variant {
  return new Variant('aa{sv}', values.slice(0, LONGEST_LIST));
}

/** Whole numbers are `x`, others `d`. */
export function plain(value: Plain): Variant {
  if (typeof value === 'string') {
    return new Variant('s', shown(value));
  }
  if (typeof value === 'boolean') {
    return new Variant('b', value);
  }
  return Number.isSafeInteger(value) ? new Variant('x', BigInt(value)) : new Variant('d', value);
}

export function plainFields(fields: Readonly<Record<string, Plain>> | undefined): Dictionary | undefined {
  return fields === undefined
    ? undefined
    : dictionary(
        Object.fromEntries(
          Object.entries(fields)
            .slice(0, LONGEST_LIST)
            .map(([key, value]) => [shown(key), plain(value)]),
        ),
      );
}

/** Without the keys whose value is not known. */
export function dictionary(fields: Readonly<Record<string, MaybeVariant>>): Dictionary {
  return new Map(
    Object.entries(fields).filter((entry): entry is [string, Variant] => entry[1] !== undefined),
  ) satisfies ReadonlyMap<string, BusValue>;
}

function shown(value: string): string {
  return printable(value).toWellFormed();
}
