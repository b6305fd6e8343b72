/**
 * What the agent believes about rpm-ostree's daemon (v2024.6 and newer) and the files of libostree beside it.
 *
 * Invariants:
 * - The statements in `RPM_OSTREE_READ` change nothing. Those in `RPM_OSTREE_WRITTEN` stage and drop deployments, and
 *   never reboot.
 * - They leave nothing staged.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { prefixAddress } from '../../src/dbus/address.ts';
import { connectBus, connectPeer } from '../../src/dbus/connect.ts';
import { type BusLink, type BusValue, isDictionary, isList, Variant } from '../../src/dbus/types.ts';
import { BusError } from '../../src/errors.ts';
import { flagOfDictionary } from '../../src/rpmostree/gvariant.ts';
import type { Statement } from './statement.ts';

export interface RpmOstreePeer {
  /** Of the bus that the daemon is on. */
  readonly address: string;
  /** Where its host's files are: `/`. */
  readonly root: string;
  /** A commit, 64 hex digits, that can be staged and is not booted. Statements that change nothing do without. */
  readonly commit: string | undefined;
  /** What `ostree admin lock-finalization --unlock` does. */
  readonly unlock: () => Promise<void>;
  /** Takes inhibitor locks in mode `block` against a shutdown, one of `backup` for each reason, until disposed of. */
  readonly inhibit: (...reasons: readonly string[]) => Promise<AsyncDisposable>;
}

const BUS_NAME = 'org.projectatomic.rpmostree1';
const SYSROOT = '/org/projectatomic/rpmostree1/Sysroot';
const TRANSACTION = `${BUS_NAME}.Transaction`;
const BUSY = 'org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code26';
const SOURCE = 'run: rpm-ostree v2026.2, libostree 2025.2';
const ENDLESS = new AbortController().signal;

type Dictionary = ReadonlyMap<string, BusValue>;

/** What came of a transaction. */
interface Outcome {
  readonly success: boolean;
  readonly text: string;
  /** Of the signals Message. */
  readonly messages: readonly string[];
}

/** A client of the daemon, as anybody could write one. */
class Client implements AsyncDisposable {
  readonly #peer: RpmOstreePeer;
  readonly #link: BusLink;

  private constructor(peer: RpmOstreePeer, link: BusLink) {
    this.#peer = peer;
    this.#link = link;
  }

  static async connect(peer: RpmOstreePeer): Promise<Client> {
    const client = new Client(peer, await connectBus(peer.address, ENDLESS));
    await client.sysroot('RegisterClient', 'a{sv}', [options({ id: 'conformance' })]);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link.close();
  }

