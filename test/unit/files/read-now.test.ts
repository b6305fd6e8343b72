import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { readNow } from '../../../src/files/read-now.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'read-now-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('reads a file up to its end, also through a link', () => {
  writeFileSync(join(folder, 'file'), 'text');
  symlinkSync('file', join(folder, 'link'));
  expect(Buffer.from(readNow(join(folder, 'link'), 4)).toString()).toBe('text');
  expect(readNow('/proc/self/stat', 65_536).length).toBeGreaterThan(10);
});

it('refuses a byte too many', () => {
  writeFileSync(join(folder, 'large'), 'texts');
  expect(() => readNow(join(folder, 'large'), 4)).toThrow('it must have at most 4 bytes');
});

it.each(['folder', 'pipe', '/dev/zero'])('waits for nobody, and refuses what is no file: %s', (name) => {
  execFileSync('sh', ['-c', `mkdir -p ${folder}/folder; [ -e ${folder}/pipe ] || mkfifo ${folder}/pipe`]);
  expect(() => readNow(name.startsWith('/') ? name : join(folder, name), 10)).toThrow(
    /^it must be a regular file$/,
  );
});

it('passes on what the system says', () => {
  expect(() => readNow(join(folder, 'none'), 10)).toThrow(/^ENOENT/);
});
