/**
 * Reads one flag of a dictionary `a{sv}` in the serialisation format of GVariant. That is how libostree writes its
 * files; it is not D-Bus marshalling. Pure.
 *
 * Source: the GVariant specification (GLib's documentation, "GVariant Format"):
 * - An array of elements of varying size ends in a table of their ends, each a little-endian number.
 * - A number of that table has 1, 2, 4 or 8 bytes, as many as the size of the whole needs.
 * - A dictionary entry `{sv}` begins at a multiple of 8, and ends in one such number: the end of its key.
 * - A text ends in a zero byte. A variant begins at a multiple of 8: the value, a zero byte, the text of its type.
 *
 * Invariants:
 * - Whatever the bytes are, the answer is a flag or undefined. Nothing is read outside of them.
 * - The work is bounded by the number of bytes.
 */

/** Of variants, and so of entries that hold one. */
const ALIGNMENT = 8;

/** `absent`: a sound dictionary without that key. Undefined: no such dictionary, or something else under that key. */
export type Flag = boolean | 'absent' | undefined;

export function flagOfDictionary(bytes: Uint8Array, key: string): Flag {
  const entries = entriesOf(bytes)?.map(keyAndValue);
  const found = entries?.find((entry) => entry !== undefined && textOf(entry.key) === key);
  if (found !== undefined) {
    return flagOf(found.value);
  }
  return entries === undefined || entries.includes(undefined) ? undefined : 'absent';
}

/** The elements of an array of entries, each cut at its recorded end. Undefined when an end cannot be. */
function entriesOf(bytes: Uint8Array): Uint8Array[] | undefined {
  if (bytes.length === 0) {
    return [];
  }
  const width = offsetWidth(bytes.length);
  // The last element ends where the table begins.
  const tableAt = offsetAt(bytes, bytes.length - width, width);
  if (tableAt > bytes.length - width || (bytes.length - tableAt) % width !== 0) {
    return undefined;
  }
  const entries: Uint8Array[] = [];
  let start = 0;
  for (let at = tableAt; at < bytes.length; at += width) {
    const end = offsetAt(bytes, at, width);
    if (end < start || end > tableAt) {
      return undefined;
    }
    entries.push(bytes.subarray(start, end));
    start = aligned(end);
  }
  return entries;
}

function keyAndValue(
  entry: Uint8Array,
): { readonly key: Uint8Array; readonly value: Uint8Array } | undefined {
  const width = offsetWidth(entry.length);
  const end = entry.length - width;
  if (end < 0) {
    return undefined;
  }
  const keyEnd = offsetAt(entry, end, width);
  const valueAt = aligned(keyEnd);
  return valueAt > end ? undefined : { key: entry.subarray(0, keyEnd), value: entry.subarray(valueAt, end) };
}

/** Undefined for a text without its zero byte. */
function textOf(bytes: Uint8Array): string | undefined {
  return bytes.at(-1) === 0 ? Buffer.from(bytes.subarray(0, -1)).toString('utf8') : undefined;
}

/** A variant of type `b`: one byte of value, a zero byte, the letter. */
function flagOf(variant: Uint8Array): boolean | undefined {
  const [value, separator, type] = variant;
  if (variant.length !== 3 || separator !== 0 || type !== 'b'.charCodeAt(0)) {
    return undefined;
  }
  return value === 0 || value === 1 ? value === 1 : undefined;
}

/** How many bytes an offset has in a container of `size` bytes. */
function offsetWidth(size: number): number {
  if (size <= 0xff) {
    return 1;
  }
  if (size <= 0xffff) {
    return 2;
  }
  return size <= 0xffff_ffff ? 4 : 8;
}

function offsetAt(bytes: Uint8Array, at: number, width: number): number {
  let offset = 0;
  for (let byte = width - 1; byte >= 0; byte -= 1) {
    offset = offset * 256 + (bytes[at + byte] ?? 0);
  }
  return offset;
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
