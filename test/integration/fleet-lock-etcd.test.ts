/** A fleet that takes turns through lock servers on a real etcd, while its members are killed. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { semaphoreKey } from '../../fleet/lockd/etcd-store.ts';
import { EtcdLockStore } from '../../sandbox/etcd-lock-store.ts';
import { startLockServer, type LockServer } from '../../sandbox/lock-server.ts';
import { giveBackSlot, takeSlot } from '../../sandbox/lock-store.ts';
import { FleetLockError } from '../../src/errors.ts';
import { EtcdCluster } from '../support/etcd.ts';
import { lockClient } from '../support/lock-client.ts';
import { waitedMs } from '../support/waited.ts';

const NEVER = new AbortController().signal;
/** The clients' addresses name no stream. */
const REQUEST = { at: 0, stream: undefined };
/** What a node's own pacing is in miniature. */
const ASK_AGAIN_MS = 20;
const NODES = 14;
const LIMIT_MS = 120_000;

let etcd: EtcdCluster;
const servers: LockServer[] = [];

async function serverOnEtcd(groups: Record<string, number>): Promise<LockServer> {
  const store = new EtcdLockStore(etcd.endpoints);
  const server = await startLockServer({ groups, store, clock: Date });
  servers.push(server);
  return server;
}

beforeAll(async () => {
  etcd = await EtcdCluster.start();
}, LIMIT_MS);
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await etcd[Symbol.asyncDispose]();
});

function holdersOf(text: string): readonly string[] {
  const { holders } = JSON.parse(text) as { holders: string[] };
  return holders;
}

