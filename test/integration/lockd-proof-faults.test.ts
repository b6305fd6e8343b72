/** The proof of the lock server can fail: each fault that is put into it is found in what its clients saw. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EtcdStore } from '../../fleet/lockd/etcd-store.ts';
import { createApp } from '../../fleet/lockd/http-app.ts';
import { LockService } from '../../fleet/lockd/lock-service.ts';
import type { LockStore } from '../../fleet/lockd/lock-store.ts';
import { LockdMetrics } from '../../fleet/lockd/metrics.ts';
import { serveNodes } from '../../fleet/lockd/node-api.ts';
import { createLogger } from '../../src/log/log.ts';
import { EtcdCluster } from '../support/etcd.ts';
import { Crowd } from '../support/lockd/crowd.ts';
import { beforeCommit, forgetful, withOldReads, withoutCompare } from '../support/lockd/faulty-stores.ts';
import { violationsOf } from '../support/lockd/lock-history.ts';
import { WatchedStore } from '../support/lockd/watched-store.ts';

const SLOTS = 3;
const CLIENTS = 60;
const MOST_GRANTS = 150;

type Store = Pick<LockStore, 'read' | 'write'>;

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
  spoil: (store: Store) => Store,
  clients = CLIENTS,
): Promise<readonly string[]> {
  await using stack = new AsyncDisposableStack();
  const servers: string[] = [];
  for (const name of ['one', 'two']) {
    const store = new EtcdStore({ endpoints: etcd.endpoints });
    const { read, write } = spoil(store);
    const service = new LockService({
      store: { read, write, history: () => Promise.resolve([]), close: () => store.close() },
      now: Date.now,
      tooLong: () => undefined,
    });
    service.configure([
      { name: group, slots: SLOTS, maxHoldMs: 3_600_000, tokenHashes: [], clientNames: [] },
    ]);
    const { app } = createApp(undefined, (error) => {
      throw new Error(`server ${name}`, { cause: error });
    });
    serveNodes(app, {
      service,
      metrics: new LockdMetrics(),
      log: createLogger({ level: 'error', format: 'auto', env: {} }),
      now: Date.now,
      retryAfterMs: () => 1000,
      isEnding: () => false,
    });
    stack.defer(async () => {
      await app.close();
      await store.close();
    });
    servers.push(await app.listen({ host: '127.0.0.1', port: 0 }));
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
    expect(
      await violationsWith('true', (store) => ({
        read: (name) => store.read(name),
        write: (...all) => store.write(...all),
      })),
    ).toEqual([]);
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
