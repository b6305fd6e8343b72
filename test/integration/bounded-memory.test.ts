/**
 * F2: the built agent in a memory cgroup of the size that its unit allows, fed with what was made to burst it. It stays
 * up, says why, and never takes more than {@link CEILING_BYTES}.
 */
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { standInRelease } from '../../sandbox/stand-in.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { getNameOwner } from '../../src/dbus/calls.ts';
import { connectBus } from '../../src/dbus/connect.ts';
import { SERVICE_NAME } from '../../src/service/experimental.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { Loopback } from '../support/loopback.ts';
import { MemoryCgroup } from '../support/memory-cgroup.ts';
import { PythonHelper } from '../support/python-helper.ts';
import { startStandInHost, type StandInHost } from '../support/stand-in-host.ts';

const MB = 1_000_000;
const CEILING_BYTES = 150 * MB;
const UNIT_LIMIT_BYTES = 512 * 1024 * 1024;
const RELEASE = standInRelease(0, { version: '1.0' });
const LIMIT_MS = 90_000;

interface Run {
  readonly host: StandInHost;
  readonly agent: AgentProcess;
  readonly cgroup: MemoryCgroup | undefined;
}

let runs = 0;

async function start(
  baseUrl: string,
  more = '',
  files: Readonly<Record<string, string | Buffer>> = {},
): Promise<Run> {
  const host = await startStandInHost({ releases: [RELEASE], booted: '1.0' });
  onTestFinished(() => host.close());
  for (const [path, contents] of Object.entries(files)) {
    await mkdir(dirname(join(host.root, path)), { recursive: true });
    await writeFile(join(host.root, path), contents);
  }
  await writeAgentConfig(host.root, {
    baseUrl,
    more: `identity.node_uuid = "0123456789abcdef0123456789abcdef"\nidentity.platform = "metal"\n${more}`,
  });
  const cgroup = MemoryCgroup.create(`zincati-test-${(runs += 1)}`, UNIT_LIMIT_BYTES);
  onTestFinished(() => cgroup?.[Symbol.dispose]());
  const agent = new AgentProcess(host);
  cgroup?.add(agent.pid);
  onTestFinished(() => agent[Symbol.asyncDispose]());
  return { host, agent, cgroup };
}

async function isBounded({ agent, cgroup }: Run): Promise<void> {
  const peak = agent.isOver ? (cgroup?.peakBytes ?? 1) : await agent.peakMemory();
  if (process.env['SHOW_PEAKS'] !== undefined) {
    process.stderr.write(`${expect.getState().currentTestName}: ${Math.round(peak / MB)} MB\n`);
  }
  expect(peak).toBeGreaterThan(0);
  expect(peak).toBeLessThan(CEILING_BYTES);
  expect(cgroup?.kills ?? 0).toBe(0);
}

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const MIB = 1024 * 1024;
const IN_WORDS = { depth: /nest at most/, containers: /lists and objects/, values: /values/ } as const;
const TOO_LARGE = /the answer must be at most 4194304 bytes, got more/;
const fill = (part: string, bytes: number): string => part.repeat(Math.floor(bytes / part.length));

