/**
 * The manual pages of both packages, in each program that hosts read them with: mandoc, groff, man-db. None has anything to
 * say about them. `scripts/setup.mjs test` installs all three.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../fleet/commands.ts';
import { manualPage as fleetPage } from '../../fleet/manual-page.ts';
import { manualPage } from '../../src/cli/manual-page.ts';

const folder = mkdtempSync(join(tmpdir(), 'pages-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PAGES: readonly (readonly [string, string])[] = [
  ['zincati.8', manualPage()],
  ['zincati-fleet.1', fleetPage(COMMANDS)],
];
for (const [name, page] of PAGES) {
  writeFileSync(join(folder, name), page);
}

interface Reader {
  readonly reader: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const UTF8 = { LC_ALL: 'C.UTF-8' };
const MAN = ['man', '--warnings', '-l'] as const;

const READERS: readonly Reader[] = [
  { reader: ['mandoc', '-T', 'utf8', '-W', 'all'] },
  { reader: ['mandoc', '-T', 'ascii', '-W', 'all'] },
  { reader: ['groff', '-mandoc', '-T', 'utf8', '-ww'] },
  { reader: ['groff', '-mandoc', '-T', 'ascii', '-ww'] },
  { reader: MAN, env: { LC_ALL: 'C', MANWIDTH: '80' } },
  { reader: MAN, env: { ...UTF8, MANWIDTH: '40' } },
  { reader: MAN, env: { ...UTF8, MANWIDTH: '80' } },
  { reader: MAN, env: { ...UTF8, MANWIDTH: '200' } },
];

describe.each(PAGES)('%s', (name) => {
  it.each(READERS)('is shown without a warning by $reader with $env', ({ reader, env }) => {
    const [program = '', ...args] = reader;
    const { status, stdout, stderr, error } = spawnSync(program, [...args, join(folder, name)], {
      encoding: 'utf8',
      timeout: 60_000,
      env: { PATH: process.env['PATH'], MANPAGER: 'cat', ...env },
    });
    expect(error).toBeUndefined();
    // Which other pages are there is the host's affair.
    const said = stderr
      .split('\n')
      .filter(
        (line) => !/referenced manual not found|outdated mandoc\.db|see above the output|^$/.test(line),
      );
    expect(said).toEqual([]);
    expect(status).toBeLessThan(2);
    // Bold and underlined letters are written twice.
    expect(stdout.replaceAll(/.\u0008/gu, '')).toContain('EXIT STATUS');
  });
});
