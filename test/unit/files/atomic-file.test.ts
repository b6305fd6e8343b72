import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomically } from '../../../src/files/atomic-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'atomic-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('writeFileAtomically', () => {
  it('makes a file with exactly the mode, and leaves nothing beside it', async () => {
    const file = join(folder, 'state.json');
    const umask = process.umask(0o077);
    try {
      await writeFileAtomically(file, 'one', 0o644);
    } finally {
      process.umask(umask);
    }
    expect(readFileSync(file, 'utf8')).toBe('one');
    expect(statSync(file).mode & 0o7777).toBe(0o644);
    await writeFileAtomically(file, new Uint8Array([0x32]), 0o600);
    expect(readFileSync(file, 'utf8')).toBe('2');
    expect(statSync(file).mode & 0o7777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['state.json']);
  });

  it('replaces a link, not what it points to', async () => {
    const other = join(folder, 'other');
    const file = join(folder, 'state.json');
    writeFileSync(other, 'untouched');
    symlinkSync(other, file);
    await writeFileAtomically(file, 'new', 0o644);
    expect(readFileSync(other, 'utf8')).toBe('untouched');
    expect(readFileSync(file, 'utf8')).toBe('new');
  });

  it('gives readers the old or the new content and never a part, whoever writes at the same time', async () => {
    const file = join(folder, 'state.json');
    const content = (n: number) => String(n % 10).repeat(100_000);
    await writeFileAtomically(file, content(0), 0o644);
    const progress = { writing: true };
    const writes = Promise.all(
      Array.from({ length: 20 }, (_, n) => writeFileAtomically(file, content(n), 0o644)),
    ).finally(() => (progress.writing = false));
    let looks = 0;
    while (progress.writing) {
      const seen = readFileSync(file, 'utf8');
      expect(seen).toBe(content(Number(seen[0])));
      looks += 1;
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    await writes;
    expect(looks).toBeGreaterThan(1);
    expect(readdirSync(folder)).toEqual(['state.json']);
  });

  it('leaves the old file and no other when it cannot replace it', async () => {
    const file = join(folder, 'taken');
    await writeFileAtomically(join(folder, 'x'), '', 0o644);
    // A folder cannot be replaced by a file.
    const inner = join(file, 'inner');
    await expect(writeFileAtomically(inner, 'x', 0o644)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(writeFileAtomically(inner, 'x', 0o644)).rejects.toThrow(
      `ENOENT: no such file or directory, open '${inner}'`,
    );
    mkdirSync(file);
    await expect(writeFileAtomically(file, 'x', 0o644)).rejects.toMatchObject({ code: 'EISDIR' });
    expect(readdirSync(folder).toSorted()).toEqual(['taken', 'x']);
  });
});
