/**
 * What a client may rely on in Fedora CoreOS's update server: statuses, the shape of a graph, and whom a rollout shows.
 *
 * Invariant: no statement knows which releases the server has. Those about rollouts compare its own answers.
 */
import { expect } from 'vitest';
import type { Statement } from './statement.ts';

export interface CincinnatiPeer {
  readonly baseUrl: string;
  /** A stream that it serves. */
  readonly stream: string;
  /** An architecture that it has for that stream. */
  readonly basearch: string;
}

const ENGINE = 'coreos/fedora-coreos-cincinnati 95388bd fcos-policy-engine/src/main.rs';
const WEB = 'coreos/fedora-coreos-cincinnati 95388bd commons/src/web.rs';
const GRAPH = 'coreos/fedora-coreos-cincinnati 95388bd commons/src/graph.rs';
const POLICY = 'coreos/fedora-coreos-cincinnati 95388bd commons/src/policy.rs';
const LIMIT_MS = 20_000;

interface Graph {
  readonly nodes: readonly Readonly<Record<string, unknown>>[];
  readonly edges: readonly (readonly [number, number])[];
}

type Parameters = Readonly<Record<string, string>>;

async function ask(
  { baseUrl, stream, basearch }: CincinnatiPeer,
  parameters: Parameters = {},
  init: RequestInit = {},
): Promise<Response> {
  const url = new URL(`${baseUrl}/v1/graph`);
  for (const [name, value] of Object.entries({ stream, basearch, ...parameters })) {
    url.searchParams.set(name, value);
  }
  return await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS), ...init });
}

async function graph(peer: CincinnatiPeer, parameters: Parameters = {}): Promise<Graph> {
  const reply = await ask(peer, parameters);
  expect(reply.status).toBe(200);
  // Its shape is a statement of its own.
  return (await reply.json()) as Graph;
}

const edgesOf = async (peer: CincinnatiPeer, parameters: Parameters): Promise<string[]> =>
  (await graph(peer, parameters)).edges.map((edge) => edge.join('>'));

const wary = (peer: CincinnatiPeer, rolloutWariness: string): Promise<string[]> =>
  edgesOf(peer, { rollout_wariness: rolloutWariness, node_uuid: NODE });

const NODE = '0123456789abcdef0123456789abcdef';
/** Its hash, as a share: 0.0998809. */
const EARLY = { uuid: 'node-1', share: '0.099881' };

