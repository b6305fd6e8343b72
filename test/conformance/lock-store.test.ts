/** The store in memory, and etcd itself, which Debian has. */
import { afterAll, beforeAll } from 'vitest';
import { EtcdLockStore } from '../../sandbox/etcd-lock-store.ts';
import { MemoryLockStore } from '../../sandbox/lock-store.ts';
import { EtcdCluster } from '../support/etcd.ts';
import { STORE_STATEMENTS, type StorePeer } from './lock-store.ts';
import { conformance } from './statement.ts';

let etcd: EtcdCluster;
beforeAll(async () => {
  etcd = await EtcdCluster.start(1);
}, 60_000);
afterAll(() => etcd[Symbol.asyncDispose]());

let groups = 0;

/** Each statement has a group of its own; nothing has to be removed after it. */
function peer(open: StorePeer['open']): StorePeer & AsyncDisposable {
  groups++;
  return { open, group: `group-${groups}`, [Symbol.asyncDispose]: () => Promise.resolve() };
}

conformance('lock stores', STORE_STATEMENTS, [
  {
    name: 'in memory',
    start: async () => {
      const store = new MemoryLockStore();
      return peer(() => store);
    },
  },
  { name: 'etcd', start: async () => peer(() => new EtcdLockStore(etcd.endpoints)) },
]);
