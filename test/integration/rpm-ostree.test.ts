/**
 * The rpm-ostree driver with a stand-in daemon on GLib's D-Bus: a real bus, bus activation, real peer
 * sockets. Every test has its own bus, daemon and host.
 */
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import {
  bootNext,
  type DaemonOptions,
  editSysroot,
  type HostOptions,
  readSysroot,
  setFaults,
  stagedDeployment,
  standInRelease,
} from '../../sandbox/stand-in.ts';
import { bootsNext } from '../../src/agent/next-boot.ts';
import type { Progress } from '../../src/agent/ports.ts';
import type { Release } from '../../src/agent/release.ts';
import { CancelledError } from '../../src/errors.ts';
import type { RpmOstreeClientOptions } from '../../src/rpmostree/client.ts';
import { PROGRAM_LIMIT_MS } from '../support/limits.ts';
import { type StandInHost, startStandInHost } from '../support/stand-in-host.ts';
import { waitedMs } from '../support/waited.ts';

const IMAGE = 'quay.io/fedora/fedora-coreos';
const SIGNED = `ostree-image-signed:docker://${IMAGE}:stable`;
const OLD = standInRelease(1, { version: '42.1' });
const NEW = standInRelease(2, { version: '43.1' });
const OLD_IMAGE = standInRelease(1, { version: '42.1', image: IMAGE });
const NEW_IMAGE = standInRelease(2, { version: '43.1', image: IMAGE });

const COMMITS: HostOptions = { releases: [OLD, NEW], booted: '42.1' };
const IMAGES: HostOptions = { releases: [OLD_IMAGE, NEW_IMAGE], booted: '42.1', imageReference: SIGNED };

const commit: Release = { version: '43.1', payload: { scheme: 'checksum', value: NEW.checksum } };
const image: Release = { version: '43.1', payload: { scheme: 'oci', value: `${IMAGE}@${NEW_IMAGE.digest}` } };

const FAST: DaemonOptions = { bytesPerSecond: 1e9, rebootMs: 10 };
/** Slow enough for a test to act in the middle of a download. No test waits for its end. */
const SLOW: DaemonOptions = { bytesPerSecond: 1e5, rebootMs: 10 };
/** Much longer than what was cancelled takes to end, and much less than a download at that speed. */
const END_LIMIT_MS = 60_000;

/** Nothing is staged yet. */
const AS_IT_IS = { allowDowngrade: false, expected: undefined } as const;

const signal = new AbortController().signal;
const ignore = (): void => undefined;

let host: StandInHost | undefined;

async function start(
  options: HostOptions,
  daemon: DaemonOptions = FAST,
  client: Partial<RpmOstreeClientOptions> = {},
): Promise<StandInHost> {
  host = await startStandInHost(options, daemon, client);
  return host;
}

afterEach(async () => {
  await host?.close();
  host = undefined;
});

/** Begins to stage, and resolves when the download has begun. */
async function beginStaging({ client }: StandInHost, release: Release, abort: AbortSignal = signal) {
  const { promise: begun, resolve } = Promise.withResolvers<undefined>();
  const staging = client.stage(release, AS_IT_IS, () => resolve(undefined), abort);
  await Promise.race([begun, staging]);
  return { staging };
}

/** As `ostree admin lock-finalization --unlock` does. */
function unlock(root: string): void {
  editSysroot(root, (sysroot) => ({
    ...sysroot,
    deployments: sysroot.deployments.map((d) => (d.staged ? { ...d, finalizationLocked: false } : d)),
  }));
}

function socketOf(root: string): string {
  return join(root, 'run/rpm-ostree-transaction.sock');
}

/**
 * Connects to the transaction's socket, which is open to everybody, as another user (if the tests run as
 * root).
 */
async function cancelAsNobody(root: string): Promise<void> {
  const script = `
import sys
from gi.repository import Gio
flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
peer = Gio.DBusConnection.new_for_address_sync("unix:path=" + sys.argv[1], flags, None, None)
peer.call_sync(None, "/", "org.projectatomic.rpmostree1.Transaction", "Cancel", None, None, 0, 60000, None)
`;
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  await promisify(execFile)('/usr/bin/python3', ['-c', script, socketOf(root)], nobody);
}