export const CINCINNATI_STATEMENTS: readonly Statement<CincinnatiPeer>[] = [
  {
    says: 'a stream and an architecture that it has are answered 200, with JSON that says so',
    source: ENGINE,
    check: async (peer) => {
      const reply = await ask(peer);
      expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/json']);
      await reply.arrayBuffer();
    },
  },
  {
    says: 'a graph has nodes with version, payload and metadata of texts, and edges as pairs of their positions',
    source: GRAPH,
    check: async (peer) => {
      const { nodes, edges } = await graph(peer, { rollout_wariness: '0' });
      expect(nodes.length).toBeGreaterThan(0);
      for (const { version, payload, metadata } of nodes) {
        expect([typeof version, typeof payload]).toEqual(['string', 'string']);
        const values = Object.values(metadata as Readonly<Record<string, unknown>>);
        expect(new Set(values.map((value) => typeof value))).toEqual(new Set(['string']));
      }
      for (const edge of edges) {
        expect(edge).toHaveLength(2);
        expect(edge.every((end) => Number.isInteger(end) && end >= 0 && end < nodes.length)).toBe(true);
      }
    },
  },
  {
    says: 'each node has its age as digits, rising from node to node, and the scheme that was asked for',
    source: GRAPH,
    check: async (peer) => {
      const { nodes } = await graph(peer);
      const metadata = nodes.map((node) => node['metadata'] as Readonly<Record<string, string>>);
      const ages = metadata.map((each) => each['org.fedoraproject.coreos.releases.age_index'] ?? '');
      expect(ages.filter((age) => !/^\d+$/.test(age))).toEqual([]);
      expect(ages.toSorted((a, b) => Number(a) - Number(b))).toEqual(ages);
      const schemes = metadata.map((each) => each['org.fedoraproject.coreos.scheme']);
      expect(new Set(schemes)).toEqual(new Set(['checksum']));
    },
  },
  {
    says: 'no edge leads out of a dead-end',
    source: `${POLICY}, filter_deadends`,
    check: async (peer) => {
      const { nodes, edges } = await graph(peer, { rollout_wariness: '0' });
      const isDeadend = ([from]: readonly [number, number]): boolean =>
        (nodes[from]?.['metadata'] as Readonly<Record<string, string>>)[
          'org.fedoraproject.coreos.updates.deadend'
        ] === 'true';
      expect(edges.filter(isDeadend)).toEqual([]);
    },
  },
  {
    says: 'who does not ask for compression gets none',
    source: `${ENGINE}: no middleware for it; RFC 9110 12.5.3`,
    check: async (peer) => {
      const reply = await ask(peer, {}, { headers: { 'accept-encoding': 'identity' } });
      expect(reply.headers.get('content-encoding')).toBeNull();
      await reply.arrayBuffer();
    },
  },
  {
    says: 'without a stream or an architecture, or with an empty one, it answers 400 with no body',
    source: `${WEB}, validate_scope; ${ENGINE}`,
    check: async (peer) => {
      const { stream, basearch } = peer;
      for (const query of [`stream=${stream}`, `basearch=${basearch}`, `stream=${stream}&basearch=`, '']) {
        const reply = await fetch(`${peer.baseUrl}/v1/graph?${query}`, {
          signal: AbortSignal.timeout(LIMIT_MS),
        });
        expect([reply.status, await reply.text()]).toEqual([400, '']);
      }
    },
  },
  {
    says: 'a stream or an architecture that it does not have is answered 500 with a line of plain text, not 404',
    source: `${ENGINE}, fetch_graph_from_gb; fcos-graph-builder/src/main.rs; run: 95388bd`,
    check: async (peer) => {
      for (const parameters of [{ stream: 'no-such-stream' }, { basearch: 'vax' }]) {
        const reply = await ask(peer, parameters);
        expect(reply.status).toBe(500);
        expect(reply.headers.get('content-type')).toBe('text/plain; charset=utf-8');
        expect(await reply.text()).toMatch(/^[^{\n]+$/);
      }
    },
  },
  {
    says: 'oci is true or false, and anything else is answered 400',
    source: `${ENGINE}, GraphQuery; run: 95388bd`,
    check: async (peer) => {
      for (const oci of ['maybe', '1', 'True', '']) {
        const reply = await ask(peer, { oci });
        expect([oci, reply.status]).toEqual([oci, 400]);
        await reply.arrayBuffer();
      }
      expect((await graph(peer, { oci: 'false' })).nodes).toEqual((await graph(peer)).nodes);
    },
  },
  {
    says: 'a parameter that is given twice is answered 400, and one that it does not know is passed over',
    source: `${ENGINE}, GraphQuery; run: 95388bd`,
    check: async (peer) => {
      const { baseUrl, stream, basearch } = peer;
      const url = `${baseUrl}/v1/graph?stream=${stream}&basearch=${basearch}&stream=${stream}`;
      const reply = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) });
      expect(reply.status).toBe(400);
      await reply.arrayBuffer();
      await graph(peer, { group: 'default', platform: 'qemu', os_version: '1', os_checksum: 'x' });
    },
  },
  {
    says: 'other methods, and paths around it, are answered 404',
    source: `${ENGINE}, route; run: 95388bd`,
    check: async (peer) => {
      for (const method of ['POST', 'HEAD']) {
        const reply = await ask(peer, {}, { method });
        expect([method, reply.status]).toEqual([method, 404]);
        await reply.arrayBuffer();
      }
      for (const path of ['/', '/v1/', '/v1/graph/']) {
        const reply = await fetch(`${peer.baseUrl}${path}`, { signal: AbortSignal.timeout(LIMIT_MS) });
        expect([path, reply.status]).toEqual([path, 404]);
        await reply.arrayBuffer();
      }
    },
  },
  {
    says: 'the same question within a second is answered alike, whatever the node is told to be beside its id',
    source: `${ENGINE}, compute_wariness`,
    check: async (peer) => {
      const first = await edgesOf(peer, { node_uuid: NODE, group: 'one' });
      expect(await edgesOf(peer, { node_uuid: NODE, group: 'two' })).toEqual(first);
    },
  },
  {
    says: 'the warier a node, the fewer edges it sees, and all nodes see the same releases',
    source: `${POLICY}, throttle_rollouts`,
    check: async (peer) => {
      const { nodes } = await graph(peer, { rollout_wariness: '0' });
      let wider = await wary(peer, '0');
      for (const wariness of ['0.1', '0.3', '0.5', '0.7', '0.9', '1']) {
        const edges = await wary(peer, wariness);
        expect(edges.filter((edge) => !wider.includes(edge))).toEqual([]);
        expect((await graph(peer, { rollout_wariness: wariness })).nodes).toEqual(nodes);
        wider = edges;
      }
    },
  },
  {
    says: 'field 11: a wariness beyond 0 and 1 is brought there, and what is no number leaves it to the id',
    source: `${ENGINE}, compute_wariness; run: 95388bd`,
    check: async (peer) => {
      const [all, fewest] = [await wary(peer, '0'), await wary(peer, '1')];
      expect([await wary(peer, '-1'), await wary(peer, '-inf')]).toEqual([all, all]);
      expect([await wary(peer, '2'), await wary(peer, 'inf'), await wary(peer, '1.')]).toEqual(
        Array.from({ length: 3 }, () => fewest),
      );
      const own = await edgesOf(peer, { node_uuid: NODE });
      for (const odd of ['', 'half', '0,5', ' 0.5', '0x1']) {
        expect([odd, await wary(peer, odd)]).toEqual([odd, own]);
      }
    },
  },
  {
    says: "field 11: a node's share is the hash of its id, so it sees what a wariness of that share sees",
    source: `${ENGINE}, compute_wariness: DefaultHasher over the id; run: 95388bd`,
    check: async (peer) => {
      const { uuid, share } = EARLY;
      expect(await edgesOf(peer, { node_uuid: uuid })).toEqual(await wary(peer, share));
      expect(await edgesOf(peer, { node_uuid: NODE })).toEqual(await wary(peer, '0.718692'));
      expect(await edgesOf(peer, {})).toEqual(await wary(peer, '0.188483'));
    },
  },
];
