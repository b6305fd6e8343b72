/** F12: whatever is wrong with an address, no message repeats a part of it that may be a password. */
import { describe, expect, it } from 'vitest';

import { loadSettings } from '../../../src/config/load-settings.ts';
import { ConfigError } from '../../../src/errors.ts';
import { graphUrl } from '../../../src/cincinnati/sources/cincinnati-client.ts';
import { HostTree } from '../../support/host-tree.ts';

const FILE = '/etc/zincati/config.d/50-x.toml';
const FORMS = [
  'http:user:S3cret@h.example',
  'http:/user:S3cret@h.example',
  'http//user:S3cret@h.example',
  'https://user:12/S3cret@h.example',
  'https://user:12#S3cret@h.example',
  'https://user:12?S3cret@h.example',
  'https://user:a S3cret@h.example',
  'https://user:S3cret@h.example:port',
  'https://user:S3cret@h.example:99999',
  'ftp://user:S3cret@h.example',
  'user:S3cret@h.example',
  'https://user:S3cret@h.example/${nosuch}',
  'https://user:${S3cret@h.example',
  'https://h.example/?token=S3cret&x=${nosuch}',
  'https://user:12\\\\S3cret@h.example',
  'https://user:%zzS3cret@[h.example',
  'https://user:S3cret@${AFTERBURN_NOSUCH}',
  'https://user:S3cret@${AFTERBURN_X',
  'https://user:S3cret@%2${AFTERBURN_X}',
  'https://user:S3cret@${AFTERBURN_X}',
  'https://user:12/S3cret@${AFTERBURN_X}',
];

/** Everything that loading says, and what the client says when it asks. */
async function saidOf(toml: string): Promise<string> {
  await using host = await HostTree.create({ [FILE]: toml, '/run/metadata/afterburn': 'AFTERBURN_X=y\n' });
  try {
    const { warnings, notes, settings } = await loadSettings(host.root);
    return [...warnings, ...notes, asking(settings.cincinnati.baseUrl ?? '')].join('\n');
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    return [error.message, ...error.notes].join('\n');
  }
}

function asking(baseUrl: string): string {
  try {
    const facts = {
      basearch: 'x',
      stream: 'x',
      platform: 'x',
      group: 'x',
      nodeUuid: 'x',
      rolloutWariness: undefined,
    };
    graphUrl({ baseUrl, node: facts }, { version: '1', payload: { scheme: 'checksum', value: 'a' } });
    return '';
  } catch (error) {
    return String(error);
  }
}

const KEYS = {
  'cincinnati.base_url': (value: string) => `cincinnati.base_url = ${value}\n`,
  'updates.fleet_lock.base_url': (value: string) =>
    `cincinnati.base_url = "https://u.example"\nupdates.strategy = "fleet_lock"\nupdates.fleet_lock.base_url = ${value}\n`,
};

describe.each(Object.entries(KEYS))('F12: %s', (key, file) => {
  it.each(FORMS)('is not repeated when it is %s', async (address) => {
    const said = await saidOf(file(`"${address}"`));
    expect(said).not.toContain('S3cret');
    expect(said === '' || said.includes(key)).toBe(true);
  });

  it.each([
    ['not closed', '"https://user:S3cret@h.example'],
    ['without quotes', 'https://user:S3cret@h.example'],
    ['quoted twice', '""https://user:S3cret@h.example""'],
    ['followed by more', '"https://h.example" S3cret@h.example'],
    ['a list', '["https://user:S3cret@h.example"]'],
    ['over lines, not closed', '"""\nhttps://user:S3cret@h.example\n'],
  ])('is not repeated when it is %s', async (_what, value) => {
    const said = await saidOf(file(value));
    expect(said).not.toContain('S3cret');
    expect(said).toMatch(/base_url|line \d/);
  });
});
