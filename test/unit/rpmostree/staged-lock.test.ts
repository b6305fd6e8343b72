/** Whether the staged deployment is locked: libostree's files, and what the daemon says beside them. */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeDeployments } from '../../../src/rpmostree/deployment.ts';
import { readStagedLock, stagedLockStamp } from '../../../src/rpmostree/staged-lock.ts';
import { withLock } from '../../../src/rpmostree/status-reader.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/ostree');
const STATUS = 'status-v2026.2-staged-locked.json';

let root: string;
let folder: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'staged-lock-'));
  folder = join(root, 'run/ostree');
  mkdirSync(folder, { recursive: true });
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(state: 'locked' | 'unlocked'): void {
  copyFileSync(join(FIXTURES, `staged-deployment.${state}`), join(folder, 'staged-deployment'));
}

describe('R1: the lock', () => {
  it('is read from the file of the staged deployment', async () => {
    expect(await readStagedLock(root)).toBeUndefined();
    write('locked');
    expect(await readStagedLock(root)).toBe(true);
    write('unlocked');
    expect(await readStagedLock(root)).toBe(false);
  });

  it('is the old lock file where there is one, whatever the other file says', async () => {
    write('unlocked');
    writeFileSync(join(folder, 'staged-deployment-locked'), '');
    expect(await readStagedLock(root)).toBe(true);
  });

  it('is not told by a file without the key, which old versions write: their lock is the other file', async () => {
    // An array of one entry: {'a': <true>}.
    writeFileSync(join(folder, 'staged-deployment'), Buffer.from('610000000000000001006202' + '0c', 'hex'));
    expect(await readStagedLock(root)).toBe(false);
  });

  it('is unknown where the file cannot be understood', async () => {
    for (const content of ['', 'x', 'x'.repeat(2 ** 20 + 1)]) {
      writeFileSync(join(folder, 'staged-deployment'), content);
      expect(await readStagedLock(root)).toBeUndefined();
    }
    rmSync(join(folder, 'staged-deployment'));
    mkdirSync(join(folder, 'staged-deployment'));
    expect(await readStagedLock(root)).toBeUndefined();
  });

  it('changes the stamp, also where the size of the file stays', async () => {
    const seen = new Set([await stagedLockStamp(root)]);
    write('locked');
    seen.add(await stagedLockStamp(root));
    write('unlocked');
    utimesSync(join(folder, 'staged-deployment'), 1, 1);
    seen.add(await stagedLockStamp(root));
    writeFileSync(join(folder, 'staged-deployment-locked'), '');
    seen.add(await stagedLockStamp(root));
    expect(seen.size).toBe(4);
    expect(await stagedLockStamp(root)).toBe(await stagedLockStamp(root));
  });
});

describe('R1: the deployments of v2026.2', () => {
  const { deployments } = JSON.parse(readFileSync(join(FIXTURES, STATUS), 'utf8')) as {
    readonly deployments: readonly unknown[];
  };

  it('do not say that they are locked; the file does', () => {
    const told = decodeDeployments(deployments);
    expect(told.staged).toMatchObject({ version: '24.03-LTS.20240911.0', finalizationLocked: undefined });
    for (const lock of [true, false]) {
      const { staged, deployments: all, booted } = withLock(told, lock);
      expect(staged?.finalizationLocked).toBe(lock);
      expect(all).toEqual([staged, booted]);
    }
    expect(withLock(told, undefined)).toBe(told);
  });

  it('are locked where the daemon says so, whatever the file says', () => {
    const [staged, booted] = deployments;
    const told = decodeDeployments([Object.assign({}, staged, { 'finalization-locked': true }), booted]);
    expect(withLock(told, false).staged?.finalizationLocked).toBe(true);
    const untold = decodeDeployments([Object.assign({}, staged, { 'finalization-locked': false }), booted]);
    expect(withLock(untold, true).staged?.finalizationLocked).toBe(true);
  });
});
