// Puts known faults back into copies of the project, one at a time, and sees whether the tests notice:
// `put-back.mjs [--world] [--jobs N] [ID]...`. Without ids: all of test/put-back/faults.ts, or with --world all of
// test/put-back/world-faults.ts. Run `npm run build` before, for the tests that run what is installed.
//
// Invariants: nothing in the project itself is changed; a fault counts as caught only if the tests that are named for it
// pass without it, and fail with it, by their own assertions: a program that no longer starts proves nothing.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

const PROJECT = path.dirname(import.meta.dirname);
/** Not copied: what belongs to git alone, what is large and never changed, what packaging leaves. */
const LEFT_OUT = new Set(['.git', 'node_modules', 'out', 'coverage']);
/** The slowest of them boots a host. */
const LIMIT_MS = 300_000;
/** A test that fails like this has not judged the fault. */
const BROKEN = /\b(?:SyntaxError|ReferenceError|TypeError)\b/;

class Copy {
  constructor(scratch, number) {
    this.folder = path.join(scratch, String(number));
    cpSync(PROJECT, this.folder, {
      recursive: true,
      filter: (source) => !LEFT_OUT.has(path.relative(PROJECT, source)),
    });
    symlinkSync(path.join(PROJECT, 'node_modules'), path.join(this.folder, 'node_modules'));
  }

  /** Applies the edits for as long as `work` takes. */
  async with(edits, work) {
    const before = new Map();
    try {
      for (const { file, find, put } of edits) {
        const full = path.join(this.folder, file);
        const text = readFileSync(full, 'utf8');
        if (!before.has(full)) before.set(full, text);
        const places = text.split(find).length - 1;
        if (places !== 1) throw new Error(`${file} must have it once, got ${places} times: ${find}`);
        writeFileSync(
          full,
          text.replace(find, () => put),
        );
      }
      return await work();
    } finally {
      for (const [full, text] of before) writeFileSync(full, text);
    }
  }

  /** Statuses and messages of the tests of one fault. */
  async test({ project, test, named }) {
    const report = path.join(this.folder, 'put-back-report.json');
    rmSync(report, { force: true });
    await run('vitest', [
      ...['run', '--project', project, test, '-t', named.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')],
      ...['--reporter=json', `--outputFile=${report}`],
    ], this.folder); // prettier-ignore
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
}

function run(program, args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(path.join(PROJECT, 'node_modules/.bin', program), args, {
      cwd,
      stdio: 'ignore',
      detached: true,
      env: { ...process.env, WORLDS: process.env.WORLDS ?? '2000' },
    });
    // With what it has started.
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), LIMIT_MS);
    child.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    child.on('error', resolve);
  });
}

/** A sentence about what became of it; throws when nothing can be said. */
async function judge(copy, fault, sound) {
  const key = `${fault.test} ${fault.named}`;
  sound[key] ??= await copy.test(fault);
  const unsound = sound[key].find(({ status }) => status === 'failed');
  if (unsound !== undefined) throw new Error(`it must pass without the fault: ${unsound.fullName}`);
  const tests = await copy.with(fault.edits, () => copy.test(fault));
  const failed = tests.filter(({ status }) => status === 'failed');
  const broken = failed.find(({ failureMessages }) => failureMessages.some((text) => BROKEN.test(text)));
  if (broken !== undefined) throw new Error(`the program must still run: ${broken.failureMessages[0]}`);
  return failed.length;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { world: { type: 'boolean', default: false }, jobs: { type: 'string', default: '2' } },
});
const all = values.world
  ? (await import('../test/put-back/world-faults.ts')).WORLD_FAULTS
  : (await import('../test/put-back/faults.ts')).FAULTS;
const unknown = positionals.filter((id) => !all.some((fault) => fault.id === id));
if (unknown.length > 0 || !/^[1-9]$/.test(values.jobs)) {
  process.stderr.write(`cannot put back ${unknown.join(', ')}: there must be such faults, and 1 to 9 jobs\n`);
  process.exit(2);
}
const queue = all.filter(({ id }) => positionals.length === 0 || positionals.includes(id));
const scratch = mkdtempSync(path.join(tmpdir(), 'put-back-'));
let caught = 0;
let survived = 0;
try {
  const worker = async (_, number) => {
    const copy = new Copy(scratch, number);
    const sound = {};
    for (let fault = queue.shift(); fault !== undefined; fault = queue.shift()) {
      let outcome;
      try {
        const failures = await judge(copy, fault, sound);
        outcome = failures > 0 ? `caught (${failures})` : 'SURVIVED';
      } catch (error) {
        outcome = `CANNOT TELL: ${error.message}`;
      }
      if (outcome.startsWith('caught')) caught += 1;
      else survived += 1;
      process.stdout.write(`${fault.id}: ${fault.fault}: ${outcome}\n`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.stdout.write(`${caught} caught, ${survived} survived\n`);
process.exit(survived === 0 ? 0 : 1);
