import { spawnSync } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { ATTRIBUTES_FILE } from '../../../src/config/attribute-template.ts';
import { readAttributes } from '../../../src/config/attributes.ts';
import { ConfigError, messageOf } from '../../../src/errors.ts';
import { HostTree } from '../../support/host-tree.ts';

const USER = 'identity.group in x.toml';

async function refusal(host: HostTree): Promise<string> {
  const error: unknown = await readAttributes(host.root, USER).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConfigError);
  expect(error).toMatchObject({ kind: 'config_unreadable' });
  return messageOf(error);
}

describe('a file that cannot be read', () => {
  const failed = async (host: HostTree): Promise<unknown> =>
    readAttributes(host.root, USER).catch((error: unknown) => error);

  it('may come by itself where the system refused, and not for what it is', async () => {
    await using host = await HostTree.create();
    await host.link(ATTRIBUTES_FILE, `/${'x'.repeat(300)}`);
    expect(await failed(host)).toMatchObject({ mayCome: true, cause: { code: 'ENAMETOOLONG' } });
    await using other = await HostTree.create();
    await other.directory(ATTRIBUTES_FILE);
    expect(await failed(other)).toMatchObject({ mayCome: false });
  });

  it('has the error of the decoder at its root where it is no text', async () => {
    await using host = await HostTree.create();
    await host.write(ATTRIBUTES_FILE, Buffer.from([0xff]));
    expect(await failed(host)).toHaveProperty('cause.cause.code', 'ERR_ENCODING_INVALID_ENCODED_DATA');
  });
});

describe('the attributes of the machine', () => {
  it('are none where there is no file', async () => {
    await using host = await HostTree.create();
    expect(await readAttributes(host.root, USER)).toBeUndefined();
  });

  it('are what Afterburn wrote, and nothing that others put beside it', async () => {
    await using host = await HostTree.create({
      [ATTRIBUTES_FILE]:
        'AFTERBURN_AWS_REGION=eu-west-1\nPATH=/evil\nAFTERBURN_AWS_INSTANCE_TYPE="m5.large"\n',
    });
    expect([...((await readAttributes(host.root, USER)) ?? [])]).toEqual([
      ['AFTERBURN_AWS_REGION', 'eu-west-1'],
      ['AFTERBURN_AWS_INSTANCE_TYPE', 'm5.large'],
    ]);
  });

  it('are found through links that lead to a file of the host', async () => {
    await using host = await HostTree.create({ '/run/elsewhere': 'AFTERBURN_A=1\n' });
    await host.link(ATTRIBUTES_FILE, '/run/elsewhere');
    expect((await readAttributes(host.root, USER))?.get('AFTERBURN_A')).toBe('1');
  });

  it.each<[string, (host: HostTree) => Promise<unknown>, string]>([
    ['a directory', (host) => host.directory(ATTRIBUTES_FILE), 'it must be a regular file'],
    ['a link to nowhere', (host) => host.link(ATTRIBUTES_FILE, '/nowhere'), 'it must be a regular file'],
    ['a link to /dev/null', (host) => host.link(ATTRIBUTES_FILE, '/dev/null'), 'it must be a regular file'],
    [
      'a FIFO',
      async (host) => {
        await host.directory('/run/metadata');
        expect(spawnSync('mkfifo', [host.at(ATTRIBUTES_FILE)]).status).toBe(0);
      },
      'it must be a regular file',
    ],
    [
      'a file without end',
      (host) => host.write(ATTRIBUTES_FILE, `AFTERBURN_A=1\n${'#'.repeat(64 * 1024)}`),
      'it must be at most 65536 bytes long',
    ],
    [
      'a file of everybody',
      async (host) => {
        await host.write(ATTRIBUTES_FILE, 'AFTERBURN_A=1\n');
        await chmod(host.at(ATTRIBUTES_FILE), 0o666);
      },
      'it must not be writable by everyone, got mode 0666; chmod o-w /run/metadata/afterburn',
    ],
    [
      'a binary',
      (host) => host.write(ATTRIBUTES_FILE, Uint8Array.of(0x41, 0xff, 0x0a)),
      'it must be UTF-8 text',
    ],
    ['a byte 0', (host) => host.write(ATTRIBUTES_FILE, 'AFTERBURN_A=1\0\n'), 'it must be text, got a byte 0'],
  ])('are refused as %s', async (_what, make, complaint) => {
    await using host = await HostTree.create();
    await make(host);
    expect(await refusal(host)).toBe(`cannot read ${ATTRIBUTES_FILE}, which ${USER} needs: ${complaint}`);
  });
});
