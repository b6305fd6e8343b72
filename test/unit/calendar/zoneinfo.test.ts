/** Time zones of a host whose files appear, vanish, change and break between requests. */
import { mkdir, rename, rm, symlink, utimes } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import { builtInZone } from '../../../src/calendar/luxon-zone.ts';
import { offsetAt, type ZoneRules } from '../../../src/calendar/zone-rules.ts';
import { HostZones } from '../../../src/calendar/zoneinfo.ts';
import { ConfigError } from '../../../src/errors.ts';
import { HostTree } from '../../support/host-tree.ts';
import { tzifOfRule } from '../../support/tzif-bytes.ts';

const BERLIN = tzifOfRule('CET-1CEST,M3.5.0,M10.5.0/3', 3600, 'CET');
const TOKYO = tzifOfRule('JST-9', 32_400, 'JST');
const MADE_UP = tzifOfRule('XXX-5', 18_000, 'XXX');
const ZONEINFO = '/usr/share/zoneinfo';
const JULY = Date.UTC(2026, 6, 1);
const HOUR_MS = 3_600_000;

const FILES = { [`${ZONEINFO}/Europe/Berlin`]: BERLIN, [`${ZONEINFO}/Asia/Tokyo`]: TOKYO };

function zonesOf(host: HostTree): { zones: HostZones; warnings: string[] } {
  const warnings: string[] = [];
  const zones = new HostZones({ root: host.root, builtIn: builtInZone, warn: (text) => warnings.push(text) });
  return { zones, warnings };
}

const summary = (zone: ZoneRules): string => `${zone.name} ${offsetAt(zone, JULY) / HOUR_MS}`;

async function replace(host: HostTree, path: string, bytes: Uint8Array): Promise<void> {
  await host.write(`${path}.new`, bytes);
  await rename(host.at(`${path}.new`), host.at(path));
}

async function relink(host: HostTree, path: string, target: string): Promise<void> {
  await host.link(`${path}.new`, target);
  await rename(host.at(`${path}.new`), host.at(path));
}

