/** The import rule of ARCHITECTURE.md, each ban with its reason. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');

interface SourceFile {
  /** From src/, for example `agent/state.ts`. */
  readonly name: string;
  readonly text: string;
  /** Without comments and texts, so that words in them do not count. */
  readonly code: string;
  /** Files of src/ that it imports, types included. */
  readonly imports: readonly string[];
  /** Those of which it imports more than types. */
  readonly runtimeImports: readonly string[];
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
  const statements = [
    ...uncommented.matchAll(/(?:^|\n)\s*(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)'/g),
  ];
  const dynamic = [...uncommented.matchAll(/import\('([^']+)'\)/g)];
  const all = [
    ...statements.map((match) => ({ from: match[2]!, isType: match[1] !== undefined })),
    ...dynamic.map((match) => ({ from: match[1]!, isType: false })),
  ];
  const local = (entry: { from: string }): string => path.posix.join(path.posix.dirname(name), entry.from);
  return {
    name,
    text,
    code,
    imports: all.filter((entry) => entry.from.startsWith('.')).map(local),
    runtimeImports: all.filter((entry) => entry.from.startsWith('.') && !entry.isType).map(local),
    packages: all.filter((entry) => !entry.from.startsWith('.')).map((entry) => entry.from),
  };
}

const FILES = globSync('**/*.ts', { cwd: path.join(ROOT, 'src') })
  .filter((name) => !name.endsWith('.d.ts'))
  .map(read);

/** Files that decide and never touch the world. Everything in agent/ but the loop, and the pure parts of the adapters. */
const PURE = FILES.filter(
  ({ name }) =>
    (name.startsWith('agent/') && !['agent/perform.ts', 'agent/runner.ts'].includes(name)) ||
    [
      'cincinnati/graph.ts',
      'cincinnati/select-update.ts',
      'cincinnati/base-url.ts',
      'rpmostree/deployment.ts',
      'rpmostree/image-reference.ts',
      'rpmostree/stage-plan.ts',
      'rpmostree/map-error.ts',
      'calendar/calendar.ts',
      'calendar/tzif.ts',
      'calendar/posix-rule.ts',
      'calendar/zone-rules.ts',
      'strategies/gatekeeper.ts',
      'strategies/immediate.ts',
      'config/schema.ts',
      'config/merge.ts',
      'config/fragment.ts',
      'config/environment-file.ts',
      'config/attribute-template.ts',
      'config/fill-attributes.ts',
      'config/settings.ts',
      'command-line.ts',
      'report/counting.ts',
    ].includes(name),
);

describe('imports', () => {
  it('reads the sources (a rule over nothing would always hold)', () => {
    expect(FILES.length).toBeGreaterThan(60);
    expect(PURE.length).toBeGreaterThan(30);
  });

  it('agent/ imports no sibling: what it needs of the world are ports', () => {
    const strays = FILES.filter((file) => file.name.startsWith('agent/')).flatMap((file) =>
      file.imports
        .filter((target) => !target.startsWith('agent/') && target !== 'errors.ts')
        .map((target) => `${file.name} -> ${target}`),
    );
    expect(strays).toEqual([]);
  });

  it('pure files know no clock, chance, process, timer or I/O: they run on virtual time', () => {
    const impure =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.|\bset(?:Timeout|Interval|Immediate)\b|\bconsole\.|\bfetch\(/;
    expect(PURE.filter((file) => impure.test(file.code)).map((file) => file.name)).toEqual([]);
    const allowed = new Set(['node:net', 'node:util']);
    const io = PURE.flatMap((file) =>
      file.packages
        .filter((name) => name.startsWith('node:') && !allowed.has(name))
        .map((name) => `${file.name} -> ${name}`),
    );
    expect(io).toEqual([]);
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
    // undici is one concern in the few files named http*.
    expect(shared.filter((line) => !line.startsWith('undici: system/http'))).toEqual([]);
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

  it('only compose and the strategies it builds from make adapters', () => {
    const adapters =
      /\bnew (?:RpmOstreeClient|CincinnatiClient|SystemBus|MetricsServer|Service|LogindSessions|FileRecordStore|Reporter|Runner|Metrics|Motd)\(/;
    expect(FILES.filter((file) => adapters.test(file.code)).map((file) => file.name)).toEqual(['compose.ts']);
  });

  it('nothing imports what stands above it', () => {
    const above = FILES.flatMap((file) =>
      file.runtimeImports
        .filter(
          (target) =>
            target === 'main.ts' || (target === 'compose.ts' && !['main.ts', 'tools.ts'].includes(file.name)),
        )
        .map((target) => `${file.name} -> ${target}`),
    );
    expect(above).toEqual([]);
  });

  it('every file opens with its responsibility', () => {
    expect(FILES.filter((file) => !/^(#!.*\n)?\/\*\*/.test(file.text)).map((file) => file.name)).toEqual([]);
  });

  it('no import cycle at run time', () => {
    const graph = new Map(FILES.map((file) => [file.name, file.runtimeImports]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (name: string, trail: readonly string[]): void => {
      if (trail.includes(name)) {
        cycles.push([...trail.slice(trail.indexOf(name)), name].join(' -> '));
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
    expect(cycles).toEqual([]);
  });
});
