/** Whether two values are the same on the bus, without a byte of them being written. Pure. */
import { type BusValue, type Dictionary, isDictionary, isList, Variant } from './types.ts';

/** The order of a dictionary counts, as it does in the bytes. */
export function isSameValue(a: BusValue | undefined, b: BusValue | undefined): boolean {
  if (a instanceof Variant) {
    return b instanceof Variant && a.signature === b.signature && isSameValue(a.value, b.value);
  }
  if (isDictionary(a)) {
    return isDictionary(b) && isSameDictionary(a, b);
  }
  if (isList(a)) {
    return isList(b) && a.length === b.length && a.every((value, place) => isSameValue(value, b[place]));
  }
  if (a instanceof Uint8Array) {
    return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  }
  return Object.is(a, b);
}

function isSameDictionary(a: Dictionary, b: Dictionary): boolean {
  if (a.size !== b.size) {
    return false;
  }
  const others = b.entries();
  for (const [key, value] of a) {
    const [otherKey, otherValue] = others.next().value ?? [];
    if (!Object.is(key, otherKey) || !isSameValue(value, otherValue)) {
      return false;
    }
  }
  return true;
}
