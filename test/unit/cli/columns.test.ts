import { expect, it } from 'vitest';

import { row, wrap } from '../../../src/cli/columns.ts';

it('breaks at blanks, and leaves a long word whole', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('unbreakable is long', 5)).toEqual(['unbreakable', 'is', 'long']);
  expect(wrap('one two three', undefined)).toEqual(['one two three']);
  expect(wrap('', 5)).toEqual(['']);
});

it('puts a text beside its label, or below it where there is no room', () => {
  expect(row('label', 'one two', { labelWidth: 8, width: undefined })).toEqual(['label   one two']);
  expect(row('label', `${'word '.repeat(6)}end`, { labelWidth: 8, width: 34 })).toEqual([
    'label   word word word word word',
    '        word end',
  ]);
  expect(row('label', 'one two', { labelWidth: 20, width: 40 })).toEqual(['label', '    one two']);
  expect(row('label  ', '', { labelWidth: 8, width: 40 })).toEqual(['label']);
});
