import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseSignature, SignatureError, signatureOf, splitSignature } from '../../../src/dbus/signature.ts';
import { typedValue } from '../../support/bus-values.ts';

function nest(open: string, depth: number, inner: string, close: string): string {
  return open.repeat(depth) + inner + close.repeat(depth);
}

describe('parseSignature', () => {
  test.each([
    ['', []],
    ['s', ['s']],
    ['a{sv}', ['a{sv}']],
    ['sa(iai)v', ['s', 'a(iai)', 'v']],
    ['aaaay(s)', ['aaaay', '(s)']],
    [`${'a'.repeat(32)}s`, [`${'a'.repeat(32)}s`]],
    [nest('(', 32, 's', ')'), [nest('(', 32, 's', ')')]],
    [nest('a{y', 32, 's', '}'), [nest('a{y', 32, 's', '}')]],
    [nest('(', 31, 'a{ss}', ')'), [nest('(', 31, 'a{ss}', ')')]],
    [nest('a(', 31, 'a(s)', ')'), [nest('a(', 31, 'a(s)', ')')]],
    [`(${'a'.repeat(32)}s)`, [`(${'a'.repeat(32)}s)`]],
    [`a{s${'a'.repeat(31)}s}`, [`a{s${'a'.repeat(31)}s}`]],
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
    nest('(', 33, 's', ')'),
    nest('(', 32, 'a{ss}', ')'),
    nest('(', 31, 'a{s(s)}', ')'),
    `a{s${nest('(', 32, 's', ')')}}`,
    `a{s${'a'.repeat(32)}s}`,
    `a(${'a'.repeat(32)}s)`,
    'a{(s)s}',
    '(ss',
    '((s)',
    '(s)a',
    'y'.repeat(256),
  ])('refuses %j', (signature) => {
    expect(() => parseSignature(signature)).toThrow(SignatureError);
  });

  test.each([
    ['y'.repeat(256), 'signature must have at most 255 characters, got 256'],
    [`${'a'.repeat(33)}s`, 'signature must be at most 32 arrays inside each other, got "a'],
    [nest('(', 33, 's', ')'), 'signature must be at most 32 structs inside each other, got "('],
    [nest('(', 32, 'a{ss}', ')'), 'signature must be at most 32 structs inside each other, got "('],
    ['a{vs}', 'signature must be a basic type as the key of a dictionary, got "a{vs}"'],
    ['a{ss', 'signature must be "}" at position 4, got "a{ss"'],
    ['(s', 'signature must be a sequence of complete types, got "(s"'],
    ['z', 'signature must be a sequence of complete types, got "z"'],
  ])('says what is wrong with %j', (signature, why) => {
    expect(() => parseSignature(signature)).toThrow(why);
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
