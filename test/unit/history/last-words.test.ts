import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  lastWordsFile,
  readLastWords,
  sayLastWords,
  takeBackLastWords,
} from '../../../src/history/last-words.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'last-words-'));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

describe('last-words: last words', () => {
  it('are read as they were said, bounded and printable, by who may enter the folder', async () => {
    sayLastWords(root, { at: 5, version: '1.0.0', text: `it failed: a\u001b[31m${'x'.repeat(5000)}` });
    const words = await readLastWords(root);
    expect(words).toMatchObject({ at: 5, version: '1.0.0' });
    expect(words?.text).toMatch(/^it failed: a\uFFFD\[31mx+$/);
    expect(words?.text).toHaveLength(1000);
    expect((await stat(lastWordsFile(root))).mode & 0o777).toBe(0o600);
  });

  it('are replaced by later ones, and taken back by a new life', async () => {
    sayLastWords(root, { at: 5, version: '1', text: 'first' });
    sayLastWords(root, { at: 6, version: '1', text: 'second' });
    expect(await readLastWords(root)).toMatchObject({ at: 6, text: 'second' });
    takeBackLastWords(root);
    expect(await readLastWords(root)).toBeUndefined();
    takeBackLastWords(root);
  });

  it.each([
    '',
    '{',
    '[]',
    'null',
    '{"at":1}',
    '{"at":1.5,"version":"1","text":"x"}',
    '{"at":"1","version":"1","text":"x"}',
  ])('are none where the file is %j', async (text) => {
    await mkdir(path.dirname(lastWordsFile(root)), { recursive: true });
    await writeFile(lastWordsFile(root), text);
    expect(await readLastWords(root)).toBeUndefined();
  });

  it('are none where the file is a link, too long, or no file', async () => {
    sayLastWords(root, { at: 5, version: '1', text: 'secret' });
    const file = lastWordsFile(root);
    const elsewhere = path.join(root, 'elsewhere.json');
    await writeFile(elsewhere, await readFile(file));
    await rm(file);
    await symlink(elsewhere, file);
    expect(await readLastWords(root)).toBeUndefined();
    // What is said next does not go where the link leads.
    sayLastWords(root, { at: 6, version: '1', text: 'said' });
    expect(await readFile(elsewhere, 'utf8')).toContain('secret');
    expect(await readLastWords(root)).toMatchObject({ text: 'said' });
    await writeFile(file, `{"at":1,"version":"1","text":"${'x'.repeat(9000)}"}`);
    expect(await readLastWords(root)).toBeUndefined();
    await rm(file);
    await mkdir(file);
    expect(await readLastWords(root)).toBeUndefined();
  });

  it('that cannot be written harm nobody', async () => {
    await writeFile(path.join(root, 'var'), 'no folder');
    sayLastWords(root, { at: 5, version: '1', text: 'x' });
    takeBackLastWords(root);
    expect(await readLastWords(root)).toBeUndefined();
  });
});