/** Each as it comes out of the server: compressed where that is how a few bytes become many. */
const BODIES: Readonly<Record<string, readonly [body: () => string, said: RegExp]>> = {
  'F2: 6 MB of opening brackets': [() => '['.repeat(6 * MB), TOO_LARGE],
  'F2: as many opening brackets as fit': [() => '['.repeat(4 * MIB), IN_WORDS.depth],
  'F2: 24 MB of empty objects': [() => `[${fill('{},', 24 * MB)}{}]`, TOO_LARGE],
  'F2: as many empty objects as fit': [() => `[${fill('{},', 4 * MIB - 9)}{}]`, IN_WORDS.containers],
  'F2: 63 MB of empty lists': [() => `[${fill('[],', 63 * MB)}[]]`, TOO_LARGE],
  'F2: as many empty lists as fit': [() => `[${fill('[],', 4 * MIB - 9)}[]]`, IN_WORDS.containers],
  'F2: one text of 63 MB with a letter beyond Latin-1': [() => `"${fill('x', 63 * MB)}中"`, TOO_LARGE],
  'F2: one text that just fits, with a letter beyond Latin-1': [
    () => `"${fill('x', 4 * MIB - 9)}中"`,
    /texts of at most/,
  ],
  'as many objects as are allowed, each empty': [
    () => `{"nodes":[${fill('{},', 3 * 59_990)}{}],"edges":[]}`,
    /nodes must be at most 10000/,
  ],
  'as many nodes as are allowed, each none': [
    () => `{"nodes":[${fill('1,', 2 * 9999)}1],"edges":[${fill('[1,1],', 6 * 29_999)}[1,1]]}`,
    /off|not in the update graph|not found/,
  ],
  'as many long texts as fit': [
    () => `{"nodes":[${fill(`"${'中'.repeat(20_000)}",`, (4 * MIB - 200_000) / 3)}1],"edges":[]}`,
    /off|not in the update graph|not found/,
  ],
  'numbers without end': [() => `[${fill('1,', 4 * MIB - 9)}1]`, IN_WORDS.values],
  'different keys without end': [
    () => `{${Array.from({ length: 250_000 }, (_, at) => `"${at}":0`).join(',')}}`,
    /different keys/,
  ],
  'objects of as many layouts as can be made': [
    () => {
      const key = (at: number): string => `"k${(at * 7919) % 990}":0`;
      const objects = Array.from(
        { length: 29_000 },
        (_, at) => `{${key(at)},${key(at * 3 + 1)},${key(at * at + 2)}}`,
      );
      return `{"nodes":[],"edges":[${objects.join(',')}]}`;
    },
    /off|not in the update graph|not found/,
  ],
  'sparse lists in objects': [
    () => `{"nodes":[],"edges":[${fill('{"1000":0},', 11 * 29_000)}{}]}`,
    /off|not in the update graph|not found/,
  ],
  'an edge that nests as deep as is allowed': [
    () => `{"nodes":[],"edges":[${'['.repeat(50_000)}1${']'.repeat(50_000)}]}`,
    /off|not in the update graph|not found/,
  ],
  'blanks without end': [() => ' '.repeat(4 * MIB), /must be JSON/],
  'escapes without end': [() => `"${fill(String.raw`\u4e2d`, 4 * MIB - 9)}"`, /texts of at most/],
};

/** Answers each request alike, and remembers how many there were. */
async function alike(answer: (reply: ServerResponse) => void): Promise<{ url: string; count: () => number }> {
  let count = 0;
  const url = await serve((_request, reply) => {
    count += 1;
    answer(reply);
  });
  return { url, count: () => count };
}

const ENCODINGS = {
  gzip: (text: string) => gzipSync(text),
  br: (text: string) => brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
  identity: (text: string) => Buffer.from(text),
};

describe('answers of the update server', { timeout: LIMIT_MS }, () => {
  it.each(Object.entries(BODIES))('%s', async (_what, [body, said]) => {
    const text = body();
    const packed = Object.entries(ENCODINGS).map(([name, pack]) => [name, pack(text)] as const);
    let turn = 0;
    const server = await alike((reply) => {
      const [encoding, bytes] = packed[turn++ % packed.length]!;
      reply.setHeader('content-encoding', encoding);
      reply.setHeader('content-type', 'application/json').end(bytes);
    });
    const run = await start(server.url);
    await run.agent.says(said);
    await expect.poll(server.count, { timeout: LIMIT_MS }).toBeGreaterThan(3);
    await isBounded(run);
    expect(await run.agent.stop()).toEqual([0, null]);
  });
});

