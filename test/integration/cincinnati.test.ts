/** The Cincinnati client against the sandbox's server and against raw ones. */
import type { IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startCincinnatiServer, type CincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { carriedHistory, payloadText, type History } from '../../sandbox/releases.ts';
import type { CheckResult } from '../../src/agent/ports.ts';
import type { Release, Scheme } from '../../src/agent/release.ts';
import { CincinnatiClient, type NodeFacts } from '../../src/cincinnati/sources/cincinnati-client.ts';
import { CancelledError, CincinnatiError } from '../../src/errors.ts';
import { HTTP_LIMITS, HttpClient, type HttpLimits } from '../../src/http/http-client.ts';
import { booted, node, query } from '../support/graphs.ts';
import { Loopback, freePort } from '../support/loopback.ts';

const NEVER = new AbortController().signal;
const NOW = Date.UTC(2026, 11, 1);
const NODE: NodeFacts = {
  basearch: 'x86_64',
  stream: 'stable',
  platform: 'qemu',
  group: 'default',
  nodeUuid: '0123456789abcdef0123456789abcdef',
  rolloutWariness: undefined,
};

let loopback: Loopback;
let servers: CincinnatiServer[];
let https: HttpClient[];
let nowMs = NOW;
const clock = { now: () => nowMs };

beforeEach(() => {
  [loopback, servers, https, nowMs] = [new Loopback(), [], [], NOW];
});
afterEach(async () => {
  await Promise.all(https.map((http) => http.close()));
  await Promise.all(servers.map((server) => server.stop()));
  await loopback.stop();
});

async function serve(history: History, stream = 'stable', proxied = false): Promise<CincinnatiServer> {
  const server = await startCincinnatiServer({ history, stream, basearch: 'x86_64', clock, proxied });
  servers.push(server);
  return server;
}

function client(baseUrl: string, changes: Partial<NodeFacts> = {}) {
  const http = new HttpClient({ userAgent: 'test/1', env: {} });
  https.push(http);
  return new CincinnatiClient({ baseUrl, node: { ...NODE, ...changes }, http, clock });
}

function releaseOf(history: History, index: number, scheme: Scheme = 'checksum'): Release {
  const entry = history.entries.at(index)!;
  return { version: entry.version, payload: { scheme, value: payloadText(entry, scheme) } };
}

const checkFor = (release: Release, by: CincinnatiClient): Promise<CheckResult> =>
  by.check({ booted: release, denied: [release.payload], skip: [], allowDowngrade: false }, NEVER);

async function failure(asked: Promise<unknown>): Promise<CincinnatiError> {
  try {
    await asked;
  } catch (error) {
    if (error instanceof CincinnatiError) {
      return error;
    }
    throw error;
  }
  throw new Error('the check succeeded');
}

/** A server that gives one answer after the other, and then repeats the last one. */
async function answering(
  ...answers: readonly {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  }[]
) {
  const seen: { url: string; headers: IncomingHttpHeaders }[] = [];
  const server = await loopback.http((request, reply) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    const { status = 200, headers = {}, body = '' } = answers[Math.min(seen.length, answers.length) - 1]!;
    reply.writeHead(status, headers);
    reply.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return { ...server, seen };
}

const GRAPH = { nodes: [node('1', 1), node('2', 2)], edges: [[0, 1]] };
const NEWER = { nodes: [node('1', 1), node('2', 2), node('3', 3)], edges: [[0, 2]] };

describe('a check', () => {
  it.each(['checksum', 'oci'] as const)(
    'walks a node from 31.20200108.3.0 to the newest stable release in 20 hops (%s)',
    async (scheme) => {
      const history = await carriedHistory('stable');
      const server = await serve(history);
      const by = client(server.baseUrl, { rolloutWariness: 0 });
      const path: string[] = [];
      for (let at = releaseOf(history, 0, scheme); ;) {
        const { outcome, nodes } = await checkFor(at, by);
        expect(nodes).toBe(179);
        if (outcome.kind !== 'update') {
          break;
        }
        path.push(outcome.release.version);
        at = { version: outcome.release.version, payload: outcome.release.payload };
      }
      expect(path).toHaveLength(20);
      expect(path.at(-1)).toBe('44.20260707.3.1');
    },
  );

  it('on the dead-end of testing says so and finds nothing', async () => {
    const history = await carriedHistory('testing');
    const server = await serve(history, 'testing');
    const result = await checkFor(releaseOf(history, 0), client(server.baseUrl, { stream: 'testing' }));
    expect(result).toMatchObject({ outcome: { kind: 'no-update' }, deadend: { isDeadend: true } });
  });

  it('asks as Zincati does', async () => {
    const server = await answering({ body: GRAPH });
    await client(`${server.url}/some/where?key=1`, { rolloutWariness: 0.25 }).check(query('1'), NEVER);
    const url = new URL(server.seen[0]!.url, server.url);
    expect(url.pathname).toBe('/some/where/v1/graph');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      key: '1',
      basearch: 'x86_64',
      stream: 'stable',
      platform: 'qemu',
      group: 'default',
      node_uuid: NODE.nodeUuid,
      os_version: '1',
      os_checksum: booted('1').payload.value,
      rollout_wariness: '0.250000',
    });
    expect(server.seen[0]!.headers).toMatchObject({ accept: 'application/json', 'user-agent': 'test/1' });
  });

  it('sees a rollout when it has got as far as the node', async () => {
    const history = await carriedHistory('stable');
    const server = await serve(history);
    const { startEpoch = 0, durationMinutes = 0 } = history.entries.at(-1)!.rollout!;
    const versionAt = async (share: number, wariness: number) => {
      nowMs = startEpoch * 1000 + share * durationMinutes * 60_000;
      const result = await checkFor(
        releaseOf(history, -3),
        client(server.baseUrl, { rolloutWariness: wariness }),
      );
      return 'release' in result.outcome ? result.outcome.release.version : result.outcome.kind;
    };
    const [last, newest] = [history.entries.at(-2)!.version, history.entries.at(-1)!.version];
    expect(await versionAt(-0.1, 0.5)).toBe(last);
    expect(await versionAt(0.49, 0.5)).toBe(last);
    expect(await versionAt(0.5, 0.5)).toBe(newest);
    expect(await versionAt(0.5, 1)).toBe(last);
    expect(await versionAt(1, 1)).toBe(newest);
  });

  it('goes over one connection, however often', async () => {
    const server = await answering({ body: GRAPH });
    const by = client(server.url);
    for (let turn = 0; turn < 10; turn++) {
      await by.check(query('1'), NEVER);
    }
    expect(server.connections()).toBe(1);
  });

  it('is cancelled by its signal', async () => {
    const giveUp = new AbortController();
    const server = await loopback.http(() => giveUp.abort());
    await expect(client(server.url).check(query('1'), giveUp.signal)).rejects.toBeInstanceOf(CancelledError);
    await server.idle();
  });
});

