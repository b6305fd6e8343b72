import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import manifest from '../../package.json' with { type: 'json' };
import { VERSION } from '../../src/version.ts';

it('is the version of the package', () => {
  expect(VERSION).toBe(manifest.version);
});

it('P4: reaches every place by itself when it is raised', () => {
  const project = join(import.meta.dirname, '../..');
  const copy = mkdtempSync(join(tmpdir(), 'version-'));
  try {
    for (const file of [
      'scripts/node-version.mjs',
      'scripts/write-version.mjs',
      'src/version.ts',
      'docs/install.md',
      'README.md',
    ]) {
      mkdirSync(join(copy, file, '..'), { recursive: true });
      cpSync(join(project, file), join(copy, file));
    }
    writeFileSync(join(copy, 'package.json'), JSON.stringify({ ...manifest, version: '7.8.9' }));
    execFileSync(process.execPath, [join(copy, 'scripts/write-version.mjs')]);
    expect(readFileSync(join(copy, 'src/version.ts'), 'utf8')).toContain("VERSION = '7.8.9'");
    const install = readFileSync(join(copy, 'docs/install.md'), 'utf8');
    expect(install).not.toContain(`zincati-ng-${manifest.version}`);
    expect(install).toContain('zincati-ng-7.8.9-1.x86_64.rpm');
    expect(install).toContain('zincati-ng-NEWER-1.x86_64.rpm');
    const readme = readFileSync(join(copy, 'README.md'), 'utf8');
    expect(readme).not.toContain(`zincati-ng-${manifest.version}`);
    expect(readme).toContain('Version 7.8.9, ');
  } finally {
    rmSync(copy, { recursive: true });
  }
});
