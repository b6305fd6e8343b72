/** The stores of lockd: SQLite's file, and a real etcd. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { EtcdStore } from '../../fleet/lockd/etcd-store.ts';
import type { LockStore } from '../../fleet/lockd/lock-store.ts';
import { SqliteStore } from '../../fleet/lockd/sqlite-store.ts';
import { EtcdCluster } from '../support/etcd.ts';
import { LOCKD_STORE_STATEMENTS, type LockdStorePeer } from './lockd-store.ts';
import { conformance } from './statement.ts';

let etcd: EtcdCluster;
let folder: string;
beforeAll(async () => {
  etcd = await EtcdCluster.start(1);
  folder = await mkdtemp(path.join(tmpdir(), 'lockd-store-'));
}, 60_000);
afterAll(async () => {
  await etcd[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

let groups = 0;

/** Each statement has a group of its own; what it opened is closed after it. */
function peer(make: () => LockStore): LockdStorePeer & AsyncDisposable {
  const opened: LockStore[] = [];
  const open = (): LockStore => {
    const store = make();
    opened.push(store);
    return store;
  };
  groups++;
  return {
    open,
    group: `group-${groups}`,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(opened.map((store) => store.close()));
    },
  };
}

conformance('stores of lockd', LOCKD_STORE_STATEMENTS, [
  { name: 'SQLite', start: async () => peer(() => new SqliteStore(path.join(folder, 'locks.db'))) },
  { name: 'etcd', start: async () => peer(() => new EtcdStore({ endpoints: etcd.endpoints })) },
]);
