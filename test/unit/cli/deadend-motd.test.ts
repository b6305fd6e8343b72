import { chmod, lstat, readFile, rename, readlink, stat } from 'node:fs/promises';
import { afterEach, expect, it, vi } from 'vitest';

import { deadendMotd } from '../../../src/cli/deadend-motd.ts';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { HostTree } from '../../support/host-tree.ts';

const FILE = '/run/motd.d/zincati/85-zincati-deadend.motd';
const LINK = '/run/motd.d/85-zincati-deadend.motd';

const set = ({ root }: HostTree, reason: string) =>
  deadendMotd({ command: 'deadend-motd set', reason, root, verbosity: 0, logFormat: 'auto' });
const unset = ({ root }: HostTree) =>
  deadendMotd({ command: 'deadend-motd unset', root, verbosity: 0, logFormat: 'auto' });

afterEach(() => {
  vi.restoreAllMocks();
});

it('writes the notice for everybody, and the link that shows it', async () => {
  await using host = await HostTree.create();
  expect(await set(host, 'too\nold')).toBe(EXIT.ok);
  expect(await readFile(host.at(LINK), 'utf8')).toBe(
    'This release is a dead-end and will not further auto-update: too old\n',
  );
  expect((await stat(host.at(FILE))).mode & 0o777).toBe(0o644);
  expect(await readlink(host.at(LINK))).toBe('zincati/85-zincati-deadend.motd');
});

it('leaves a link alone that is right, and replaces one that is not', async () => {
  await using host = await HostTree.create();
  await set(host, 'one');
  const { ino } = await lstat(host.at(LINK));
  await set(host, 'two');
  expect((await lstat(host.at(LINK))).ino).toBe(ino);

  await using other = await HostTree.create();
  await other.link(LINK, '/elsewhere');
  await set(other, 'three');
  expect(await readFile(other.at(LINK), 'utf8')).toContain('three');
});

it('takes the notice away, twice as well, and leaves the link to the package', async () => {
  await using host = await HostTree.create();
  await set(host, 'too old');
  expect([await unset(host), await unset(host)]).toEqual([EXIT.ok, EXIT.ok]);
  await expect(stat(host.at(FILE))).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await lstat(host.at(LINK))).isSymbolicLink()).toBe(true);
});

it('F1: follows no link in the folder of user zincati, neither to write nor to remove', async () => {
  await using host = await HostTree.create({ '/etc/secret': 'of root' });
  const secret = host.at('/etc/secret');
  await chmod(secret, 0o600);
  await host.link(FILE, secret);
  expect(await set(host, 'too old')).toBe(EXIT.ok);
  expect((await lstat(host.at(FILE))).isFile()).toBe(true);
  await host.link(`${FILE}.other`, secret);
  await rename(host.at(`${FILE}.other`), host.at(FILE));
  expect(await unset(host)).toBe(EXIT.ok);
  await expect(lstat(host.at(FILE))).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await readFile(secret, 'utf8')).toBe('of root');
  expect((await stat(secret)).mode & 0o777).toBe(0o600);
});

it('F1: writes and removes nothing through a folder that is a link', async () => {
  const elsewhere = '/home/core/85-zincati-deadend.motd';
  await using host = await HostTree.create({ [elsewhere]: 'mine' });
  await host.link('/run/motd.d/zincati', host.at('/home/core'));
  const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect([await set(host, 'too old'), await unset(host)]).toEqual([EXIT.failure, EXIT.failure]);
  expect(told.mock.calls).toEqual(Array(2).fill([expect.stringMatching(/must be a folder, and not a link/)]));
  expect(await readFile(host.at(elsewhere), 'utf8')).toBe('mine');
});

it('says on standard error why it cannot', async () => {
  await using host = await HostTree.create({ '/run/motd.d': 'a file where the folder should be' });
  const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(await set(host, 'too old')).toBe(EXIT.failure);
  expect(told.mock.calls).toEqual([[expect.stringMatching(/^ENOTDIR: .*\n$/)]]);
});
