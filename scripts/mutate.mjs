// Changes the pure core in small ways, one at a time, and names the changes that no unit test notices:
// `mutate.mjs [--all] [FILE]...`. Without files: the whole core, which takes hours. `--all` includes constants and
// tables, each of which needs the tests to load everything again.
//
// Invariants:
// - Nothing in the project is changed: the tool works on a copy in the folder for temporary files.
// - The tool is pinned by scripts/mutate/package-lock.json. It is not installed by `npm ci`, but here, when first used.
// - A changed text is no mutant: what a log line says is held by other tests.
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import './node-version.mjs';

const PROJECT = path.dirname(import.meta.dirname);
const PINNED = path.join(import.meta.dirname, 'mutate');
// Below node_modules, so that the tool finds the project's vitest.
const TOOL = path.join(PROJECT, 'node_modules/.cache/zincati-ng/mutate');
const PROGRAM = path.join(TOOL, 'node_modules/@stryker-mutator/core/bin/stryker.js');

const CORE = [
  'src/agent/**/*.ts',
  'src/gates/**/*.ts',
  'src/strategies/**/*.ts',
  'src/calendar/**/*.ts',
  'src/config/**/*.ts',
  'src/cincinnati/graph/**/*.ts',
  'src/dbus/{codec,frames,header,reader,signature,writer}.ts',
  'src/text/**/*.ts',
];

/** The exit status. */
function run(program, args, cwd) {
  const { status, error } = spawnSync(program, args, { cwd, stdio: 'inherit' });
  if (error !== undefined) throw error;
  return status ?? 1;
}

function install() {
  if (existsSync(PROGRAM)) return;
  mkdirSync(TOOL, { recursive: true });
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
    cpSync(path.join(PINNED, name), path.join(TOOL, name));
  }
  if (run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], TOOL) !== 0) {
    throw new Error('cannot mutate: the tool must be installed');
  }
}

const { values, positionals } = parseArgs({
  options: { all: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const work = mkdtempSync(path.join(tmpdir(), 'mutate-'));
try {
  install();
  // The copies below find the project's packages here.
  symlinkSync(path.join(PROJECT, 'node_modules'), path.join(work, 'node_modules'));
  const config = path.join(work, 'stryker.json');
  writeFileSync(
    config,
    JSON.stringify({
      testRunner: 'vitest',
      vitest: { configFile: 'scripts/mutate/vitest.config.mjs' },
      coverageAnalysis: 'perTest',
      ignoreStatic: !values.all,
      mutate: positionals.length > 0 ? positionals : CORE,
      mutator: { excludedMutations: ['StringLiteral'] },
      ignorePatterns: ['dist', 'out', 'coverage'],
      tempDirName: path.join(work, 'copies'),
      reporters: ['clear-text', 'progress-append-only'],
      timeoutMS: 30_000,
      warnings: { slow: false },
    }),
  );
  process.exitCode = run(process.execPath, [PROGRAM, 'run', config], PROJECT);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
