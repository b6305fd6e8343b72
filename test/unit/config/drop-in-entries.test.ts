/** What lies in a directory of drop-ins: how much, in which order, and whether what failed may come right by itself. */
import { describe, expect, it } from 'vitest';

import { listDirectory, MAX_ENTRIES, unreadable } from '../../../src/config/drop-in-entries.ts';
import { HostTree } from '../../support/host-tree.ts';

const ETC = '/etc/zincati/config.d';
const named = (count: number, suffix: string) =>
  Object.fromEntries(
    // In no order that a file system could keep by chance.
    Array.from({ length: count }, (_, index) => [`${ETC}/${(index * 7919) % 10_007}${suffix}`, '']),
  );

describe('a directory', () => {
  it('lists its entries, and says what it ignores, in the order of their names', async () => {
    await using host = await HostTree.create({ ...named(60, '.toml'), ...named(60, '.TOML') });
    const warnings: string[] = [];
    const names = await listDirectory(host.root, ETC, warnings);
    expect(names).toHaveLength(60);
    expect(names).toEqual(names?.toSorted());
    expect(warnings).toHaveLength(60);
    expect(warnings).toEqual(warnings.toSorted());
  });

  it('holds so many entries, and not one more', async () => {
    await using host = await HostTree.create(named(MAX_ENTRIES, '.toml'));
    expect(await listDirectory(host.root, ETC, [])).toHaveLength(MAX_ENTRIES);
    await host.write(`${ETC}/.hidden`, '');
    await expect(listDirectory(host.root, ETC, [])).rejects.toThrow('it must hold at most 1000 files');
  });
});

describe('what cannot be read', () => {
  it('may come where the system refused, and keeps what it refused with', () => {
    const cause = Object.assign(new Error('i/o error'), { code: 'EIO' });
    expect(unreadable('/x', cause)).toMatchObject({ kind: 'config_unreadable', mayCome: true, cause });
    const other = new Error('it must be UTF-8 text');
    expect(unreadable('/x', other)).toMatchObject({ mayCome: false, cause: other });
  });
});
