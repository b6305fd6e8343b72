/** The proof of the lock server can fail: each fault that is put into it is found in what its clients saw. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EtcdStore } from '../../fleet/lockd/etcd-store.ts';
import { EtcdCluster } from '../support/etcd.ts';
import { Crowd } from '../support/lockd/crowd.ts';
import { beforeCommit, forgetful, withOldReads, withoutCompare } from '../support/lockd/faulty-stores.ts';
import { violationsOf } from '../support/lockd/lock-history.ts';
import { serveStore, type SpoiltStore } from '../support/lockd/served-store.ts';
import { WatchedStore } from '../support/lockd/watched-store.ts';

const SLOTS = 3;
const CLIENTS = 60;
const MOST_GRANTS = 150;

let etcd: EtcdCluster;
beforeAll(async () => {
  etcd = await EtcdCluster.start(1);
});
afterAll(async () => {
  await etcd[Symbol.asyncDispose]();
});

/** What two servers on such a store do to a crowd. */
async function violationsWith(
  group: string,
  spoil: (store: SpoiltStore) => SpoiltStore,
  clients = CLIENTS,
): Promise<readonly string[]> {
  await using stack = new AsyncDisposableStack();
  const servers: string[] = [];
  for (const store of [
    new EtcdStore({ endpoints: etcd.endpoints }),
    new EtcdStore({ endpoints: etcd.endpoints }),
  ]) {
    stack.defer(() => store.close());
    servers.push(stack.use(await serveStore(group, SLOTS, spoil(store))).url);
  }
  const store = new EtcdStore({ endpoints: etcd.endpoints });
  stack.defer(() => store.close());
  const watched = stack.use(new WatchedStore(store, group));
  const crowd = stack.use(new Crowd({ servers, group, clients, seed: 7, paceMs: 20 }));
  await crowd.more('granted', MOST_GRANTS);
  await crowd.sendHome();
  await watched.look();
  return violationsOf({ slots: SLOTS, requests: crowd.requests, looks: watched.looks });
}

describe('the proof of the lock server', () => {
  it('finds nothing where the store keeps its word', async () => {
    const honest = (store: SpoiltStore): SpoiltStore => ({
      read: (name) => store.read(name),
      write: (name, write, revision) => store.write(name, write, revision),
    });
    expect(await violationsWith('true', honest)).toEqual([]);
  });

  it('finds a store whose compare is left out', async () => {
    expect(await violationsWith('blind', withoutCompare)).toContainEqual(
      expect.stringMatching(/clients are certain to hold one of 3 slots|has lost/),
    );
  });

  it('finds a server that answers before the commit', async () => {
    expect(await violationsWith('early', beforeCommit)).toContainEqual(
      expect.stringMatching(/clients are certain to hold one of 3 slots|has lost/),
    );
  });

  it('finds answers from what was read long ago', async () => {
    // So few that slots are free most of the time.
    expect(await violationsWith('old', (store) => withOldReads(store), SLOTS + 2)).toContainEqual(
      expect.stringMatching(/is told "full" at .* when a slot is certain to be free/),
    );
  });

  it('finds a return that was answered and is not in effect', async () => {
    expect(await violationsWith('forgetful', (store) => forgetful(store))).toContainEqual(
      expect.stringMatching(/has node-\d+, which has given its slot back/),
    );
  });
});
