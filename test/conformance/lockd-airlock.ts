/** What an airlock beside lockd, on the same etcd and for the same group, has to find there, and may do. */
import { expect } from 'vitest';
import { decideAll } from '../../fleet/lockd/desk.ts';
import type { LockStore } from '../../fleet/lockd/lock-store.ts';
import type { Statement } from './statement.ts';

export interface SharedEtcdPeer {
  readonly store: LockStore;
  /** Letters, a dot, a slash and a space. */
  readonly group: string;
  /** A call of etcd's JSON gateway, such as `kv/range`. */
  readonly call: (path: string, body: object) => Promise<EtcdAnswer>;
}

export interface EtcdAnswer {
  readonly succeeded?: boolean;
  readonly kvs?: readonly {
    readonly value: string;
    readonly version: string;
    readonly create_revision: string;
  }[];
}

const MANAGER = 'airlock at a3585ed, internal/lock/lock.go and semaphore.go';
/** Sorted by bytes: as JavaScript compares, the last two are the other way round. */
const IDS = ['a', 'b', '\u{ffee}', '\u{1f600}'];

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function key(group: string): string {
  return base64(`com.coreos.airlock/groups/${group.replace('/', '%2F').replace(' ', '+')}/v1/semaphore`);
}

async function ask({ store, group }: SharedEtcdPeer, kind: 'take' | 'give-back', id: string): Promise<void> {
  const { group: before, revision } = await store.read(group);
  const settled = decideAll(before, [{ kind, id, at: 7, by: '127.0.0.1' }], { slots: IDS.length });
  expect(settled.isWritten).toBe(true);
  expect(await store.write(group, settled, revision)).toBe(true);
}

async function stored({ call, group }: SharedEtcdPeer) {
  const [found] = (await call('kv/range', { key: key(group) })).kvs ?? [];
  if (found === undefined) {
    throw new Error('the key of the semaphore must be there');
  }
  return { ...found, value: Buffer.from(found.value, 'base64').toString('utf8') };
}

/** As airlock writes: over the version that it has read, the semaphore alone. */
async function putAsAirlock(
  { call, group }: SharedEtcdPeer,
  version: string,
  holders: readonly string[] | null,
): Promise<boolean> {
  const answer = await call('kv/txn', {
    compare: [{ key: key(group), target: 'VERSION', result: 'EQUAL', version }],
    success: [
      {
        request_put: { key: key(group), value: base64(JSON.stringify({ total_slots: IDS.length, holders })) },
      },
    ],
  });
  return answer.succeeded === true;
}

export const LOCKD_AIRLOCK_STATEMENTS: readonly Statement<SharedEtcdPeer>[] = [
  {
    says: 'the key and the value are those of airlock, and holders are sorted by their bytes',
    source: MANAGER,
    check: async (peer) => {
      for (const id of IDS.toReversed()) {
        await ask(peer, 'take', id);
      }
      expect((await stored(peer)).value).toBe(JSON.stringify({ total_slots: IDS.length, holders: IDS }));
    },
  },
  {
    says: 'the key is never deleted: its version grows with each change, also as the last holder leaves',
    source: MANAGER,
    check: async (peer) => {
      await ask(peer, 'take', 'a');
      const first = await stored(peer);
      await ask(peer, 'give-back', 'a');
      await ask(peer, 'give-back', 'a');
      const last = await stored(peer);
      expect(last.create_revision).toBe(first.create_revision);
      expect([first.version, last.version]).toEqual(['1', '3']);
      expect(last.value).toBe(JSON.stringify({ total_slots: IDS.length, holders: [] }));
    },
  },
  {
    says: 'a write of airlock over a version that lockd has changed since does not take place, nor the other way round',
    source: MANAGER,
    check: async (peer) => {
      await ask(peer, 'take', 'a');
      const { version } = await stored(peer);
      await ask(peer, 'take', 'b');
      expect(await putAsAirlock(peer, version, ['a', 'c'])).toBe(false);
      const before = await peer.store.read(peer.group);
      expect(await putAsAirlock(peer, (await stored(peer)).version, ['a'])).toBe(true);
      const { group } = before;
      const semaphore = { totalSlots: IDS.length, holders: ['a', 'b', 'c'] };
      const write = { group: { ...group, semaphore }, entries: [] };
      expect(await peer.store.write(peer.group, write, before.revision)).toBe(false);
      expect((await peer.store.read(peer.group)).group.semaphore?.holders).toEqual(['a']);
    },
  },
  {
    says: 'a rewrite by airlock loses neither the instants nor the history that lockd keeps beside',
    source: MANAGER,
    check: async (peer) => {
      await ask(peer, 'take', 'a');
      const history = await peer.store.history(peer.group, 10);
      expect(history).toHaveLength(1);
      expect(await putAsAirlock(peer, (await stored(peer)).version, ['a', 'b'])).toBe(true);
      const { group } = await peer.store.read(peer.group);
      expect(group.semaphore?.holders).toEqual(['a', 'b']);
      expect(group.details.since).toEqual(new Map([['a', 7]]));
      expect(await peer.store.history(peer.group, 10)).toEqual(history);
    },
  },
  {
    says: 'no holders are null where airlock has written, and mean none',
    source: `${MANAGER}; encoding/json: a nil slice is null`,
    check: async (peer) => {
      expect(await putAsAirlock(peer, '0', null)).toBe(true);
      expect((await peer.store.read(peer.group)).group.semaphore?.holders).toEqual([]);
      await ask(peer, 'take', 'a');
      expect((await peer.store.read(peer.group)).group.semaphore?.holders).toEqual(['a']);
    },
  },
];