describe('status', () => {
  it('reads the deployments and registers only for as long as it works', async () => {
    const { client } = await start({ ...COMMITS, releases: [OLD, NEW], rollback: '43.1' }, { idleSecs: 0.1 });
    const status = await client.status('fresh', signal);
    expect(status.booted).toMatchObject({
      version: '42.1',
      payload: { scheme: 'checksum', value: OLD.checksum },
      stream: 'stable',
      booted: true,
    });
    expect(status.deployments.map(({ version }) => version)).toEqual(['42.1', '43.1']);
    expect(status).toMatchObject({ staged: undefined, activeTransaction: undefined });
    await daemonLeft(host!);
    // On the next request it starts again.
    expect(await client.status('fresh', signal)).toEqual(status);
  });

  it('costs no D-Bus call while nothing changes on disk', async () => {
    const { client, root, observed, bus } = await start(COMMITS);
    const first = await client.status('cached', signal);
    const link = await bus.link(signal);
    await link.close();
    expect(await client.status('cached', signal)).toEqual(first);
    // There is still no new connection, so the answer came from memory.
    expect(link.gone.aborted).toBe(true);
    expect(observed).toEqual(['cache request', 'cache miss', 'attempt', 'cache request']);

    editSysroot(root, (sysroot) => ({
      ...sysroot,
      deployments: sysroot.deployments.map((deployment) => ({ ...deployment, version: '42.2' })),
    }));
    expect((await client.status('cached', signal)).booted.version).toBe('42.2');
    await client.status('fresh', signal);
    expect(observed.slice(4)).toEqual(['cache request', 'cache miss', 'attempt', 'attempt']);
  });

  it('B28: a foreign deployment of wrong types costs a warning', async () => {
    const { client, root, observed } = await start(COMMITS);
    setFaults(root, { kind: 'wrong-types', remaining: 1 });
    const status = await client.status('fresh', signal);
    expect(status.booted.version).toBe('42.1');
    expect(status.deployments).toHaveLength(1);
    expect(observed).toEqual(['attempt', "cannot read a deployment: 'id' must be a text, got number '7'"]);
  });

  it('names the field of a booted deployment that cannot be read', async () => {
    const { client, root, observed } = await start(COMMITS);
    setFaults(root, { kind: 'wrong-types', remaining: 1, where: 'booted' });
    await expect(client.status('fresh', signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_malformed_reply',
      message: "cannot read a deployment: 'id' must be a text, got number '7'",
    });
    expect(observed).toEqual(['attempt', 'failure']);
  });

  it('keeps none of the metadata of four large images', async () => {
    const large = [1, 2, 3, 4].map((index) =>
      standInRelease(index, { version: `4${index}.1`, image: IMAGE, metadataBytes: 300_000 }),
    );
    const { client, root } = await start({ releases: large, booted: '41.1', imageReference: SIGNED });
    editSysroot(root, (sysroot) => {
      const booted = sysroot.deployments[0]!;
      const others = large.slice(1).map(({ checksum, version, digest }) => {
        return { ...booted, checksum, version, digest: digest!, booted: false };
      });
      return { ...sysroot, deployments: [booted, ...others] };
    });
    const collect = garbageCollector();
    const kept = [await client.status('fresh', signal)];
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let read = 0; read < 10; read += 1) {
      kept.push(await client.status('fresh', signal));
    }
    collect();
    // Each read brings 2.4 MB of metadata.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2_000_000);
    for (const { deployments } of kept) {
      expect(deployments.map(({ stream }) => stream)).toEqual(['stable', 'stable', 'stable', 'stable']);
    }
  });

  it('takes the override for the booted deployment, and refuses one it cannot use', async () => {
    const { client, root } = await start(COMMITS);
    const folder = join(root, 'run/zincati');
    mkdirSync(folder);
    const path = join(folder, 'booted-status-override.json');
    const override = {
      id: 'fedora-coreos-x.0',
      checksum: 'x',
      version: '42.1',
      'container-image-reference': SIGNED,
      'container-image-reference-digest': OLD_IMAGE.digest,
      'base-commit-meta': { 'fedora-coreos.stream': 'stable' },
    };
    await client.status('cached', signal);
    writeFileSync(path, JSON.stringify(override));
    const { booted, deployments } = await client.status('cached', signal);
    expect(booted.payload).toEqual({ scheme: 'oci', value: `${IMAGE}@${OLD_IMAGE.digest}` });
    expect(deployments).toEqual([booted]);

    writeFileSync(path, '{"id": 7}');
    await expect(client.status('cached', signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_malformed_reply',
      message: `cannot use ${path}: cannot read a deployment: 'id' must be a text, got number '7'`,
    });
    writeFileSync(path, 'x'.repeat(5_000_000));
    await expect(client.status('fresh', signal)).rejects.toThrow(/at most 4194304 bytes, got 5000000/);
  });
});

