/** Many nodes at several lock servers on a real etcd of three members, while members and servers fail. */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EtcdStore } from '../../fleet/lockd/etcd-store.ts';
import { EtcdCluster } from '../support/etcd.ts';
import { Crowd } from '../support/lockd/crowd.ts';
import { violationsOf } from '../support/lockd/lock-history.ts';
import { LockdProcess } from '../support/lockd/lockd-process.ts';
import { WatchedStore } from '../support/lockd/watched-store.ts';

const GROUP = 'workers';
/** Thousands can be asked for where there is time. */
const CLIENTS = Number(process.env['LOCKD_CLIENTS'] ?? 200);
const SLOTS = Math.ceil(CLIENTS / 70);
/** So that many nodes ask as often as few. */
const PACE_MS = CLIENTS * 0.3;
const SEED = Number(process.env['LOCKD_SEED'] ?? 1);
const LIMIT_MS = 120_000;

let etcd: EtcdCluster;
let servers: readonly [LockdProcess, LockdProcess];

beforeAll(async () => {
  etcd = await EtcdCluster.start();
  const options = { endpoints: etcd.endpoints, groups: { [GROUP]: SLOTS } };
  servers = [await LockdProcess.start(options), await LockdProcess.start(options)];
}, LIMIT_MS);
afterAll(async () => {
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  await etcd[Symbol.asyncDispose]();
});

describe(`${CLIENTS} nodes at two lock servers, seed ${SEED}`, () => {
  it(
    'never hold more slots than there are, whatever fails',
    async () => {
      const store = new EtcdStore({ endpoints: etcd.endpoints });
      const watched = new WatchedStore(store, GROUP);
      const urls = servers.map(({ url }) => url);
      await using crowd = new Crowd({
        servers: urls,
        group: GROUP,
        clients: CLIENTS,
        seed: SEED,
        paceMs: PACE_MS,
      });
      try {
        await crowd.more('granted', 30);

        // A member dies, and comes back.
        const leader = await etcd.leader();
        const follower = etcd.living.find((name) => name !== leader) ?? '';
        await etcd.kill(follower);
        await crowd.more('granted', 30);
        await etcd.revive(follower);

        // A server dies in the middle of requests.
        await servers[0].kill();
        await crowd.more('granted', 30);
        await servers[0].revive();

        // The leader hangs, until well after the others have another one.
        const hung = await etcd.leader();
        await etcd.suspend(hung);
        await crowd.more('granted', 60);
        etcd.resume(hung);
        await crowd.more('granted', 30);

        // Two of three members hang: nobody can know anything.
        const [one = '', two = ''] = etcd.living;
        await etcd.suspend(one);
        await etcd.suspend(two);
        const lostMono = performance.now();
        await crowd.more('unknown', CLIENTS);
        const backMono = performance.now();
        etcd.resume(one);
        etcd.resume(two);
        await crowd.more('granted', 30);
        const meanwhile = crowd.requests.filter(
          ({ askedMono, answeredMono }) => askedMono > lostMono && answeredMono < backMono,
        );
        expect(meanwhile.length).toBeGreaterThanOrEqual(CLIENTS);
        expect(new Set(meanwhile.map(({ answer }) => answer))).toEqual(new Set(['unknown']));

        await crowd.sendHome();
        expect((await watched.look()).holders).toEqual([]);
      } finally {
        await watched[Symbol.asyncDispose]();
        await store.close();
      }
      const { requests } = crowd;
      const file = process.env['LOCKD_HISTORY'];
      if (file !== undefined) {
        await writeFile(file, JSON.stringify({ slots: SLOTS, requests, looks: watched.looks }));
      }
      expect(violationsOf({ slots: SLOTS, requests, looks: watched.looks })).toEqual([]);
    },
    LIMIT_MS,
  );
});
