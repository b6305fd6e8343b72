import { describe, expect, it } from 'vitest';

import { isTable, joinKey } from '../../../src/config/checker.ts';
import { parseToml, type TomlValue } from '../../../src/config/toml.ts';
import { tomlText } from '../../../src/config/toml-text.ts';

function read(text: string): TomlValue {
  const value = parseToml(Buffer.from(`a = ${text}\n`), 'a.toml').get('a');
  if (value === undefined) {
    throw new Error('the value must be there');
  }
  return value;
}

describe('a value as text', () => {
  it.each([
    ['"a \\u0007 b"', '"a \\u0007 b"'],
    ['"\\u202e"', '"\\u202e"'],
    ['5', '5'],
    ['-0.0', '-0.0'],
    ['0.0', '0.0'],
    ['1e300', '1e+300'],
    ['1.5', '1.5'],
    ['inf', 'inf'],
    ['-inf', '-inf'],
    ['nan', 'nan'],
    ['true', 'true'],
    ['2026-12-20', '2026-12-20'],
    ['[]', '[]'],
    ['[1, "b"]', '[1, "b"]'],
    ['{}', '{}'],
    ['{ "\\u007f" = 1 }', '{ "\\u007f" = 1 }'],
    ['{ b = 1, "c d" = [2] }', '{ b = 1, "c d" = [2] }'],
  ])('%s is %s, and the same when it is read again', (text, shown) => {
    const value = read(text);
    expect(tomlText(value)).toBe(shown);
    expect(tomlText(read(shown))).toBe(shown);
    expect(isTable(read(shown))).toBe(isTable(value));
  });

  it('refuses what no TOML file can have', () => {
    // @ts-expect-error: from code that the compiler has not seen.
    expect(() => tomlText(undefined)).toThrow('no TOML value');
    // @ts-expect-error: as above.
    expect(() => tomlText({})).toThrow('no TOML value');
  });
});

it('a key in a message has no character that could change the line, either', () => {
  expect(joinKey('updates', 'a\u007f\u202eb')).toBe('updates."a\\u007f\\u202eb"');
  expect(joinKey('', 'plain-key_1')).toBe('plain-key_1');
});