describe('stage', () => {
  it('stages a commit, locked, and tells the progress', async () => {
    const { client, root } = await start(COMMITS);
    const progress: Progress[] = [];
    const staged = await client.stage(commit, AS_IT_IS, (seen) => progress.push(seen), signal);
    expect(staged).toMatchObject({
      version: '43.1',
      payload: commit.payload,
      stream: 'stable',
      staged: true,
      finalizationLocked: true,
    });
    expect(stagedDeployment(root)).toMatchObject({ checksum: NEW.checksum, finalizationLocked: true });
    expect(progress).toContainEqual({
      text: 'fetching objects: 50 of 100',
      percent: 50,
      bytesTransferred: 20_000_000,
      bytesPerSecond: 1e9,
    });
    expect(existsSync(socketOf(root))).toBe(false);
  });

  it('does nothing when exactly that is staged, locked or not', async () => {
    const { client, root } = await start(COMMITS);
    const staged = await client.stage(commit, AS_IT_IS, ignore, signal);
    setFaults(root, { kind: 'deploy-fails', remaining: 1 });
    expect(await client.stage(commit, { ...AS_IT_IS, expected: staged }, ignore, signal)).toEqual(staged);
    unlock(root);
    const unlocked = { ...staged, finalizationLocked: false };
    expect(await client.stage(commit, { ...AS_IT_IS, expected: unlocked }, ignore, signal)).toEqual(unlocked);
  });

  it.each(['v2026.2', 'v2024.5', 'v2020.1'] as const)(
    'R1: reads the lock as %s keeps it',
    async (version) => {
      const { client, root } = await start({ ...COMMITS, version });
      expect(await client.stage(commit, AS_IT_IS, ignore, signal)).toMatchObject({
        finalizationLocked: true,
      });
      expect((await client.status('cached', signal)).staged?.finalizationLocked).toBe(true);
      unlock(root);
      expect((await client.status('cached', signal)).staged?.finalizationLocked).toBe(false);
      expect((await client.status('fresh', signal)).staged?.finalizationLocked).toBe(false);
    },
  );

  it('R1: notices an unlock that touches the file of the staged deployment alone', async () => {
    const { client, root } = await start(COMMITS);
    await client.stage(commit, AS_IT_IS, ignore, signal);
    expect((await client.status('cached', signal)).staged?.finalizationLocked).toBe(true);
    copyFileSync(
      join(import.meta.dirname, '../fixtures/ostree/staged-deployment.unlocked'),
      join(root, 'run/ostree/staged-deployment'),
    );
    expect((await client.status('cached', signal)).staged?.finalizationLocked).toBe(false);
  });

  describe('F6: what an administrator staged', () => {
    const theirs = { checksum: 'f'.repeat(64), version: '7.7', finalizationLocked: false };

    function stageTheirs(root: string): void {
      editSysroot(root, (sysroot) => ({
        ...sysroot,
        deployments: [
          { ...sysroot.deployments.find((d) => d.booted)!, ...theirs, booted: false, staged: true },
          ...sysroot.deployments.filter((d) => !d.staged),
        ],
      }));
    }

    it('is not replaced by a caller that knew nothing staged', async () => {
      const { client, root } = await start(COMMITS);
      stageTheirs(root);
      await expect(client.stage(commit, AS_IT_IS, ignore, signal)).rejects.toMatchObject({
        kind: 'rpm_ostree_staged_changed',
        message: `cannot stage 43.1: nothing must be next to boot, got 7.7 (fedora-coreos-${theirs.checksum}.0, not locked)`,
      });
      expect(stagedDeployment(root)).toMatchObject(theirs);
      // Whoever knows of it, and was told to, may replace it.
      const { staged: expected } = await client.status('fresh', signal);
      await client.stage(commit, { ...AS_IT_IS, expected }, ignore, signal);
    });

    it('rollback-1: is not replaced either where a rollback has it boot next', async () => {
      const { client, root } = await start(COMMITS);
      editSysroot(root, (sysroot) => ({
        ...sysroot,
        deployments: [
          { ...sysroot.deployments.find((d) => d.booted)!, ...theirs, booted: false },
          ...sysroot.deployments,
        ],
      }));
      await expect(client.stage(commit, AS_IT_IS, ignore, signal)).rejects.toMatchObject({
        kind: 'rpm_ostree_staged_changed',
        message: `cannot stage 43.1: nothing must be next to boot, got 7.7 (fedora-coreos-${theirs.checksum}.0)`,
      });
      expect(stagedDeployment(root)).toBeUndefined();
    });

    it('is not dropped by a caller that knew of something else', async () => {
      const { client, root } = await start(COMMITS);
      const ours = await client.stage(commit, AS_IT_IS, ignore, signal);
      stageTheirs(root);
      await expect(client.discardStaged(ours, signal)).rejects.toMatchObject({
        kind: 'rpm_ostree_staged_changed',
      });
      await expect(client.discardStaged(undefined, signal)).rejects.toMatchObject({
        kind: 'rpm_ostree_staged_changed',
      });
      expect(stagedDeployment(root)).toMatchObject(theirs);
    });

    it.each([
      ['kernel arguments', { finalizationLocked: false }],
      ['a package', { finalizationLocked: false, layeredPackages: ['htop'] }],
    ])('is not dropped when it is our release with %s added', async (_what, change) => {
      const { client, root } = await start(COMMITS);
      const ours = await client.stage(commit, AS_IT_IS, ignore, signal);
      editSysroot(root, (sysroot) => ({
        ...sysroot,
        deployments: sysroot.deployments.map((d) => (d.staged ? { ...d, ...change } : d)),
      }));
      await expect(client.discardStaged(ours, signal)).rejects.toMatchObject({
        kind: 'rpm_ostree_staged_changed',
      });
      expect(stagedDeployment(root)).toMatchObject(change);
    });
  });

  describe('R3: a release that fails its check after it was staged', () => {
    it('does not stay staged', async () => {
      const { client, root } = await start(COMMITS);
      setFaults(root, { kind: 'sanity-check-fails', remaining: 1 });
      await expect(client.stage(commit, AS_IT_IS, ignore, signal)).rejects.toMatchObject({
        kind: 'rpm_ostree_transaction_failed',
        message: expect.stringContaining('Sanity-checking final rootfs') as unknown,
      });
      expect(stagedDeployment(root)).toBeUndefined();
    });

    it.each([
      ['is dropped when an agent of ours began it', 'zincati: stage 43.1', undefined],
      ['stays when somebody else began it', 'deploy 43.1', '43.1'],
    ])('%s, and another follows its transaction', async (_what, title, left) => {
      const { client, root } = await start(COMMITS);
      setFaults(root, {
        kind: 'busy',
        remaining: 1,
        // Much longer than the question about it takes.
        secs: 3,
        title,
        text: 'Sanity-checking',
        stages: '43.1',
      });
      expect((await client.status('fresh', signal)).activeTransaction).toMatchObject({ title });
      expect(await client.followActive(60_000, ignore, signal)).toBe('ended');
      expect(stagedDeployment(root)?.version).toBe(left);
    });

    it('takes nothing with it that was staged before', async () => {
      const { client, root } = await start(COMMITS);
      const staged = await client.stage(commit, AS_IT_IS, ignore, signal);
      setFaults(root, { kind: 'deploy-fails', remaining: 1 });
      const other: Release = { version: '9', payload: { scheme: 'checksum', value: 'e'.repeat(64) } };
      await expect(
        client.stage(other, { ...AS_IT_IS, expected: staged }, ignore, signal),
      ).rejects.toMatchObject({ kind: 'rpm_ostree_transaction_failed' });
      expect(stagedDeployment(root)?.version).toBe('43.1');
    });
  });

  it('stages an image by digest and keeps the reference', async () => {
    const { client, root } = await start(IMAGES);
    const progress: Progress[] = [];
    const staged = await client.stage(image, AS_IT_IS, (seen) => progress.push(seen), signal);
    expect(staged).toMatchObject({ payload: image.payload, imageReference: SIGNED, stream: 'stable' });
    expect(progress.filter(({ layersNeeded }) => layersNeeded === 8).at(-1)).toMatchObject({
      layersDone: 8,
      percent: 100,
    });
    expect(stagedDeployment(root)?.imageReference).toBe(SIGNED);
  });

  it('rebases to another image name with the same signature scheme, then deploys along it', async () => {
    const other = `ostree-remote-image:fedora:docker://example.com/old:stable`;
    const third = standInRelease(3, { version: '44.1', image: IMAGE });
    const old = standInRelease(1, { version: '42.1', image: 'example.com/old' });
    const { client, root } = await start({
      releases: [old, NEW_IMAGE, third],
      booted: '42.1',
      imageReference: other,
    });
    const staged = await client.stage(image, AS_IT_IS, ignore, signal);
    const wanted = `ostree-remote-image:fedora:docker://${IMAGE}:stable`;
    expect(stagedDeployment(root)).toMatchObject({ imageReference: wanted, digest: NEW_IMAGE.digest });
    // A second rebase would fail with "Old and new refs are equal".
    const next: Release = { version: '44.1', payload: { scheme: 'oci', value: `${IMAGE}@${third.digest}` } };
    const options = { ...AS_IT_IS, expected: staged };
    expect(await client.stage(next, options, ignore, signal)).toMatchObject({ version: '44.1' });
  });

  it('R10: keeps the signature scheme where a rollback has put a deployment with a weaker one first', async () => {
    const { client, root } = await start(IMAGES);
    const unverified = `ostree-unverified-registry:${IMAGE}:stable`;
    editSysroot(root, (sysroot) => {
      const booted = sysroot.deployments[0]!;
      const first = { ...booted, checksum: 'd'.repeat(64), imageReference: unverified, booted: false };
      return { ...sysroot, deployments: [first, booted] };
    });
    // Whoever was told to replace what boots next knows of it.
    const expected = bootsNext(await client.status('fresh', signal));
    expect(await client.stage(image, { ...AS_IT_IS, expected }, ignore, signal)).toMatchObject({
      payload: image.payload,
      imageReference: SIGNED,
    });
  });

  it('moves a host from commits to images where an override says how they are signed', async () => {
    const { client, root } = await start({ releases: [OLD, NEW_IMAGE], booted: '42.1' });
    await expect(client.stage(image, AS_IT_IS, ignore, signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_unverified_target',
    });
    mkdirSync(join(root, 'run/zincati'));
    const override = { id: 'x', checksum: 'x', version: '42.1', 'container-image-reference': SIGNED };
    writeFileSync(join(root, 'run/zincati/booted-status-override.json'), JSON.stringify(override));
    expect(await client.stage(image, AS_IT_IS, ignore, signal)).toMatchObject({ imageReference: SIGNED });
  });

  it('sends allow-downgrade as configured', async () => {
    const { client } = await start({ releases: [OLD, NEW], booted: '43.1' });
    const older: Release = { version: '42.1', payload: { scheme: 'checksum', value: OLD.checksum } };
    await expect(client.stage(older, AS_IT_IS, ignore, signal)).rejects.toThrow(/chronologically older/);
    expect(await client.stage(older, { ...AS_IT_IS, allowDowngrade: true }, ignore, signal)).toMatchObject({
      version: '42.1',
    });
  });

  it('reports what the daemon says when it fails', async () => {
    const { client, root } = await start(COMMITS);
    setFaults(root, { kind: 'deploy-fails', remaining: 1, text: 'While pulling: no space left on device' });
    await expect(client.stage(commit, AS_IT_IS, ignore, signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_transaction_failed',
      message: 'cannot stage 43.1: While pulling: no space left on device',
    });
    expect(existsSync(socketOf(root))).toBe(false);
  });

  it('hands back a deployment of another stream for its caller to judge', async () => {
    const { client, root } = await start(COMMITS);
    setFaults(root, { kind: 'wrong-stream', remaining: 1, stream: 'testing' });
    expect(await client.stage(commit, AS_IT_IS, ignore, signal)).toMatchObject({ stream: 'testing' });
  });

  it('says when it is not allowed', async () => {
    const { client, root } = await start(COMMITS);
    setFaults(root, { kind: 'access-denied', remaining: 1 });
    await expect(client.stage(commit, AS_IT_IS, ignore, signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_access_denied',
    });
  });

  it('works where registering as a client is denied', async () => {
    const { client, root } = await start(COMMITS);
    setFaults(root, { kind: 'client-denied', remaining: 2 });
    expect(await client.stage(commit, AS_IT_IS, ignore, signal)).toMatchObject({ version: '43.1' });
  });

  it('makes the visit once more when it catches the daemon leaving', async () => {
    const { client, root } = await start(COMMITS);
    setFaults(root, { kind: 'no-reply-on-exit', remaining: 1 });
    expect(await client.stage(commit, AS_IT_IS, ignore, signal)).toMatchObject({ version: '43.1' });
    setFaults(root, { kind: 'no-reply-on-exit', remaining: 2 });
    await expect(client.status('fresh', signal)).rejects.toMatchObject({ kind: 'rpm_ostree_unreachable' });
  });

  it('sees the death of the daemon in the middle, and finds the new one', async () => {
    const { client, root } = await start(COMMITS);
    setFaults(root, { kind: 'die-mid-download', remaining: 1 });
    await expect(client.stage(commit, AS_IT_IS, ignore, signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_transaction_lost',
    });
    expect((await client.status('fresh', signal)).staged).toBeUndefined();
    expect(await client.stage(commit, AS_IT_IS, ignore, signal)).toMatchObject({ version: '43.1' });
  });

  it('B15: cancels a download that stands still', async () => {
    const { client, root } = await start(COMMITS, FAST, { stallLimitMs: 300 });
    setFaults(root, { kind: 'stall', remaining: 1 });
    await expect(client.stage(commit, AS_IT_IS, ignore, signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_transaction_stalled',
    });
    expect((await client.status('fresh', signal)).activeTransaction).toBeUndefined();
  });

  it('R4: waits for a layer that takes longer than a download may stand still', async () => {
    const { client, root } = await start(IMAGES, FAST, { stallLimitMs: 200 });
    setFaults(root, { kind: 'silent-layer', remaining: 1, secs: 0.7 });
    expect(await client.stage(image, AS_IT_IS, ignore, signal)).toMatchObject({ version: '43.1' });
  });

  it('R4: gives up a transaction that says nothing for hours', async () => {
    const { client, root } = await start(IMAGES, FAST, { stallLimitMs: 100, silenceLimitMs: 300 });
    setFaults(root, { kind: 'silent-layer', remaining: 1, secs: 60 });
    await expect(client.stage(image, AS_IT_IS, ignore, signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_transaction_stalled',
    });
    expect((await client.status('fresh', signal)).activeTransaction).toBeUndefined();
  });

  it('R5: waits for a cancelled transaction that takes its time to end', async () => {
    const { client, root } = await start(COMMITS, FAST, { stallLimitMs: 200 });
    setFaults(root, { kind: 'stall', remaining: 1 }, { kind: 'cancel-late', remaining: 1, secs: 1.5 });
    await expect(client.stage(commit, AS_IT_IS, ignore, signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_transaction_stalled',
    });
    expect((await client.status('fresh', signal)).activeTransaction).toBeUndefined();
  });

  it('takes a cancel by another local user as such, not as a failure', async () => {
    const { root } = await start(COMMITS, SLOW);
    const { staging } = await beginStaging(host!, commit);
    const failed = expect(staging).rejects.toMatchObject({ kind: 'rpm_ostree_transaction_cancelled' });
    chmodSync(root, 0o755);
    await cancelAsNobody(root);
    await failed;
  });

  it.each([0, 2, 8, 16, 50])(
    'leaves no transaction and no socket behind when given up after %i ms',
    async (afterMs) => {
      const { root, newClient } = await start(COMMITS, SLOW);
      await host!.client.status('fresh', signal);
      const abort = new AbortController();
      const staging = host!.client.stage(commit, AS_IT_IS, ignore, abort.signal);
      setTimeout(() => abort.abort(), afterMs);
      await expect(staging).rejects.toBeInstanceOf(CancelledError);
      const other = newClient();
      // A busy machine may still be at the end of it.
      expect(await other.followActive(END_LIMIT_MS, ignore, signal)).toBe('ended');
      expect((await other.status('fresh', signal)).activeTransaction).toBeUndefined();
      expect(existsSync(socketOf(root))).toBe(false);
    },
  );

  it('is over within a second of SIGTERM, in the middle of a download', async () => {
    const { root } = await start(COMMITS, SLOW);
    const abort = new AbortController();
    const { staging } = await beginStaging(host!, commit, abort.signal);
    setFaults(root, { kind: 'ignore-cancel', remaining: 1 });
    const endedMs = await waitedMs(async () => {
      abort.abort();
      await expect(staging).rejects.toBeInstanceOf(CancelledError);
    });
    expect(endedMs).toBeLessThan(1000);
  });

  it('is over within a second when the daemon does not answer, and leaves the bus so that nothing stays', async () => {
    const { root } = await start(COMMITS, SLOW);
    await host!.client.status('fresh', signal);
    setFaults(root, { kind: 'hang', remaining: 1, method: 'Deploy' });
    const abort = new AbortController();
    const staging = host!.client.stage(commit, AS_IT_IS, ignore, abort.signal);
    setTimeout(() => abort.abort(), 100);
    const endedMs = await waitedMs(() => expect(staging).rejects.toBeInstanceOf(CancelledError));
    expect(endedMs).toBeLessThan(1100);
    expect((await host!.client.status('fresh', signal)).activeTransaction).toBeUndefined();
  });
});

