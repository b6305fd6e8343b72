#!/usr/bin/env node
/**
 * The entry of the built program: loads program.cjs and its chunks. Where the build has compiled a file beforehand, nothing
 * is compiled again.
 *
 * Invariants:
 * - Only files of the program's own folder are read, and nothing is written. So root runs what the package brought.
 * - A compiled file of another runtime, or for other options of it, is refused by V8, and the source is compiled.
 * - A file is loaded once.
 */
import './cli/early-hangup.ts';
import { readFileSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import path from 'node:path';
import { constants, Script } from 'node:vm';

const require = createRequire(import.meta.filename);

/** The exports of one of the program's own files. */
function load(file: string): unknown {
  const known = require.cache[file];
  if (known !== undefined) {
    return known.exports;
  }
  const module = new Module(file);
  module.filename = file;
  require.cache[file] = module;
  const cachedData = compiled(file);
  const options = {
    filename: file,
    // One package has a part for this processor, and stays outside of the bundle.
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData !== undefined && { cachedData }),
  };
  const run: unknown = new Script(wrapped(readFileSync(file, 'utf8')), options).runInThisContext();
  if (typeof run === 'function') {
    const requireFrom = (name: string): unknown =>
      name.startsWith('.') ? load(path.join(path.dirname(file), name)) : require(name);
    Reflect.apply(run, undefined, [module.exports, requireFrom, module]);
  }
  module.loaded = true;
  return module.exports;
}

/** What scripts/compile.mjs made of a file for this machine's kind of processor. */
function compiled(file: string): Buffer | undefined {
  try {
    return readFileSync(`${file}.${process.arch}`);
  } catch {
    return undefined;
  }
}

/** As scripts/compile.mjs has it: compiled code fits this very text alone. */
function wrapped(source: string): string {
  return `(function(exports,require,module){${source}\n})`;
}

load(path.join(import.meta.dirname, 'program.cjs'));
