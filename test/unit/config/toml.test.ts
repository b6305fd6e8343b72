import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseToml, TomlDate, type TomlValue } from '../../../src/config/toml.ts';
import { ConfigError } from '../../../src/errors.ts';

const FILE = '/etc/zincati/config.d/10-x.toml';

function parseText(text: string): ReadonlyMap<string, TomlValue> {
  return parseToml(Buffer.from(text), FILE);
}

function failure(contents: string | Uint8Array): ConfigError {
  try {
    parseToml(typeof contents === 'string' ? Buffer.from(contents) : contents, FILE);
  } catch (error) {
    if (error instanceof ConfigError) {
      return error;
    }
    throw error;
  }
  throw new Error('parsed without an error');
}

describe('parseToml', () => {
  it('keeps integers and floats apart', () => {
    const table = parseText('a = 1\nb = 1.0\nc = 1e3\nd = 0x10\ne = -0\nf = 9223372036854775807\n');
    expect([...table.values()]).toEqual([1n, 1, 1000, 16n, 0n, 9_223_372_036_854_775_807n]);
  });

  it('keeps not-a-number and infinity', () => {
    expect([...parseText('a = nan\nb = -inf').values()]).toEqual([Number.NaN, -Infinity]);
  });

  it('turns all four kinds of date into text', () => {
    const table = parseText(
      'a = 1979-05-27\nb = 07:32:00\nc = 1979-05-27T07:32:00\nd = 1979-05-27 07:32:00Z\n',
    );
    expect([...table.values()]).toEqual([
      new TomlDate('1979-05-27'),
      new TomlDate('07:32:00'),
      new TomlDate('1979-05-27T07:32:00'),
      new TomlDate('1979-05-27T07:32:00Z'),
    ]);
  });

  it('takes tables for tables, even with keys that look like methods', () => {
    const table = parseText('[a]\ntoISOString = 1\nthen = 2\n[b.constructor]\nprototype = 3\n');
    expect(table.get('a')).toEqual(
      new Map([
        ['toISOString', 1n],
        ['then', 2n],
      ]),
    );
    expect(table.get('b')).toEqual(new Map([['constructor', new Map([['prototype', 3n]])]]));
  });

  it.each(['__proto__.x = 1', '[__proto__]\nx = 1', 'a = { __proto__ = { x = 1 } }', '[[__proto__]]\nx = 1'])(
    'keeps __proto__ a key like any other: %j',
    (text) => {
      const table = parseText(text);
      expect(table).toBeInstanceOf(Map);
      expect(JSON.stringify([...table.keys()])).toMatch(/__proto__|a/);
      expect(({} as Record<string, unknown>)['x']).toBeUndefined();
      expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    },
  );

  it('reads texts over several lines, with either line end', () => {
    expect(parseText('a = """\none\ntwo"""\n').get('a')).toBe('one\ntwo');
    expect(parseText('a = """\r\none\r\ntwo"""\r\nb = 1\r\n').get('a')).toBe('one\ntwo');
  });

  it('drops a byte order mark at the start and only there', () => {
    expect(parseText('\uFEFFa = 1')).toEqual(new Map([['a', 1n]]));
    expect(failure('a = 1\n\uFEFFb = 2').message).toContain('line 2');
  });

  it.each([
    [
      'a = 1\nb = periodic\n',
      'line 2 must be TOML: the value is none; a text needs quotes around it; got: b = periodic',
    ],
    ['a = 1\na = 2\n', 'line 2 must be TOML: the key is given a second time; got: a = 2'],
    ['[a]\n[a]\n', 'line 2 must be TOML: the table is opened a second time; got: [a]'],
    ['[updates\nx = 1', 'line 1 must be TOML: the table header lacks its closing bracket; got: [updates'],
    ['updates:\n', 'line 1 must be TOML: a key needs "=" and a value; got: updates:'],
    ['a =\r\n', 'line 1 must be TOML: a value is missing after "="; got: a ='],
    ['a = "x\n', 'line 1 must be TOML: the text is not closed'],
    ['# see line 7: x\n\n\na = x y', 'line 4 must be TOML: '],
    ['a = [\n1,\n', 'line 1 must be TOML: '],
    ['a = """\nx\n', 'line 1 must be TOML: '],
    ['a = 9223372036854775808', 'line 1 must be TOML: the integer does not fit into 64 bits'],
    ['a = 1\rb = 2', 'line 1 must be TOML: something follows the value'],
    ['a = "\u0000"', 'line 1 must be TOML: '],
    ['a = { b = 1,\nc = 2 }', 'line 1 must be TOML: '],
    ['a.b = 1\n[a]\n', 'line 2 must be TOML: '],
  ])('names file, line and the line itself: %j', (text, expected) => {
    const error = failure(text);
    expect(error.kind).toBe('config_syntax');
    expect(error.message).toContain(`${FILE}: ${expected}`);
    expect(error.message).not.toContain('\n');
  });

  it('cuts a long line short and shows no control characters', () => {
    const { message } = failure(`a = \u001b[31m${'x'.repeat(5000)}`);
    expect(message.length).toBeLessThan(400);
    expect(message).not.toContain('\u001b');
  });

  it('names the line with bytes that are no UTF-8', () => {
    const { kind, message } = failure(
      Buffer.concat([Buffer.from('a = "é"\nb = "'), Buffer.from([0xff, 0x22])]),
    );
    expect(kind).toBe('config_syntax');
    expect(message).toBe(`${FILE}: line 2 must be UTF-8 text, got other bytes`);
  });

  it.each([
    ['lists', `a = ${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['inline tables', `a = ${'{a = '.repeat(2_000)}1${'}'.repeat(2_000)}`],
    ['dotted keys', `${Array.from({ length: 20_000 }, () => 'a').join('.')} = 1`],
  ])('refuses %s that nest without end', (_, text) => {
    expect(failure(text).message).toBe(
      `${FILE}: tables and lists must nest at most 32 deep, got more below a`,
    );
  });

  it('is not upset by the failure before', () => {
    failure('a = """\nx');
    failure('[a');
    expect(parseText('a = 1')).toEqual(new Map([['a', 1n]]));
  });

  it('answers any bytes with a table or a ConfigError', () => {
    const tomlish = fc
      .array(
        fc.constantFrom(
          '[',
          ']',
          '"',
          "'",
          '=',
          '.',
          '\n',
          '\r\n',
          ' ',
          '#',
          '{',
          '}',
          ',',
          'a',
          '1',
          '-',
          '"""',
          '\\u',
          '1979-05-27',
          '__proto__',
          '\uFEFF',
          '\u0000',
          'é',
          'nan',
        ),
      )
      .map((parts) => Buffer.from(parts.join('')));
    fc.assert(
      fc.property(fc.oneof(tomlish, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          expect(parseToml(bytes, FILE)).toBeInstanceOf(Map);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          expect((error as ConfigError).kind).toBe('config_syntax');
          expect((error as ConfigError).message).toContain(FILE);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