describe('answers of the update server that come oddly', { timeout: LIMIT_MS }, () => {
  it('F2: 17 MB in pieces of one byte', async () => {
    const server = await alike((reply) => {
      reply.socket?.setNoDelay(true);
      let sent = 0;
      const pour = (): void => {
        for (let more = true; more && sent < 17 * MB && !reply.destroyed; sent += 1) {
          more = reply.write('[');
        }
      };
      reply.on('drain', pour);
      pour();
    });
    const run = await start(server.url);
    await run.agent.says(TOO_LARGE);
    await isBounded(run);
  });

  it.each([
    ['extensions of a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;', 'a'.repeat(65_536)],
    ['103 Early Hints', '', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(1000)],
    ['100 Continue', '', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000)],
  ])('F2-line: %s without end', async (_what, head, piece) => {
    const loopback = new Loopback();
    onTestFinished(() => loopback.stop());
    const { url } = await loopback.tcp((socket) => {
      socket.once('data', () => {
        socket.write(head);
        const pour = (): void => {
          while (!socket.destroyed && socket.write(piece)) {}
        };
        socket.on('drain', pour);
        pour();
      });
    });
    const run = await start(url);
    await run.agent.says(/the answer must take at most 33554432 bytes on the line, got more/);
    await isBounded(run);
    expect(await run.agent.stop()).toEqual([0, null]);
  });

  it.each([200, 302, 404, 503])('a status line %d and a body without end', async (status) => {
    const server = await alike((reply) => {
      reply.writeHead(status, { location: '/again', 'content-type': 'application/json' });
      const pour = (): void => {
        while (!reply.destroyed && reply.write(Buffer.alloc(64 * 1024, '{"kind":"x","value":"'))) {}
      };
      reply.on('drain', pour);
      pour();
    });
    const run = await start(server.url);
    await run.agent.says(TOO_LARGE);
    await expect.poll(server.count, { timeout: LIMIT_MS }).toBeGreaterThan(3);
    await isBounded(run);
  });

  it.each(Object.entries(ENCODINGS))('an error document that unpacks to much: %s', async (encoding, pack) => {
    const body = pack(`{"kind":"x","value":[${fill('{},', 4 * MIB - 100)}{}]}`);
    const server = await alike((reply) => {
      reply.writeHead(500, { 'content-encoding': encoding }).end(body);
    });
    const run = await start(server.url);
    await run.agent.says(/got status 500/);
    await expect.poll(server.count, { timeout: LIMIT_MS }).toBeGreaterThan(3);
    await isBounded(run);
  });
});

describe('answers of the lock server', { timeout: LIMIT_MS }, () => {
  it.each([
    ['F2: pieces of one byte', 500, 1, '['],
    ['a yes with a body without end', 200, 65_536, 'x'],
    ['a no that nests without end', 500, 65_536, '{"value":'],
    ['a no in empty objects', 423, 65_536, '[{},{},{},{},{},{},{},{},{},'],
  ])('%s', async (_what, status, size, part) => {
    const piece = part.repeat(Math.ceil(size / part.length));
    const lockServer = await alike((reply) => {
      reply.writeHead(status);
      const pour = (): void => {
        while (!reply.destroyed && reply.write(piece)) {}
      };
      reply.on('drain', pour);
      pour();
    });
    const updates = await alike((reply) => reply.end('{"nodes":[],"edges":[]}'));
    const run = await start(
      updates.url,
      `updates.strategy = "fleet_lock"\nupdates.fleet_lock.base_url = "${lockServer.url}"\n`,
    );
    await run.agent.says(/the answer must be at most 262144 bytes, got more/);
    await isBounded(run);
    expect(await run.agent.stop()).toEqual([0, null]);
  });
});