describe('a named zone', () => {
  it('comes from its file, and is the same object for as long as that stays', async () => {
    await using host = await HostTree.create({ [`${ZONEINFO}/Europe/Berlin`]: MADE_UP });
    const { zones, warnings } = zonesOf(host);
    const zone = await zones.load('Europe/Berlin');
    expect(summary(zone)).toBe('Europe/Berlin 5');
    expect(await zones.load('Europe/Berlin')).toBe(zone);
    expect(warnings).toEqual([]);
  });

  it('can be a link inside of the directory', async () => {
    await using host = await HostTree.create(FILES);
    await host.link(`${ZONEINFO}/Japan`, 'Asia/Tokyo');
    expect(summary(await zonesOf(host).zones.load('Japan'))).toBe('Japan 9');
  });

  it('UTC needs no file', async () => {
    await using host = await HostTree.create();
    const { zones, warnings } = zonesOf(host);
    expect(summary(await zones.load('UTC'))).toBe('UTC 0');
    expect(warnings).toEqual([]);
  });

  it('without a file is the built-in one, with one warning', async () => {
    await using host = await HostTree.create();
    const { zones, warnings } = zonesOf(host);
    for (let asked = 0; asked < 3; asked++) {
      expect(summary(await zones.load('Europe/Berlin'))).toBe('Europe/Berlin 2');
    }
    expect(warnings).toEqual([
      '/usr/share/zoneinfo/Europe/Berlin does not exist; Europe/Berlin as built in is used, which new time zone data do not change',
    ]);
  });

  it('B23: new time zone data count without a restart', async () => {
    await using host = await HostTree.create(FILES);
    const { zones, warnings } = zonesOf(host);
    expect(summary(await zones.load('Europe/Berlin'))).toBe('Europe/Berlin 2');
    await replace(host, `${ZONEINFO}/Europe/Berlin`, MADE_UP);
    expect(summary(await zones.load('Europe/Berlin'))).toBe('Europe/Berlin 5');
    expect(warnings).toEqual([]);
  });

  it('B23: written over in place with as many bytes counts as well', async () => {
    await using host = await HostTree.create({ [`${ZONEINFO}/Asia/Tokyo`]: TOKYO });
    const { zones } = zonesOf(host);
    expect(summary(await zones.load('Asia/Tokyo'))).toBe('Asia/Tokyo 9');
    expect(MADE_UP).toHaveLength(TOKYO.length);
    await host.write(`${ZONEINFO}/Asia/Tokyo`, MADE_UP);
    await utimes(host.at(`${ZONEINFO}/Asia/Tokyo`), 1, 1);
    expect(summary(await zones.load('Asia/Tokyo'))).toBe('Asia/Tokyo 5');
  });

  it('that breaks keeps its last good rules, and recovers', async () => {
    await using host = await HostTree.create(FILES);
    const { zones, warnings } = zonesOf(host);
    await zones.load('Asia/Tokyo');
    for (const broken of [Buffer.from('TZif'), TOKYO.subarray(0, 70)]) {
      await replace(host, `${ZONEINFO}/Asia/Tokyo`, broken);
      expect(summary(await zones.load('Asia/Tokyo'))).toBe('Asia/Tokyo 9');
      expect(summary(await zones.load('Asia/Tokyo'))).toBe('Asia/Tokyo 9');
    }
    expect(new Set(warnings).size).toBe(warnings.length);
    expect(warnings[0]).toBe(
      'cannot use time zone "Asia/Tokyo": a header must stand at byte 0, got the end of the file; Asia/Tokyo as it was stays in use',
    );
    await replace(host, `${ZONEINFO}/Asia/Tokyo`, MADE_UP);
    expect(summary(await zones.load('Asia/Tokyo'))).toBe('Asia/Tokyo 5');
    // The built-in rules would differ.
    await rm(host.at(`${ZONEINFO}/Asia/Tokyo`));
    expect(summary(await zones.load('Asia/Tokyo'))).toBe('Asia/Tokyo 5');
    expect(warnings).toHaveLength(3);
    await replace(host, `${ZONEINFO}/Asia/Tokyo`, TOKYO);
    expect(summary(await zones.load('Asia/Tokyo'))).toBe('Asia/Tokyo 9');
  });

  it('is told once while the fault stays, and again when it comes back', async () => {
    await using host = await HostTree.create(FILES);
    const { zones, warnings } = zonesOf(host);
    const broken = Buffer.from('TZif');
    await zones.load('Asia/Tokyo');
    for (const [bytes, told] of [
      [broken, 1],
      [Buffer.concat([broken, Buffer.alloc(3)]), 1],
      [TOKYO, 1],
      [broken, 2],
    ] as const) {
      await replace(host, `${ZONEINFO}/Asia/Tokyo`, bytes);
      await zones.load('Asia/Tokyo');
      expect(warnings).toHaveLength(told);
    }
    expect(warnings[1]).toBe(warnings[0]);
  });

  it('may have a file of 64 KiB, and no larger one', async () => {
    const padded = (length: number) => Buffer.concat([TOKYO, Buffer.alloc(length - TOKYO.length)]);
    await using host = await HostTree.create({ [`${ZONEINFO}/Asia/Tokyo`]: padded(65_536) });
    const { zones, warnings } = zonesOf(host);
    await zones.load('Asia/Tokyo');
    expect(warnings).toEqual([]);
    await replace(host, `${ZONEINFO}/Asia/Tokyo`, padded(65_537));
    await zones.load('Asia/Tokyo');
    expect(warnings).toEqual([
      'cannot use time zone "Asia/Tokyo": it must have at most 65536 bytes; Asia/Tokyo as it was stays in use',
    ]);
  });

  it('may have a name of 255 characters, and of a longer one 80 are shown', async () => {
    await using host = await HostTree.create();
    const { zones } = zonesOf(host);
    const longest = 'a'.repeat(255);
    await expect(zones.load(longest)).rejects.toThrow(`${ZONEINFO}/${longest} must exist`);
    const refused = zones.load(`${longest}a`);
    await expect(refused).rejects.toThrow(`the name must be one of ${ZONEINFO}, got "${'a'.repeat(80)}"`);
    await expect(refused).rejects.toHaveProperty('cause', expect.any(Error));
  });

  it('broken from the start is the built-in one, with a warning', async () => {
    await using host = await HostTree.create({ [`${ZONEINFO}/Asia/Tokyo`]: 'JST-9\n' });
    const { zones, warnings } = zonesOf(host);
    expect(summary(await zones.load('Asia/Tokyo'))).toBe('Asia/Tokyo 9');
    expect(warnings).toEqual([
      'cannot use time zone "Asia/Tokyo": a header must stand at byte 0, got the end of the file; Asia/Tokyo as built in is used',
    ]);
  });

  it.each([
    ['a directory', async (host: HostTree) => host.directory(`${ZONEINFO}/Asia/Tokyo`)],
    [
      'a FIFO',
      async (host: HostTree) => {
        await host.directory(`${ZONEINFO}/Asia`);
        execFileSync('mkfifo', [host.at(`${ZONEINFO}/Asia/Tokyo`)]);
      },
    ],
    [
      'a file of a megabyte',
      async (host: HostTree) => host.write(`${ZONEINFO}/Asia/Tokyo`, Buffer.alloc(1 << 20)),
    ],
    ['a link to itself', async (host: HostTree) => host.link(`${ZONEINFO}/Asia/Tokyo`, 'Tokyo')],
  ])('that is %s does no harm', async (_, make) => {
    await using host = await HostTree.create();
    await make(host);
    const { zones, warnings } = zonesOf(host);
    expect(summary(await zones.load('Asia/Tokyo'))).toBe('Asia/Tokyo 9');
    expect(warnings).toEqual([expect.stringContaining('as built in is used')]);
  });

  it.each([
    '../secret',
    'Europe/../../secret',
    '/etc/secret',
    'Europe//Berlin',
    'Europe/.',
    '.hidden',
    'a'.repeat(300),
    'a\0b',
    '',
  ])('named %j is refused, whatever is there', async (name) => {
    await using host = await HostTree.create({
      ...FILES,
      '/usr/share/secret': MADE_UP,
      '/etc/secret': MADE_UP,
    });
    await expect(zonesOf(host).zones.load(name)).rejects.toThrow(ConfigError);
    await expect(zonesOf(host).zones.load(name)).rejects.toThrow(/the name must be one of|must exist/);
  });

  it('that nobody knows is refused', async () => {
    await using host = await HostTree.create(FILES);
    await expect(zonesOf(host).zones.load('Europe/Bielefeld')).rejects.toThrow(
      'cannot use time zone "Europe/Bielefeld": /usr/share/zoneinfo/Europe/Bielefeld must exist',
    );
  });
});

