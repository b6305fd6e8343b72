import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeMessage } from '../../../src/dbus/codec.ts';
import { MESSAGE_TYPE } from '../../../src/dbus/message.ts';
import { isSameValue } from '../../../src/dbus/same-value.ts';
import { type BusValue, isDictionary, isList, Variant } from '../../../src/dbus/types.ts';
import { typedValue } from '../../support/bus-values.ts';

function bytesOf(value: Variant): Buffer {
  return encodeMessage({
    type: MESSAGE_TYPE.signal,
    serial: 1,
    path: '/a',
    interface: 'org.example.I',
    member: 'M',
    signature: 'v',
    body: [value],
  });
}

const numbered = (...keys: readonly string[]) => new Map(keys.map((key, place) => [key, place]));

const variant = typedValue.map(({ signature, value }) => new Variant(signature, value));

describe('two values are the same', () => {
  it('when their bytes are', () => {
    fc.assert(
      fc.property(variant, variant, (a, b) => {
        expect(isSameValue(a, b)).toBe(bytesOf(a).equals(bytesOf(b)));
        expect(isSameValue(a, structuredCopy(a))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, BusValue, BusValue]>([
    ['the sign of zero', new Variant('d', 0), new Variant('d', -0)],
    ['the type', new Variant('u', 1), new Variant('i', 1)],
    ['the number of entries', ['a'], ['a', 'b']],
    ['the number of entries, the other way round', ['a', 'b'], ['a']],
    ['a nested value', new Map([['a', new Variant('s', 'x')]]), new Map([['a', new Variant('s', 'y')]])],
    ['a key', new Map([['a', 1]]), new Map([['b', 1]])],
    ['a further key', numbered('a'), numbered('a', 'b')],
    ['the order of keys', numbered('a', 'b'), new Map([...numbered('a', 'b')].toReversed())],
    ['bytes', Uint8Array.of(1, 2), Uint8Array.of(1, 3)],
    ['bytes and a list', Uint8Array.of(1), [1]],
    ['a list and a dictionary', [], new Map()],
  ])('unless they differ in %s', (_what, a, b) => {
    expect(isSameValue(a, b)).toBe(false);
    expect(isSameValue(b, a)).toBe(false);
  });

  it('when both are not a number', () => {
    expect(isSameValue(new Variant('d', Number.NaN), new Variant('d', Number.NaN))).toBe(true);
  });
});

/** Equal, and no part of it is the same object. */
function structuredCopy(value: BusValue): BusValue {
  if (value instanceof Variant) {
    return new Variant(value.signature, structuredCopy(value.value));
  }
  if (value instanceof Uint8Array) {
    return Uint8Array.from(value);
  }
  if (isList(value)) {
    return value.map(structuredCopy);
  }
  return isDictionary(value) ? new Map([...value].map(([key, one]) => [key, structuredCopy(one)])) : value;
}