describe('drop-ins', { timeout: LIMIT_MS }, () => {
  const FOLDER = 'etc/zincati/config.d';
  const many = (count: number, contents: string): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, at) => [`${FOLDER}/60-${1000 + at}.toml`, contents]),
    );

  it.each<[string, () => Record<string, string>, RegExp]>([
    [
      'F2: 100 of 1 MB',
      () => many(100, '#'.repeat(MB)),
      /60-1000\.toml: it must be at most 131072 bytes long/,
    ],
    [
      'F2: 700 of 100 kB',
      () => many(700, `x = "${'y'.repeat(100_000)}"`),
      /all drop-ins together must have at most 262144/,
    ],
    ['700 small ones', () => many(700, 'x = 1\n'), /there must be at most 200 drop-ins, got more/],
    [
      'field 19: inline tables in one another',
      () => many(1, `a=${fill('{b=', 131_000)}`),
      /must nest at most 32 deep, got more below a/,
    ],
    [
      'a list in one line',
      () => many(2, `[updates]\nskip=[${fill('"",', 131_000)}]`),
      /line 2: the value of skip must have fewer/,
    ],
  ])('%s', async (_what, files, said) => {
    const run = await start('http://127.0.0.1:1', '', files());
    expect(await run.agent.exit()).toEqual([EXIT.config, null]);
    expect(run.agent.said.join('\n')).toMatch(said);
    await isBounded(run);
  });

  it('as much as is allowed, of unknown keys', async () => {
    const keys = fill('[[a]]\n', 120_000);
    const { url } = await alike((reply) => reply.end('{"nodes":[],"edges":[]}'));
    const run = await start(url, '', many(2, keys));
    await run.agent.says(/^info reached steady state/);
    await isBounded(run);
  });
});

describe('files of the agent', { timeout: LIMIT_MS }, () => {
  const STATE = 'var/lib/zincati/state.json';

  it.each([
    ['F2: 4 MB that nest', () => '['.repeat(4 * MB)],
    ['empty objects', () => `{"format":1,"denials":[${fill('{},', 3 * MB)}{}]}`],
    ['a text with a letter beyond Latin-1', () => `"${'x'.repeat(4 * MB)}中"`],
    ['different keys', () => `{${Array.from({ length: 250_000 }, (_, at) => `"${at}":0`).join(',')}}`],
  ])('a state file of %s', async (_what, contents) => {
    const { url } = await alike((reply) => reply.end('{"nodes":[],"edges":[]}'));
    const run = await start(url, '', { [STATE]: contents() });
    await run.agent.says(/cannot use .*state\.json: it must .*; it was put aside/);
    await run.agent.says(/^info reached steady state/);
    await isBounded(run);
  });

  it.each([
    ['F2: brackets', () => '['.repeat(4 * MB)],
    ['empty objects', () => `{"a":[${fill('{},', 3 * MB)}{}]}`],
    [
      'metadata that nest',
      () => JSON.stringify({ 'base-commit-meta': { 'ostree.manifest': '['.repeat(MB) } }),
    ],
  ])('a booted-status override of %s', async (_what, contents) => {
    const { url } = await alike((reply) => reply.end('{"nodes":[],"edges":[]}'));
    const run = await start(url, '', { 'run/zincati/booted-status-override.json': contents() });
    await run.agent.says(/cannot use .*booted-status-override\.json/);
    await isBounded(run);
  });
});

describe('the bus', { timeout: LIMIT_MS }, () => {
  it('F2: signals of 28 MB that nobody asked for', async () => {
    const { url } = await alike((reply) => reply.end('{"nodes":[],"edges":[]}'));
    const run = await start(url);
    await run.agent.says(/^info reached steady state/);
    const link = await connectBus(run.host.busAddress, new AbortController().signal);
    onTestFinished(() => link.close());
    const socket = run.host.busAddress.replace(/^unix:path=([^,]*).*$/, '$1');
    for (let round = 0; round < 6; round += 1) {
      const victim = (await getNameOwner(link, SERVICE_NAME)) ?? '';
      expect(victim).toMatch(/^:/);
      const client = new PythonHelper('hostile-client.py', [
        socket,
        victim,
        'amplification',
        String(28 * MB),
      ]);
      onTestFinished(() => client.kill());
      await client.line('done');
    }
    await run.agent.says(/: check$/, run.agent.said.length);
    await isBounded(run);
    expect(await run.agent.stop()).toEqual([0, null]);
  });
});
