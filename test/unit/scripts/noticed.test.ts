import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EQUIVALENTS } from '../../../scripts/mutate/equivalents.mjs';
import { count, type Equivalent, type Report } from '../../../scripts/mutate/noticed.mjs';

const SOURCE = 'if (a > b) {\n  go();\n}\n';

/** `a > b` becomes what is given. */
function report(...mutants: readonly (readonly [status: string, replacement: string])[]): Report {
  const location = { start: { line: 1, column: 5 }, end: { line: 1, column: 10 } };
  return {
    files: {
      'src/x.ts': {
        source: SOURCE,
        mutants: mutants.map(([status, replacement]) => ({ status, replacement, location })),
      },
    },
  };
}

const NAMED: Equivalent = {
  file: 'src/x.ts',
  was: 'if (a > b) {',
  becomes: ['if (a >= b) {', 'if (true) {'],
  why: 'they are never equal',
};

describe('the count of changes that were noticed', () => {
  it('takes time for a notice, what no test comes to for none, and leaves out what did not run', () => {
    const counted = count(
      report(
        ['Killed', 'a < b'],
        ['Timeout', 'a != b'],
        ['Survived', 'true'],
        ['NoCoverage', 'false'],
        ['Ignored', '1'],
        ['RuntimeError', '2'],
      ),
      [],
    );
    expect(counted).toMatchObject({ noticed: 2, valid: 4, percent: 50, equivalent: 0, complaints: [] });
    expect(counted.lived).toEqual([
      { file: 'src/x.ts', line: 1, was: 'if (a > b) {', becomes: 'if (true) {', untested: false },
      { file: 'src/x.ts', line: 1, was: 'if (a > b) {', becomes: 'if (false) {', untested: true },
    ]);
    expect(counted.slow.map(({ becomes }) => becomes)).toEqual(['if (a != b) {']);
  });

  it('is whole where there was nothing to change', () => {
    expect(count({ files: {} }, []).percent).toBe(100);
  });

  it('leaves out what is named equivalent', () => {
    const counted = count(report(['Killed', 'a < b'], ['Survived', 'a >= b'], ['Survived', 'true']), [NAMED]);
    expect(counted).toMatchObject({ valid: 1, percent: 100, equivalent: 2, lived: [], complaints: [] });
  });

  it('complains of a name that was noticed, and of one that fits nothing', () => {
    expect(count(report(['Killed', 'a >= b']), [NAMED]).complaints).toEqual([
      'src/x.ts: is noticed, and named equivalent: if (a > b) {',
      'src/x.ts: named equivalent, and there is no such change: if (a > b) { => if (true) {',
    ]);
    expect(count(report(['Survived', 'a >= b']), [NAMED], false).complaints).toEqual([]);
  });

  it('shows a change over several lines as one', () => {
    const location = { start: { line: 1, column: 12 }, end: { line: 3, column: 2 } };
    const mutants = [{ status: 'Survived', replacement: '{}', location }];
    const [change] = count({ files: { 'src/x.ts': { source: SOURCE, mutants } } }, []).lived;
    expect(change).toMatchObject({ was: 'if (a > b) { go(); }', becomes: 'if (a > b) {}' });
  });
});

it.each(EQUIVALENTS.map((named) => [named.file, named.was, named] as const))(
  'the equivalent of %s is there: %s',
  (file, was, { why }) => {
    const source = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
    expect(source.replaceAll(/\s+/g, ' ')).toContain(was);
    expect(why).not.toBe('');
  },
);