describe('busy', () => {
  it("waits for somebody else's transaction instead of failing", async () => {
    const { client, root } = await start(COMMITS);
    chmodSync(root, 0o755);
    setFaults(root, { kind: 'busy', remaining: 1, endless: true, title: 'install htop' });
    await expect(client.stage(commit, AS_IT_IS, ignore, signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_busy',
    });
    const { activeTransaction } = await client.status('fresh', signal);
    expect(activeTransaction).toEqual({ method: 'PkgChange', title: 'install htop', ours: false });
    const { promise: progressed, resolve } = Promise.withResolvers<Progress>();
    const following = client.followActive(PROGRAM_LIMIT_MS, resolve, signal);
    await Promise.race([progressed, following]);
    await cancelAsNobody(root);
    expect(await following).toBe('ended');
    expect(await client.stage(commit, AS_IT_IS, ignore, signal)).toMatchObject({ version: '43.1' });
    expect(await client.followActive(PROGRAM_LIMIT_MS, ignore, signal)).toBe('ended');
  });

  it('stops waiting at the limit, and leaves it running', async () => {
    const { client, root } = await start(COMMITS);
    setFaults(root, { kind: 'busy', remaining: 1, endless: true });
    await client.status('fresh', signal);
    expect(await client.followActive(50, ignore, signal)).toBe('still-running');
    expect((await client.status('fresh', signal)).activeTransaction).toBeDefined();
    const abort = new AbortController();
    const waiting = client.followActive(60_000, () => abort.abort(), abort.signal);
    await expect(waiting).rejects.toBeInstanceOf(CancelledError);
    expect((await client.status('fresh', signal)).activeTransaction).toBeDefined();
  });

  it('joins the transaction of an agent that was killed, and cancels it when given up', async () => {
    const { newClient } = await start(COMMITS, SLOW);
    const { staging } = await beginStaging(host!, commit);
    staging.catch(ignore);
    const other = newClient();
    expect((await other.status('fresh', signal)).activeTransaction).toEqual({
      method: 'Deploy',
      title: 'zincati: stage 43.1',
      ours: true,
    });
    expect(await other.followActive(20, ignore, signal)).toBe('still-running');
    // Aborting its follower ends the transaction: an agent that stops leaves nothing of its own running.
    const abort = new AbortController();
    const waiting = other.followActive(60_000, () => abort.abort(), abort.signal);
    await expect(waiting).rejects.toBeInstanceOf(CancelledError);
    await expect(staging).rejects.toMatchObject({ kind: 'rpm_ostree_transaction_cancelled' });
  });

  it('B15: cancels the transaction of a killed agent when it stands still', async () => {
    const { client, root } = await start(COMMITS, FAST, { stallLimitMs: 300 });
    const title = 'zincati: stage 43.1';
    setFaults(root, { kind: 'busy', remaining: 1, secs: 0.1, endless: true, download: true, title });
    expect((await client.status('fresh', signal)).activeTransaction?.ours).toBe(true);
    expect(await client.followActive(60_000, ignore, signal)).toBe('ended');
    expect((await client.status('fresh', signal)).activeTransaction).toBeUndefined();
  });
});

