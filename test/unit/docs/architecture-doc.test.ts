/** ARCHITECTURE.md names what is there, and what its recipes promise to be noticed is noticed. */
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { STRATEGY_NAMES } from '../../../src/config/strategy-names.ts';
import { FOLDERS } from '../../support/import-table.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8');
const TEXT = read('ARCHITECTURE.md');

const blocksOf = (text: string): string[] => text.match(/^```[\s\S]*?^```/gm) ?? [];
const spansOf = (text: string): string[] =>
  [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!);

/** A path of the project. One that begins with a slash is the host's. */
function isPath(word: string): boolean {
  return /^[\w@.*-]+(?:\/[\w@.*-]+)*\/?$/.test(word) && /\/|\.(?:ts|mjs|md|txt|json|toml|py)$/.test(word);
}

/** Folders that a short name may be below. */
const BASES = ['', 'src', 'src/cincinnati'];

/** `NAME` stands for any name: a folder that holds files of that kind is enough. */
function isThere(name: string): boolean {
  const pattern = name.replace('NAME', '*');
  return BASES.some((base) =>
    pattern.includes('*')
      ? globSync(path.join(base, pattern), { cwd: ROOT }).length > 0
      : existsSync(path.join(ROOT, base, pattern)),
  );
}

function section(title: string): string {
  const found = TEXT.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (found === undefined) {
    throw new Error(`ARCHITECTURE.md must have the section ${title}`);
  }
  return found;
}

/** First cells of the rows of all tables. */
const firstCells = (text: string): string[] =>
  [...text.matchAll(/^\| (.+?) \|/gm)].map((match) => match[1]!).filter((cell) => cell !== 'where');

