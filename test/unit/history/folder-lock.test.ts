import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { lockFolder, type FolderLock } from '../../../src/history/folder-lock.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const MODULE = join(import.meta.dirname, '../../../src/history/folder-lock.ts');

async function release(lock: FolderLock): Promise<void> {
  if (lock.kind === 'held') {
    await lock.release();
  }
}

/** Another process that takes the lock, and is then killed. */
async function killedHolder(): Promise<void> {
  const script = `const { lockFolder } = await import(${JSON.stringify(MODULE)});
    process.stdout.write((await lockFolder(${JSON.stringify(root)})).kind);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    const [said] = (await once(child.stdout, 'data')) as unknown[];
    expect(String(said)).toBe('held');
    expect((await lockFolder(root)).kind).toBe('taken');
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

describe('F13: the lock on the state folder', () => {
  it('is had by one at a time, and by the next one after a release', async () => {
    const first = await lockFolder(root);
    expect(first.kind).toBe('held');
    expect(await lockFolder(root)).toEqual({
      kind: 'taken',
      file: expect.stringMatching(/\/var\/lib\/zincati\/lock\.[0-9a-f]{12}$/) as string,
    });
    await release(first);
    const next = await lockFolder(root);
    expect(next.kind).toBe('held');
    await release(next);
    expect(readdirSync(join(root, 'var/lib/zincati'))).toEqual([]);
  });

  it('that a killed process left behind is taken over', async () => {
    await killedHolder();
    const lock = await lockFolder(root);
    expect(lock.kind).toBe('held');
    expect((await lockFolder(root)).kind).toBe('taken');
    await release(lock);
  });

  it('is had by at most one of twenty that ask at once, also where one was left behind, and then by the next', async () => {
    for (const isLeft of [false, true]) {
      if (isLeft) {
        await killedHolder();
      }
      const locks = await Promise.all(Array.from({ length: 20 }, () => lockFolder(root)));
      expect(locks.filter(({ kind }) => kind === 'held').length).toBeLessThanOrEqual(1);
      await Promise.all(locks.map(release));
      const next = await lockFolder(root);
      expect(next.kind).toBe('held');
      await release(next);
    }
  });

  it('is taken over from whatever else lies in its place', async () => {
    await mkdir(join(root, 'var/lib/zincati/lock.0123456789ab/inside'), { recursive: true });
    const lock = await lockFolder(root);
    expect(lock.kind).toBe('held');
    await release(lock);
  });

  it('works below a folder of any length', async () => {
    const deep = join(root, ...Array.from({ length: 10 }, () => 'a'.repeat(40)));
    const lock = await lockFolder(deep);
    expect(lock.kind).toBe('held');
    expect((await lockFolder(deep)).kind).toBe('taken');
    await release(lock);
  });

  it('that cannot be made is said, and is no error', async () => {
    writeFileSync(join(root, 'var'), 'a file');
    expect(await lockFolder(root)).toEqual({
      kind: 'none',
      why: expect.stringContaining('not a directory (ENOTDIR)') as string,
    });
  });
});
