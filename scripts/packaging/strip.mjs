// Takes symbols and debugging sections out of a program, with the binutils of its architecture.
import { existsSync } from 'node:fs';
import process from 'node:process';

import { run } from './run.mjs';

/** Architectures as Node calls them. */
const NATIVE = { x64: 'x86_64', arm64: 'aarch64' };

/** The program that strips for `architecture`; undefined: there is none. Distributions name those of other machines in one way. */
export function stripperFor(architecture) {
  const named = [`${architecture}-linux-gnu-strip`];
  if (NATIVE[process.arch] === architecture) named.push('strip');
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
  return named.find((name) => folders.some((folder) => existsSync(`${folder}/${name}`)));
}

/** Dynamic symbols stay: native parts need them, and Node names them when it crashes. */
export function strip(file, architecture) {
  const stripper = stripperFor(architecture);
  if (stripper === undefined) {
    throw new Error(`cannot package: binutils for ${architecture} must be installed`);
  }
  run(stripper, ['--strip-all', '--remove-section=.comment', file]);
}
