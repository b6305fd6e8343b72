// Changes the pure core in small ways, one at a time, and names the changes that no unit test notices:
// `mutate.mjs [--all] [FILE[:FIRST-LAST]]...`. Without files: the whole core, which takes hours. `--all` includes
// constants and tables, each of which needs the tests to load everything again.
//
// Invariants:
// - It fails when less than 95 % are noticed. What nothing can notice is named in scripts/mutate/equivalents/, and
//   does not count.
// - Nothing in the project is changed: the tool works on a copy in the folder for temporary files.
// - The tool is pinned by scripts/mutate/package-lock.json. It is not installed by `npm ci`, but here, when first used.
// - A folder is held by its own tests: src/agent by test/unit/agent, and so on.
// - A changed text is no mutant: what a log line says is held by other tests.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import './node-version.mjs';
import { EQUIVALENTS } from './mutate/equivalents.mjs';
import { count } from './mutate/noticed.mjs';

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
  'src/why/**/*.ts',
];

const LEAST_PERCENT = 95;

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

/** Prints what lived, and the sum in one line. The exit status. */
function tell(report, whole) {
  const { lived, slow, complaints, noticed, equivalent, valid, percent } = count(report, EQUIVALENTS, whole);
  for (const { file, line, was, becomes, untested } of lived) {
    process.stdout.write(
      `${file}:${line}${untested ? ' (no test comes here)' : ''}\n- ${was}\n+ ${becomes}\n\n`,
    );
  }
  for (const { file, line, becomes } of slow) {
    process.stdout.write(`${file}:${line} (noticed by time alone)\n+ ${becomes}\n\n`);
  }
  for (const complaint of complaints) process.stdout.write(`${complaint}\n`);
  const shown = (Math.floor(percent * 10) / 10).toFixed(1);
  const left = `${lived.length} lived, ${equivalent} named equivalent`;
  process.stdout.write(
    `${shown} % of ${valid} mutants noticed (${noticed}; ${left}); needed: ${LEAST_PERCENT} %\n`,
  );
  return percent >= LEAST_PERCENT && complaints.length === 0 ? 0 : 1;
}

const USAGE = `Usage: npm run mutate -- [--all] [FILE]...

Changes the files in small ways, one at a time, and prints each change that no test notices. Without files: the core.

  --all   includes constants
  --help  this text
`;

function parse(args) {
  const { values, positionals } = given({
    args,
    options: { all: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  return values.help ? undefined : { all: values.all, files: positionals };
}

/** Resolves with the exit status. */
async function mutate({ all, files }) {
  const changed = files.length > 0 ? files : CORE;
  process.env.MUTATE_FOLDERS = [...new Set(changed.map((name) => name.split('/')[1]))].join();
  const work = mkdtempSync(path.join(tmpdir(), 'mutate-'));
  try {
    install();
    // The copies below find the project's packages here.
    symlinkSync(path.join(PROJECT, 'node_modules'), path.join(work, 'node_modules'));
    const config = path.join(work, 'stryker.json');
    const results = path.join(work, 'results.json');
    writeFileSync(
      config,
      JSON.stringify({
        testRunner: 'vitest',
        vitest: { configFile: 'scripts/mutate/vitest.config.mjs' },
        coverageAnalysis: 'perTest',
        ignoreStatic: !all,
        mutate: changed,
        mutator: { excludedMutations: ['StringLiteral'] },
        ignorePatterns: ['dist', 'out', 'coverage'],
        tempDirName: path.join(work, 'copies'),
        reporters: ['json', 'progress-append-only'],
        jsonReporter: { fileName: results },
        concurrency: 1,
        timeoutMS: 15_000,
        warnings: { slow: false },
      }),
    );
    const status = run(process.execPath, [PROGRAM, 'run', config], PROJECT);
    const whole = files.every((name) => !name.includes(':'));
    return status === 0 ? tell(JSON.parse(readFileSync(results, 'utf8')), whole) : status;
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    return 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const { given, runProgram } = await import('../sandbox/program.ts');
process.exitCode = await runProgram(process.argv.slice(2), {
  name: 'npm run mutate --',
  usage: USAGE,
  parse,
  run: mutate,
});
