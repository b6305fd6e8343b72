/** The keys of `updates.fleet_lock`, read together. */
import { describe, expect, it } from 'vitest';

import { loadSettings } from '../../../src/config/load-settings.ts';
import { HostTree } from '../../support/host-tree.ts';

const FILE = '/etc/zincati/config.d/60-lock.toml';
const BASE = 'cincinnati.base_url = "http://x"\nupdates.strategy = "fleet_lock"\n[updates.fleet_lock]\n';

async function load(text: string) {
  await using host = await HostTree.create({ [FILE]: BASE + text });
  const { settings, warnings } = await loadSettings(host.root);
  return { ...settings.updates.fleetLock, warnings: warnings.map((line) => line.replace(host.root, '')) };
}

describe('updates.fleet_lock', () => {
  it('is read as written', async () => {
    expect(
      await load(
        'base_url = "https://l"\nca_file = "/a/ca"\nclient_cert_file = "/a/c"\nclient_key_file = "/a/k"\nbearer_file = "/a/b"\ntimeout_secs = 5',
      ),
    ).toEqual({
      baseUrl: 'https://l',
      caFile: '/a/ca',
      clientCertFile: '/a/c',
      clientKeyFile: '/a/k',
      bearerFile: '/a/b',
      timeoutMs: 5000,
      warnings: [],
    });
  });

  it.each([
    [
      'ca_file = "relative.pem"',
      'updates.fleet_lock.ca_file must be the absolute path of a file, got "relative.pem"',
    ],
    [
      'timeout_secs = 0',
      'updates.fleet_lock.timeout_secs must be a whole number of seconds from 1 to 1800, got 0',
    ],
    ['timeout_secs = 1801', 'from 1 to 1800, got 1801'],
    [
      'client_cert_file = "/c"',
      'updates.fleet_lock.client_key_file must be set together with client_cert_file, got nothing',
    ],
    [
      'client_key_file = "/k"',
      'updates.fleet_lock.client_cert_file must be set together with client_key_file, got nothing',
    ],
  ])('refuses %s', async (text, expected) => {
    await expect(load(`base_url = "https://l"\n${text}`)).rejects.toThrow(expected);
  });

  it('warns of certificates and tokens that an http:// address makes worthless', async () => {
    const { warnings } = await load('base_url = "http://l"\nca_file = "/ca"\nbearer_file = "/b"');
    expect(warnings).toEqual([
      `${FILE}: updates.fleet_lock.ca_file has no effect: updates.fleet_lock.base_url is no https:// address`,
      `${FILE}: the token of updates.fleet_lock.bearer_file is sent in clear text: updates.fleet_lock.base_url is no https:// address`,
    ]);
  });
});
