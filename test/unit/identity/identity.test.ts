import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { resolveSettings } from '../../../src/config/resolve-settings.ts';
import { IdentityError } from '../../../src/errors.ts';
import { basearch } from '../../../src/identity/basearch.ts';
import { loadIdentity, needsOf, needsOfAgent } from '../../../src/identity/identity.ts';
import { ZINCATI_APP_ID, appSpecificId, nodeUuid, remedyFor } from '../../../src/identity/node-uuid.ts';
import { platform, platformFromCmdline } from '../../../src/identity/platform.ts';
import { resolveStream } from '../../../src/identity/stream.ts';
import { HostTree } from '../../support/host-tree.ts';

const NOTHING_CONFIGURED = {
  group: 'default',
  nodeUuid: undefined,
  rolloutWariness: undefined,
  platform: undefined,
  stream: undefined,
};

async function refusal(promise: Promise<unknown>): Promise<IdentityError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(IdentityError);
  return error as IdentityError;
}

describe('node uuid', () => {
  // Made with Python's hmac module: hmac.new(bytes.fromhex(MACHINE_ID), bytes.fromhex(APP_ID), 'sha256').digest()[:16],
  // then byte 6 & 0x0f | 0x40 and byte 8 & 0x3f | 0x80.
  it.each([
    ['0123456789abcdef0123456789abcdef', '583627a932274834a8ebd99f4ed41c0d'],
    ['dfd7882acda64c34aca76193c46f5d4e', '35ba2101ae3f4d45b96e9c51f461bbff'],
    ['00000000000000000000000000000001', 'a2a5385f64d54b22b0eca8f3deb0cd10'],
    ['ffffffffffffffffffffffffffffffff', '01e17ff8056e4c079b0bac70864eb9b5'],
  ])('of machine id %s', async (machineId, expected) => {
    await using host = await HostTree.create({ '/etc/machine-id': `${machineId}\n` });
    expect(await nodeUuid(host.root)).toBe(expected);
    await host.write('/etc/machine-id', machineId.toUpperCase());
    expect(await nodeUuid(host.root)).toBe(expected);
  });

  it('is a version 4 uuid that differs from the bare digest in six bits at most', () => {
    const digits = fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((bytes) => Buffer.from(bytes).toString('hex'));
    fc.assert(
      fc.property(digits, (machineId) => {
        const uuid = appSpecificId(machineId, ZINCATI_APP_ID);
        expect(uuid).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
        const digest = createHmac('sha256', Buffer.from(machineId, 'hex'))
          .update(Buffer.from(ZINCATI_APP_ID, 'hex'))
          .digest('hex');
        for (let at = 0; at < 32; at += 1) {
          if (at !== 12 && at !== 16) {
            expect(uuid[at]).toBe(digest[at]);
          }
        }
      }),
    );
  });

  it.each([
    ['uninitialized\n', 'must hold a machine id, got "uninitialized"'],
    ['', 'must hold a machine id, got ""'],
    ['\n', 'must hold a machine id, got ""'],
    ['0123', 'must hold 32 hexadecimal digits that are not all zero, got "0123"'],
    [`${'0'.repeat(32)}\n`, 'must hold 32 hexadecimal digits that are not all zero, got "0000'],
    [`${'g'.repeat(32)}\n`, 'must hold 32 hexadecimal digits'],
    ['01234567-89ab-cdef-0123-456789abcdef\n', 'must hold 32 hexadecimal digits'],
    ['\u001b[31m\n', 'must hold 32 hexadecimal digits that are not all zero, got "\uFFFD[31m"'],
  ])('cannot come from %j; the message says what to set', async (text, expected) => {
    await using host = await HostTree.create({ '/etc/machine-id': text });
    const error = await refusal(nodeUuid(host.root));
    expect(error.kind).toBe('identity_machine_id');
    expect(error.message).toContain(`${host.at('/etc/machine-id')} ${expected}`);
    expect(error.message).toContain('set identity.node_uuid to 32 hexadecimal digits');
  });

  it.each([
    ['EACCES', 'let everybody read it (mode 0444) and enter the folder'],
    ['ENOENT', 'run systemd-machine-id-setup'],
    ['EIO', 'look at the disk and its file system'],
  ])('attack d: after %s the advice is one that helps', (code, advice) => {
    expect(remedyFor(Object.assign(new Error('x'), { code }))).toBe(advice);
  });

  it('attack d: what is no file has to go first', async () => {
    await using host = await HostTree.create();
    await host.directory('/etc');
    execFileSync('mkfifo', [host.at('/etc/machine-id')]);
    const error = await refusal(nodeUuid(host.root));
    expect(error.message).toMatch(
      /: it must be a regular file; remove it, and run systemd-machine-id-setup, or/,
    );
    expect(error.mayCome).toBe(false);
  });

  it('cannot come from nothing', async () => {
    await using host = await HostTree.create();
    const error = await refusal(nodeUuid(host.root));
    expect(error.kind).toBe('identity_machine_id');
    expect(error.message).toMatch(
      /^cannot read .*\/etc\/machine-id: no such file or directory \(ENOENT\); run systemd-machine-id-setup, or set identity\.node_uuid/,
    );
  });
});

