/** airlock's layout, as lockd writes it into a real etcd. */
import { afterAll, beforeAll } from 'vitest';
import { EtcdStore } from '../../fleet/lockd/etcd-store.ts';
import { EtcdCluster } from '../support/etcd.ts';
import { LOCKD_AIRLOCK_STATEMENTS, type EtcdAnswer, type SharedEtcdPeer } from './lockd-airlock.ts';
import { conformance } from './statement.ts';

let etcd: EtcdCluster;
beforeAll(async () => {
  etcd = await EtcdCluster.start(1);
}, 60_000);
afterAll(async () => {
  await etcd[Symbol.asyncDispose]();
});

let groups = 0;

function peer(): SharedEtcdPeer & AsyncDisposable {
  const store = new EtcdStore({ endpoints: etcd.endpoints });
  groups++;
  return {
    store,
    group: `a.b/c d${groups}`,
    call: async (path, body) => {
      const reply = await fetch(`${etcd.endpoints[0] ?? ''}/v3/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      return (await reply.json()) as EtcdAnswer;
    },
    [Symbol.asyncDispose]: () => store.close(),
  };
}

conformance('the etcd that lockd and airlock share', LOCKD_AIRLOCK_STATEMENTS, [
  { name: 'etcd', start: async () => peer() },
]);
