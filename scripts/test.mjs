// Runs the whole gate and all tests, and ends with one plain line "N passed, N failed". On a CI machine (CI=true) a
// skipped test counts as failed: such a machine can be given whatever a test needs.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import './node-version.mjs';

import { Progress } from './progress.mjs';

const GATES = [
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['lint', 'eslint', ['--max-warnings', '0', '.']],
  ['types', 'tsc', ['--noEmit']],
  ['build', 'node', ['scripts/build.mjs']],
  ['build of the fleet’s program', 'node', ['scripts/build-fleet.mjs']],
];

/** Where npm has put the tools and Node, for whoever runs this script without npm. */
const TOOLS = path.join(import.meta.dirname, '../node_modules/.bin');

/** Resolves with whether the program succeeded. Its output goes where this script's goes. */
function run(program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, PATH: `${TOOLS}:${process.env.PATH ?? ''}` },
    });
    child.on('error', (error) => {
      process.stderr.write(`cannot run ${program}: ${error.message}\n`);
      resolve(false);
    });
    child.on('close', (code) => resolve(code === 0));
  });
}

const progress = new Progress('test', GATES.length + 1);
const failedGates = [];
for (const [name, program, args] of GATES) {
  if (!(await progress.step(name, () => run(program, args)))) {
    failedGates.push(name);
  }
}

const folder = mkdtempSync(path.join(tmpdir(), 'zincati-tests-'));
const report = path.join(folder, 'report.json');
progress.begin('tests');
await run('vitest', [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
]);

let passed = 0;
let failed = failedGates.length;
let skipped = 0;
try {
  const result = JSON.parse(readFileSync(report, 'utf8'));
  passed = result.numPassedTests;
  failed += result.numFailedTests;
  skipped = result.numPendingTests + result.numTodoTests;
  // A file that could not be loaded has no tests to count.
  failed += result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
} catch (error) {
  failed += 1;
  process.stderr.write(`cannot read the test report: ${error.message}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const name of failedGates) {
  process.stdout.write(`failed gate: ${name}\n`);
}
if (process.env.CI === 'true' && skipped > 0) {
  process.stdout.write(`${skipped} skipped tests count as failed on a CI machine\n`);
  failed += skipped;
  skipped = 0;
}
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
