/** Attack l, as a kind: every file that the configuration is in or names, and every folder above one. */
import { chmod } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../../src/config/load-settings.ts';
import { SCHEMA } from '../../../src/config/schema.ts';
import { HostTree } from '../../support/host-tree.ts';

const FILE = '/etc/zincati/config.d/50-x.toml';
const FOLDER = '/srv/lock';
const PATHS = {
  ca_file: `${FOLDER}/ca.pem`,
  client_cert_file: `${FOLDER}/node.pem`,
  client_key_file: `${FOLDER}/node.key`,
  bearer_file: `${FOLDER}/token`,
};
const SECRETS = ['client_key_file', 'bearer_file'];

function toml(paths: Readonly<Record<string, string>>, more = ''): string {
  const files = Object.entries(paths).map(([key, path]) => `fleet_lock.${key} = "${path}"\n`);
  return `cincinnati.base_url = "https://u.example"
[updates]
strategy = "fleet_lock"
fleet_lock.base_url = "https://lock.example"
${files.join('')}${more}`;
}

async function hostWith(text: string, files: readonly string[] = Object.values(PATHS)): Promise<HostTree> {
  const host = await HostTree.create({ [FILE]: text });
  for (const file of files) {
    await host.write(file, '');
    await chmod(host.at(file), 0o640);
  }
  return host;
}

async function warnings(host: HostTree): Promise<string[]> {
  const loaded = await loadSettings(host.root);
  return loaded.warnings.map((warning) => warning.replaceAll(host.root, ''));
}

const key = (name: string): string => `${FILE}: updates.fleet_lock.${name}`;

describe('attack l: a file that the configuration names', () => {
  it('has no warning while only its owner and group have anything to do with it', async () => {
    await using host = await hostWith(toml(PATHS));
    expect(await warnings(host)).toEqual([]);
  });

  it('is looked at whatever key of a file names it', () => {
    const named = Object.keys(SCHEMA).filter((name) => name.endsWith('_file'));
    expect(named).toEqual(Object.keys(PATHS).map((name) => `updates.fleet_lock.${name}`));
  });

  it.each(Object.entries(PATHS))(
    '%s: is named with its mode when everybody can change it',
    async (name, path) => {
      await using host = await hostWith(toml(PATHS));
      await chmod(host.at(path), 0o646);
      const remedy = SECRETS.includes(name) ? 'chmod 0640' : 'chmod o-w';
      expect(await warnings(host)).toEqual([
        `${key(name)}: every user of this host can change ${path}, which has mode 0646; ${remedy} ${path}`,
      ]);
    },
  );

  it.each(SECRETS.flatMap((name) => [0o644, 0o660].map((mode) => [name, mode] as const)))(
    '%s: a secret with mode %o is named before it is refused',
    async (name, mode) => {
      await using host = await hostWith(toml(PATHS));
      const path = PATHS[name as keyof typeof PATHS];
      await chmod(host.at(path), mode);
      expect(await warnings(host)).toEqual([
        `${key(name)}: ${path} is refused: others can read it, or its group can change it, since it has mode 0${mode.toString(8)}; chmod 0640 ${path}`,
      ]);
    },
  );

  it('may be readable by everybody when it is a certificate', async () => {
    await using host = await hostWith(toml(PATHS));
    await chmod(host.at(PATHS.ca_file), 0o644);
    await chmod(host.at(PATHS.client_cert_file), 0o664);
    expect(await warnings(host)).toEqual([]);
  });

  it.each([
    ['the folder', FOLDER, 0o777, `chmod o-w ${FOLDER}`],
    ['a folder above', '/srv', 0o757, 'chmod o-w /srv'],
    ['a sticky folder', FOLDER, 0o1777, 'keep it in a folder of root, such as /etc/zincati'],
  ])('is named once when others may write into %s', async (_what, folder, mode, remedy) => {
    await using host = await hostWith(toml({ ca_file: PATHS.ca_file }), [PATHS.ca_file]);
    await chmod(host.at(folder), mode);
    expect(await warnings(host)).toEqual([
      `${key('ca_file')}: every user of this host can put another file in the place of ${PATHS.ca_file}, since ${folder} has mode ${mode.toString(8).padStart(4, '0')}; ${remedy}`,
    ]);
  });

  it('is named also while it is not there: others can be first', async () => {
    await using host = await hostWith(toml({ ca_file: PATHS.ca_file }), []);
    await host.directory(FOLDER);
    await chmod(host.at(FOLDER), 0o777);
    expect(await warnings(host)).toHaveLength(1);
  });

  it('may lie below a sticky folder, where its own folder stays', async () => {
    await using host = await hostWith(toml({ ca_file: PATHS.ca_file }), [PATHS.ca_file]);
    await chmod(host.at('/srv'), 0o1777);
    expect(await warnings(host)).toEqual([]);
  });

  it('counts on both sides of a link', async () => {
    await using host = await hostWith(toml({ ca_file: '/etc/lock/ca.pem' }), [PATHS.ca_file]);
    await host.link('/etc/lock', FOLDER);
    await chmod(host.at('/srv'), 0o777);
    expect(await warnings(host)).toEqual([
      expect.stringContaining('since /srv has mode 0777; chmod o-w /srv'),
    ]);
    await chmod(host.at('/srv'), 0o755);
    await chmod(host.at('/etc'), 0o777);
    expect((await warnings(host)).join('\n')).toContain('in the place of /etc/lock/ca.pem, since /etc has');
  });

  it('is a drop-in too: its folder decides who configures the agent', async () => {
    await using host = await hostWith(toml({}), []);
    await chmod(host.at('/etc/zincati/config.d'), 0o777);
    await host.directory('/run/zincati/config.d');
    await chmod(host.at('/run/zincati/config.d'), 0o2775);
    expect(await warnings(host)).toEqual([
      'every user of this host can put another file in the place of a drop-in, since /etc/zincati/config.d has mode 0777; chmod o-w /etc/zincati/config.d',
    ]);
  });

  it('is the permission of strategy marker, and the file of attributes', async () => {
    await using host = await hostWith(
      'cincinnati.base_url = "https://u.example"\nidentity.group = "${AFTERBURN_AWS_REGION}"\nupdates.marker.path = "/srv/go"\n',
      ['/run/metadata/afterburn'],
    );
    await host.write('/run/metadata/afterburn', 'AFTERBURN_AWS_REGION=here\n');
    await host.directory('/srv');
    await chmod(host.at('/srv'), 0o777);
    await chmod(host.at('/run/metadata'), 0o777);
    const exposed = (await warnings(host)).filter((warning) => warning.includes('another file in the place'));
    expect(exposed).toEqual([
      `${FILE}: updates.marker.path: every user of this host can put another file in the place of /srv/go, since /srv has mode 0777; chmod o-w /srv`,
      'every user of this host can put another file in the place of /run/metadata/afterburn, since /run/metadata has mode 0777; chmod o-w /run/metadata',
    ]);
  });
});