describe('what is named', () => {
  const paths = [...new Set(spansOf(TEXT).filter(isPath))];

  it('has paths', () => {
    expect(paths.length).toBeGreaterThan(100);
  });

  it.each(paths)('%s is there', (name) => {
    expect(isThere(name)).toBe(true);
  });

  const commands = [...spansOf(TEXT), ...blocksOf(TEXT).flatMap((block) => block.split('\n'))]
    .filter((line) => /\bnp[mx] (?:run|test|vitest)\b/.test(line))
    .map((line) => line.replace(/ +#.*/, ''));

  it.each(commands)('%s can be run', (command) => {
    const scripts = [...command.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1]!);
    const projects = [...command.matchAll(/--project (\w+)/g)].map((match) => match[1]!);
    const files = command.split(' ').filter(isPath);
    const known: unknown = JSON.parse(read('package.json'));
    for (const script of scripts) {
      expect(known).toHaveProperty(['scripts', script]);
    }
    for (const project of projects) {
      expect(read('vitest.config.ts')).toContain(`name: '${project}'`);
    }
    expect(files.filter((file) => !isThere(file))).toEqual([]);
  });

  it('sees what is not there', () => {
    expect(
      ['src/agent/none.ts', 'none.md', 'src/none/NAME.ts', 'none/'].map((name) => [
        isPath(name),
        isThere(name),
      ]),
    ).toEqual(Array.from({ length: 4 }, () => [true, false]));
    expect(['/etc', 'turn.tell(...)', 'never_while_logged_in', 'npm run ok'].filter(isPath)).toEqual([]);
  });
});

describe('the map', () => {
  const cells = firstCells(section('The map')).flatMap(spansOf);
  const inSrc = cells.filter((cell) => cell.startsWith('src/')).map((cell) => cell.replace(/\/$/, ''));

  it('has every folder and file of src/', () => {
    expect(inSrc.toSorted()).toEqual(
      readdirSync(path.join(ROOT, 'src'))
        .map((name) => `src/${name}`)
        .toSorted(),
    );
  });

  it('has them in the order of the import rule', () => {
    const places = inSrc.map((name) =>
      Object.keys(FOLDERS).findIndex((folder) => `src/${folder}`.startsWith(name)),
    );
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('has every other folder of the project', () => {
    const folders = readdirSync(ROOT)
      .filter((name) => !/^(?:src|test|node_modules|dist|out|coverage|\..*)$/.test(name))
      .filter((name) => statSync(path.join(ROOT, name)).isDirectory());
    expect(folders.length).toBeGreaterThan(5);
    expect(folders.filter((name) => !cells.includes(`${name}/`))).toEqual([]);
  });
});

describe('the glossary', () => {
  const words = firstCells(section('Glossary')).filter((cell) => cell !== 'word');
  const sources = globSync(['src/**/*.ts', 'docs/**/*.md'], { cwd: ROOT }).map(read);

  it('has each word once', () => {
    expect(words.length).toBeGreaterThan(20);
    expect(new Set(words).size).toBe(words.length);
  });

  it.each(words)('%s is a word of the code or of the documentation', (word) => {
    const pattern = new RegExp(`\\b${word.replaceAll(' ', '[ -]')}`, 'i');
    expect(sources.some((text) => pattern.test(text))).toBe(true);
  });
});

describe('what the recipes say this test notices', () => {
  const gates = globSync('src/{gates,strategies}/*.ts', { cwd: ROOT })
    .filter((name) => name !== 'src/gates/gate.ts')
    .filter((name) => /\bgate(?:<\w+>)?\(\{|\bimplements Gate\b/.test(read(name)));

  it('finds the gates', () => {
    expect(gates.length).toBeGreaterThan(6);
  });

  it.each(gates)('%s is built for the node', (name) => {
    const imported = `from '../${path.relative('src', name)}'`;
    expect(read('src/daemon/build-gates.ts').includes(imported)).toBe(true);
  });

  it.each(STRATEGY_NAMES)('strategy %s has a page that the README links', (name) => {
    expect(existsSync(path.join(ROOT, `docs/strategies/${name}.md`))).toBe(true);
    expect(read('README.md').includes(`(docs/strategies/${name}.md)`)).toBe(true);
  });

  const fault = /^export type Fault =[\s\S]*?^\);/m.exec(read('sandbox/stand-in.ts'))?.[0] ?? '';
  const faults = [...fault.matchAll(/\bkind:((?:\s|\||'[a-z-]+'|\/\*\*[^*]*\*\/)+)/g)].flatMap(
    ([, kinds = '']) => [...kinds.matchAll(/'([a-z-]+)'/g)].map((match) => match[1]!),
  );

  it('finds the faults', () => {
    expect(faults.length).toBeGreaterThan(10);
  });

  it.each(faults)('rpm-ostreed.py plays the fault %s', (kind) => {
    expect(read('sandbox/rpm-ostreed.py').includes(`fault("${kind}"`)).toBe(true);
  });
});

describe('the table of stand-ins', () => {
  const table = TEXT.split('### What stands in for the outside')[1]?.split('\n## ')[0] ?? '';
  const rows = [...table.matchAll(/^\| `([a-z-]+)` \|(.*)\|$/gm)].map(([, name = '', rest = '']) => ({
    name,
    cells: rest.split('|').map((cell) => cell.trim()),
  }));

  it('has every conformance suite, and no other', () => {
    const suites = readdirSync(path.join(ROOT, 'test/conformance'))
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => name.slice(0, -'.test.ts'.length));
    expect(rows.map(({ name }) => name)).toEqual(suites.toSorted());
  });

  it.each(rows)('says of $name how it meets the real thing, and when it last did', ({ name, cells }) => {
    expect(cells).toHaveLength(3);
    const [, real = '', last = ''] = cells;
    const variables = (text: string): string[] => text.match(/\bCONFORM_[A-Z_]+/g) ?? [];
    const known = variables(read(`test/conformance/${name}.test.ts`));
    expect(variables(real).filter((variable) => !known.includes(variable))).toEqual([]);
    expect(variables(real).length > 0).toBe(known.length > 0);
    expect(last).toMatch(/\bnever\b|\beach run\b|\b20\d\d-\d\d-\d\d\b/);
  });
});
