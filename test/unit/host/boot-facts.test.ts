import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import { readBootFacts } from '../../../src/host/boot-facts.ts';
import { HostTree } from '../../support/host-tree.ts';

const PROC = { '/proc/uptime': '123.45 400.00\n', '/proc/cmdline': 'BOOT_IMAGE=x root=UUID=1 quiet\n' };

describe('boot facts', () => {
  it('come from the kernel', async () => {
    await using host = await HostTree.create(PROC);
    expect(await readBootFacts(host.root)).toEqual({ uptimeMs: 123_450, firstBoot: false });
  });

  it('know the first boot by the flag of systemd', async () => {
    await using host = await HostTree.create({ ...PROC, '/run/systemd/first-boot': '' });
    expect((await readBootFacts(host.root)).firstBoot).toBe(true);
  });

  it.each([
    ['a ignition.firstboot ignition.platform.id=metal', true],
    ['ignition.firstboot=1', true],
    ['a ignition.firstboot=0', false],
    ['ignition.firstbooting a.ignition.firstboot', false],
  ])('know the first boot by the argument of Ignition: %j', async (commandLine, firstBoot) => {
    await using host = await HostTree.create({ ...PROC, '/proc/cmdline': `${commandLine}\n` });
    expect((await readBootFacts(host.root)).firstBoot).toBe(firstBoot);
  });

  it.each(['', 'up 5 days', '-1 2'])('refuse %j for an uptime', async (uptime) => {
    await using host = await HostTree.create({ ...PROC, '/proc/uptime': uptime });
    await expect(readBootFacts(host.root)).rejects.toThrow('/proc/uptime must begin');
  });

  it('are not guessed', async () => {
    await using host = await HostTree.create();
    await expect(readBootFacts(host.root)).rejects.toThrow('ENOENT');
  });

  it('are not waited for at a FIFO', async () => {
    await using host = await HostTree.create({ '/proc/uptime': PROC['/proc/uptime'] });
    execFileSync('mkfifo', [host.at('/proc/cmdline')]);
    await expect(readBootFacts(host.root)).rejects.toThrow('it must be a regular file');
  });

  it('can be read on this machine', async () => {
    expect((await readBootFacts('/')).uptimeMs).toBeGreaterThan(0);
  });
});
