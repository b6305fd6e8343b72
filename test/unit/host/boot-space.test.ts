import { statSync } from 'node:fs';
import { mkdtemp, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { freeSpaceGate } from '../../../src/gates/free-space.ts';
import { DISK, type DiskProbe, readBootSpace } from '../../../src/host/boot-space.ts';
import { HostTree } from '../../support/host-tree.ts';
import { question } from '../../support/question.ts';
import { checksumOf, staged } from '../../support/samples.ts';

const BOOTED = `fedora-coreos-${checksumOf('booted kernel')}`;
const OTHER = `fedora-coreos-${checksumOf('other kernel')}`;
const STAGED = staged('2.0');
const MODULES = `/ostree/deploy/fedora-coreos/deploy/${checksumOf('2.0')}.0/usr/lib/modules`;
const COMMAND_LINE = `quiet ostree=/ostree/boot.1/fedora-coreos/${checksumOf('booted kernel')}/0 ro\n`;

/** /boot on its own file system with 1000 bytes left. */
const SEPARATE: DiskProbe = {
  freeBytes: () => Promise.resolve(1000),
  device: (path) => Promise.resolve(path.endsWith('/boot') ? 1 : 2),
};

const HOST = {
  '/proc/cmdline': COMMAND_LINE,
  [`/boot/ostree/${BOOTED}/vmlinuz-6.1`]: 'k'.repeat(10),
  [`/boot/ostree/${BOOTED}/initramfs-6.1.img`]: 'i'.repeat(20),
  [`/boot/ostree/${OTHER}/vmlinuz-6.0`]: 'k'.repeat(7),
  [`/boot/ostree/${OTHER}/initramfs-6.0.img`]: 'i'.repeat(21),
  '/boot/ostree/lost+found/x': 'z'.repeat(500),
  '/boot/grub2/grub.cfg': 'z'.repeat(500),
  [`${MODULES}/6.2/vmlinuz`]: 'k'.repeat(11),
  [`${MODULES}/6.2/initramfs.img`]: 'i'.repeat(22),
  [`${MODULES}/6.2/modules.dep`]: 'm'.repeat(5000),
};

async function read(changes: Record<string, string> = {}, disk = SEPARATE, deployment = STAGED) {
  await using host = await HostTree.create({ ...HOST, ...changes });
  return await readBootSpace(host.root, deployment, disk);
}

describe('what /boot has to hold', () => {
  it('is kernel and initramfs of the staged deployment, and what can go is all but the booted ones', async () => {
    expect(await read()).toEqual({ neededBytes: 33, freeBytes: 1000, reclaimableBytes: 28 });
  });

  it('is device trees as well', async () => {
    const trees = { [`${MODULES}/6.2/dtb/qcom/a.dtb`]: 'd'.repeat(100), [`${MODULES}/6.2/dtb/b.dtb`]: 'd' };
    expect(await read(trees)).toMatchObject({ neededBytes: 134 });
    expect(await read({ ...trees, [`${MODULES}/6.2/devicetree`]: 'dd' })).toMatchObject({ neededBytes: 35 });
  });

  it('is nothing when that very kernel is there', async () => {
    const same = `/boot/ostree/fedora-coreos-${checksumOf('same')}`;
    const kernel = { [`${same}/vmlinuz-6.2`]: 'k'.repeat(11), [`${same}/initramfs-6.2.img`]: 'i'.repeat(22) };
    expect(await read(kernel)).toBe('unneeded');
    expect(await read({ ...kernel, [`${same}/initramfs-6.2.img`]: 'i'.repeat(23) })).not.toBe('unneeded');
    expect(await read({ ...kernel, [`${MODULES}/6.2/initramfs.img`]: 'i' })).not.toBe('unneeded');
  });

  it('is nothing on the file system of the deployments, where kernels are linked', async () => {
    expect(await read({}, { ...SEPARATE, device: () => Promise.resolve(1) })).toBe('unneeded');
  });

  it('is about the largest kernel there is when the staged one cannot be found', async () => {
    const strange = staged('2.0', { id: 'no-such-id' });
    expect(await read({}, SEPARATE, strange)).toMatchObject({ neededBytes: 30 });
    expect(await read({}, SEPARATE, staged('9.9'))).toMatchObject({ neededBytes: 30 });
    const escaping = staged('2.0', { id: `../../x-${checksumOf('2.0')}.0` });
    expect(await read({}, SEPARATE, escaping)).toMatchObject({ neededBytes: 30 });
  });

  it('is unknown on a host that boots in another way', async () => {
    expect(await read({ '/proc/cmdline': 'root=/dev/sda1\n' })).toBe('unknown');
    await using host = await HostTree.create();
    expect(await readBootSpace(host.root, STAGED, SEPARATE)).toBe('unknown');
    expect(await read({}, { ...SEPARATE, freeBytes: () => Promise.reject(new Error('EIO')) })).toBe(
      'unknown',
    );
  });
});

describe('a real second file system', () => {
  const SHM = '/dev/shm';
  const isSecond = ((): boolean => {
    try {
      return statSync(SHM).dev !== statSync('/tmp').dev;
    } catch {
      return false;
    }
  })();

  it.runIf(isSecond)('refuses a kernel larger than it, and takes one that is not', async () => {
    await using host = await HostTree.create({ ...HOST });
    const elsewhere = await mkdtemp(join(SHM, 'boot-'));
    try {
      await mkdir(join(elsewhere, 'ostree', BOOTED), { recursive: true });
      await writeFile(join(elsewhere, 'ostree', BOOTED, 'vmlinuz-6.1'), 'k');
      await rename(host.at('/boot'), host.at('/boot.old'));
      await symlink(elsewhere, host.at('/boot'));
      const gate = freeSpaceGate((deployment) => readBootSpace(host.root, deployment));
      const ask = () => gate.ask(question(0, { staged: STAGED }), new AbortController().signal);
      expect((await ask()).reason).toBe('the kernel fits on /boot');
      const free = await DISK.freeBytes(elsewhere);
      await truncate(host.at(`${MODULES}/6.2/initramfs.img`), free + 1);
      expect(await ask()).toMatchObject({ verdict: 'block', label: 'boot_space' });
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });
});
