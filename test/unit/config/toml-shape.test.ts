import process from 'node:process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MAX_FILE_BYTES } from '../../../src/config/drop-ins.ts';
import { parseToml } from '../../../src/config/toml.ts';
import { MAX_DEPTH, tooMuchIn } from '../../../src/config/toml-shape.ts';
import { ConfigError } from '../../../src/errors.ts';

const DEEP = 'tables and lists must nest at most 32 deep, got more below';

function failure(text: string): string {
  try {
    parseToml(Buffer.from(text), '/f.toml');
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.message;
    }
    throw error;
  }
  return '';
}

const fill = (part: string): string => part.repeat(MAX_FILE_BYTES / part.length - 8);

describe('field 19: what keeps the TOML library busy', () => {
  it.each([
    ['inline tables', `a=${fill('{b=')}`, `/f.toml: ${DEEP} a`],
    ['inline tables below a key', `[x]\na.b = 1\nc.d = ${fill('{b=')}`, `/f.toml: ${DEEP} c.d`],
    ['inline tables with quoted keys', `a=${fill('{"b"=')}`, `/f.toml: ${DEEP} a`],
    ['lists', `a=${fill('[')}`, `/f.toml: ${DEEP} a`],
    ['lists over lines', `a=${fill('[\n')}`, `/f.toml: ${DEEP} a`],
    ['both by turns', `a=${fill('[{b=')}`, `/f.toml: ${DEEP} a`],
    ['dots', `a${fill('.a')}=1`, `/f.toml: ${DEEP} a`],
    ['dots in an inline table', `a={b${fill('.a')}=1}`, `/f.toml: ${DEEP} a`],
    ['dots in a header', `[a${fill('.a')}]`, `/f.toml: ${DEEP} a`],
    ['a long list', `b=1\na=[${fill('1,')}]`, 'line 2: the value of a must have fewer entries in one line'],
    ['a long inline table', `a={${fill('b=1,')}}`, 'the value of a must have fewer entries in one line'],
    ['empty tables in a list', `a=[${fill('{},')}]`, 'the value of a must have fewer entries in one line'],
    ['empty texts in a list', `a=[${fill('"",')}]`, 'the value of a must have fewer entries in one line'],
    [
      'tables behind a text that ends with a quote',
      `a=["""x"""", ${'{b='.repeat(2000)}`,
      `/f.toml: ${DEEP} a`,
    ],
    [
      'tables behind a text that ends with two quotes',
      `a=["""x""""", ${'{b='.repeat(2000)}`,
      `/f.toml: ${DEEP} a`,
    ],
    [
      'tables behind a text in single quotes that ends with one',
      `a=['''x'''', ${'{b='.repeat(2000)}`,
      `/f.toml: ${DEEP} a`,
    ],
    [
      'tables behind a text in single quotes that ends with two',
      `a=['''x''''', ${'{b='.repeat(2000)}`,
      `/f.toml: ${DEEP} a`,
    ],
  ])('%s: refused by name, at once', (_what, text, message) => {
    const start = process.cpuUsage();
    expect(failure(text)).toContain(message);
    // A tenth of it is usual. The library took minutes, which other work on this machine does not count into.
    expect(process.cpuUsage(start).user).toBeLessThan(2_000_000);
  });
});

describe('what is not too much', () => {
  it.each([
    ['a text with brackets', `a = "${'[{'.repeat(5000)}"`],
    ['a literal text with brackets', `a = '${'[{'.repeat(5000)}'`],
    ['a text over lines', `a = """\n${'[[{{ a.b.c = \\"\n'.repeat(1000)}"""`],
    ['a comment', `a = 1 # ${'[{'.repeat(5000)}`],
    ['a list over lines', `a = [\n${'1,\n'.repeat(5000)}]`],
    ['many headers', '[[a]]\n'.repeat(2000)],
    ['five hundred checksums in a line', `a = [${`"${'a'.repeat(64)}", `.repeat(500)}]`],
    ['thirty levels', `a = ${'['.repeat(30)}${']'.repeat(30)}`],
    ['texts over lines in a list', `a = [\n${'"""\n[[[\n""",\n'.repeat(500)}]`],
  ])('%s', (_what, text) => {
    expect(tooMuchIn(text)).toBeUndefined();
    expect(failure(text)).toBe('');
  });

  it('reads whatever the text is, and refuses nothing that is short', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('[]{}"\'\\#.=,\n ab1')), maxLength: MAX_DEPTH }),
        (text) => {
          expect(tooMuchIn(text)).toBeUndefined();
        },
      ),
      { numRuns: 2000 },
    );
  });
});
