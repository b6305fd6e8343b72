/**
 * Compares the node uuid with systemd's own program, for this machine's id and, if mounting is allowed, for
 * others.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

import { ZINCATI_APP_ID, nodeUuid } from '../../src/identity/node-uuid.ts';
import { HostTree } from '../support/host-tree.ts';
import { PROGRAM_LIMIT_MS } from '../support/limits.ts';

const ARGUMENTS = ['machine-id', '-a', ZINCATI_APP_ID];

function printed(command: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', timeout: PROGRAM_LIMIT_MS });
  return status === 0 ? stdout.trim() : undefined;
}

it('is what systemd-id128 prints for this machine', async (context) => {
  const expected = printed('systemd-id128', ARGUMENTS);
  if (expected === undefined) {
    return context.skip('systemd-id128 prints nothing here (not installed, or no machine id)');
  }
  expect(await nodeUuid('/')).toBe(expected);
});

it.for(['0123456789abcdef0123456789abcdef', 'ffffffffffffffffffffffffffffffff'])(
  'is what systemd-id128 prints where the machine id is %s',
  async (machineId, context) => {
    await using host = await HostTree.create({ '/etc/machine-id': `${machineId}\n` });
    const script = 'mount --bind "$1" /etc/machine-id && shift && exec systemd-id128 "$@"';
    const args = ['-m', 'sh', '-c', script, 'sh', host.at('/etc/machine-id'), ...ARGUMENTS];
    const expected = printed('unshare', args);
    if (expected === undefined) {
      return context.skip('no mount namespace, no systemd-id128, or no /etc/machine-id here');
    }
    expect(await nodeUuid(host.root)).toBe(expected);
  },
);

it('takes the architecture that uname prints', async () => {
  const { basearch } = await import('../../src/identity/basearch.ts');
  const { machine } = await import('node:os');
  expect(basearch(machine())).toBe(basearch(execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim()));
});
