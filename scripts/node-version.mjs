// Ends the process with one line when its Node is older than `engines` in package.json asks for. Every script imports
// this file before any other but Node's own.
//
// Invariants:
// - The number stands in package.json alone. Where a text must repeat it, test/unit/node-version.test.ts compares.
// - Node 16.20, 18 and newer get as far as this check. So scripts import packages and TypeScript by `await import()`:
//   an older Node fails to load them, before anything runs.
import { readFileSync } from 'node:fs';
import process from 'node:process';

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const oldest = Number(/^>=(\d+)$/.exec(engines.node)[1]);
const found = process.versions.node;

if (Number.parseInt(found, 10) < oldest) {
  const remedy = '`npm ci` brings one for x86_64 and aarch64, and `npm run` and `npx node` use it';
  process.stderr.write(
    `cannot go on: Node must be ${oldest} or newer, got ${found} (${process.execPath}); ${remedy}\n`,
  );
  process.exit(1);
}