  async sysroot(
    member: string,
    signature = '',
    body: readonly BusValue[] = [],
  ): Promise<readonly BusValue[]> {
    const call = { destination: BUS_NAME, path: SYSROOT, interface: `${BUS_NAME}.Sysroot`, member };
    return (await this.#link.call(signature === '' ? call : { ...call, signature, body })).body;
  }

  async property(name: string): Promise<BusValue> {
    const { body } = await this.#link.call({
      ...{
        destination: BUS_NAME,
        path: SYSROOT,
        interface: 'org.freedesktop.DBus.Properties',
        member: 'Get',
      },
      ...{ signature: 'ss', body: [`${BUS_NAME}.Sysroot`, name] },
    });
    const [value] = body;
    return value instanceof Variant ? value.value : '';
  }

  async deployments(): Promise<readonly Dictionary[]> {
    await this.sysroot('Reload');
    const list = await this.property('Deployments');
    return isList(list) ? list.map(dictionaryOf) : [];
  }

  async staged(): Promise<Dictionary | undefined> {
    return (await this.deployments()).find((deployment) => deployment.get('staged') === true);
  }

  /** The address of a new transaction. */
  async begin(member: string, signature: string, body: readonly BusValue[]): Promise<string> {
    const path = textOf(await this.property('Booted'));
    const call = { destination: BUS_NAME, path, interface: `${BUS_NAME}.OS`, member, signature, body };
    const [address] = (await this.#link.call(call)).body;
    return textOf(address);
  }

  /** A connection to the transaction, not started. */
  async transaction(address: string): Promise<BusLink> {
    return connectPeer(prefixAddress(address, this.#peer.root), ENDLESS);
  }

  async run(member: string, signature: string, body: readonly BusValue[]): Promise<Outcome> {
    const link = await this.transaction(await this.begin(member, signature, body));
    try {
      return await startAndFollow(link);
    } finally {
      await link.close();
      await this.sysroot('Reload');
    }
  }

  async deploy(
    given: Readonly<Record<string, string | boolean>> = {},
    commit: BusValue | undefined = this.#peer.commit,
  ): Promise<Outcome> {
    const all = { 'lock-finalization': true, 'skip-branch-check': true, ...given };
    return this.run('Deploy', 'sa{sv}', [`revision=${textOf(commit)}`, options(all)]);
  }

  async finalize(given: Readonly<Record<string, string | boolean>>): Promise<Outcome> {
    return this.run('FinalizeDeployment', 'a{sv}', [options(given)]);
  }

  /** Puts the rollback deployment first, or takes that back. */
  async rollBack(): Promise<Outcome> {
    return this.run('Rollback', 'a{sv}', [options({})]);
  }

  async cleanUp(): Promise<Outcome> {
    return this.run('Cleanup', 'as', [['pending-deploy']]);
  }
}

async function startAndFollow(link: BusLink): Promise<Outcome> {
  const messages: string[] = [];
  const finished = new Promise<Outcome>((resolve) => {
    link.onSignal({ interface: TRANSACTION }, ({ member, body: [first, second] }) => {
      if (member === 'Message') {
        messages.push(textOf(first));
      } else if (member === 'Finished') {
        resolve({ success: first === true, text: textOf(second), messages });
      }
    });
  });
  await link.call({ path: '/', interface: TRANSACTION, member: 'Start' });
  return finished;
}

function textOf(value: BusValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function dictionaryOf(value: BusValue): Dictionary {
  const entries = isDictionary(value) ? [...value] : [];
  return new Map(entries.map(([key, item]) => [String(key), item instanceof Variant ? item.value : item]));
}

function options(given: Readonly<Record<string, string | boolean>>): BusValue {
  return new Map(
    Object.entries(given).map(([key, value]) => [
      key,
      new Variant(typeof value === 'string' ? 's' : 'b', value),
    ]),
  );
}

function stagedFile({ root }: RpmOstreePeer): string {
  return join(root, 'run/ostree/staged-deployment');
}

async function lockOf(peer: RpmOstreePeer): Promise<unknown> {
  return flagOfDictionary(await readFile(stagedFile(peer)), 'locked');
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** `check` with a client; what it stages is dropped. */
function staging(
  check: (client: Client, peer: RpmOstreePeer) => Promise<void>,
): (peer: RpmOstreePeer) => Promise<void> {
  return async (peer) => {
    await using client = await Client.connect(peer);
    await client.cleanUp();
    try {
      await check(client, peer);
    } finally {
      await client.cleanUp();
    }
  };
}

export const RPM_OSTREE_READ: readonly Statement<RpmOstreePeer>[] = [
  {
    says: 'a call starts the daemon, and Booted names an object',
    source: 'rpm-ostree v2026.2, src/daemon/org.projectatomic.rpmostree1.xml',
    check: async (peer) => {
      await using client = await Client.connect(peer);
      expect(await client.property('Booted')).toMatch(/^\/org\/projectatomic\/rpmostree1\/\w+$/);
    },
  },
  {
    says: 'one deployment is booted, and each has the fields that the agent reads, in their types',
    source: SOURCE,
    check: async (peer) => {
      await using client = await Client.connect(peer);
      const deployments = await client.deployments();
      expect(deployments.filter((deployment) => deployment.get('booted') === true)).toHaveLength(1);
      for (const deployment of deployments) {
        expect(deployment.get('id')).toMatch(/^.+-[0-9a-f]{64}\.\d+$/);
        expect(deployment.get('checksum')).toMatch(/^[0-9a-f]{64}$/);
        expect(typeof deployment.get('staged')).toBe('boolean');
        for (const key of ['packages', 'requested-packages', 'requested-local-packages']) {
          expect([key, isList(deployment.get(key))]).toEqual([key, true]);
        }
        expect(isDictionary(deployment.get('base-commit-meta'))).toBe(true);
      }
    },
  },
  {
    says: 'R1: no deployment says whether its finalization is locked',
    source: SOURCE,
    check: async (peer) => {
      await using client = await Client.connect(peer);
      const told = (await client.deployments()).filter((deployment) => deployment.has('finalization-locked'));
      expect(told).toEqual([]);
    },
  },
  {
    says: 'R1: the file of the staged deployment is there exactly while one is staged, and has its lock',
    source: 'run: libostree 2025.2, /run/ostree/staged-deployment',
    check: async (peer) => {
      await using client = await Client.connect(peer);
      const isStaged = (await client.staged()) !== undefined;
      expect(await isThere(stagedFile(peer))).toBe(isStaged);
      if (isStaged) {
        expect([true, false, 'absent']).toContain(await lockOf(peer));
      }
    },
  },
  {
    says: 'while nothing runs, the active transaction is three empty texts, and its path is empty',
    source: 'rpm-ostree v2026.2, src/daemon/rpmostreed-sysroot.cxx',
    check: async (peer) => {
      await using client = await Client.connect(peer);
      expect(await client.property('ActiveTransaction')).toEqual(['', '', '']);
      expect(await client.property('ActiveTransactionPath')).toBe('');
    },
  },
];

export const RPM_OSTREE_WRITTEN: readonly Statement<RpmOstreePeer>[] = [
  {
    says: 'nothing is begun before Start, and the second Start says that it was not the one',
    source: 'rpm-ostree v2026.2, src/daemon/rpmostreed-transaction.cxx',
    check: staging(async (client, peer) => {
      const all = options({ 'lock-finalization': true, 'skip-branch-check': true });
      const address = await client.begin('Deploy', 'sa{sv}', [`revision=${peer.commit}`, all]);
      expect(await client.staged()).toBeUndefined();
      const link = await client.transaction(address);
      const other = await client.transaction(address);
      const start = { path: '/', interface: TRANSACTION, member: 'Start' };
      const finished = new Promise((resolve) =>
        link.onSignal({ interface: TRANSACTION, member: 'Finished' }, ({ body }) => resolve(body)),
      );
      expect((await link.call(start)).body).toEqual([true]);
      expect((await other.call(start)).body).toEqual([false]);
      expect(await finished).toEqual([true, '']);
      await Promise.all([link.close(), other.close()]);
    }),
  },
  {
    says: 'R1: after Deploy with lock-finalization, the file of the staged deployment says that it is locked',
    source: 'run: rpm-ostree v2026.2; since v2024.6 the lock is an option of libostree',
    check: staging(async (client, peer) => {
      expect(await client.deploy()).toMatchObject({ success: true, text: '' });
      expect((await client.staged())?.get('checksum')).toBe(peer.commit);
      expect(await lockOf(peer)).toBe(true);
      expect(await isThere(`${stagedFile(peer)}-locked`)).toBe(false);
    }),
  },
  {
    says: 'R1: an unlock changes the file of the staged deployment, and only that',
    source: 'ostree-admin(1), lock-finalization',
    check: staging(async (client, peer) => {
      await client.deploy();
      const before = await client.staged();
      await peer.unlock();
      expect(await lockOf(peer)).toBe(false);
      expect((await client.staged())?.get('id')).toBe(before?.get('id'));
    }),
  },
  {
    says: 'R1: Deploy of what is staged already answers "No change." and leaves it unlocked',
    source: SOURCE,
    check: staging(async (client, peer) => {
      await client.deploy();
      await peer.unlock();
      const { success, messages } = await client.deploy();
      expect(success).toBe(true);
      expect(messages.join('\n')).toContain('No change.');
      expect(await lockOf(peer)).toBe(false);
    }),
  },
  {
    says: 'R1: FinalizeDeployment of what is not locked is refused, unless that is allowed',
    source: 'rpm-ostree v2026.2, src/daemon/rpmostreed-transaction-types.cxx',
    check: staging(async (client, peer) => {
      await client.deploy();
      await peer.unlock();
      const { success, text } = await client.finalize({ checksum: String(peer.commit) });
      expect([success, text]).toEqual([false, 'Staged deployment already unlocked']);
    }),
  },
  {
    says: 'FinalizeDeployment names what it expected and what it found',
    source: 'rpm-ostree v2026.2, src/daemon/rpmostreed-transaction-types.cxx',
    check: staging(async (client, peer) => {
      await client.deploy();
      const other = '0'.repeat(64);
      const { success, text } = await client.finalize({ checksum: other });
      expect(success).toBe(false);
      expect(text).toBe(`Expected staged base checksum ${other}, but found ${peer.commit}`);
      expect(await lockOf(peer)).toBe(true);
    }),
  },
  {
    says: 'FinalizeDeployment with nothing staged is refused',
    source: 'rpm-ostree v2026.2, src/daemon/rpmostreed-transaction-types.cxx',
    check: staging(async (client, peer) => {
      const { success, text } = await client.finalize({ checksum: String(peer.commit) });
      expect([success, text]).toEqual([false, 'No pending staged deployment found']);
    }),
  },
  {
    says: 'R1: what was never locked has no key for a lock in its file',
    source: SOURCE,
    check: staging(async (client, peer) => {
      await client.deploy({ 'lock-finalization': false });
      expect(await lockOf(peer)).toBe('absent');
    }),
  },
  {
    says: 'Cleanup of pending-deploy drops what is staged, whoever staged it, and its file',
    source: SOURCE,
    check: staging(async (client, peer) => {
      await client.deploy({ 'lock-finalization': false });
      expect(await client.staged()).toBeDefined();
      expect(await client.cleanUp()).toMatchObject({ success: true });
      expect(await client.staged()).toBeUndefined();
      expect(await isThere(stagedFile(peer))).toBe(false);
    }),
  },
  {
    says: 'while somebody follows a transaction, another one is refused as busy; a Deploy has its title from Start on',
    source: 'rpm-ostree v2026.2, src/daemon/rpmostreed-os.cxx, rpmostreed-transaction-types.cxx',
    check: staging(async (client, peer) => {
      const titled = { 'initiating-command-line': 'conformance: stage', 'skip-branch-check': true };
      const body = [`revision=${peer.commit}`, options(titled)];
      const link = await client.transaction(await client.begin('Deploy', 'sa{sv}', body));
      const refusal = async (): Promise<unknown> =>
        client.begin('Cleanup', 'as', [['pending-deploy']]).catch((error: unknown) => error);
      const busy = (title: string) => ({
        errorName: BUSY,
        message: expect.stringMatching(`Transaction in progress: ${title}\\s+You can cancel`) as unknown,
      });
      const unbegun = await refusal();
      expect(unbegun).toBeInstanceOf(BusError);
      expect(unbegun).toMatchObject(busy('new-deployment'));
      expect(await startAndFollow(link)).toMatchObject({ success: true });
      expect(await refusal()).toMatchObject(busy('conformance: stage'));
      await link.close();
      await client.sysroot('Reload');
    }),
  },
  {
    says: 'whoever asks for what is there already joins it, and hears how it ended',
    source: 'rpm-ostree v2026.2, src/daemon/rpmostreed-transaction.cxx, rpmostreed_transaction_is_compatible',
    check: staging(async (client, peer) => {
      await using other = await Client.connect(peer);
      const body = [`revision=${peer.commit}`, options({ 'skip-branch-check': true })];
      const address = await client.begin('Deploy', 'sa{sv}', body);
      expect(await other.begin('Deploy', 'sa{sv}', body)).toBe(address);
      const [ours, theirs] = [await client.transaction(address), await other.transaction(address)];
      expect(await startAndFollow(ours)).toMatchObject({ success: true });
      // It has ended, and is there as long as somebody listens.
      expect(await startAndFollow(theirs)).toMatchObject({ success: true });
      await Promise.all([ours.close(), theirs.close()]);
      await client.sysroot('Reload');
    }),
  },
  {
    says: 'FinalizeDeployment without a checksum is refused',
    source: 'rpm-ostree v2026.2, src/daemon/rpmostreed-transaction-types.cxx',
    check: staging(async (client) => {
      await client.deploy();
      const { success, text } = await client.finalize({});
      expect([success, text]).toEqual([false, 'Missing expected checksum']);
    }),
  },
  {
    says: 'FinalizeDeployment looks for inhibitor locks before it looks at the lock, and names the first holder',
    source: 'rpm-ostree v2026.2, src/daemon/rpmostreed-transaction-types.cxx, rpmostreed-utils.cxx',
    check: staging(async (client, peer) => {
      await client.deploy();
      await peer.unlock();
      const locks = await peer.inhibit('nightly run', 'weekly run');
      const { success, text } = await client
        .finalize({ checksum: String(peer.commit) })
        .finally(() => locks[Symbol.asyncDispose]());
      expect(success).toBe(false);
      expect(text).toMatch(
        /^Reboot blocked by a systemd inhibitor lock in `block` mode\nHeld by: backup\nReason: \w+ run\nand 1 other/,
      );
    }),
  },
  {
    says: 'Deploy builds on what boots next, staged or not, so it sees no change where a rollback has put that first',
    source:
      'rpm-ostree v2026.2, src/daemon/rpmostree-sysroot-core.cxx, rpmostree_syscore_get_origin_merge_deployment',
    check: staging(async (client) => {
      const [booted, rollback] = await client.deployments();
      expect([booted?.get('booted'), rollback?.get('booted')]).toEqual([true, false]);
      expect(await client.rollBack()).toMatchObject({ success: true });
      try {
        const [first] = await client.deployments();
        expect(first?.get('id')).toBe(rollback?.get('id'));
        const { success, messages } = await client.deploy({}, rollback?.get('checksum'));
        expect(success).toBe(true);
        expect(messages.join('\n')).toContain('No change.');
        expect(await client.staged()).toBeUndefined();
      } finally {
        expect(await client.rollBack()).toMatchObject({ success: true });
      }
    }),
  },
  {
    says: 'Rollback is refused while something is staged',
    source: 'rpm-ostree v2026.2, src/daemon/rpmostreed-transaction-types.cxx',
    check: staging(async (client) => {
      await client.deploy();
      const { success, text } = await client.rollBack();
      expect([success, text]).toEqual([false, 'Staged deployment (remove with cleanup -p)']);
    }),
  },
  {
    says: 'a transaction whose caller leaves the bus before Start is dropped',
    source: 'rpm-ostree v2026.2, src/daemon/rpmostreed-transaction.cxx',
    check: staging(async (client, peer) => {
      const leaving = await Client.connect(peer);
      await leaving.begin('Cleanup', 'as', [['pending-deploy']]);
      await leaving[Symbol.asyncDispose]();
      await expect.poll(() => client.property('ActiveTransactionPath')).toBe('');
    }),
  },
];
