// Puts known faults back, one at a time, and sees whether the tests notice:
// `put-back.mjs [--world] [--jobs N] [ID]...`. Without ids: all of test/put-back/faults.ts and world-as-it-is/, or with --world all of
// test/put-back/world-faults.ts. Run `npm run build` before, for the tests that run what is installed.
//
// Invariants:
// - Nothing in the project itself is changed. Modules get their fault as they are loaded, by PUT_BACK=ID. A fault of
//   another file, or of the built program, is put into a copy of the project.
// - A fault counts as caught only if its tests pass without it and fail with it, by their own assertions. A program
//   that no longer starts proves nothing.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import './node-version.mjs';

const { given, runProgram, UsageError } = await import('../sandbox/program.ts');
const { FAULTS } = await import('../test/put-back/faults.ts');
const { SHOWN_FAULTS } = await import('../test/put-back/world-as-it-is/all.ts');
const { WORLD_FAULTS } = await import('../test/put-back/world-faults.ts');

const PROJECT = path.dirname(import.meta.dirname);
/** Not copied: what belongs to git alone, what is large and never changed, what packaging leaves. */
const LEFT_OUT = new Set(['.git', 'node_modules', 'out', 'coverage']);
/** The slowest of them boots a host. */
const LIMIT_MS = 300_000;
/** A test that fails like this has not judged the fault. */
const BROKEN = /\b(?:SyntaxError|ReferenceError|TypeError)\b/;

/** By file and name, the tests without any fault. */
const sound = {};
/** The folder of one run. */
let scratch;

/** The project in a folder of its own, for faults that no module loader can put back. */
class Copy {
  constructor(folder) {
    this.folder = folder;
    cpSync(PROJECT, folder, {
      recursive: true,
      filter: (source) => !LEFT_OUT.has(path.relative(PROJECT, source)),
    });
    symlinkSync(path.join(PROJECT, 'node_modules'), path.join(folder, 'node_modules'));
  }

  /** Has the fault for as long as `work` takes. */
  async with(fault, work) {
    const before = new Map();
    try {
      for (const change of fault.changes) {
        if (change.kind !== 'file') continue;
        const full = path.join(this.folder, change.file);
        const text = readFileSync(full, 'utf8');
        if (!before.has(full)) before.set(full, text);
        writeFileSync(full, change.change(text));
      }
      if (fault.built) await this.#build(fault.id);
      return await work();
    } finally {
      for (const [full, text] of before) writeFileSync(full, text);
      if (fault.built) this.#unbuild();
    }
  }

  async #build(id) {
    const status = await run(process.execPath, ['scripts/build.mjs'], this.folder, { PUT_BACK: id });
    if (status !== 0) throw new Error('the program must be built with the fault');
  }

  #unbuild() {
    const dist = path.join(this.folder, 'dist');
    rmSync(dist, { recursive: true, force: true });
    cpSync(path.join(PROJECT, 'dist'), dist, { recursive: true });
  }
}

/** Statuses and messages of the tests of one fault, run in a folder. */
async function testIn(folder, { project, test, named }, env) {
  const report = path.join(mkdtempSync(path.join(scratch, 'report-')), 'report.json');
  await run(path.join(PROJECT, 'node_modules/.bin/vitest'), [
    ...['run', '--project', project, test, '-t', named.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')],
    ...['--reporter=json', `--outputFile=${report}`],
  ], folder, env); // prettier-ignore
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8')).testResults;
  } catch {
    throw new Error('the tests must end, and leave a report');
  }
  const tests = results
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ fullName, status }) => fullName.includes(named) && ['passed', 'failed'].includes(status));
  if (tests.length === 0) throw new Error(`${test} must have a test that is named "${named}" and runs`);
  return tests;
}

