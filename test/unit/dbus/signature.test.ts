import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseSignature, SignatureError, signatureOf, splitSignature } from '../../../src/dbus/signature.ts';
import { typedValue } from '../../support/bus-values.ts';

describe('parseSignature', () => {
  test.each([
    ['', []],
    ['s', ['s']],
    ['a{sv}', ['a{sv}']],
    ['sa(iai)v', ['s', 'a(iai)', 'v']],
    ['aaaay(s)', ['aaaay', '(s)']],
    [`${'a'.repeat(32)}s`, [`${'a'.repeat(32)}s`]],
    ['y'.repeat(255), Array.from({ length: 255 }, () => 'y')],
  ])('%j', (signature, parts) => {
    expect(splitSignature(signature)).toEqual(parts);
  });

  // An array of empty structs makes a careless reader loop for ever.
  test.each([
    'a()',
    '()',
    'a',
    '(',
    ')',
    '(s',
    's)',
    '{sv}',
    'a{}',
    'a{s}',
    'a{vs}',
    'a{ass}',
    'a{sss}',
    'a{sv',
    'a{sv)',
    '(}',
    'r',
    'e',
    'm',
    '*',
    '?',
    'z',
    'ä',
    `${'a'.repeat(33)}s`,
    `${'('.repeat(33)}s${')'.repeat(33)}`,
    'y'.repeat(256),
  ])('refuses %j', (signature) => {
    expect(() => parseSignature(signature)).toThrow(SignatureError);
  });

  test('a tree spells its signature', () => {
    fc.assert(
      fc.property(typedValue, ({ signature }) => {
        expect(parseSignature(signature).map(signatureOf).join('')).toBe(signature);
      }),
    );
  });

  test('throws nothing but SignatureError', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[(){}a-z]{0,300}$/), (text) => {
        try {
          parseSignature(text);
        } catch (error) {
          expect(error).toBeInstanceOf(SignatureError);
        }
      }),
    );
  });
});