describe('finalize', () => {
  it('unlocks, and the machine reboots into the release', async () => {
    const { client, root, reboot } = await start(IMAGES);
    const rebooted = reboot();
    const staged = await client.stage(image, AS_IT_IS, ignore, signal);
    await client.finalize(image, { allowUnlocked: false }, signal);
    const unlocked = { ...staged, finalizationLocked: false };
    await expect(client.discardStaged(unlocked, signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_rebooting',
      message: expect.stringContaining('Reboot initiated, cannot start new transaction') as unknown,
    });
    await rebooted;
    expect(bootNext(root)).toMatchObject({ version: '43.1', booted: true });
    const status = await client.status('cached', signal);
    expect(status.booted.version).toBe('43.1');
    expect(status.deployments.map(({ version }) => version)).toEqual(['43.1', '42.1']);
    // The new boot takes transactions again.
    await client.discardStaged(undefined, signal);
  });

  it('finalizes a commit by its base checksum under layered packages', async () => {
    const { client, root } = await start({ ...COMMITS, layeredPackages: ['htop'] });
    expect(await client.stage(commit, AS_IT_IS, ignore, signal)).toMatchObject({ payload: commit.payload });
    await client.finalize(commit, { allowUnlocked: false }, signal);
    expect(stagedDeployment(root)?.finalizationLocked).toBe(false);
  });

  it('B1: tells a deployment that somebody unlocked, and finalizes it when allowed', async () => {
    const { client, root } = await start(COMMITS);
    await client.stage(commit, AS_IT_IS, ignore, signal);
    editSysroot(root, (sysroot) => ({
      ...sysroot,
      deployments: sysroot.deployments.map((deployment) => ({ ...deployment, finalizationLocked: false })),
    }));
    await expect(client.finalize(commit, { allowUnlocked: false }, signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_already_unlocked',
    });
    await client.finalize(commit, { allowUnlocked: true }, signal);
  });

  it('B2: tells that nothing is staged any more', async () => {
    const { client } = await start(COMMITS);
    const staged = await client.stage(commit, AS_IT_IS, ignore, signal);
    await client.discardStaged(staged, signal);
    expect((await client.status('cached', signal)).staged).toBeUndefined();
    await expect(client.finalize(commit, { allowUnlocked: false }, signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_no_staged_deployment',
    });
  });

  it('B3: tells that something else is staged', async () => {
    const { client, root } = await start(COMMITS);
    await client.stage(commit, AS_IT_IS, ignore, signal);
    editSysroot(root, (sysroot) => ({
      ...sysroot,
      deployments: sysroot.deployments.map((d) => (d.staged ? { ...d, checksum: 'f'.repeat(64) } : d)),
    }));
    await expect(client.finalize(commit, { allowUnlocked: false }, signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_staged_mismatch',
    });
  });

  it('names who inhibits the reboot', async () => {
    const { client, root } = await start(COMMITS);
    await client.stage(commit, AS_IT_IS, ignore, signal);
    setFaults(root, { kind: 'inhibited', remaining: 1, who: 'backup', why: 'nightly run' });
    await expect(client.finalize(commit, { allowUnlocked: false }, signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_inhibited',
      message:
        'cannot finalize 43.1: Reboot blocked by a systemd inhibitor lock in `block` mode Held by: backup Reason: nightly run',
    });
  });
});

