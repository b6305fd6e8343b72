// Compiles files of the bundle for src/load.ts: `compile.mjs FILE...` writes FILE.x64 or FILE.arm64 beside each. Every function
// is compiled, so that none has to be when a command runs.
//
// Invariants:
// - The same source and Node give the same bytes: the build starts this with fixed seeds.
// - The options of V8 are the usual ones again when the outcome is stored, since a runtime with other ones refuses it.
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import './node-version.mjs';

for (const file of process.argv.slice(2)) {
  const source = readFileSync(file, 'utf8');
  setFlagsFromString('--no-lazy');
  const script = new Script(`(function(exports,require,module){${source}\n})`, { filename: file });
  setFlagsFromString('--lazy');
  writeFileSync(`${file}.${process.arch}`, script.createCachedData());
}