describe('localtime', () => {
  it.each([
    ['an absolute link', '/usr/share/zoneinfo/Europe/Berlin', 'Europe/Berlin 2'],
    ['a relative link', '../usr/share/zoneinfo/Asia/Tokyo', 'Asia/Tokyo 9'],
  ])('is where %s leads', async (_, target, expected) => {
    await using host = await HostTree.create(FILES);
    await host.link('/etc/localtime', target);
    const { zones, warnings } = zonesOf(host);
    expect(summary(await zones.load('localtime'))).toBe(expected);
    expect(warnings).toEqual([]);
  });

  it('follows a link to a link', async () => {
    await using host = await HostTree.create(FILES);
    await host.link('/etc/zone', '../usr/share/zoneinfo/Asia/Tokyo');
    await host.link('/etc/localtime', 'zone');
    expect(summary(await zonesOf(host).zones.load('localtime'))).toBe('Asia/Tokyo 9');
  });

  it('can be a copied file, whose name nobody knows', async () => {
    await using host = await HostTree.create({ '/etc/localtime': MADE_UP });
    expect(summary(await zonesOf(host).zones.load('localtime'))).toBe('localtime 5');
  });

  it('that cannot be looked at is UTC with the reason', async () => {
    await using host = await HostTree.create();
    await host.link('/etc', 'etc');
    const { zones, warnings } = zonesOf(host);
    expect(await zones.load('localtime')).toBe(await zones.load('UTC'));
    expect(warnings).toEqual([
      expect.stringMatching(/: ELOOP: [^;]*readlink[^;]*; UTC as built in is used$/),
    ]);
  });

  it('without the file is UTC', async () => {
    await using host = await HostTree.create(FILES);
    const { zones, warnings } = zonesOf(host);
    expect(summary(await zones.load('localtime'))).toBe('UTC 0');
    expect(warnings).toEqual([]);
  });

  it('that leads nowhere, or is garbage, is UTC with a warning', async () => {
    await using host = await HostTree.create();
    await host.link('/etc/localtime', '/srv/zone');
    const first = zonesOf(host);
    expect(summary(await first.zones.load('localtime'))).toBe('UTC 0');
    expect(first.warnings).toEqual([
      'cannot use time zone "localtime": /etc/localtime must lead to a time zone, got a link to /srv/zone; UTC as built in is used',
    ]);
    await replace(host, '/etc/localtime', Buffer.from('Europe/Berlin\n'));
    const second = zonesOf(host);
    expect(summary(await second.zones.load('localtime'))).toBe('UTC 0');
    expect(second.warnings).toHaveLength(1);
  });

  it('with a link to a zone without a file is the built-in one', async () => {
    await using host = await HostTree.create();
    await host.link('/etc/localtime', '../usr/share/zoneinfo/America/New_York');
    const { zones, warnings } = zonesOf(host);
    expect(summary(await zones.load('localtime'))).toBe('America/New_York -4');
    expect(warnings).toHaveLength(1);
  });

  it('B23: is followed while the agent runs: another link, a copy, a copy written over, nothing, garbage', async () => {
    await using host = await HostTree.create(FILES);
    const { zones, warnings } = zonesOf(host);
    const now = async (): Promise<string> => summary(await zones.load('localtime'));
    await host.link('/etc/localtime', '../usr/share/zoneinfo/Europe/Berlin');
    expect(await now()).toBe('Europe/Berlin 2');
    await relink(host, '/etc/localtime', '../usr/share/zoneinfo/Asia/Tokyo');
    expect(await now()).toBe('Asia/Tokyo 9');
    await replace(host, '/etc/localtime', BERLIN);
    expect(await now()).toBe('localtime 2');
    await host.write('/etc/localtime', TOKYO);
    // Some copying tools keep the modification time of the source.
    await utimes(host.at('/etc/localtime'), 0, 0);
    expect(await now()).toBe('localtime 9');
    await rm(host.at('/etc/localtime'));
    expect(await now()).toBe('UTC 0');
    await symlink('../usr/share/zoneinfo/Europe/Berlin', host.at('/etc/localtime'));
    expect(await now()).toBe('Europe/Berlin 2');
    expect(warnings).toEqual([]);
    await replace(host, '/etc/localtime', Buffer.from('garbage'));
    expect(await now()).toBe('Europe/Berlin 2');
    expect(warnings).toHaveLength(1);
    await mkdir(host.at('/etc/x'));
    await relink(host, '/etc/localtime', 'x');
    expect(await now()).toBe('Europe/Berlin 2');
    await relink(host, '/etc/localtime', '../usr/share/zoneinfo/Asia/Tokyo');
    expect(await now()).toBe('Asia/Tokyo 9');
  });
});