describe('a server that says "not modified"', () => {
  it('is believed: the answer is chosen anew from what it confirmed', async () => {
    const history = await carriedHistory('stable');
    const server = await serve(history, 'stable', true);
    const by = client(server.baseUrl, { rolloutWariness: 0 });
    const start = releaseOf(history, -3);
    const first = await checkFor(start, by);
    const again = await checkFor(start, by);
    expect(server.requests.map((request) => request.status)).toEqual([200, 304]);
    expect(first.notModified).toBe(false);
    expect(again).toEqual({ ...first, notModified: true });
    if (first.outcome.kind !== 'update') {
      throw new Error('no update');
    }
    const { payload } = first.outcome.release;
    const denied = await by.check(
      { booted: start, denied: [payload], skip: [], allowDowngrade: false },
      NEVER,
    );
    expect(server.requests.map((request) => request.status)).toEqual([200, 304, 304]);
    expect(denied).toMatchObject({
      outcome: { release: { version: history.entries.at(-2)!.version } },
      ignoredTargets: 1,
      notModified: true,
    });
  });

  it('is asked with what it gave: tag and date', async () => {
    const date = 'Wed, 01 Jul 2026 12:00:00 GMT';
    const server = await answering(
      { body: GRAPH, headers: { etag: 'W/"1"', 'last-modified': date } },
      { status: 304 },
    );
    const by = client(server.url);
    await by.check(query('1'), NEVER);
    expect(await by.check(query('1'), NEVER)).toMatchObject({
      notModified: true,
      outcome: { kind: 'update' },
    });
    expect(server.seen[0]!.headers).not.toHaveProperty('if-none-match');
    expect(server.seen[1]!.headers).toMatchObject({ 'if-none-match': 'W/"1"', 'if-modified-since': date });
  });

  it('is not asked so for another question', async () => {
    const server = await answering({ body: GRAPH, headers: { etag: '"1"' } });
    const by = client(server.url);
    await by.check(query('1'), NEVER);
    await by.check(query('2'), NEVER);
    await by.check(query('1'), NEVER);
    expect(server.seen.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('without having been asked so is an error', async () => {
    const server = await answering({ status: 304 });
    expect((await failure(client(server.url).check(query('1'), NEVER))).kind).toBe('generic_http_304');
  });

  it('after errors still only confirms: nothing is decided on the old graph by itself', async () => {
    const server = await answering(
      { body: GRAPH, headers: { etag: '"1"' } },
      { status: 503 },
      { status: 304 },
      { body: NEWER, headers: { etag: '"2"' } },
      { body: 'garbage', headers: { etag: '"3"' } },
      { status: 304 },
    );
    const by = client(server.url);
    const version = async () => {
      const { outcome } = await by.check(query('1'), NEVER);
      return 'release' in outcome ? outcome.release.version : outcome.kind;
    };
    expect(await version()).toBe('2');
    expect((await failure(version())).kind).toBe('generic_http_503');
    expect(await version()).toBe('2');
    expect(await version()).toBe('3');
    expect((await failure(version())).kind).toBe('client_failed_json_decoding');
    expect((await failure(version())).kind).toBe('generic_http_304');
    expect(server.seen.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      '"1"',
      '"1"',
      '"1"',
      '"2"',
      undefined,
    ]);
  });
});

describe('a server that refuses', () => {
  it.each<[string, number, unknown, string, RegExp]>([
    [
      'in its own words',
      400,
      { kind: 'failed_policy', value: 'no such policy' },
      'failed_policy',
      /: no such policy$/,
    ],
    ['in odd words', 500, { kind: 'Oh "no"\n{}', value: 'a\nb' }, 'oh_no_', /\(oh_no_\): a b$/],
    ['in no words', 502, '<html>Bad Gateway</html>', 'generic_http_502', /status 502 \(generic_http_502\)$/],
    [
      'field 10: in plain text',
      503,
      'no graph yet:\nthe source is\u0007 down\r\n',
      'generic_http_503',
      /status 503 \(generic_http_503\): no graph yet: the source is\uFFFD down$/,
    ],
    ['field 10: in a long plain text', 500, 'so sorry '.repeat(5000), 'generic_http_500', /^.{300,400}$/],
    ['field 10: in broken JSON', 500, '{"kind":"x",', 'generic_http_500', /status 500 \(generic_http_500\)$/],
    ['field 10: in bytes that are no text', 500, '\0\0PNG', 'generic_http_500', /\(generic_http_500\)$/],
    ['in words of the wrong type', 404, { kind: 4, value: 4 }, 'generic_http_404', /\(generic_http_404\)$/],
    ['in a list', 404, [], 'generic_http_404', /\(generic_http_404\)$/],
    ['at endless length', 500, { kind: 'x', value: 'y'.repeat(100_000) }, 'generic_http_500', /^.{0,200}$/],
    ['with a long story', 500, { kind: 'x', value: 'y'.repeat(10_000) }, 'x', /^.{300,400}$/],
    ['by a prototype', 500, '{"__proto__":{"kind":"x"}}', 'generic_http_500', /500/],
  ])('%s', async (_name, status, body, kind, message) => {
    const server = await answering({ status, body });
    const error = await failure(client(server.url).check(query('1'), NEVER));
    expect(error.kind).toBe(kind);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`the update server must answer with a graph, got status ${status}`);
    expect(error.retryAfterMs).toBeUndefined();
  });

  it.each([
    ['120', 120_000],
    [new Date(NOW + 90_000).toUTCString(), 90_000],
    ['99999999', 86_400_000],
    ['soon', undefined],
  ])('until later: Retry-After %s', async (header, expected) => {
    const server = await answering({ status: 503, headers: { 'retry-after': header } });
    const error = await failure(client(server.url).check(query('1'), NEVER));
    expect(error.retryAfterMs).toBe(expected);
  });

  it('in ever other words makes at most twenty kinds', async () => {
    let asked = 0;
    const server = await loopback.http((_request, reply) => {
      reply.writeHead(500).end(JSON.stringify({ kind: `kind_${asked++}` }));
    });
    const by = client(server.url);
    const kinds = new Set<string>();
    for (let turn = 0; turn < 30; turn++) {
      kinds.add((await failure(by.check(query('1'), NEVER))).kind);
    }
    expect(kinds.size).toBe(21);
    expect(kinds).toContain('remote_other');
  });
});

describe('an answer that cannot be used', () => {
  it.each<[string, unknown, string, string]>([
    [
      'a hotel’s page',
      '<html>Welcome',
      'client_failed_json_decoding',
      'must be JSON, got "<html>Welcome" (text/html, 13',
    ],
    ['nothing', '', 'client_failed_json_decoding', 'the answer must be JSON, got nothing'],
    [
      'half of a graph',
      '{"nodes":[',
      'client_failed_json_decoding',
      'the answer must be JSON, got "{\\"nodes\\":["',
    ],
    ['no graph', { nodes: 7 }, 'client_failed_json_decoding', 'nodes must be a list, got 7'],
    [
      'an unreadable target',
      { ...GRAPH, nodes: [node('1', 1), {}] },
      'client_failed_node_parsing',
      'nodes[1]',
    ],
    ['an edge to nowhere', { ...GRAPH, edges: [[0, 9]] }, 'client_failed_node_lookup', 'got 1 to none'],
  ])('%s', async (_name, body, kind, message) => {
    const server = await answering({ body, headers: { 'content-type': 'text/html' } });
    const error = await failure(client(server.url).check(query('1'), NEVER));
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(message);
  });

  it('B29: a bad node beside the path is no matter', async () => {
    const server = await answering({
      body: {
        nodes: [node('1', 1), node('2', 2), null, {}],
        edges: [
          [0, 1],
          [1, 3],
        ],
      },
    });
    const result = await client(server.url).check(query('1'), NEVER);
    expect(result).toMatchObject({ outcome: { release: { version: '2' } }, warnings: [] });
  });

  it('a byte order mark and broken UTF-8 elsewhere are no matter', async () => {
    const json = JSON.stringify({ ...GRAPH, note: 'X' }).replace('"X"', '"\u00ff"');
    const bytes = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(json, 'latin1')]);
    const server = await loopback.http((_request, reply) => reply.end(bytes));
    expect((await client(server.url).check(query('1'), NEVER)).outcome.kind).toBe('update');
  });
});

