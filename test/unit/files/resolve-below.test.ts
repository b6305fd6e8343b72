import { symlinkSync } from 'node:fs';
import { expect, it } from 'vitest';

import { resolveBelow } from '../../../src/files/resolve-below.ts';
import { HostTree } from '../../support/host-tree.ts';

async function tree(): Promise<HostTree> {
  const host = await HostTree.create({ '/usr/share/real.toml': 'x = 1', '/etc/a/file': '' });
  await host.link('/etc/absolute', '/usr/share/real.toml');
  await host.link('/etc/relative', '../usr/share/real.toml');
  await host.link('/etc/escaping', '../../../../../../../../../usr/share/real.toml');
  await host.link('/etc/chain', 'absolute');
  await host.link('/etc/dir', '/usr/share');
  await host.link('/etc/loop', 'loop');
  await host.link('/etc/null', '/dev/null');
  await host.link('/etc/null-chain', '../etc/null');
  await host.link('/etc/null-relative', '../dev/null');
  await host.link('/etc/nowhere', '/usr/share/gone.toml');
  return host;
}

it.each([
  '/etc/absolute',
  '/etc/relative',
  '/etc/escaping',
  '/etc/chain',
  '/etc/dir/real.toml',
  '/usr/share/real.toml',
])('finds the file below the root: %s', async (path) => {
  await using host = await tree();
  const found = await resolveBelow(host.root, path);
  expect(found).toMatchObject({ kind: 'found', path: host.at('/usr/share/real.toml') });
});

it.each(['/etc/null', '/etc/null-chain', '/etc/null-relative'])(
  'knows a link to /dev/null: %s',
  async (path) => {
    await using host = await tree();
    expect(await resolveBelow(host.root, path)).toEqual({ kind: 'null-device' });
  },
);

it('tells a missing file from a link that leads nowhere', async () => {
  await using host = await tree();
  expect(await resolveBelow(host.root, '/etc/none/deeper')).toEqual({ kind: 'missing' });
  expect(await resolveBelow(host.root, '/etc/nowhere')).toEqual({
    kind: 'dangling',
    target: '/usr/share/gone.toml',
  });
});

it('gives up on a loop, and on a file taken for a directory', async () => {
  await using host = await tree();
  await expect(resolveBelow(host.root, '/etc/loop')).rejects.toThrow('more than 40 symbolic links');
  await expect(resolveBelow(host.root, '/etc/a/file/x')).rejects.toThrow('ENOTDIR');
});

it('agrees with the kernel where the root is /', async () => {
  await using host = await HostTree.create({ '/real': '' });
  symlinkSync(host.at('/real'), host.at('/link'));
  expect(await resolveBelow('/', host.at('/link'))).toMatchObject({ kind: 'found', path: host.at('/real') });
});