describe('platform', () => {
  it.each([
    ['quiet ignition.platform.id=qemu rw\n', 'qemu'],
    ['ignition.platform.id=metal', 'metal'],
    ['a="b c" "ignition.platform.id=aws"', 'aws'],
    ['ignition.platform.id=first ignition.platform.id=second', 'first'],
    ['xignition.platform.id=qemu', undefined],
    ['ignition.platform.idx=qemu', undefined],
    ['', undefined],
  ])('of %j', (cmdline, expected) => expect(platformFromCmdline(cmdline)).toBe(expected));

  it.each([
    '',
    'quiet',
    'ignition.platform.id=',
    'ignition.platform.id=a/b',
    `ignition.platform.id=${'x'.repeat(65)}`,
  ])('cannot come from %j; the message says what to set', async (cmdline) => {
    await using host = await HostTree.create({ '/proc/cmdline': `${cmdline}\n` });
    const error = await refusal(platform(host.root));
    expect(error.kind).toBe('identity_platform');
    expect(error.message).toContain(host.at('/proc/cmdline'));
    expect(error.message).toContain('set identity.platform');
  });
});

describe('basearch', () => {
  it.each([
    ['x86_64', 'x86_64'],
    ['aarch64', 'aarch64'],
    ['arm64', 'aarch64'],
    ['ppc64le', 'ppc64le'],
    ['s390x', 's390x'],
    ['riscv64', 'riscv64'],
    ['loongarch64', 'loongarch64'],
  ])('%s -> %s', (machine, expected) => expect(basearch(machine)).toBe(expected));

  it.each(['', 'a b', 'x'.repeat(33), '../x'])('refuses %j', (machine) => {
    expect(() => basearch(machine)).toThrow(IdentityError);
  });
});

describe('stream', () => {
  const configured = (stream: string | undefined) => ({ identity: { stream } });

  it('is the configured one, whatever is booted', () => {
    expect(resolveStream(configured('testing'), 'stable')).toBe('testing');
    expect(resolveStream(configured('testing'), undefined)).toBe('testing');
  });

  it('is the booted one otherwise', () =>
    expect(resolveStream(configured(undefined), 'stable')).toBe('stable'));

  it.each([undefined, ''])('must come from somewhere: %j', (booted) => {
    const resolve = () => resolveStream(configured(undefined), booted);
    expect(resolve).toThrow(IdentityError);
    expect(resolve).toThrow(/set identity\.stream/);
  });
});

it('a FIFO in the place of a fact holds nothing up', async () => {
  await using host = await HostTree.create({ '/etc/x': '', '/proc/x': '' });
  execFileSync('mkfifo', [host.at('/etc/machine-id'), host.at('/proc/cmdline')]);
  for (const reading of [nodeUuid(host.root), platform(host.root)]) {
    expect((await refusal(reading)).message).toMatch(
      /^cannot read .*: it must be a regular file; .*set identity\./,
    );
  }
});

describe('loadIdentity', () => {
  it('puts the facts of the host together', async () => {
    await using host = await HostTree.create({
      '/etc/machine-id': 'dfd7882acda64c34aca76193c46f5d4e\n',
      '/proc/cmdline': 'ignition.platform.id=qemu\n',
    });
    expect(await loadIdentity(host.root, { identity: NOTHING_CONFIGURED }, undefined, 'arm64')).toEqual({
      nodeUuid: '35ba2101ae3f4d45b96e9c51f461bbff',
      platform: 'qemu',
      basearch: 'aarch64',
      group: 'default',
      rolloutWariness: undefined,
      stream: undefined,
    });
  });

  it('needs nothing of the host where everything is configured', async () => {
    await using host = await HostTree.create();
    const identity = {
      group: 'workers',
      nodeUuid: '27e3ac02af3946af995c9940e18b0cce',
      rolloutWariness: 0.25,
      platform: 'metal',
      stream: 'next',
    };
    expect(await loadIdentity(host.root, { identity }, undefined, 'x86_64')).toEqual({
      ...identity,
      basearch: 'x86_64',
    });
  });

  it('F7-facts: lacks what nobody needs, and refuses to lack what an address names', async () => {
    await using host = await HostTree.create({ '/proc/cmdline': 'quiet\n' });
    const identity = { ...NOTHING_CONFIGURED, nodeUuid: '27e3ac02af3946af995c9940e18b0cce' };
    const load = (address: string | undefined) =>
      loadIdentity(host.root, { identity }, needsOf(address), 'no machine');
    expect(await load('http://lock/${group}/${stream}')).toEqual({ ...identity, platform: '', basearch: '' });
    expect(await load(undefined)).toEqual({ ...identity, platform: '', basearch: '' });
    expect((await refusal(load('http://lock/${platform}'))).kind).toBe('identity_platform');
    expect((await refusal(load('http://lock/${basearch}'))).kind).toBe('identity_basearch');
  });

  it('F7-facts: the agent needs all of them, and one that is switched off what its lock server is told', () => {
    const needs = (more: Readonly<Record<string, unknown>>) =>
      [...needsOfAgent(resolveSettings({ values: more, origins: new Map() }).settings)].sort();
    expect(needs({})).toEqual(['basearch', 'group', 'platform', 'stream']);
    const off = { 'updates.enabled': false, 'updates.fleet_lock.base_url': 'http://lock/${platform}' };
    expect(needs(off)).toEqual([]);
    expect(needs({ ...off, 'updates.strategy': ['fleet_lock'] })).toEqual(['platform']);
  });

  it('B27: says which fact is missing, with a kind of its own, whichever it is', async () => {
    await using host = await HostTree.create();
    expect((await refusal(loadIdentity(host.root, { identity: NOTHING_CONFIGURED }))).kind).toBe(
      'identity_machine_id',
    );
    const identity = { ...NOTHING_CONFIGURED, nodeUuid: '27e3ac02af3946af995c9940e18b0cce' };
    expect((await refusal(loadIdentity(host.root, { identity }))).kind).toBe('identity_platform');
  });
});