describe('a server that cannot be asked', () => {
  it('because nobody listens', async () => {
    const port = await freePort();
    const error = await failure(client(`http://127.0.0.1:${port}`).check(query('1'), NEVER));
    expect(error.kind).toBe('client_failed_request');
    expect(error.message).toBe(
      `cannot GET http://127.0.0.1:${port}/v1/graph: connection refused (127.0.0.1:${port})`,
    );
  });

  it('because its address is none', async () => {
    const error = await failure(client('updates.example').check(query('1'), NEVER));
    expect(error.kind).toBe('client_failed_build');
  });
});

describe('the sandbox’s server out of order', () => {
  const BODY_BYTES = 1024 * 1024;

  /** A client whose next request has the limits of the moment. */
  function moodyClient(baseUrl: string, limits: () => Partial<HttpLimits>) {
    const http = new HttpClient({ userAgent: 'test/1', env: {}, limits: { bodyBytes: BODY_BYTES } });
    https.push(http);
    return new CincinnatiClient({
      baseUrl,
      node: NODE,
      http: { request: (request) => http.request({ ...request, limits: limits() }) },
      clock,
    });
  }

  it.each([
    [{ kind: 'status', status: 503, retryAfterSecs: 7 }, 'fault_on_demand', 7000],
    [{ kind: 'garbage' }, 'client_failed_json_decoding', undefined],
    [{ kind: 'stall' }, 'client_failed_request', undefined],
    [{ kind: 'slow', everyMs: 5 }, 'client_failed_request', undefined],
    [{ kind: 'endless' }, 'client_failed_request', undefined],
    [{ kind: 'cut' }, 'client_failed_request', undefined],
  ] as const)('%j, then well again', async (fault, kind, retryAfterMs) => {
    const history = await carriedHistory('stable');
    const server = await serve(history);
    // Only answers that never come or never end may have short limits.
    const isEndless = fault.kind === 'stall' || fault.kind === 'slow';
    let limits: Partial<HttpLimits> = isEndless ? { idleMs: 100, totalMs: 300 } : {};
    const by = moodyClient(server.baseUrl, () => limits);
    server.addFault({ ...fault, remaining: 2 });
    for (let turn = 0; turn < 2; turn++) {
      expect(await failure(checkFor(releaseOf(history, 0), by))).toMatchObject({ kind, retryAfterMs });
    }
    limits = {};
    expect((await checkFor(releaseOf(history, 0), by)).outcome.kind).toBe('update');
    expect(server.requests.map((request) => request.fault)).toEqual([fault.kind, fault.kind, undefined]);
  });

  it('field 8: right after its start, the booted release is off its graph, and the next answer is as ever', async () => {
    const history = await carriedHistory('stable');
    const server = await serve(history);
    server.addFault({ kind: 'empty', remaining: 1 });
    const by = client(server.baseUrl, { rolloutWariness: 0 });
    const kinds = [await checkFor(releaseOf(history, 0), by), await checkFor(releaseOf(history, 0), by)].map(
      ({ outcome }) => outcome.kind,
    );
    expect(kinds).toEqual(['off-graph', 'update']);
  });

  it('B14: by a slow-loris costs one bounded try, the next one comes in less than three minutes', async () => {
    const history = await carriedHistory('stable');
    const server = await serve(history);
    server.addFault({ kind: 'slow', everyMs: 5, remaining: 1 });
    let limits: Partial<HttpLimits> = { totalMs: 200 };
    const by = moodyClient(server.baseUrl, () => limits);
    const error = await failure(checkFor(releaseOf(history, 0), by));
    expect(error.message).toContain('the answer must be complete within 0.2 s');
    limits = {};
    expect((await checkFor(releaseOf(history, 0), by)).outcome.kind).toBe('update');
    expect(HTTP_LIMITS.totalMs).toBeLessThan(3 * 60_000);
  });

  it.each([
    ['stream=stable', 400, /status 400 \(generic_http_400\)$/],
    [
      'basearch=x86_64&stream=testing',
      500,
      /status 500 \(generic_http_500\): HTTP status client error \(404 /,
    ],
    ['basearch=s390x&stream=stable', 500, /status 500 \(generic_http_500\): HTTP status server error \(500 /],
  ])('by the client: %s', async (parameters, status, said) => {
    const server = await serve(await carriedHistory('stable'));
    const url = new URL(`${server.baseUrl}/v1/graph?${parameters}`);
    const asked = Object.fromEntries(url.searchParams);
    const by = client(server.baseUrl, { basearch: asked['basearch'] ?? '', stream: asked['stream'] ?? '' });
    expect((await failure(by.check(query('1'), NEVER))).message).toMatch(said);
    expect(server.requests.map((request) => request.status)).toEqual([status]);
  });

  it.each(['2', '', 'half', 'NaN'])('field 11: never for a wariness of "%s"', async (wariness) => {
    const server = await serve(await carriedHistory('stable'));
    const url = new URL(
      `${server.baseUrl}/v1/graph?basearch=x86_64&stream=stable&rollout_wariness=${wariness}`,
    );
    const http = new HttpClient({ userAgent: 'test/1', env: {} });
    https.push(http);
    expect((await http.request({ method: 'GET', url, signal: NEVER })).status).toBe(200);
  });

  it('serves what is published from then on', async () => {
    const history = await carriedHistory('stable');
    const server = await serve({ ...history, entries: history.entries.slice(0, 12) });
    const by = client(server.baseUrl, { rolloutWariness: 0 });
    const at = releaseOf(history, 11);
    expect((await checkFor(at, by)).outcome.kind).toBe('no-update');
    server.publish(history);
    expect((await checkFor(at, by)).outcome).toMatchObject({ release: { version: '32.20200615.3.0' } });
  });
});
