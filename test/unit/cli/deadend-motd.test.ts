import { lstat, readFile, readlink, stat } from 'node:fs/promises';
import { afterEach, expect, it, vi } from 'vitest';

import { deadendMotd } from '../../../src/cli/deadend-motd.ts';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { HostTree } from '../../support/host-tree.ts';

const FILE = '/run/zincati/motd/85-zincati-deadend.motd';
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
  expect(await readlink(host.at(LINK))).toBe('../zincati/motd/85-zincati-deadend.motd');
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

it('says on standard error why it cannot', async () => {
  await using host = await HostTree.create({ '/run/zincati': 'a file where the folder should be' });
  const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(await set(host, 'too old')).toBe(EXIT.failure);
  expect(told.mock.calls).toEqual([[expect.stringMatching(/^ENOTDIR: .*\n$/)]]);
});
