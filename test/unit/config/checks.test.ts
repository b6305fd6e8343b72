/** The parsers of single values at their edges. */
import { describe, expect, it } from 'vitest';

import { Checker, type Findings, REFUSED } from '../../../src/config/checker.ts';
import {
  absolutePath,
  fraction,
  listenAddress,
  LONGEST_INTERVAL_SECS,
  namesOutOf,
  type Parser,
  seconds,
  timeZone,
  urlTemplate,
  userNames,
  uuid,
  wholeNumber,
  word,
  yesOrNo,
} from '../../../src/config/checks.ts';
import type { TomlValue } from '../../../src/config/toml.ts';

interface Outcome<T> {
  readonly value: T | typeof REFUSED;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

function read<T>(parser: Parser<T>, written: TomlValue): Outcome<T> {
  const findings: Findings = { errors: [], warnings: [], unknownKeys: [] };
  const value = parser(written, new Checker('f', findings, 'k'));
  return { value, errors: findings.errors.map(({ message }) => message), warnings: findings.warnings };
}

function accepts<T>(parser: Parser<T>, written: TomlValue, value: T): void {
  expect(read(parser, written)).toEqual({ value, errors: [], warnings: [] });
}

function refuses(parser: Parser<unknown>, written: TomlValue, ...errors: readonly string[]): void {
  expect(read(parser, written)).toEqual({
    value: REFUSED,
    errors: errors.map((error) => `f: ${error}`),
    warnings: [],
  });
}

describe('numbers', () => {
  it('of seconds are whole, above 0, and at most ten years', () => {
    expect(LONGEST_INTERVAL_SECS).toBe(316_224_000);
    const most = BigInt(LONGEST_INTERVAL_SECS);
    accepts(seconds, 1n, 1);
    accepts(seconds, most - 1n, LONGEST_INTERVAL_SECS - 1);
    accepts(seconds, most, LONGEST_INTERVAL_SECS);
    accepts(seconds, most + 1n, LONGEST_INTERVAL_SECS);
    for (const [written, shown] of [
      [0n, '0'],
      [-1n, '-1'],
      [1.5, '1.5'],
      ['1', '"1"'],
    ] as const) {
      refuses(seconds, written, `k must be a whole number of seconds greater than 0, got ${shown}`);
    }
  });

  it('within bounds include both', () => {
    const percent = wholeNumber(2, 4, 'hens');
    accepts(percent, 2n, 2);
    accepts(percent, 4n, 4);
    for (const [written, shown] of [
      [1n, '1'],
      [5n, '5'],
      [3, '3.0'],
      ['3', '"3"'],
    ] as const) {
      refuses(percent, written, `k must be a whole number of hens from 2 to 4, got ${shown}`);
    }
  });

  it('from 0 to 1 may be written as integers', () => {
    accepts(fraction, 0n, 0);
    accepts(fraction, 1n, 1);
    accepts(fraction, 1, 1);
    accepts(fraction, 0.5, 0.5);
    for (const [written, shown] of [
      [1.01, '1.01'],
      [-0.01, '-0.01'],
      [2n, '2'],
      [-1n, '-1'],
      [Number.NaN, 'nan'],
      ['1', '"1"'],
    ] as const) {
      refuses(fraction, written, `k must be a number from 0.0 to 1.0, got ${shown}`);
    }
  });
});

it('yes or no is a boolean, not a word', () => {
  accepts(yesOrNo, true, true);
  accepts(yesOrNo, false, false);
  refuses(yesOrNo, 'true', 'k must be true or false, got "true"');
  refuses(yesOrNo, 1n, 'k must be true or false, got 1');
});

it('a word matches its pattern, or is empty', () => {
  const letters = word(/^[a-z]+$/, 'lower-case letters');
  accepts(letters, 'abc', 'abc');
  accepts(letters, '', '');
  refuses(letters, 'aB', 'k must be a text of lower-case letters only, got "aB"');
  refuses(letters, 1n, 'k must be a text, got 1');
});

describe('a node id', () => {
  const HEX = '0123456789abcdef0123456789abcdef';

  it.each([
    HEX,
    HEX.toUpperCase(),
    '01234567-89ab-cdef-0123-456789abcdef',
    '{01234567-89AB-cdef-0123-456789abcdef}',
    `urn:uuid:${HEX}`,
    `URN:UUID:${HEX}`,
  ])('may be written as %s', (written) => {
    accepts(uuid, written, HEX);
  });

  it('may be empty', () => accepts(uuid, '', ''));

  it.each([
    `${HEX}0`,
    `0${HEX}`,
    HEX.slice(1),
    `x${HEX}`,
    `${HEX}x`,
    `{${HEX}`,
    `${HEX}}`,
    `x{${HEX}}`,
    `{${HEX}}x`,
    `xurn:uuid:${HEX}`,
    '{}',
    '-',
  ])('must not be %s', (written) => {
    refuses(uuid, written, `k must be 32 hexadecimal digits, with or without dashes, got "${written}"`);
  });

  it('must be a text', () => {
    refuses(uuid, 7n, 'k must be a text of 32 hexadecimal digits, got 7');
  });

  it('of zeros alone is taken with a warning, and no other is', () => {
    expect(read(uuid, '0'.repeat(32))).toEqual({
      value: '0'.repeat(32),
      errors: [],
      warnings: [expect.stringMatching(/^f: k is all zeros: /)],
    });
    for (const written of [`1${'0'.repeat(31)}`, `${'0'.repeat(31)}1`]) {
      accepts(uuid, written, written);
    }
    expect(read(uuid, '0'.repeat(33)).warnings).toEqual([]);
    expect(read(uuid, `x${'0'.repeat(32)}`).warnings).toEqual([]);
  });
});

describe('a path', () => {
  it.each(['', '/a', '/a b/c.d', '//a'])('may be %j', (written) => {
    accepts(absolutePath, written, written);
  });

  it.each(['a', 'a/b', '/', '/a/', '/a\0b', '\0/a', './a'])('must not be %j', (written) => {
    const { value, errors } = read(absolutePath, written);
    expect(value).toBe(REFUSED);
    expect(errors).toEqual([expect.stringMatching(/^f: k must be the absolute path of a file, got "/)]);
  });

  it('must be a text', () =>
    refuses(absolutePath, ['/a'], 'k must be the absolute path of a file, got a list'));
});

describe('user names', () => {
  it('are listed once each', () => {
    accepts(userNames, ['core', 'jürgen', 'core', 'a@b'], ['core', 'jürgen', 'a@b']);
    accepts(userNames, [], []);
  });

  it('are refused one by one', () => {
    refuses(
      userNames,
      ['core', '', ' a', 'a ', 'a:b', 'a/b', 'a\u0007', 7n],
      'k[1] must be the name of a user, got ""',
      'k[2] must be the name of a user, got " a"',
      'k[3] must be the name of a user, got "a "',
      'k[4] must be the name of a user, got "a:b"',
      'k[5] must be the name of a user, got "a/b"',
      String.raw`k[6] must be the name of a user, got "a\u0007"`,
      'k[7] must be the name of a user, got 7',
    );
    refuses(userNames, 'core', 'k must be a list of user names, got "core"');
  });
});

describe('names out of a few', () => {
  const fruit = namesOutOf(['apple', 'pear']);
  const EXPECTED = 'k must be one of apple, pear, or a list of them';

  it('come as one or as a list, without repetitions', () => {
    accepts(fruit, 'pear', ['pear']);
    accepts(fruit, ['pear', 'apple', 'pear'], ['pear', 'apple']);
    accepts(fruit, '', []);
  });

  it('are refused as a whole where one is no such name', () => {
    refuses(fruit, 'plum', `${EXPECTED}, got "plum"`);
    refuses(fruit, 7n, `${EXPECTED}, got 7`);
    refuses(fruit, [], `${EXPECTED}, got an empty list`);
    refuses(fruit, ['pear', 'plum'], 'k[1] must be one of apple, pear, got "plum"');
    refuses(fruit, ['plum'], 'k[0] must be one of apple, pear, got "plum"');
    refuses(fruit, ['', 'pear'], 'k[0] must be one of apple, pear, got ""');
  });
});

describe('an address', () => {
  const EXPECTED = 'k must be an http:// or https:// address';

  it.each([
    ['http://h', 'http://h'],
    ['  https://h/a?b \n', 'https://h/a?b'],
    [
      'https://${group}.h/${basearch}/${platform}/${stream}',
      'https://${group}.h/${basearch}/${platform}/${stream}',
    ],
    ['', ''],
    ['   ', ''],
  ])('may be %j', (written, value) => accepts(urlTemplate, written, value));

  it('is http or https, in one piece', () => {
    refuses(urlTemplate, 7n, `${EXPECTED}, got 7`);
    refuses(urlTemplate, 'ftp://h', `${EXPECTED}, got "ftp://h"`);
    refuses(urlTemplate, 'h', `${EXPECTED}, got "h"`);
    refuses(urlTemplate, 'https://h/a b', `${EXPECTED} without blanks, got "https://h/a b"`);
    refuses(urlTemplate, 'https://h/a\tb', String.raw`${EXPECTED} without blanks, got "https://h/a\tb"`);
    refuses(
      urlTemplate,
      'https://h/${other}',
      `${EXPECTED} with no other templates than \${basearch}, \${group}, \${platform}, \${stream}, and attributes such as \${AFTERBURN_AWS_REGION}, got "https://h/\${other}"`,
    );
  });
});

describe('a time zone', () => {
  it.each([
    ['Europe/Berlin', 'Europe/Berlin'],
    ['posix/Europe/Berlin', 'Europe/Berlin'],
    ['right/Europe/Berlin', 'Europe/Berlin'],
    ['UTC', 'UTC'],
    ['localtime', 'localtime'],
    ['', ''],
  ])('field 15, diff 8: may be %j', (written, value) => accepts(timeZone, written, value));

  it.each(['+02:00', 'posix/', 'wrong/Europe/Berlin', 'Europe/posix/Berlin', 'Mars', '-UTC'])(
    'must not be %j',
    (written) => {
      refuses(
        timeZone,
        written,
        `k must be a time zone name such as "Europe/Berlin", or "localtime", got "${written}"`,
      );
    },
  );

  it('must be a text', () => {
    refuses(timeZone, 2n, 'k must be a time zone name such as "Europe/Berlin", or "localtime", got 2');
  });
});

describe('an address to listen at', () => {
  it.each([
    ['127.0.0.1:1', { host: '127.0.0.1', port: 1 }],
    ['localhost:65535', { host: 'localhost', port: 65_535 }],
    ['[::1]:9100', { host: '::1', port: 9100 }],
  ])('may be %s', (written, value) => accepts(listenAddress, written, value));

  it.each([
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:123456',
    'x127.0.0.1:80',
    ' 127.0.0.1:80',
    '127.0.0.1:80x',
    'a:127.0.0.1:80',
    '::1:80',
    '[127.0.0.1]:80',
    '[localhost]:80',
    'x[::1]:80',
    'host:80',
    ':80',
  ])('must not be %s', (written) => {
    refuses(
      listenAddress,
      written,
      `k must be ADDRESS:PORT with an IP address or localhost, such as "127.0.0.1:9100" or "[::1]:9100", got "${written}"`,
    );
  });

  it('must be a text', () => expect(read(listenAddress, 9100n).value).toBe(REFUSED));
});
