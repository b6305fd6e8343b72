import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readFragment } from '../../../src/config/fragment.ts';
import { mergeFragments } from '../../../src/config/merge.ts';
import { shownSettings } from '../../../src/config/shown-settings.ts';
import { parseToml, type TomlValue } from '../../../src/config/toml.ts';
import { tomlText } from '../../../src/config/toml-text.ts';

function shown(files: Readonly<Record<string, string>>) {
  const fragments = Object.entries(files).map(([file, text]) =>
    readFragment(parseToml(Buffer.from(text), file), file),
  );
  expect(fragments.flatMap(({ errors }) => errors)).toEqual([]);
  return shownSettings(mergeFragments(fragments), fragments);
}

const of = (files: Readonly<Record<string, string>>, key: string) =>
  shown(files).filter((setting) => setting.key.startsWith(key));

describe('shownSettings', () => {
  it('says which file set a value, and which ones it replaced', () => {
    const files = {
      a: 'identity.group = "x"',
      b: '',
      c: '[identity]\ngroup = "y"',
      d: 'identity.group = "z"',
    };
    expect(of(files, 'identity.group')).toEqual([
      { key: 'identity.group', value: '"z"', file: 'd', masked: ['a', 'c'] },
    ]);
  });

  it('shows defaults, and leaves out what has none', () => {
    expect(of({}, 'updates.enabled')).toEqual([
      { key: 'updates.enabled', value: 'true', file: '', masked: [] },
    ]);
    expect(of({}, 'updates.strategy')).toMatchObject([{ value: '["immediate"]' }]);
    expect(of({}, 'agent.timing.retry_interval_secs')).toMatchObject([{ value: '300' }]);
    expect(of({}, 'updates.periodic.window')).toEqual([]);
    expect(of({}, 'identity.stream')).toEqual([]);
    expect(of({}, 'updates.skip')).toMatchObject([{ value: '[]' }]);
    expect(of({}, 'identity.group')).toMatchObject([{ value: '"default"' }]);
  });

  it('shows each entry of a list that files add to, with its file', () => {
    const window = (day: string) =>
      `[[updates.periodic.window]]\ndays = ["${day}"]\nstart_time = "3:00"\nlength_minutes = 60\n`;
    const files = { a: window('Mon') + window('Tue'), b: window('Wed') };
    expect(of(files, 'updates.periodic.window').map(({ key, value, file }) => [key, value, file])).toEqual([
      ['updates.periodic.window[0]', '{ days = ["Mon"], start_time = "3:00", length_minutes = 60 }', 'a'],
      ['updates.periodic.window[1]', '{ days = ["Tue"], start_time = "3:00", length_minutes = 60 }', 'a'],
      ['updates.periodic.window[2]', '{ days = ["Wed"], start_time = "3:00", length_minutes = 60 }', 'b'],
    ]);
    expect(of(files, 'updates.periodic.window').map(({ masked }) => masked)).toEqual([[], [], []]);
    const reset = { ...files, b: `updates.periodic.reset = true\n${window('Wed')}`, c: window('Thu') };
    expect(of(reset, 'updates.periodic.window').map(({ value, file }) => [value.slice(9, 16), file])).toEqual(
      [
        ['["Wed"]', 'b'],
        ['["Thu"]', 'c'],
      ],
    );
  });

  it('shows no password of an address, and values as they were written', () => {
    const files = {
      a: 'cincinnati.base_url = "https://user:secret@h.example.com/p?token=t"\nidentity.group = "w-${AFTERBURN_AWS_REGION}"',
    };
    expect(of(files, 'cincinnati.base_url')).toMatchObject([{ value: '"https://h.example.com/p"' }]);
    expect(of(files, 'identity.group')).toMatchObject([{ value: '"w-${AFTERBURN_AWS_REGION}"' }]);
    const odd = (written: string) => of({ a: `cincinnati.base_url = "${written}"` }, 'cincinnati.base_url');
    expect(odd(' https://h.example.com/p ')).toMatchObject([{ value: '"https://h.example.com/p"' }]);
    expect(odd('')).toMatchObject([{ value: '""' }]);
    expect(JSON.stringify(shown(files))).not.toMatch(/secret|token=/);
  });
});

describe('tomlText', () => {
  const scalar: fc.Arbitrary<TomlValue> = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double(),
  );
  const value = fc.oneof(
    scalar,
    fc.array(scalar, { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.string({ unit: 'binary', maxLength: 8 }), scalar), { maxLength: 4 })
      .map((entries) => new Map(entries)),
  );

  it('gives one line that is read again as the same value', () => {
    fc.assert(
      fc.property(value, (some) => {
        const text = tomlText(some);
        expect(text).not.toMatch(/[\p{Cc}\u2028-\u202e]/u);
        expect(parseToml(Buffer.from(`a = ${text}`), 'f').get('a')).toEqual(some);
      }),
      { numRuns: 500 },
    );
  });
});
