/** How the packages get their Node: the real npm with an untrusted registry on loopback. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { lines } from '../support/rpm-root.ts';

const PROJECT = join(import.meta.dirname, '../..');
const NAME = 'node-linux-test';
const VERSION = '24.1.2';
const ASK = `import { ARCHITECTURES, runtimeOf } from './scripts/packaging/runtime.mjs';
ARCHITECTURES.x86_64.runtime = '${NAME}';
try { console.log(JSON.stringify(await runtimeOf('x86_64'))); } catch (error) { console.log(error.message); }`;

const hashOf = (bytes: Buffer): string => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;

let folder = '';
let served: Buffer = Buffer.alloc(0);
let requests: string[] = [];
let registry: Server;

/** A package as npm would publish it: a program that prints `text`. */
function tarball(text: string): Buffer {
  const tree = mkdtempSync(join(folder, 'tarball-'));
  mkdirSync(join(tree, 'package/bin'), { recursive: true });
  writeFileSync(join(tree, 'package/package.json'), JSON.stringify({ name: NAME, version: VERSION }));
  writeFileSync(join(tree, 'package/LICENSE'), 'as it likes\n');
  writeFileSync(join(tree, 'package/bin/node'), text, { mode: 0o755 });
  lines('tar', '-C', tree, '-czf', join(tree, 'it.tgz'), 'package');
  return readFileSync(join(tree, 'it.tgz'));
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'runtime-'));
  cpSync(join(PROJECT, 'scripts'), join(folder, 'scripts'), { recursive: true });
  requests = [];
  registry = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (request.url?.endsWith('.tgz') === true) {
      return response.end(served);
    }
    const at = `http://127.0.0.1:${(registry.address() as AddressInfo).port}/${NAME}.tgz`;
    // What the registry says of its own bytes is always right.
    const version = { name: NAME, version: VERSION, dist: { tarball: at, integrity: hashOf(served) } };
    response.setHeader('content-type', 'application/json');
    return response.end(
      JSON.stringify({ name: NAME, 'dist-tags': { latest: VERSION }, versions: { [VERSION]: version } }),
    );
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  registry.close();
  registry.closeAllConnections();
  rmSync(folder, { recursive: true });
});

async function ask(pinned: Buffer): Promise<string> {
  const entry = { version: VERSION, integrity: hashOf(pinned) };
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({ packages: { [`node_modules/${NAME}`]: entry } }),
  );
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', ASK], {
    cwd: folder,
    env: {
      ...process.env,
      npm_config_registry: `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`,
      npm_config_cache: join(folder, 'npm-cache'),
      npm_config_userconfig: join(folder, 'none'),
    },
  });
  return stdout.trim();
}

it('is fetched once, and then kept', async () => {
  served = tarball('#!/bin/sh\n');
  const got = await ask(served);
  const kept = join(folder, `node_modules/.cache/zincati-ng/${NAME}-${VERSION}`);
  expect(JSON.parse(got)).toEqual({ folder: kept, version: VERSION });
  expect(readFileSync(join(kept, 'bin/node'), 'utf8')).toBe('#!/bin/sh\n');
  expect(requests.some((url) => url.endsWith('.tgz'))).toBe(true);
  requests = [];
  expect(await ask(served)).toBe(got);
  expect(requests).toEqual([]);
});

it('is refused when it is not what package-lock.json pins, whatever the registry says of it', async () => {
  const pinned = tarball('#!/bin/sh\n');
  served = tarball('#!/bin/sh\necho evil\n');
  expect(await ask(pinned)).toBe(
    `cannot package: ${NAME}@${VERSION} must have the hash ${hashOf(pinned)}, got ${hashOf(served)}`,
  );
  const cache = join(folder, 'node_modules/.cache/zincati-ng');
  expect(existsSync(cache) ? readdirSync(cache) : []).toEqual([]);
});
