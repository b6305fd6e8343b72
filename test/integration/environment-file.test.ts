/**
 * Compares our parser of environment files with systemd's own, which reads all such files with the same code.
 * Here it reads os-release, whose ID systemd-tmpfiles writes into a file.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { parseEnvironmentFile } from '../../src/config/environment-file.ts';

const CASES = 400;
const PIECES = [...Array.from('ab"\'\\\n \t#;=$`\rü'), '\\\n', '\nID=', 'ID=', '\n#'];
/** systemd 254 changed what follows a comment that ends in a backslash. */
const DIFFERS_BY_VERSION = /(?:^|[\n\r])[ \t]*[#;][^\n\r]*\\/;

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'environment-'));
  for (const folder of ['etc', 'usr/lib/tmpfiles.d']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  writeFileSync(join(root, 'usr/lib/tmpfiles.d/id.conf'), 'f+ /id 0644 - - - %o\n');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function asSystemdReadsIt(text: string): string {
  rmSync(join(root, 'id'), { force: true });
  writeFileSync(join(root, 'etc/os-release'), text);
  const { status, stderr } = spawnSync('systemd-tmpfiles', [`--root=${root}`, '--create', 'id.conf'], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  expect([status, stderr], JSON.stringify(text)).toEqual([0, '']);
  return readFileSync(join(root, 'id'), 'utf8');
}

it('reads every file as systemd reads it', () => {
  const texts = fc.sample(
    fc
      .tuple(fc.constantFrom('ID=', 'ID="', ''), fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }))
      .map(([start, pieces]) => start + pieces.join(''))
      .filter((text) => !DIFFERS_BY_VERSION.test(text)),
    { numRuns: CASES, seed: 20 },
  );
  const values = texts.map((text) => parseEnvironmentFile(text).get('ID') ?? '');
  expect(texts.map(asSystemdReadsIt)).toEqual(values);
  // Comparing nothing with nothing would always succeed.
  expect(values.filter((value) => value !== '').length).toBeGreaterThan(CASES / 3);
});
