/**
 * There is no unexpected exception and no silence: every key that is written takes effect, is refused or causes a
 * warning.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { readFragment } from '../../../src/config/fragment.ts';
import { mergeFragments } from '../../../src/config/merge.ts';
import { CONFIG_KEYS } from '../../../src/config/schema.ts';
import { resolveSettings } from '../../../src/config/resolve-settings.ts';
import { parseToml } from '../../../src/config/toml.ts';
import { ConfigError } from '../../../src/errors.ts';

const FILE = '/etc/zincati/config.d/10-x.toml';

const basicString = fc
  .string({ maxLength: 12, unit: 'binary' })
  .map((text) => JSON.stringify(text).replaceAll('\u007f', '\\u007f'));
const scalar = fc.oneof(
  fc.constantFrom(
    'true',
    'false',
    '0',
    '1',
    '-1',
    '0.5',
    '1.0',
    'nan',
    '-inf',
    '300',
    '9223372036854775807',
    '1979-05-27',
    '07:32:00',
    '1979-05-27T07:32:00Z',
    '""',
    '"immediate"',
    '"periodic"',
    '"http://x/${stream}"',
    '"Mon"',
    '"3:00"',
    '"UTC"',
    '"localtime"',
    '"127.0.0.1:80"',
  ),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  basicString,
);
const bareKey = fc.constantFrom(
  'days',
  'start_time',
  'length_minutes',
  'x',
  '__proto__',
  'constructor',
  '"a.b"',
);
const value = fc.letrec<{ any: string; list: string; table: string }>((tie) => ({
  any: fc.oneof({ depthSize: 'small' }, scalar, tie('list'), tie('table')),
  list: fc.array(tie('any'), { maxLength: 3 }).map((entries) => `[${entries.join(', ')}]`),
  table: fc
    .uniqueArray(fc.tuple(bareKey, tie('any')), { selector: ([key]) => key, maxLength: 3 })
    .map((pairs) => `{ ${pairs.map(([key, entry]) => `${key} = ${entry}`).join(', ')} }`),
})).any;
const key = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<string>(...CONFIG_KEYS) },
  fc.constantFrom(
    'updates',
    'updates.periodic',
    'agent',
    'agent.timing',
    'nothing.at.all',
    'updates.fleet_lock.window',
    '__proto__',
    'identity.__proto__',
    'toString',
  ),
);

it('holds for one key with any value', () => {
  let accepted = 0;
  fc.assert(
    fc.property(key, value, (name, text) => {
      const table = parseToml(Buffer.from(`${name} = ${text}\n`), FILE);
      const fragment = readFragment(table, FILE);
      const { values, warnings, errors } = fragment;
      const said = [...warnings, ...errors.map((error) => error.message)];
      const effective = Object.keys(values);
      const emptySection = text === '{  }' && CONFIG_KEYS.some((known) => known.startsWith(`${name}.`));
      expect(effective.length + said.length > 0 || emptySection).toBe(true);
      for (const line of said) {
        expect(line.startsWith(`${FILE}: `)).toBe(true);
        expect(line).toContain(name);
        expect(line).not.toMatch(/\p{Cc}/u);
      }
      if (effective.length === 0) {
        return;
      }
      accepted += 1;
      expect(effective).toEqual([name]);
      const merged = mergeFragments([fragment]);
      for (const error of resolveSettings(merged).errors) {
        expect(error).toBeInstanceOf(ConfigError);
      }
    }),
    { numRuns: 4000 },
  );
  expect(accepted).toBeGreaterThan(50);
});

it('holds for whole documents of random bytes around known words', () => {
  const words = fc.array(
    fc.oneof(
      fc.constantFrom(
        '[updates]\n',
        '[[updates.periodic.window]]\n',
        'enabled = ',
        'true',
        '\n',
        '"',
        'days = ["Mon"]\n',
        'start_time = "3:00"\n',
        'length_minutes = 5\n',
        '[identity]\n',
        'group',
        ' = ',
        '"a"\n',
        '#',
        '[',
        ']',
        '\uFEFF',
        '\r\n',
      ),
      fc.uint8Array({ maxLength: 3 }),
    ),
  );
  const outcomes = { parsed: 0, refused: 0 };
  fc.assert(
    fc.property(words, (parts) => {
      const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
      try {
        const fragment = readFragment(parseToml(bytes, FILE), FILE);
        resolveSettings(mergeFragments([fragment]));
        outcomes.parsed += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        outcomes.refused += 1;
      }
    }),
    { numRuns: 4000 },
  );
  expect(outcomes.parsed).toBeGreaterThan(50);
  expect(outcomes.refused).toBeGreaterThan(50);
});
