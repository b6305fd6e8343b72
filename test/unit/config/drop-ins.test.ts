import { execFileSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { MAX_ENTRIES } from '../../../src/config/drop-in-entries.ts';
import { MAX_FILE_BYTES, MAX_FILES, MAX_TOTAL_BYTES, readDropIns } from '../../../src/config/drop-ins.ts';
import { HostTree } from '../../support/host-tree.ts';

const USR = '/usr/lib/zincati/config.d';
const RUN = '/run/zincati/config.d';
const ETC = '/etc/zincati/config.d';

async function pathsOf(host: HostTree): Promise<string[]> {
  const { files, warnings, errors } = await readDropIns(host.root);
  expect({ warnings, errors }).toEqual({ warnings: [], errors: [] });
  return files.map((file) => file.path.slice(host.root.length));
}

describe('which files count', () => {
  it('is none of them on a host without directories', async () => {
    await using host = await HostTree.create();
    expect(await pathsOf(host)).toEqual([]);
  });

  it('lets the later directory win whole, and orders by name across directories', async () => {
    await using host = await HostTree.create({
      [`${USR}/10-a.toml`]: '',
      [`${USR}/30-c.toml`]: '',
      [`${USR}/40-d.toml`]: '',
      [`${RUN}/30-c.toml`]: '',
      [`${RUN}/05-z.toml`]: '',
      [`${ETC}/40-d.toml`]: '',
      [`${ETC}/20-b.toml`]: '',
    });
    expect(await pathsOf(host)).toEqual([
      `${RUN}/05-z.toml`,
      `${USR}/10-a.toml`,
      `${ETC}/20-b.toml`,
      `${RUN}/30-c.toml`,
      `${ETC}/40-d.toml`,
    ]);
  });

  it('reads nothing that an older zincati-update-now has left behind', async () => {
    await using host = await HostTree.create({
      '/run/zincati-update-now/config.d/99-update-now.toml': '',
      [`${ETC}/99-z.toml`]: '',
    });
    expect(await pathsOf(host)).toEqual([`${ETC}/99-z.toml`]);
  });

  it('orders by bytes, not by UTF-16 units or by a language', async () => {
    const names = ['B.toml', 'a.toml', 'é.toml', '\uFFFD.toml', '😀.toml'];
    await using host = await HostTree.create(Object.fromEntries(names.map((name) => [`${ETC}/${name}`, ''])));
    expect(await pathsOf(host)).toEqual(names.map((name) => `${ETC}/${name}`));
  });

  it('masks a name with a link to /dev/null, in the weaker directories only', async () => {
    await using host = await HostTree.create({
      [`${USR}/10-a.toml`]: 'broken [',
      [`${USR}/20-b.toml`]: '',
      [`${ETC}/20-b.toml`]: '',
    });
    await host.link(`${RUN}/10-a.toml`, '/dev/null');
    await host.link(`${RUN}/20-b.toml`, '../../../dev/null');
    expect(await pathsOf(host)).toEqual([`${ETC}/20-b.toml`]);
  });

  it('leaves dotfiles and a README alone without a word', async () => {
    await using host = await HostTree.create({
      [`${ETC}/.10-a.toml`]: 'broken [',
      [`${ETC}/.10-a.toml.swp`]: '',
      [`${ETC}/README`]: '',
      [`${ETC}/README.md`]: '',
    });
    await host.directory(`${ETC}/.git`);
    expect(await pathsOf(host)).toEqual([]);
  });

  it('diff 8: follows links below the root, absolute ones and those of directories included', async () => {
    await using host = await HostTree.create({ '/srv/conf/10-a.toml': 'x = 1' });
    await host.link(ETC, '/srv/conf');
    await host.link(`${USR}/20-b.toml`, '/srv/conf/10-a.toml');
    const { files, warnings } = await readDropIns(host.root);
    expect(files.map((file) => [file.path, Buffer.from(file.bytes).toString()])).toEqual([
      [host.at(`${ETC}/10-a.toml`), 'x = 1'],
      [host.at(`${USR}/20-b.toml`), 'x = 1'],
    ]);
    expect(warnings).toEqual([
      `${host.at(`${USR}/20-b.toml`)}: read through the symbolic link to /srv/conf/10-a.toml, which Zincati ignores; put a file there if its settings are meant`,
    ]);
  });
});

describe('B20: what is not read is named, with what to do', () => {
  it.each([
    ['90-disable.yaml', 'write its contents as TOML into 90-disable.toml and remove it'],
    ['90-disable.yml', 'write its contents as TOML into 90-disable.toml'],
    ['90-disable.json', 'write its contents as TOML into 90-disable.toml'],
    ['90-disable.conf', 'write its contents as TOML into 90-disable.toml'],
    ['90-disable.tom', 'rename it to 90-disable.toml'],
    ['90-disable.TOML', 'rename it to 90-disable.toml'],
    ['90-disable.toml.bak', 'remove it, or rename it to 90-disable.toml to have it read'],
    ['90-disable.toml~', 'remove it, or rename it to 90-disable.toml to have it read'],
    ['90-disable.toml.rpmnew', 'remove it, or rename it to 90-disable.toml to have it read'],
    ['90-disable', 'rename it to 90-disable.toml if it is a drop-in'],
  ])('B20: %s', async (name, remedy) => {
    await using host = await HostTree.create({ [`${ETC}/${name}`]: 'updates:\n  enabled: false\n' });
    const { files, warnings, errors } = await readDropIns(host.root);
    expect(files).toEqual([]);
    expect(errors).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(
      `${host.at(`${ETC}/${name}`)}: ignored, only files whose name ends in .toml are read`,
    );
    expect(warnings[0]).toContain(remedy);
  });

  it('B20: a directory, by itself, as a drop-in or behind a link, hides nothing', async () => {
    await using host = await HostTree.create({
      [`${ETC}/conf/10-a.toml`]: '',
      [`${USR}/20-b.toml`]: '',
      '/srv/dir/x': '',
    });
    await host.directory(`${ETC}/20-b.toml`);
    await host.link(`${ETC}/30-c.toml`, '/srv/dir');
    const { files, warnings, errors } = await readDropIns(host.root);
    expect(errors).toEqual([]);
    expect(files.map((file) => file.path)).toEqual([host.at(`${USR}/20-b.toml`)]);
    const remedy = `ignored, it is a directory; move its files into ${host.at(ETC)} itself`;
    expect(warnings.toSorted()).toEqual([
      `${host.at(`${ETC}/20-b.toml`)}: ${remedy}`,
      `${host.at(`${ETC}/30-c.toml`)}: ${remedy}`,
      `${host.at(`${ETC}/conf`)}: ${remedy}`,
    ]);
  });

  it('B20: a FIFO is not waited for', async () => {
    await using host = await HostTree.create({ [`${ETC}/10-a.toml`]: '' });
    execFileSync('mkfifo', [host.at(`${ETC}/20-b.toml`)]);
    const { files, warnings } = await readDropIns(host.root);
    expect(files).toHaveLength(1);
    expect(warnings).toEqual([
      `${host.at(`${ETC}/20-b.toml`)}: ignored, a drop-in must be a regular file, or a symbolic link to one (or to /dev/null, to mask the name)`,
    ]);
  });
});

describe('what cannot be read is an error', () => {
  async function onlyError(host: HostTree): Promise<string> {
    const { errors } = await readDropIns(host.root);
    expect(errors.map((error) => error.kind)).toEqual(['config_unreadable']);
    return errors[0]!.message;
  }

  it('diff 7: but not a link that leads nowhere: it is named, and hides nothing', async () => {
    await using host = await HostTree.create({ [`${USR}/10-a.toml`]: '' });
    await host.link(`${ETC}/10-a.toml`, '/srv/gone.toml');
    const { files, errors, warnings } = await readDropIns(host.root);
    expect(errors).toEqual([]);
    expect(files.map((file) => file.path)).toEqual([host.at(`${USR}/10-a.toml`)]);
    expect(warnings).toEqual([
      `${host.at(`${ETC}/10-a.toml`)}: ignored, the symbolic link leads to /srv/gone.toml, which does not exist; remove the link, or make it lead to /dev/null to mask the name`,
    ]);
  });

  it('nor is it named where a stronger file stands in its place', async () => {
    await using host = await HostTree.create({ [`${ETC}/10-a.toml`]: '' });
    await host.link(`${USR}/10-a.toml`, '/srv/gone.toml');
    expect(await pathsOf(host)).toEqual([`${ETC}/10-a.toml`]);
  });

  it('a link in a loop', async () => {
    await using host = await HostTree.create();
    await host.link(`${ETC}/10-a.toml`, '10-a.toml');
    expect(await onlyError(host)).toContain(`cannot read ${host.at(`${ETC}/10-a.toml`)}: more than 40`);
  });

  it('diff 7: but not a directory that is a file, or a link to nothing: they are named', async () => {
    await using host = await HostTree.create({ [RUN]: '' });
    await host.link(ETC, '/srv/gone');
    const { errors, warnings } = await readDropIns(host.root);
    expect(errors).toEqual([]);
    expect(warnings).toEqual([
      `${host.at(RUN)}: ignored, it must be a directory of drop-ins`,
      `${host.at(ETC)}: ignored, it must be a directory of drop-ins`,
    ]);
  });

  it('a file over the limit; one of just the limit is fine', async () => {
    await using host = await HostTree.create({ [`${ETC}/10-a.toml`]: Buffer.alloc(MAX_FILE_BYTES, '#') });
    expect(await pathsOf(host)).toHaveLength(1);
    await host.write(`${ETC}/10-a.toml`, Buffer.alloc(2 * MAX_FILE_BYTES, '#'));
    expect(await onlyError(host)).toBe(
      `cannot read ${host.at(`${ETC}/10-a.toml`)}: it must be at most ${MAX_FILE_BYTES} bytes long`,
    );
  });

  it('F2: files that are too much together, and no more of them is read', async () => {
    const whole = Buffer.alloc(MAX_FILE_BYTES, '#');
    const names = Array.from(
      { length: MAX_TOTAL_BYTES / MAX_FILE_BYTES + 5 },
      (_, at) => `${ETC}/${10 + at}.toml`,
    );
    await using host = await HostTree.create(Object.fromEntries(names.map((name) => [name, whole])));
    const { files, errors } = await readDropIns(host.root);
    expect(files.map(({ path }) => path)).toEqual(names.slice(0, -5).map((name) => host.at(name)));
    expect(errors.map(({ message }) => message)).toEqual([
      `cannot read ${host.at(names.at(-5)!)}: all drop-ins together must have at most 262144 bytes, got more`,
    ]);
  });

  it('F2: more files than the limit', async () => {
    const names = Array.from(
      { length: MAX_FILES + 1 },
      (_, at) => `${at % 2 === 0 ? ETC : USR}/${1000 + at}.toml`,
    );
    await using host = await HostTree.create(Object.fromEntries(names.map((name) => [name, ''])));
    const { files, errors } = await readDropIns(host.root);
    expect(files).toHaveLength(MAX_FILES);
    expect(errors.map(({ message }) => message)).toEqual([
      `cannot read ${host.at(names.at(-1)!)}: there must be at most ${MAX_FILES} drop-ins, got more`,
    ]);
  });

  it('a directory with more entries than the limit', async () => {
    await using host = await HostTree.create();
    await host.directory(RUN);
    for (let index = 0; index <= MAX_ENTRIES; index += 1) {
      await writeFile(host.at(`${RUN}/${index}.toml`), '');
    }
    expect(await onlyError(host)).toBe(
      `cannot read ${host.at(RUN)}: it must hold at most ${MAX_ENTRIES} files`,
    );
  });

  it('a name that is no UTF-8', async () => {
    await using host = await HostTree.create();
    await host.directory(ETC);
    await writeFile(
      Buffer.concat([Buffer.from(host.at(`${ETC}/10-`)), Buffer.from([0xff]), Buffer.from('.toml')]),
      '',
    );
    expect(await onlyError(host)).toContain('its name must be UTF-8');
  });

  it('and all of them are found, not only the first', async () => {
    await using host = await HostTree.create({ [`${USR}/40-ok.toml`]: '' });
    await host.link(`${ETC}/10-a.toml`, '10-a.toml');
    await host.link(`${RUN}/20-b.toml`, '20-b.toml');
    const { files, errors } = await readDropIns(host.root);
    expect(errors).toHaveLength(2);
    expect(files).toHaveLength(1);
  });
});

it('attack l: a drop-in that every user can change is read, and named in one warning', async () => {
  await using host = await HostTree.create({ [`${ETC}/10-a.toml`]: '', [`${ETC}/20-b.toml`]: '' });
  await chmod(host.at(`${ETC}/10-a.toml`), 0o646);
  await chmod(host.at(`${ETC}/20-b.toml`), 0o664);
  const { files, warnings } = await readDropIns(host.root);
  expect(files).toHaveLength(2);
  expect(warnings).toEqual([
    `${host.at(`${ETC}/10-a.toml`)}: every user of this host can change it, got mode 0646; chmod o-w`,
  ]);
});
