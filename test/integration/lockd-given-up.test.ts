/** What a node has given up must not come true after what it asked for later. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from 'undici';
import type { LockStore } from '../../fleet/lockd/lock-store.ts';
import { EtcdStore } from '../../fleet/lockd/etcd-store.ts';
import { EtcdCluster } from '../support/etcd.ts';
import { serveStore } from '../support/lockd/served-store.ts';

const GROUP = 'workers';
const ID = 'node-1';

let etcd: EtcdCluster;
beforeAll(async () => {
  etcd = await EtcdCluster.start(1);
});
afterAll(async () => {
  await etcd[Symbol.asyncDispose]();
});

/** Writes wait for `gate`. `reached` resolves when the first one waits. */
function gated(store: LockStore) {
  const reached = Promise.withResolvers<undefined>();
  const gate = Promise.withResolvers<undefined>();
  const results: boolean[] = [];
  const write: LockStore['write'] = async (...all) => {
    reached.resolve(undefined);
    await gate.promise;
    const isDone = await store.write(...all);
    results.push(isDone);
    return isDone;
  };
  return { store: { read: store.read.bind(store), write }, reached, gate, results };
}

function ask(url: string, api: string, signal?: AbortSignal) {
  return request(`${url}/v1/${api}`, {
    method: 'POST',
    headers: { 'fleet-lock-protocol': 'true' },
    body: JSON.stringify({ client_params: { id: ID, group: GROUP } }),
    ...(signal !== undefined && { signal }),
  });
}

describe('a request that its node has given up', () => {
  it.each(['pre-reboot', 'steady-state'] as const)('%s is decided no more', async (api) => {
    await using stack = new AsyncDisposableStack();
    const stores = [0, 1, 2].map(() => new EtcdStore({ endpoints: etcd.endpoints }));
    const [slow, quick, reader] = stores as [EtcdStore, EtcdStore, EtcdStore];
    stack.defer(async () => {
      await Promise.all(stores.map((store) => store.close()));
    });
    const held = gated(slow);
    const one = stack.use(await serveStore(GROUP, 1, held.store));
    const two = stack.use(await serveStore(GROUP, 1, quick));

    const patience = new AbortController();
    const given = ask(one.url, api, patience.signal).catch((error: unknown) => error);
    await held.reached.promise;
    patience.abort();
    await given;
    await one.idle();
    // Its node goes to another server, asks for the contrary there, and is answered.
    const last = api === 'pre-reboot' ? ['steady-state'] : ['steady-state', 'pre-reboot'];
    for (const next of last) {
      expect((await ask(two.url, next)).statusCode).toBe(200);
    }
    held.gate.resolve(undefined);
    await one.settled();

    expect(held.results).toEqual([false]);
    const { group } = await reader.read(GROUP);
    expect(group.semaphore?.holders).toEqual(api === 'pre-reboot' ? [] : [ID]);
  });
});
