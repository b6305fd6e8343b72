// The C and C++ libraries of Debian for aarch64, in a folder of their own. With them, qemu-user runs the packaged Node
// of aarch64 on an x86_64 machine. They are for tests; no package contains them.
//
// Invariants:
// - The machine's own packages and package lists stay as they are.
// - apt has checked the signature of whatever is used.
// - The folder is complete, or not there.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

import { run } from './run.mjs';

const CACHE = path.join(import.meta.dirname, '../../node_modules/.cache/zincati-ng');
/** What `qemu-aarch64-static -L` takes. */
export const AARCH64_LIBRARIES = path.join(CACHE, 'aarch64-libraries');

const PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6'];

export function areForeignLibrariesHere() {
  return existsSync(AARCH64_LIBRARIES);
}

/** Needs apt, with the distribution's sources. */
export async function fetchForeignLibraries() {
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(path.join(CACHE, 'libraries-'));
  try {
    mkdirSync(path.join(work, 'lists/partial'), { recursive: true });
    mkdirSync(path.join(work, 'cache/archives/partial'), { recursive: true });
    const options = [
      '-qq',
      '-oAPT::Architecture=arm64',
      '-oAPT::Architectures=arm64',
      `-oDir::State::Lists=${work}/lists`,
      `-oDir::Cache=${work}/cache`,
      // The user that apt otherwise becomes may not reach the folder.
      '-oAPT::Sandbox::User=root',
    ];
    const environment = { cwd: work, env: process.env };
    await run('apt-get', [...options, 'update'], environment);
    await run('apt-get', [...options, 'download', ...PACKAGES], environment);
    const target = path.join(work, 'root');
    mkdirSync(target);
    for (const file of readdirSync(work).filter((name) => name.endsWith('.deb'))) {
      await run('dpkg', ['-x', file, target], environment);
    }
    renameSync(target, AARCH64_LIBRARIES);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
