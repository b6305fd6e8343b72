/** The faults of test/put-back still fit the code and the tests; `npm run put-back` does the rest. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { ALL_FAULTS } from '../put-back/all-faults.ts';
import { withSetting, withShellFunction } from '../put-back/change-file.ts';
import { FAULTS } from '../put-back/faults.ts';
import { replacedNames } from '../put-back/plugin.ts';
import { withSubstitutes } from '../put-back/transform.ts';

const PROJECT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(PROJECT, file), 'utf8');

describe('the faults', () => {
  it('are all there, from B1 to B36', () => {
    expect(FAULTS.map(({ id }) => id)).toEqual(Array.from({ length: 36 }, (_, index) => `B${index + 1}`));
  });

  it('have each an id of its own', () => {
    expect(new Set(ALL_FAULTS.map(({ id }) => id)).size).toBe(ALL_FAULTS.length);
  });

  it.each(ALL_FAULTS)('$id: names what is there, and a test', ({ id, changes, test, named }) => {
    expect(changes).not.toEqual([]);
    for (const [module, names] of replacedNames(id)) {
      expect(() => withSubstitutes(read(module), names, { id, runtime: '/runtime.ts' })).not.toThrow();
    }
    for (const change of changes) {
      if (change.kind === 'file') {
        expect(change.change(read(change.file))).not.toBe(read(change.file));
      }
    }
    expect(read(test)).toContain(named);
  });

  it('are typed after the modules that they name', () => {
    const text = read('test/put-back/modules.ts');
    const imported = [
      ...text.matchAll(/^import type \* as (\w+) from '\.\.\/\.\.\/((?:src|scripts|sandbox)\/.+)';$/gm),
    ];
    const listed = [...text.matchAll(/^ {2}readonly '((?:src|scripts|sandbox)\/.+)': typeof (\w+);$/gm)];
    expect(new Map(listed.map(([, module, name]) => [name, module]))).toEqual(
      new Map(imported.map(([, name, module]) => [name, module])),
    );
    expect(listed.length).toBeGreaterThan(10);
  });

  it('import nothing that imports them when it has a fault', () => {
    for (const file of globSync('test/put-back/*.ts', { cwd: PROJECT })) {
      expect([file, read(file).match(/^import (?!type\b)[^;]*from '[^']*\/src\/.*$/gm)]).toEqual([
        file,
        null,
      ]);
    }
  });
});

const MODULE = `export const LIMITS = { step: 1 };
export const FIRST = next(1);
export function twice(n) {
  return next(next(n));
}
export function next(n) {
  return n + LIMITS.step;
}
export class Counter {
  count = 0;
  add(n) {
    this.count += n;
    return this;
  }
  addTwice(n) {
    return this.add(n).add(n);
  }
}
export const SUM = twice(1) + new Counter().addTwice(3).count;
`;

function substituted(makes: Readonly<Record<string, string>>): string {
  const runtime = `export const substitute = (id, place, original) => [${Object.values(makes).join()}][place](original);`;
  const names = new Map(Object.keys(makes).entries());
  return withSubstitutes(MODULE, names, { id: 'B0', runtime: asUrl(runtime) });
}

function asUrl(text: string): string {
  return `data:text/javascript,${encodeURIComponent(text)}`;
}

async function sumOf(makes: Readonly<Record<string, string>>): Promise<unknown> {
  const exports: unknown = await import(/* @vite-ignore */ asUrl(substituted(makes)));
  return exports;
}

describe('a substitute', () => {
  it.each([
    ['of a function', { next: '(original) => (n) => 10 * original(n)' }, 216],
    ['of a constant', { LIMITS: '(original) => ({ step: original.step + 4 })' }, 17],
    ['of a method', { 'Counter.add': '(original) => function (n) { return original.call(this, -n); }' }, -3],
    ['of several', { twice: '() => () => 1000', 'Counter.addTwice': '() => () => ({ count: 1 })' }, 1001],
  ])('%s is reached from the module itself', async (_what, makes, sum) => {
    expect(await sumOf(makes)).toMatchObject({ SUM: sum });
  });

  it('of a function with overloads is of all of them', () => {
    const overloads =
      'export function f(a: string): string;\nexport function f(a: unknown) {\n  return a;\n}\n';
    const changed = withSubstitutes(overloads, new Map([[0, 'f']]), { id: 'B0', runtime: './x.ts' });
    expect(changed).toContain(
      'function f__original(a: string): string;\nexport function f__original(a: unknown)',
    );
  });

  it('leaves every line on its line', () => {
    const changed = substituted({ next: '', LIMITS: '', 'Counter.add': '' }).split('\n');
    const kept = MODULE.trimEnd()
      .split('\n')
      .map((line) => line.replace('next(n) {', 'next__original(n) {'));
    for (const [index, line] of kept.entries()) {
      expect(changed[index]).toContain(line.replace('const LIMITS', 'const LIMITS__original'));
    }
  });

  it.each(['none', 'none.add', 'Counter', 'Counter.count', 'Counter.none', 'asUrl'])(
    'of %s, which is not there, is an error',
    (name) => {
      expect(() => substituted({ [name]: '' })).toThrow(`the module must declare and export ${name}`);
    },
  );
});

describe('a file', () => {
  const unit = '[Unit]\nAfter=a\n# why\nAfter=b c\nWants=x\n[Service]\nAfter=none of the others\n';

  it('has another setting, in its section alone', () => {
    expect(withSetting(unit, 'Unit', 'After', (original) => [...original, 'd'])).toBe(
      '[Unit]\nAfter=a\nAfter=b c\nAfter=d\n# why\nWants=x\n[Service]\nAfter=none of the others\n',
    );
    expect(withSetting(unit, 'Service', 'After', () => [])).toBe(
      unit.replace('After=none of the others\n', ''),
    );
    expect(() => withSetting(unit, 'Install', 'WantedBy', () => [])).toThrow(
      'there must be a section [Install]',
    );
  });

  it('has another shell function', () => {
    const script = 'f() {\n  echo f\n}\ng() {\n  if f; then\n    echo g\n  fi\n}\n';
    expect(withShellFunction(script, 'g', ':')).toBe('f() {\n  echo f\n}\ng() {\n  :\n}\n');
    expect(() => withShellFunction(script, 'h', ':')).toThrow('there must be a shell function h');
  });
});
