/** On an older Node every program says in one line which one it needs and which it found, and fails. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import manifest from '../../package.json' with { type: 'json' };
import { PROGRAM_LIMIT_MS } from '../support/limits.ts';

const PROJECT = join(import.meta.dirname, '../..');
/** Makes a Node take itself for an older one. */
const PRETEND = `data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.19.0' } });",
)}`;
const NEEDED = manifest.engines.node.replace('>=', '');
const LINK = 'scripts/link-node.mjs';
const SCRIPTS = globSync('{scripts,sandbox,bench}/*.mjs', { cwd: PROJECT }).filter(
  (file) =>
    ![LINK, 'bench/heap-probe.mjs', 'bench/cost-probe.mjs'].includes(file) &&
    !/^export /m.test(readFileSync(join(PROJECT, file), 'utf8')),
);

it.each(SCRIPTS)('%s', (file) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', PRETEND, file], {
    cwd: PROJECT,
    encoding: 'utf8',
    timeout: PROGRAM_LIMIT_MS,
  });
  expect([status, stdout]).toEqual([1, '']);
  const remedy = '`npm ci` brings one for x86_64 and aarch64, and `npm run` and `npx node` use it';
  expect(stderr).toBe(
    `cannot go on: Node must be ${NEEDED} or newer, got 22.19.0 (${process.execPath}); ${remedy}\n`,
  );
});

describe('link-node.mjs', () => {
  /** A project whose npm has installed these; gives where `node` leads to for its scripts, if anywhere. */
  function linkIn(installed: readonly string[]): string | undefined {
    const project = mkdtempSync(join(tmpdir(), 'project-'));
    onTestFinished(() => rmSync(project, { recursive: true }));
    for (const folder of ['scripts', 'node_modules/.bin', ...installed.map((name) => `${name}/bin`)]) {
      mkdirSync(join(project, folder), { recursive: true });
    }
    for (const name of installed) {
      writeFileSync(join(project, name, 'bin/node'), '');
    }
    copyFileSync(join(PROJECT, LINK), join(project, LINK));
    const link = join(project, 'node_modules/.bin/node');
    // The second time it is there already, as it is with npm 11.
    for (const times of ['once', 'again']) {
      const { status, stderr } = spawnSync(process.execPath, [LINK], { cwd: project, encoding: 'utf8' });
      expect([status, stderr], times).toEqual([0, '']);
    }
    return existsSync(link) ? readlinkSync(link) : undefined;
  }

  it('links the Node of this machine', () => {
    const others = ['node_modules/node-linux-other', `node_modules/node-linux-${process.arch}`];
    expect(linkIn(others)).toBe(`../node-linux-${process.arch}/bin/node`);
  });

  it('does nothing where npm has none for it', () => {
    expect(linkIn([])).toBeUndefined();
    expect(linkIn(['node_modules/node-linux-other'])).toBeUndefined();
  });
});

describe('the launcher without a Node of its own', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'launcher-'));
    const installed = spawnSync(process.execPath, [join(PROJECT, 'scripts/install.mjs'), folder]);
    expect(installed.status, String(installed.stderr)).toBe(0);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs it where `node` is this shell script; undefined: there is none. */
  function launch(node: string | undefined, env: Readonly<Record<string, string>> = {}) {
    const bin = mkdtempSync(join(tmpdir(), 'path-'));
    onTestFinished(() => rmSync(bin, { recursive: true }));
    if (node !== undefined) {
      writeFileSync(join(bin, 'node'), `#!/bin/sh\n${node}\n`, { mode: 0o755 });
    }
    const { status, stdout, stderr } = spawnSync(join(folder, 'usr/libexec/zincati'), ['agent', '-v'], {
      encoding: 'utf8',
      timeout: PROGRAM_LIMIT_MS,
      env: { PATH: bin, ...env },
    });
    return { status, stdout, stderr };
  }
  const refusal = (found: string) => ({
    status: 78,
    stdout: '',
    stderr: `cannot start: Node must be ${NEEDED} or newer, got ${found}\n`,
  });
  /** A Node of this version, which prints what it is asked to run. */
  const aNode = (version: string): string =>
    `if [ "$1" = --version ]; then echo ${version}; else echo "$@"; fi`;

  it.each(['v20.20.2', 'v9.11.2', `v${Number(NEEDED) - 1}.11.1`])('R7: refuses %s', (version) => {
    expect(launch(aNode(version))).toEqual(refusal(version.slice(1)));
  });

  it('refuses what is no Node, and none', () => {
    expect(launch('echo help')).toEqual(refusal('help'));
    expect(launch('exit 3')).toEqual(refusal('none'));
    expect(launch(undefined)).toEqual(refusal('none'));
  });

  it.each([`v${NEEDED}.10.0`, 'v100.1.0'])(
    'runs the program on %s, with the inspector out of reach',
    (version) => {
      const program = join(folder, 'usr/lib/zincati/program/zincati.cjs');
      expect(launch(aNode(version))).toEqual({
        status: 0,
        stdout: `--disable-sigusr1 --max-semi-space-size=1 ${program} agent -v\n`,
        stderr: '',
      });
    },
  );

  it('has Node trust the authorities of the host where the program cannot, before Node 24.5', () => {
    const option = '--disable-sigusr1 --max-semi-space-size=1 --use-system-ca ';
    expect(launch(aNode('v24.4.1')).stdout).toContain(option);
    expect(launch(aNode('v24.4.1'), { NODE_USE_SYSTEM_CA: '0' }).stdout).not.toContain(option);
    expect(launch(aNode('v24.5.0')).stdout).not.toContain(option);
  });

  it('really runs', () => {
    const bin = mkdtempSync(join(tmpdir(), 'path-'));
    onTestFinished(() => rmSync(bin, { recursive: true }));
    symlinkSync(process.execPath, join(bin, 'node'));
    const { status, stdout, stderr } = spawnSync(join(folder, 'usr/libexec/zincati'), ['--version'], {
      encoding: 'utf8',
      timeout: PROGRAM_LIMIT_MS,
      env: { PATH: bin, NODE_USE_SYSTEM_CA: '1' },
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^zincati \d/);
  });
});
