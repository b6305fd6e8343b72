/** The unit of the lock server: systemd understands it, and it may do little. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const UNIT = join(import.meta.dirname, '../../systemd/zincati-fleet-lockd.service');

it('is understood by systemd, and its exposure is at most 1.3', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lockd-unit-'));
  try {
    // The program need not be there for that.
    const file = join(folder, 'zincati-fleet-lockd.service');
    writeFileSync(file, readFileSync(UNIT, 'utf8').replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
    // For systemd-analyze an unknown key is not a failure, only a line.
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
    expect(
      `${verified.stdout}${verified.stderr}`.split('\n').filter((line) => line.includes(folder)),
    ).toEqual([]);
    const args = ['security', '--offline=true', '--threshold=13', file];
    expect(execFileSync('systemd-analyze', args, { encoding: 'utf8' })).toContain('Overall exposure level');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