describe('a lock server on etcd', () => {
  it('keeps what airlock keeps', async () => {
    const server = await serverOnEtcd({ 'a.b-c': 2 });
    for (const nodeUuid of ['bbb', 'aaa', 'bbb']) {
      await using client = lockClient(server.baseUrl, { nodeUuid, group: 'a.b-c' });
      expect(await client.lender.acquire(REQUEST, NEVER)).toMatchObject({ kind: 'granted' });
    }
    await using third = lockClient(server.baseUrl, { nodeUuid: 'ccc', group: 'a.b-c' });
    expect(await third.lender.acquire(REQUEST, NEVER)).toMatchObject({
      kind: 'refused',
      label: 'fleet_lock',
      reason: expect.stringMatching(/^lock server says: failed_lock_semaphore_full: /) as string,
    });
    expect(await etcd.history('com.coreos.airlock/groups/a.b-c/v1/semaphore')).toEqual([
      '{"total_slots":2,"holders":["bbb"]}',
      '{"total_slots":2,"holders":["aaa","bbb"]}',
    ]);
  });

  it('takes over what a Go program wrote', async () => {
    const store = new EtcdLockStore(etcd.endpoints);
    const key = Buffer.from(semaphoreKey('old')).toString('base64');
    const value = Buffer.from('{"total_slots":1,"holders":null}').toString('base64');
    await fetch(`${etcd.endpoints[0]!}/v3/kv/put`, { method: 'POST', body: JSON.stringify({ key, value }) });
    expect(await takeSlot(store, 'old', 1, 'x')).toBe('done');
    expect((await store.read('old'))?.semaphore).toEqual({ totalSlots: 1, holders: ['x'] });
  });

  it('never lets a lock request that was given up take a slot after it was given back', async () => {
    const store = new EtcdLockStore(etcd.endpoints);
    expect(await takeSlot(store, 'late', 1, 'other')).toBe('done');
    expect(await giveBackSlot(store, 'late', 1, 'other')).toBe('done');
    // A request that has read, and is stuck before it writes, while its node gives the slot back.
    const stale = await store.read('late');
    expect(await giveBackSlot(store, 'late', 1, 'x')).toBe('done');
    expect(await store.write('late', { totalSlots: 1, holders: ['x'] }, stale!.revision)).toBe(false);
    expect((await store.read('late'))?.semaphore.holders).toEqual([]);
  });

  it(
    'lends one slot to one node at a time, through the death of the leader, until everybody had it',
    async () => {
      const group = 'rolling';
      const [one, two] = [await serverOnEtcd({ [group]: 1 }), await serverOnEtcd({ [group]: 1 })];
      const inside = new Set<string>();
      const order: string[] = [];
      let mostInside = 0;
      let errors = 0;
      let killed = '';

      const roll = async (index: number): Promise<void> => {
        const nodeUuid = randomBytes(16).toString('hex');
        await using client = lockClient((index % 2 === 0 ? one : two).baseUrl, { nodeUuid, group });
        const { lender } = client;
        for (;;) {
          const answer = await lender.acquire(REQUEST, NEVER);
          if (answer.kind === 'may-be-held') {
            expect(answer.errorKind).toBe('fleet_lock_unavailable');
            errors++;
          } else if (answer.kind === 'granted') {
            break;
          }
          await pause(ASK_AGAIN_MS);
        }
        inside.add(nodeUuid);
        mostInside = Math.max(mostInside, inside.size);
        order.push(nodeUuid);
        if (order.length === Math.floor(NODES / 3)) {
          killed = await etcd.leader();
          await etcd.kill(killed);
        }
        // "Reboots" long enough for others to ask many times.
        await pause(ASK_AGAIN_MS);
        inside.delete(nodeUuid);
        while ((await lender.release(REQUEST, NEVER).catch(expectedFailure)) === 'failed') {
          errors++;
          await pause(ASK_AGAIN_MS);
        }
      };
      await Promise.all(Array.from({ length: NODES }, (_, index) => roll(index)));

      expect(killed).not.toBe('');
      expect(etcd.living).toHaveLength(2);
      expect(mostInside).toBe(1);
      expect(new Set(order).size).toBe(NODES);
      expect(order).toHaveLength(NODES);
      expect(await one.holders(group)).toEqual([]);

      const history = (await etcd.history(semaphoreKey(group))).map(holdersOf);
      expect(history.every((holders) => holders.length <= 1)).toBe(true);
      // The slot goes from one node to the next only when nobody holds it in between.
      for (const [index, holders] of history.entries()) {
        const [before = holders[0]] = history[index - 1] ?? [];
        if (holders[0] !== undefined) {
          expect(holders[0]).toBe(before);
        }
      }
      const taken = history.flatMap(([holder], index) =>
        holder !== undefined && history[index - 1]?.[0] !== holder ? [holder] : [],
      );
      expect(new Set(taken).size).toBe(NODES);
      expect(errors).toBeLessThan(NODES * 500);
      await etcd.revive(killed);
    },
    LIMIT_MS,
  );

  it(
    'answers 503 within a bound while etcd has no quorum, and goes on afterwards',
    async () => {
      const server = await serverOnEtcd({ quorum: 1 });
      const dead = etcd.living.slice(0, 2);
      for (const name of dead) {
        await etcd.kill(name);
      }
      await using client = lockClient(server.baseUrl, { group: 'quorum' });
      // Whether the store got it, nobody knows.
      const unsure = async () =>
        expect(await client.lender.acquire(REQUEST, NEVER)).toMatchObject({
          kind: 'may-be-held',
          errorKind: 'fleet_lock_unavailable',
          reason: expect.stringContaining('failed_sem_init') as string,
        });
      expect(await waitedMs(unsure)).toBeLessThan(10_000);
      // Both at once, because one alone has no quorum while the other member waits for it.
      await Promise.all(dead.map((name) => etcd.revive(name)));
      await etcd.healthy();
      expect(await client.lender.acquire(REQUEST, NEVER)).toMatchObject({ kind: 'granted' });
      expect(await server.holders('quorum')).toHaveLength(1);
    },
    LIMIT_MS,
  );
});

function expectedFailure(error: unknown): 'failed' {
  expect(error).toBeInstanceOf(FleetLockError);
  expect(error).toMatchObject({ kind: 'fleet_lock_unavailable' });
  return 'failed';
}
