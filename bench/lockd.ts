/** What a slot costs: lock and unlock at two lock servers on an etcd of three members, from one node to 500 at once. */
import { Agent, request } from 'undici';
import { EtcdCluster } from '../test/support/etcd.ts';
import { LockdProcess } from '../test/support/lockd/lockd-process.ts';
import type { BenchOptions, Figure, Topic } from './figure.ts';

const CLIENTS = [1, 50, 500];
const GROUP = 'bench';
/** Each node gets one, so that nobody is refused and both halves are measured. */
const SLOTS = 1000;
const APIS = [
  { api: 'pre-reboot', name: 'lock' },
  { api: 'steady-state', name: 'unlock' },
] as const;

type Latencies = Readonly<Record<(typeof APIS)[number]['name'], number[]>>;

export async function measureLockd({ quick, say }: BenchOptions): Promise<Topic> {
  const turns = quick ? 2 : 7;
  const rounds = quick ? 1000 : 3000;
  await using etcd = await EtcdCluster.start();
  const options = { endpoints: etcd.endpoints, groups: { [GROUP]: SLOTS } };
  await using one = await LockdProcess.start(options);
  await using two = await LockdProcess.start(options);
  const figures = CLIENTS.flatMap((clients) =>
    APIS.map(({ name }) => ({ clients, name, median: [] as number[], high: [] as number[] })),
  );
  const perSecond = new Map(CLIENTS.map((clients) => [clients, [] as number[]]));
  for (let turn = 1; turn <= turns; turn++) {
    for (const clients of CLIENTS) {
      say(`lockd: ${clients} nodes, ${turn} of ${turns}`);
      const startMono = performance.now();
      const each = Math.max(2, Math.ceil(rounds / clients / 2));
      const latencies = await cycles([one.url, two.url], clients, clients === 1 ? 200 : each);
      const seconds = (performance.now() - startMono) / 1000;
      perSecond.get(clients)?.push((latencies.lock.length + latencies.unlock.length) / seconds);
      for (const figure of figures.filter((known) => known.clients === clients)) {
        const sorted = latencies[figure.name].toSorted((a, b) => a - b);
        figure.median.push(quantile(sorted, 0.5));
        figure.high.push(quantile(sorted, 0.99));
      }
    }
  }
  return {
    title: 'A slot of a lock server',
    how:
      'Two servers on an etcd of three members, all on this machine. Each node locks and unlocks, one after the other, ' +
      'and no node is refused. From sending a request to its whole answer.',
    figures: [
      ...figures.flatMap(({ clients, name, median, high }): Figure[] => [
        { what: `${name}, ${clients} at once: p50`, unit: 'ms', samples: median },
        { what: `${name}, ${clients} at once: p99`, unit: 'ms', samples: high },
      ]),
      ...CLIENTS.map((clients): Figure => ({
        what: `requests answered, ${clients} at once`,
        unit: 'per second',
        samples: perSecond.get(clients) ?? [],
      })),
    ],
  };
}

async function cycles(servers: readonly string[], clients: number, each: number): Promise<Latencies> {
  const latencies: Latencies = { lock: [], unlock: [] };
  const agent = new Agent({ connections: clients, pipelining: 1 });
  const live = async (index: number): Promise<void> => {
    const server = servers[index % servers.length] ?? '';
    const body = JSON.stringify({ client_params: { id: `node-${index}`, group: GROUP } });
    for (let turn = 0; turn < each; turn++) {
      for (const { api, name } of APIS) {
        const startMono = performance.now();
        const reply = await request(`${server}/v1/${api}`, {
          dispatcher: agent,
          method: 'POST',
          headers: { 'fleet-lock-protocol': 'true' },
          body,
        });
        const text = await reply.body.text();
        if (reply.statusCode !== 200) {
          throw new Error(`the server must answer 200, got ${reply.statusCode}: ${text}`);
        }
        latencies[name].push(performance.now() - startMono);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: clients }, (_, index) => live(index)));
  } finally {
    await agent.close();
  }
  return latencies;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
