// Removes symbols and debugging sections from a program, with the binutils of its architecture.
import { existsSync } from 'node:fs';
import process from 'node:process';

import { run } from './run.mjs';

/** Node's names of architectures, and those of packages. */
const NATIVE = { x64: 'x86_64', arm64: 'aarch64' };

/**
 * The name of a `strip` for `architecture` that is on PATH, or undefined. All distributions name the one for a foreign
 * architecture in the same way.
 */
export function stripperFor(architecture) {
  const named = [`${architecture}-linux-gnu-strip`];
  if (NATIVE[process.arch] === architecture) {
    named.push('strip');
  }
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
  return named.find((name) => folders.some((folder) => existsSync(`${folder}/${name}`)));
}

/** Strips `file` in place. Dynamic symbols stay: native addons need them, and Node prints them when it crashes. */
export async function strip(file, architecture) {
  const stripper = stripperFor(architecture);
  if (stripper === undefined) {
    throw new Error(`cannot package: binutils for ${architecture} must be installed`);
  }
  await run(stripper, ['--strip-all', '--remove-section=.comment', file]);
}
