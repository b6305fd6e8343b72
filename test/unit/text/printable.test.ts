import fc from 'fast-check';
import { expect, test } from 'vitest';

import * as errors from '../../../src/errors.ts';
import { isPrintable, printable } from '../../../src/text/printable.ts';

test.each([
  ['plain: ünïcode, 日本, 👩‍👩‍👧', 'plain: ünïcode, 日本, 👩‍👩‍👧'],
  ['two\nlines', 'two lines'],
  ['two \r\n\t lines', 'two lines'],
  ['tab\tstays no tab', 'tab\uFFFDstays no tab'],
  ['\u001b[31mred', '\uFFFD[31mred'],
  ['a\0b\u007fc\u0085d', 'a\uFFFDb\uFFFDc\uFFFDd'],
  ['line\u2028paragraph\u2029', 'line\uFFFDparagraph\uFFFD'],
  ['\u202eevil\u2066', '\uFFFDevil\uFFFD'],
  ['x'.repeat(1000), 'x'.repeat(1000)],
  ['x'.repeat(1001), `${'x'.repeat(1000)}…`],
])('%j', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('what comes out is printable, and stays as it is when it is made so again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      expect(isPrintable(printable(text))).toBe(true);
      expect(printable(printable(text))).toBe(printable(text));
    }),
  );
});

test.each([
  ['43.20260101.3.0', true],
  ['', true],
  ['a\nb', false],
  ['a\u202eb', false],
  ['a\u2028b', false],
  ['a\u007fb', false],
])('%j is printable: %s', (text, expected) => {
  expect(isPrintable(text)).toBe(expected);
});

test('errors hand it on', () => {
  expect(errors.printable).toBe(printable);
});