/** Resolves with the exit status; undefined when it could not be started, or was ended. */
function run(program, args, cwd, env) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      stdio: 'ignore',
      detached: true,
      env: { ...process.env, WORLDS: process.env.WORLDS ?? '2000', ...env },
    });
    // With what it has started.
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), LIMIT_MS);
    const settle = (status) => {
      clearTimeout(timer);
      resolve(status);
    };
    child.on('close', (status) => settle(status ?? undefined));
    child.on('error', () => settle(undefined));
  });
}

/** How many tests fail; throws when that says nothing. */
async function judge(fault, copyOf) {
  const key = `${fault.test} ${fault.named}`;
  sound[key] ??= testIn(PROJECT, fault, {});
  const unsound = (await sound[key]).find(({ status }) => status === 'failed');
  if (unsound !== undefined) throw new Error(`it must pass without the fault: ${unsound.fullName}`);
  const tests = await testWith(fault, copyOf);
  const failed = tests.filter(({ status }) => status === 'failed');
  const broken = failed.find(({ failureMessages }) => failureMessages.some((text) => BROKEN.test(text)));
  if (broken !== undefined) throw new Error(`the program must still run: ${broken.failureMessages[0]}`);
  return failed.length;
}

function testWith(fault, copyOf) {
  const env = fault.built ? {} : { PUT_BACK: fault.id };
  if (!fault.built && fault.changes.every(({ kind }) => kind === 'export')) {
    return testIn(PROJECT, fault, env);
  }
  const copy = copyOf();
  return copy.with(fault, () => testIn(copy.folder, fault, env));
}

const USAGE = `Usage: npm run put-back -- [OPTIONS] [ID]...

Puts known faults back, one at a time, and sees whether the tests notice. Without ids: all of them.

  --world   the faults that random worlds must notice, instead of those that have tests
  --jobs N  how many at a time, 1 to 9 (default 2)
  --help    this text
`;

function parse(args) {
  const { values, positionals } = given({
    args,
    allowPositionals: true,
    options: {
      world: { type: 'boolean', default: false },
      jobs: { type: 'string', default: '2' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    return undefined;
  }
  const all = values.world ? WORLD_FAULTS : [...FAULTS, ...SHOWN_FAULTS];
  const unknown = positionals.filter((id) => !all.some((fault) => fault.id === id));
  if (unknown.length > 0) {
    throw new UsageError(`cannot put back ${unknown.join(', ')}: there must be such faults`);
  }
  if (!/^[1-9]$/.test(values.jobs)) {
    throw new UsageError(`--jobs must be from 1 to 9, got "${values.jobs}"`);
  }
  const queue = all.filter(({ id }) => positionals.length === 0 || positionals.includes(id));
  return { queue, jobs: Number(values.jobs) };
}

/** Resolves with the exit status. */
async function putBack({ queue, jobs }) {
  let caught = 0;
  let survived = 0;
  scratch = mkdtempSync(path.join(tmpdir(), 'put-back-'));
  try {
    const worker = async (_, number) => {
      let copy;
      const copyOf = () => (copy ??= new Copy(path.join(scratch, `copy-${number}`)));
      for (let fault = queue.shift(); fault !== undefined; fault = queue.shift()) {
        let outcome;
        try {
          const failures = await judge(fault, copyOf);
          outcome = failures > 0 ? `caught (${failures})` : 'SURVIVED';
        } catch (error) {
          outcome = `CANNOT TELL: ${error.message}`;
        }
        if (outcome.startsWith('caught')) caught += 1;
        else survived += 1;
        process.stdout.write(`${fault.id}: ${fault.fault}: ${outcome}\n`);
      }
    };
    await Promise.all(Array.from({ length: jobs }, worker));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  process.stdout.write(`${caught} caught, ${survived} survived\n`);
  return survived === 0 ? 0 : 1;
}

process.exitCode = await runProgram(process.argv.slice(2), {
  name: 'npm run put-back --',
  usage: USAGE,
  parse,
  run: putBack,
});
