/** Whatever somebody writes in place of a file's path, no message repeats what may be the contents of that file. */
import { describe, expect, it } from 'vitest';

import { loadSettings } from '../../../src/config/load-settings.ts';
import { ConfigError } from '../../../src/errors.ts';
import { readBearer } from '../../../src/http/bearer-file.ts';
import { TlsFiles } from '../../../src/http/tls-files.ts';
import { HIDDEN_PATH, looksLikePath, shownPath } from '../../../src/text/shown-path.ts';
import { HostTree } from '../../support/host-tree.ts';

const FILE = '/etc/zincati/config.d/50-x.toml';
const BODY = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ';
const PEM = `-----BEGIN PRIVATE KEY-----\n${BODY}\nq8/Zx+17==\n-----END PRIVATE KEY-----\n`;
const KEYS = ['ca_file', 'client_cert_file', 'client_key_file', 'bearer_file'];

/** Everything that loading says, and what reading the files says. */
async function saidOf(toml: string): Promise<string> {
  await using host = await HostTree.create({ [FILE]: `cincinnati.base_url = "https://u.example"\n${toml}` });
  const said: string[] = [];
  try {
    const { warnings, notes, settings } = await loadSettings(host.root);
    const { caFile, clientCertFile, clientKeyFile, bearerFile } = settings.updates.fleetLock;
    said.push(...warnings, ...notes);
    const paths = { ca: caFile, cert: clientCertFile, key: clientKeyFile };
    const tries = [
      new TlsFiles(host.root, 'updates.fleet_lock', paths).context(),
      bearerFile === undefined
        ? Promise.resolve('')
        : readBearer(host.root, 'updates.fleet_lock.bearer_file', bearerFile),
    ];
    const results = await Promise.allSettled(tries);
    said.push(...results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : [])));
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    said.push(error.message, ...error.notes);
  }
  return said.join('\n');
}

const SECRETS = {
  'a PEM key over lines': [`'''\n${PEM}'''`, BODY],
  'a PEM key on one line': [JSON.stringify(PEM), BODY],
  'a PEM key that is not closed': [`"${PEM}`, BODY],
  'a PEM key without quotes': [PEM, BODY],
  'the body of a key': [JSON.stringify(BODY), BODY],
  'a body that begins with a slash': [JSON.stringify(`/${BODY}`), BODY],
  'a web token': ['"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP"', 'dBjftJeZ4CVP'],
  'hexadecimal digits': [JSON.stringify('0123456789abcdef'.repeat(4)), '0123456789abcdef'],
  'a password': ['"hunter2"', 'hunter2'],
  'a number': ['20260417', '20260417'],
  'a text over lines that begins with a slash': [JSON.stringify('/a\nhunter2'), 'hunter2'],
  'a path without end': [JSON.stringify(`/${'x'.repeat(5000)}`), 'x'.repeat(100)],
  'a long path': [JSON.stringify(`/${'x/'.repeat(2000)}y`), 'x/'.repeat(150)],
} as const;

describe.each(KEYS)('attack a: updates.fleet_lock.%s', (key) => {
  it.each(Object.entries(SECRETS))('does not repeat %s', async (_what, [value, secret]) => {
    const other = key === 'client_key_file' ? 'client_cert_file = "/etc/cert.pem"\n' : '';
    const said = await saidOf(`[updates.fleet_lock]\n${other}${key} = ${value}\n`);
    expect(said).not.toContain(secret);
    expect(said).toMatch(/_file|line \d/);
    expect(said.length).toBeLessThan(2000);
  });

  it.each(['etc/zincati/token.pem', './token', 'lock.key', '/etc/zincati/'])(
    'repeats %s, which looks like a path',
    async (path) => {
      const said = await saidOf(`updates.fleet_lock.${key} = "${path}"\n`);
      expect(said).toContain(`must be the absolute path of a file, got "${path}"`);
    },
  );
});

describe('shownPath', () => {
  it.each([
    '/etc/zincati/lock-ca.pem',
    '/var/lib/kubelet/pki/2026-04-17/client.key',
    '/etc/schlüssel/größe.pem',
    '/run/credentials/zincati.service/6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  ])('shows %s', (path) => {
    expect(shownPath(path)).toBe(path);
  });

  it.each(['hunter2', 'abc=', '/a\nb', '-----BEGIN X', ''])('hides %j', (text) => {
    expect(looksLikePath(text)).toBe(false);
    expect(shownPath(text)).toBe(HIDDEN_PATH);
  });
});
