import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { HostZones, LOCALTIME } from '../../../src/calendar/zoneinfo.ts';
import { hostZone } from '../../../src/cli/host-zone.ts';

const SUMMER = Date.parse('2026-07-01T00:00:00Z');
const HOUR_MS = 3_600_000;
const offsetOf = async (root: string, wanted: string): Promise<number> =>
  (await hostZone(root, wanted)).periodAt(SUMMER).offsetMs / HOUR_MS;

describe('on this host', () => {
  it.each([
    ['Europe/Berlin', 2],
    [':America/New_York', -4],
    ['UTC', 0],
  ])('TZ=%s', async (wanted, hours) => {
    expect(await offsetOf('/', wanted)).toBe(hours);
  });

  it.each(['', 'No/Where', '../../../etc/passwd', 'EST5EDT4,M3.2.0'])(
    'TZ=%j: as /etc/localtime says',
    async (wanted) => {
      const zones = new HostZones({ root: '/', builtIn: () => undefined, warn: () => undefined });
      const expected = (await zones.load(LOCALTIME)).periodAt(SUMMER).offsetMs / HOUR_MS;
      expect(await offsetOf('/', wanted)).toBe(expected);
    },
  );
});

describe('below another root', () => {
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'host-zone-'));
    mkdirSync(join(root, 'etc'));
    mkdirSync(join(root, 'usr/share/zoneinfo/Asia'), { recursive: true });
    cpSync('/usr/share/zoneinfo/Asia/Tokyo', join(root, 'usr/share/zoneinfo/Asia/Tokyo'), {
      dereference: true,
    });
    symlinkSync('/usr/share/zoneinfo/Asia/Tokyo', join(root, 'etc/localtime'));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it.each(['', 'Asia/Tokyo', 'Europe/Berlin'])('TZ=%j: has only what is there', async (wanted) => {
    expect(await offsetOf(root, wanted)).toBe(9);
  });

  it('has UTC where there is nothing', async () => {
    expect(await offsetOf(join(root, 'etc'), '')).toBe(0);
  });
});
