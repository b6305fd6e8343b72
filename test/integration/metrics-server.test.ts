/** The metrics server over real sockets, read by real clients. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, createServer, Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Metrics } from '../../src/metrics/metrics.ts';
import { MetricsServer, type MetricsServerOptions } from '../../src/metrics/server.ts';
import {
  CONNECTION_LIFETIME_MS,
  LOOK_MS,
  MOST_CONNECTIONS,
  SILENCE_GRACE_MS,
} from '../../src/metrics/unix-listener.ts';
import { SYSTEM_CLOCK } from '../../src/host/clock.ts';
import { LineProcess } from '../support/line-process.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { waitedMs } from '../support/waited.ts';

const run = promisify(execFile);
const FIRST_LINE = '# HELP process_start_time_seconds';

let root = '';
let servers: MetricsServer[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'metrics-'));
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
  await rm(root, { recursive: true, force: true });
});

async function start(options: Partial<MetricsServerOptions> = {}) {
  const warnings: string[] = [];
  const server = new MetricsServer({
    root,
    listen: undefined,
    metrics: new Metrics(Date.now()),
    clock: SYSTEM_CLOCK,
    log: { info: () => undefined, warn: (line) => warnings.push(line) },
    ...options,
  });
  servers.push(server);
  await server.start();
  return { server, warnings, path: server.socketPath };
}

/** Everything that a connection receives until it closes, in whatever way. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  await new Promise((resolve) => {
    socket.once('close', resolve).resume();
  });
  return text;
}

function bareScrape(path: string): Promise<string> {
  return readAll(connect(path).end());
}

function httpScrape(options: {
  readonly socketPath?: string;
  readonly port?: number;
  readonly path?: string;
}) {
  return new Promise<{ readonly status: number | undefined; readonly type: string; readonly text: string }>(
    (resolve, reject) => {
      request({ host: '127.0.0.1', path: '/metrics', agent: false, ...options }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode, type: String(response.headers['content-type']), text }),
        );
      })
        .on('error', reject)
        .end();
    },
  );
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

describe('the Unix socket', () => {
  it('gives socat the bare text and end of file', async () => {
    const { path } = await start();
    // Standard input stays open, as in a terminal: the client sends nothing and closes nothing.
    const silent = run('socat', ['-t', '0.1', '-', `UNIX-CONNECT:${path}`]);
    const closed = run('sh', ['-c', 'exec socat -t 60 - "UNIX-CONNECT:$1" </dev/null', 'sh', path]);
    for (const { stdout } of await Promise.all([silent, closed])) {
      expect(stdout.startsWith(FIRST_LINE)).toBe(true);
      expect(stdout.endsWith('\n')).toBe(true);
    }
  });

  it('answers curl over HTTP', async () => {
    const { path } = await start();
    const curl = (url: string) => run('curl', ['-si', '--max-time', '60', '--unix-socket', path, url]);
    const { stdout } = await curl('http://localhost/metrics');
    expect(stdout).toMatch(
      /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/plain; version=0\.0\.4; charset=utf-8\r\n/,
    );
    expect(stdout).toContain(FIRST_LINE);
    expect((await curl('http://localhost/other')).stdout).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('loses no byte of a request that comes in pieces', async () => {
    const { path } = await start();
    const socket = connect(path);
    const reply = readAll(socket);
    for (const byte of 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n') {
      await new Promise<void>((resolve) => {
        socket.write(byte, () => resolve());
      });
    }
    const text = await reply;
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toContain(FIRST_LINE);
  });

  it('answers a request that lies in the socket while the event loop is busy for longer than the grace', async () => {
    const { path } = await start();
    const socket = connect(path);
    const reply = readAll(socket);
    await once(socket, 'connect');
    // The server accepts in the same turn of the loop. Its timer, if it is due, then fires before the next read.
    await new Promise((resolve) => setImmediate(resolve));
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    const freeAt = performance.now() + 2 * SILENCE_GRACE_MS;
    while (performance.now() < freeAt) {}
    expect(await reply).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it('answers a request after which the client closes its side', async () => {
    const { path } = await start();
    expect(await readAll(connect(path).end('GET /metrics HTTP/1.0\r\n\r\n'))).toMatch(
      /^HTTP\/1\.1 200 OK\r\n/,
    );
  });

  it('answers what is no HTTP with an error', async () => {
    const { path } = await start();
    expect(await readAll(connect(path).end('\u0000\u0001 hello'))).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('gives an exposition that promtool accepts but for names that came from Zincati', async () => {
    const metrics = new Metrics(Date.now());
    metrics.stateIs('UpdateStaged', 'a"b\\c', Date.now());
    metrics.checkFailed('quo"te');
    const { path } = await start({ metrics });
    const { stdout, stderr } = await run('sh', [
      '-c',
      'socat -t 60 - "UNIX-CONNECT:$1" </dev/null | promtool check metrics 2>&1 || test $? = 3',
      'sh',
      path,
    ]);
    const complaints = (stdout + stderr).split('\n').filter((line) => line !== '');
    expect(complaints.toSorted()).toEqual([
      'zincati_update_agent_finalization_attempts counter metrics should have "_total" suffix',
      'zincati_update_agent_finalization_blocked_count counter metrics should have "_total" suffix',
      'zincati_update_agent_finalization_blocked_count non-histogram and non-summary metrics should not have "_count" suffix',
      'zincati_update_agent_finalization_successes counter metrics should have "_total" suffix',
      'zincati_updates_strategy_can_finalize_responses counter metrics should have "_total" suffix',
    ]);
  });

  it('can be used by everybody', async () => {
    const { path } = await start();
    expect(statSync(path).mode & 0o7777).toBe(0o666);
    expect(statSync(path).isSocket()).toBe(true);
  });

  it('B18: leaves no descriptor behind after 10,000 scrapes of both kinds', async () => {
    const { path } = await start();
    await bareScrape(path);
    await httpScrape({ socketPath: path });
    const before = descriptors();
    for (let round = 0; round < 10_000 / 20; round++) {
      const texts = await Promise.all(
        Array.from({ length: 20 }, async (_, n) =>
          n % 2 === 0 ? bareScrape(path) : (await httpScrape({ socketPath: path })).text,
        ),
      );
      for (const text of texts) {
        if (!text.startsWith(FIRST_LINE)) {
          expect.fail(`got "${text.slice(0, 100)}"`);
        }
      }
    }
    expect(descriptors()).toBeLessThanOrEqual(before);
  }, 120_000);

  it('B19: out of descriptors it costs no processor time, says so at most once, and serves again', async () => {
    const child = new LineProcess('sh', [
      '-c',
      'ulimit -n 64; exec "$0" "$@"',
      process.execPath,
      join(import.meta.dirname, '../support/metrics-starved.ts'),
      root,
    ]);
    try {
      expect(await child.line()).toBe('ready');
      const path = join(root, 'run/zincati/public/metrics.promsock');
      child.tell('exhaust');
      expect(await child.line()).toBe('exhausted');
      const clients = Array.from({ length: 30 }, () => connect(path));
      const ends = clients.map(readAll);
      child.tell('measure');
      expect(Number(await child.line())).toBeLessThan(300);
      for (const client of clients) {
        client.destroy();
      }
      await Promise.all(ends);
      child.tell('release');
      expect(await child.line()).toBe('released');
      while (!(await bareScrape(path)).startsWith(FIRST_LINE)) {
        await SYSTEM_CLOCK.sleep(50, NEVER);
      }
      child.tell('warnings');
      expect(Number(await child.line())).toBeLessThanOrEqual(1);
    } finally {
      await child.kill();
    }
  });

  it('B19: errors of accepting end neither the agent nor the service, and are told once', async () => {
    const listen = vi.spyOn(Server.prototype, 'listen');
    const { path, warnings } = await start();
    const last = () => listen.mock.contexts.at(-1) as Server;
    for (let round = 1; round <= 2; round++) {
      const faulty = last();
      for (let n = 0; n < 1000; n++) {
        faulty.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
      }
      await once(faulty, 'close');
      while (last() === faulty || !last().listening) {
        await SYSTEM_CLOCK.sleep(20, NEVER);
      }
      expect(await bareScrape(path)).toContain(FIRST_LINE);
    }
    expect(listen).toHaveBeenCalledTimes(3);
    listen.mockRestore();
    expect(warnings).toEqual([`metrics socket ${path} does not listen, trying again: accept EMFILE`]);
  });

  it('closes within a second, whoever is connected', async () => {
    const { server, path } = await start();
    const clients = Array.from({ length: 10 }, () => connect(path));
    await Promise.all(clients.map((client) => once(client, 'connect')));
    clients[0]!.write('GET /metr');
    const ends = clients.map(readAll);
    expect(await waitedMs(() => server.close())).toBeLessThan(1000);
    await Promise.all(ends);
    expect(existsSync(path)).toBe(false);
  });

  it('turns away what is too much, and serves the next', async () => {
    const { path } = await start();
    // An unfinished request occupies its place.
    const holders = Array.from({ length: MOST_CONNECTIONS }, () => connect(path));
    await Promise.all(holders.map((holder) => once(holder, 'connect')));
    for (const holder of holders) {
      holder.write('GET');
    }
    expect(await bareScrape(path)).toBe('');
    const ends = holders.map(readAll);
    for (const holder of holders) {
      holder.destroy();
    }
    await Promise.all(ends);
    while (!(await bareScrape(path)).startsWith(FIRST_LINE)) {
      await SYSTEM_CLOCK.sleep(10, NEVER);
    }
  });
});

describe.concurrent('clients that do not go on', () => {
  const LIMIT_MS = CONNECTION_LIFETIME_MS + 3000;

  it('cuts one that stalls in the middle of its request, and one that reads nothing', async () => {
    const big = { contentType: 'text/plain', render: async () => 'x'.repeat(8_000_000) };
    const { server, path } = await start({ metrics: big, listen: { host: '127.0.0.1', port: 0 } });
    const before = performance.now();
    const stalled = connect(path);
    stalled.write('GET /metrics HTTP/1.1\r\nHos');
    const stalledTcp = connect(server.port!, '127.0.0.1');
    stalledTcp.write('GET /metrics HTTP/1.1\r\nHos');
    const deaf = connect(path);
    deaf.pause();
    const deafHttp = connect(path);
    deafHttp.pause();
    deafHttp.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    const deafTcp = connect(server.port!, '127.0.0.1');
    deafTcp.pause();
    deafTcp.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    await Promise.all([stalled, stalledTcp].map(readAll));
    await SYSTEM_CLOCK.sleep(LIMIT_MS - (performance.now() - before), NEVER);
    // The answers that they read now are cut short, and end at once.
    let texts: readonly string[] = [];
    const readMs = await waitedMs(async () => {
      texts = await Promise.all([deaf, deafHttp, deafTcp].map(readAll));
    });
    expect(texts).toHaveLength(3);
    for (const text of texts) {
      expect(text.length).toBeLessThan(8_000_000);
    }
    expect(readMs).toBeLessThan(2000);
  });
});

describe('what is in the way', () => {
  const socketFolder = () => join(root, 'run/zincati/public');

  it('replaces a socket that nobody serves any more', async () => {
    await mkdir(socketFolder(), { recursive: true });
    const path = join(socketFolder(), 'metrics.promsock');
    const child = new LineProcess(process.execPath, [
      '-e',
      `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('ready'))`,
    ]);
    await child.line();
    await child.kill();
    expect(statSync(path).isSocket()).toBe(true);
    const { warnings } = await start();
    expect(warnings).toEqual([]);
    expect(await bareScrape(path)).toContain(FIRST_LINE);
  });

  it('listens again after somebody removed its file', async () => {
    const clock = new VirtualClock();
    const { path, warnings } = await start({ clock });
    await rm(path);
    while (!existsSync(path)) {
      await clock.advance(LOOK_MS);
    }
    expect(await bareScrape(path)).toContain(FIRST_LINE);
    expect(warnings).toEqual([
      `metrics socket ${path} does not listen, trying again: somebody removed ${path}`,
    ]);
  });

  it('leaves alone what somebody put in the place of its file', async () => {
    const clock = new VirtualClock();
    const { path, warnings } = await start({ clock });
    // In one step: a file that is gone for a moment is made anew at once.
    await writeFile(`${path}.mine`, 'mine');
    await rename(`${path}.mine`, path);
    for (let look = 0; look < 3; look++) {
      await clock.advance(LOOK_MS);
    }
    expect(await readFile(path, 'utf8')).toBe('mine');
    expect(warnings).toEqual([]);
  });

  it.each([
    ['a URL that cannot be decoded', 'GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 400 '],
    [
      'an expectation that it does not know',
      'GET /metrics HTTP/1.1\r\nHost: x\r\nExpect: cake\r\n\r\n',
      'HTTP/1.1 417 ',
    ],
    ['no such path', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 404 '],
  ])('answers %s and closes the connection at once', async (_, request, status) => {
    const { path } = await start();
    // What it loads for its first answer takes time.
    await httpScrape({ socketPath: path });
    const socket = connect({ path, allowHalfOpen: true });
    const cut = AbortSignal.timeout(CONNECTION_LIFETIME_MS / 2);
    cut.addEventListener('abort', () => socket.destroy());
    socket.write(request);
    const got = await readAll(socket.once('end', () => socket.end()));
    expect(got.startsWith(status)).toBe(true);
    expect(got).toMatch(/^connection: close\r$/im);
    expect(cut.aborted).toBe(false);
  });

  it('leaves alone a file, a link and a socket that is served', async () => {
    await mkdir(socketFolder(), { recursive: true });
    const path = join(socketFolder(), 'metrics.promsock');
    await writeFile(path, 'precious');
    const first = await start();
    expect(first.warnings).toEqual([
      `metrics socket ${path} does not listen, trying again: cannot listen on ${path}: it must be a socket or missing, got something else`,
    ]);
    expect(await readFile(path, 'utf8')).toBe('precious');
    await rm(path);
    await symlink('/nowhere', path);
    const second = await start();
    expect(second.warnings).toHaveLength(1);
    await rm(path);
    const other = createServer((socket) => socket.on('error', () => undefined).end('other')).listen(path);
    await once(other, 'listening');
    const third = await start();
    expect(third.warnings[0]).toContain('another process listens there');
    expect(await bareScrape(path)).toBe('other');
    other.close();
  });

  it('is a warning, and no more, when the directory cannot be made', async () => {
    await writeFile(join(root, 'run'), 'a file');
    const { warnings } = await start();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/does not listen, trying again: not a directory \(ENOTDIR\)$/);
  });

  it('is a warning, and no more, when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? address!.port : 0;
    const { server, warnings, path } = await start({ listen: { host: '127.0.0.1', port } });
    expect(warnings).toEqual([
      `metrics address 127.0.0.1:${port} does not listen, trying again: listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
    ]);
    expect(await bareScrape(path)).toContain(FIRST_LINE);
    other.close();
    await once(other, 'close');
    while (server.port === undefined) {
      await SYSTEM_CLOCK.sleep(50, NEVER);
    }
    expect((await httpScrape({ port })).status).toBe(200);
  });
});

describe('TCP', () => {
  it('serves /metrics and nothing else', async () => {
    const { server } = await start({ listen: { host: '127.0.0.1', port: 0 } });
    const port = server.port!;
    const good = await httpScrape({ port });
    expect(good).toMatchObject({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
    expect(good.text).toContain(FIRST_LINE);
    for (const path of ['/', '/metrics/', '/metrics2', '/../metrics']) {
      expect((await httpScrape({ port, path })).status).toBe(404);
    }
  });

  it('keeps a connection between scrapes, and closes it at the end', async () => {
    const { server } = await start({ listen: { host: '127.0.0.1', port: 0 } });
    const socket = connect(server.port!, '127.0.0.1');
    const reply = readAll(socket);
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    const answered = Promise.withResolvers<undefined>();
    let got = '';
    socket.on('data', (chunk: Buffer) => {
      got += chunk.toString();
      if (got.split('status_cache_misses_total 0').length === 3) {
        answered.resolve(undefined);
      }
    });
    await answered.promise;
    await server.close();
    expect((await reply).match(/^HTTP\/1\.1 200 OK/gm)).toHaveLength(2);
  });
});

const NEVER = new AbortController().signal;
