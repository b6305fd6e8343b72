/** The import rule, and what else the shape of src/ promises. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { FOLDERS, FOR_ALL } from '../support/import-table.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

interface SourceFile {
  /** From src/, for example `agent/state.ts`. */
  readonly name: string;
  readonly text: string;
  /** Without comments and texts, so that words in them do not count. */
  readonly code: string;
  /** Files of src/ that it imports, types included. */
  readonly imports: readonly string[];
  readonly packages: readonly string[];
}

function read(name: string): SourceFile {
  const text = readFileSync(path.join(ROOT, 'src', name), 'utf8');
  const code = text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/(^|\s)\/\/.*$/gm, '')
    .replaceAll(/'(?:[^'\\\n]|\\.)*'/g, (literal) =>
      literal.startsWith("'.") || literal.startsWith("'node:") ? literal : "''",
    );
  const uncommented = text.replaceAll(/\/\*[\s\S]*?\*\//g, '');
  const statements = [...uncommented.matchAll(/(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'/g)];
  const dynamic = [...uncommented.matchAll(/import\('([^']+)'\)/g)];
  const all = [
    ...statements.map((match) => ({ from: match[1]! })),
    ...dynamic.map((match) => ({ from: match[1]! })),
  ];
  const local = (entry: { from: string }): string => path.posix.join(path.posix.dirname(name), entry.from);
  return {
    name,
    text,
    code,
    imports: all.filter((entry) => entry.from.startsWith('.')).map(local),
    packages: all.filter((entry) => !entry.from.startsWith('.')).map((entry) => entry.from),
  };
}

const FILES = globSync('**/*.ts', { cwd: path.join(ROOT, 'src') })
  .filter((name) => !name.endsWith('.d.ts'))
  .map(read);

/** The folder of the table that a file belongs to: the longest that fits. */
function folderOf(name: string): string {
  const fits = Object.keys(FOLDERS).filter((folder) => name === folder || name.startsWith(`${folder}/`));
  return fits.toSorted((x, y) => y.length - x.length)[0] ?? 'none';
}

function isPure({ name }: SourceFile): boolean {
  const { pure } = FOLDERS[folderOf(name)] ?? {};
  return pure === true || (pure !== undefined && !pure.but.includes(path.basename(name)));
}

const PURE = FILES.filter(isPure);

describe('imports', () => {
  it('reads the sources (a rule over nothing would always hold)', () => {
    expect(FILES.length).toBeGreaterThan(150);
    expect(PURE.length).toBeGreaterThan(90);
    expect(FILES.flatMap(({ imports }) => imports).length).toBeGreaterThan(500);
  });

  it('every file belongs to a folder of the table, and every folder has files', () => {
    expect(FILES.filter(({ name }) => folderOf(name) === 'none').map(({ name }) => name)).toEqual([]);
    const used = new Set(FILES.map(({ name }) => folderOf(name)));
    expect(Object.keys(FOLDERS).filter((folder) => !used.has(folder))).toEqual([]);
  });

  it('follow the table, types included', () => {
    const strays = FILES.flatMap(({ name, imports }) => {
      const from = folderOf(name);
      const may = [from, ...(FOLDERS[from]?.may ?? []), ...FOR_ALL];
      return imports
        .filter((target) => !may.includes(folderOf(target)))
        .map((target) => `${name} -> ${target}`);
    });
    expect(strays).toEqual([]);
  });

  it('the table has no arrow that is not used, and none that runs back up', () => {
    const used = new Set(
      FILES.flatMap(({ name, imports }) =>
        imports.map((target) => `${folderOf(name)} -> ${folderOf(target)}`),
      ),
    );
    const order = Object.keys(FOLDERS);
    for (const [folder, { may }] of Object.entries(FOLDERS)) {
      for (const target of may) {
        expect([folder, target, order.indexOf(target) > order.indexOf(folder)]).toEqual([
          folder,
          target,
          true,
        ]);
      }
    }
    const unused = Object.entries(FOLDERS).flatMap(([folder, { may }]) =>
      may.map((target) => `${folder} -> ${target}`).filter((arrow) => !used.has(arrow)),
    );
    expect(unused).toEqual([]);
  });

  it('no circle among files, types included', () => {
    const graph = new Map(FILES.map((file) => [file.name, file.imports]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (name: string, trail: readonly string[]): void => {
      if (trail.includes(name)) {
        circles.push([...trail.slice(trail.indexOf(name)), name].join(' -> '));
      } else if (!done.has(name)) {
        for (const target of graph.get(name) ?? []) {
          visit(target, [...trail, name]);
        }
        done.add(name);
      }
    };
    for (const name of graph.keys()) {
      visit(name, []);
    }
    expect(circles).toEqual([]);
  });

  it('pure files know no clock, chance, process, timer or I/O: they run on virtual time', () => {
    const impure =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.|\bset(?:Timeout|Interval|Immediate)\b|\bconsole\.|\bfetch\(/;
    expect(PURE.filter((file) => impure.test(file.code)).map((file) => file.name)).toEqual([]);
    // Parsers of addresses, formats and words; none of them touches the world.
    const allowed = new Set(['node:net', 'node:util', 'node:crypto', 'node:path']);
    const io = PURE.flatMap((file) =>
      file.packages
        .filter((name) => name.startsWith('node:') && !allowed.has(name))
        .map((name) => `${file.name} -> ${name}`),
    );
    expect(io).toEqual([]);
  });

  it('the machine has no default arm, through which a new answer would fall unnoticed', () => {
    const arms = FILES.filter(({ name }) => name.startsWith('agent/')).filter(({ code }) =>
      /^\s*default:/m.test(code),
    );
    expect(arms.map(({ name }) => name)).toEqual([]);
  });

  it('one file per library, so that a library can be exchanged in one place', () => {
    const users = new Map<string, Set<string>>();
    for (const file of FILES) {
      for (const name of file.packages.filter((from) => !from.startsWith('node:'))) {
        const library = name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : name.split('/')[0]!;
        users.set(library, (users.get(library) ?? new Set()).add(file.name));
      }
    }
    const shared = [...users]
      .filter(([, files]) => files.size > 1)
      .map(([library, files]) => `${library}: ${[...files].sort().join(', ')}`);
    // undici is one concern in the few files of http/.
    expect(shared.filter((line) => !line.startsWith('undici: http/'))).toEqual([]);
    expect([...users.keys()].sort()).toEqual(
      [
        '@ltd/j-toml',
        'dbus-next',
        'fastify',
        'luxon',
        'node-unix-socket',
        'pino',
        'prom-client',
        'undici',
      ].filter((name) => users.has(name)),
    );
  });

  it('only daemon/ makes adapters', () => {
    const adapters =
      /\bnew (?:RpmOstreeClient|CincinnatiClient|SystemBus|MetricsServer|Service|LogindSessions|FileRecordStore|Reporter|Runner|Metrics|Motd)\(/;
    expect(FILES.filter((file) => adapters.test(file.code)).map((file) => file.name.split('/')[0])).toEqual([
      'daemon',
      'daemon',
      'daemon',
      'daemon',
    ]);
  });

  it('every file opens with its responsibility', () => {
    expect(FILES.filter((file) => !/^(#!.*\n)?\/\*\*/.test(file.text)).map((file) => file.name)).toEqual([]);
  });
});
