/**
 * Compares our parser of environment files with systemd's own, which reads all such files with the same code.
 * Here it reads os-release, whose ID systemd-tmpfiles writes into a file.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { parseEnvironmentFile } from '../../src/config/environment-file.ts';
import { PROGRAM_LIMIT_MS } from '../support/limits.ts';

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

/** A shell starts so many programs much sooner than this large process could. Writes each ID, and a NUL after it. */
const READ_EACH = `root=$0
for text; do
  printf %s "$text" >"$root/etc/os-release"
  systemd-tmpfiles --root="$root" --create id.conf || exit
  IFS= read -r -d '' id <"$root/id"
  printf '%s\\0' "$id"
done`;

async function asSystemdReadsThem(texts: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', READ_EACH, root, ...texts], {
    timeout: PROGRAM_LIMIT_MS,
  });
  expect(stderr).toBe('');
  return stdout.split('\0').slice(0, -1);
}

it('reads every file as systemd reads it', async () => {
  const texts = fc.sample(
    fc
      .tuple(fc.constantFrom('ID=', 'ID="', ''), fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }))
      .map(([start, pieces]) => start + pieces.join(''))
      .filter((text) => !DIFFERS_BY_VERSION.test(text)),
    { numRuns: CASES, seed: 20 },
  );
  const values = texts.map((text) => parseEnvironmentFile(text).get('ID') ?? '');
  expect(await asSystemdReadsThem(texts)).toEqual(values);
  // Comparing nothing with nothing would always succeed.
  expect(values.filter((value) => value !== '').length).toBeGreaterThan(CASES / 3);
});