describe('registerDriver', () => {
  it('registers', async () => {
    const { client, root } = await start(COMMITS);
    await client.registerDriver(signal);
    expect(readSysroot(root).driver).toBe('Zincati');
  });

  it('fails plainly outside a systemd unit', async () => {
    const { client, root } = await start(COMMITS);
    setFaults(root, { kind: 'no-unit', remaining: 1 });
    await expect(client.registerDriver(signal)).rejects.toMatchObject({
      kind: 'rpm_ostree_transaction_failed',
      message: 'cannot register as the update driver: could not find caller systemd unit',
    });
  });
});

it('says when there is no daemon and no bus', async () => {
  const { client } = await start(COMMITS);
  await host!.close();
  await expect(client.status('fresh', signal)).rejects.toMatchObject({ kind: 'rpm_ostree_unreachable' });
  host = undefined;
});

/** A function of V8 that only this flag makes callable. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** Resolves when rpm-ostree's name has no owner any more. */
async function daemonLeft({ bus }: StandInHost): Promise<void> {
  const link = await bus.link(signal);
  const name = 'org.projectatomic.rpmostree1';
  const { promise: left, resolve } = Promise.withResolvers<undefined>();
  const rule = `type='signal',interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='${name}'`;
  link.onSignal({ interface: 'org.freedesktop.DBus', member: 'NameOwnerChanged' }, ({ body }) => {
    if (body[0] === name && body[2] === '') {
      resolve(undefined);
    }
  });
  await link.addMatch(rule, signal);
  const { body } = await link.call({
    destination: 'org.freedesktop.DBus',
    path: '/org/freedesktop/DBus',
    interface: 'org.freedesktop.DBus',
    member: 'NameHasOwner',
    signature: 's',
    body: [name],
  });
  if (body[0] === true) {
    await left;
  }
}
