/** The HTTP client with real servers, most of which misbehave. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { CancelledError, HttpError } from '../../src/errors.ts';
import { HTTP_LIMITS, HttpClient, type HttpReply, type HttpRequest } from '../../src/http/http-client.ts';
import { Loopback, freePort, makeCertificate, type Certificate } from '../support/loopback.ts';

const NEVER = new AbortController().signal;
const MIB = 1024 * 1024;

let loopback: Loopback;
let clients: HttpClient[];
let trusted: Certificate;
let untrusted: Certificate;
let misnamed: Certificate;

beforeAll(async () => {
  trusted = await makeCertificate('IP:127.0.0.1');
  untrusted = await makeCertificate('IP:127.0.0.1');
  misnamed = await makeCertificate('DNS:elsewhere.example');
  setDefaultCACertificates([...getCACertificates(), trusted.cert, misnamed.cert]);
});
beforeEach(() => {
  loopback = new Loopback();
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await loopback.stop();
});

function client(env: Record<string, string> = {}): HttpClient {
  const made = new HttpClient({ userAgent: 'test/1', env });
  clients.push(made);
  return made;
}

function get(url: string, changes: Partial<HttpRequest> = {}, by = client()): Promise<HttpReply> {
  return by.request({ method: 'GET', url: new URL(url), signal: NEVER, ...changes });
}

async function failure(asked: Promise<HttpReply>): Promise<HttpError> {
  try {
    await asked;
  } catch (error) {
    if (error instanceof HttpError) {
      return error;
    }
    throw error;
  }
  throw new Error('it was answered');
}

const text = async (asked: Promise<HttpReply>) => (await asked).body.toString();

describe('an answer', () => {
  it('of any status is an answer, with headers by lower-case name', async () => {
    const server = await loopback.http((_request, reply) => {
      reply.writeHead(503, { 'Retry-After': '5', 'Set-Cookie': ['a=1', 'b=2'] }).end('later');
    });
    const reply = await get(server.url);
    expect(reply).toMatchObject({ status: 503, notModified: false });
    expect(reply.headers.get('retry-after')).toBe('5');
    expect(reply.headers.get('set-cookie')).toBe('a=1, b=2');
    expect(reply.body.toString()).toBe('later');
  });

  it('304 says so, and has no body', async () => {
    const server = await loopback.http((_request, reply) =>
      reply.writeHead(304, { 'content-encoding': 'gzip' }).end(),
    );
    expect(await get(server.url)).toMatchObject({ status: 304, notModified: true, body: Buffer.alloc(0) });
  });

  it('after interim answers counts', async () => {
    const server = await loopback.tcp((socket) => {
      socket.once('data', () =>
        socket.end(
          'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
        ),
      );
    });
    const reply = await get(server.url);
    expect([reply.status, reply.body.toString(), reply.headers.has('link')]).toEqual([200, 'ok', false]);
  });

  it('goes to whom the request says it is from', async () => {
    const server = await loopback.http((request, reply) => reply.end(JSON.stringify(request.headers)));
    expect(
      JSON.parse(await text(get(server.url, { headers: { accept: 'application/json' } }))),
    ).toMatchObject({
      'user-agent': 'test/1',
      'accept-encoding': 'gzip, br',
      accept: 'application/json',
    });
  });

  it('to a POST comes with its body sent', async () => {
    const server = await loopback.http((request, reply) => {
      reply.writeHead(200, { 'x-type': request.headers['content-type'], 'x-method': request.method });
      request.pipe(reply);
    });
    const reply = await get(server.url, {
      method: 'POST',
      body: '{"ä":1}',
      headers: { 'content-type': 'application/json' },
    });
    expect(reply.body.toString()).toBe('{"ä":1}');
    expect([reply.headers.get('x-method'), reply.headers.get('x-type')]).toEqual([
      'POST',
      'application/json',
    ]);
  });
});

describe('connections', () => {
  it('are kept: one for many requests', async () => {
    const server = await loopback.http((_request, reply) => reply.end('x'));
    const by = client();
    for (let turn = 0; turn < 20; turn++) {
      await get(server.url, {}, by);
    }
    expect(server.connections()).toBe(1);
  });

  it('are made anew when the server closed the idle one', async () => {
    const server = await loopback.http((_request, reply) => reply.end('x'));
    const by = client();
    await get(server.url, {}, by);
    server.server.closeAllConnections();
    await server.idle();
    expect(await text(get(server.url, {}, by))).toBe('x');
  });

  it('end with the client', async () => {
    const server = await loopback.http((_request, reply) => reply.end('x'));
    const by = client();
    await get(server.url, {}, by);
    await by.close();
    await server.idle();
    await expect(get(server.url, {}, by)).rejects.toBeInstanceOf(CancelledError);
  });
});

describe('compression', () => {
  const compressed = (encoding: string, body: Buffer): Promise<{ url: string }> =>
    loopback.http((_request, reply) => reply.writeHead(200, { 'content-encoding': encoding }).end(body));

  it.each([
    ['gzip', gzipSync('hello')],
    ['GZIP', gzipSync('hello')],
    ['br', brotliCompressSync('hello')],
    ['identity', Buffer.from('hello')],
  ])('%s is undone', async (encoding, body) => {
    expect(await text(get((await compressed(encoding, body)).url))).toBe('hello');
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(100 * MIB))],
    ['br', brotliCompressSync(Buffer.alloc(100 * MIB))],
  ])('a %s bomb is cut at the limit', async (encoding, body) => {
    expect(body.length).toBeLessThan(MIB);
    const error = await failure(get((await compressed(encoding, body)).url));
    expect(error.kind).toBe('http_too_large');
    expect(error.message).toContain('the answer must be at most 4194304 bytes, got more');
  });

  it.each([
    ['gzip', Buffer.from('hello'), 'the answer must be gzip, got something else'],
    ['gzip', gzipSync('hello'.repeat(99)).subarray(0, 20), 'the answer must be gzip, got something else'],
    ['zstd', Buffer.from('hello'), 'the content encoding must be gzip or br, got "zstd"'],
    ['gzip, gzip', gzipSync(gzipSync('x')), 'the content encoding must be gzip or br, got "gzip, gzip"'],
  ])('%s that is none is an error', async (encoding, body, message) => {
    const error = await failure(get((await compressed(encoding, body)).url));
    expect(error).toMatchObject({ kind: 'http_broken_reply' });
    expect(error.message).toContain(message);
  });
});

describe('field 9: an answer after others that nobody asked for', () => {
  const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
  const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

  async function answering(...pieces: readonly string[]): Promise<string> {
    const server = await loopback.tcp((socket) => {
      socket.setNoDelay(true).on('data', (request) => {
        if (!request.toString().includes('HTTP/1.1\r\n')) {
          return;
        }
        void (async () => {
          for (const piece of pieces) {
            await new Promise((sent) => socket.write(piece, sent));
            await new Promise(setImmediate);
          }
        })();
      });
    });
    return server.url;
  }

  it.each<[string, readonly string[]]>([
    ['100 Continue', [CONTINUE + OK]],
    ['100 Continue in a piece of its own', [CONTINUE, OK]],
    ['100 Continue in pieces of one byte', Array.from(CONTINUE + OK)],
    ['100 Continue without a reason', ['HTTP/1.1 100\r\n\r\n', OK]],
    ['100 Continue by a proxy of HTTP/1.0', ['HTTP/1.0 100 Continue\r\nvia: 1.0 x\r\n\r\n', OK]],
    ['three of them with headers', ['HTTP/1.1 100 Go on\r\nvia: x\r\n\r\n'.repeat(3) + OK]],
    ['103 Early Hints', ['HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' + OK]],
    ['102 Processing and 100 Continue', ['HTTP/1.1 102 Processing\r\n\r\n', OK]],
  ])('%s: GET and POST, several over one connection', async (_what, pieces) => {
    const url = await answering(...pieces);
    const by = client();
    for (const method of ['GET', 'POST', 'GET', 'POST'] as const) {
      const reply = await get(url, { method, ...(method === 'POST' && { body: '{}' }) }, by);
      expect([reply.status, reply.body.toString()]).toEqual([200, 'ok']);
    }
  });

  it('is not taken out of a body that looks like one', async () => {
    const url = await answering('HTTP/1.1 200 OK\r\ncontent-length: 25\r\n\r\n', CONTINUE);
    expect((await get(url)).body.toString()).toBe(CONTINUE);
  });

  it('that never comes is waited for within the limits', async () => {
    const url = await answering(...Array<string>(100).fill(CONTINUE));
    const error = await failure(get(url, { limits: { idleMs: 200, totalMs: 400 } }));
    expect(error.kind).toBe('http_timeout');
  });

  it('that goes on without end is refused', async () => {
    const url = await answering('HTTP/1.1 100 Continue\r\n' + 'x: y\r\n'.repeat(20_000), OK);
    expect((await failure(get(url))).kind).toBe('http_broken_reply');
  });

  it.each([302, 307])('a redirect %d by a server that closes without saying so', async (status) => {
    let requests = 0;
    const server = await loopback.tcp((socket) => {
      socket.once('data', () => {
        requests += 1;
        const redirect = `HTTP/1.1 ${status} Go\r\nlocation: /next\r\ncontent-length: 0\r\n\r\n`;
        socket.end(requests === 1 ? redirect : OK);
      });
    });
    const method = status === 307 ? 'POST' : 'GET';
    const reply = await get(server.url, { method, ...(method === 'POST' && { body: '{}' }) });
    expect([reply.status, reply.body.toString(), requests]).toEqual([200, 'ok', 2]);
  });

  it('a server that closes each connection once it is idle, without saying so', async () => {
    const server = await loopback.tcp((socket) => {
      socket.once('data', () => {
        socket.write(OK);
        // The next request finds it closed.
        socket.once('data', () => socket.resetAndDestroy());
      });
    });
    const by = client();
    for (let round = 0; round < 3; round += 1) {
      expect((await get(server.url, {}, by)).status).toBe(200);
    }
  });

  it('a server that never answers is asked once', async () => {
    let requests = 0;
    const server = await loopback.tcp((socket) => {
      socket.once('data', () => {
        requests += 1;
        socket.destroy();
      });
    });
    expect((await failure(get(server.url))).kind).toBe('http_broken_reply');
    expect(requests).toBe(1);
  });
});

describe('limits', () => {
  const endless: RequestListener = (_request, reply) => {
    const pour = () => {
      while (!reply.destroyed && reply.write(Buffer.alloc(64 * 1024, 'x'))) {}
    };
    reply.on('drain', pour);
    pour();
  };

  it('a body of 100 MB is cut at 4 MiB, and its connection with it', async () => {
    let sent = 0;
    const server = await loopback.http((_request, reply) => {
      const pour = () => {
        while (!reply.destroyed && sent < 100 * MIB) {
          sent += MIB;
          if (!reply.write(Buffer.alloc(MIB, 'x'))) {
            return;
          }
        }
        reply.end();
      };
      reply.on('drain', pour);
      pour();
    });
    const error = await failure(get(server.url));
    await server.idle();
    expect(error.kind).toBe('http_too_large');
    expect(sent).toBeLessThan(32 * MIB);
  });

  it('a body that never ends is cut', async () => {
    const server = await loopback.http(endless);
    const error = await failure(get(server.url, { limits: { bodyBytes: MIB } }));
    await server.idle();
    expect(error.message).toBe(
      `cannot GET ${server.url}/: the answer must be at most 1048576 bytes, got more`,
    );
  });

  it('a server that stalls in the middle of the body is left', async () => {
    const server = await loopback.http((_request, reply) => void reply.write('{"nodes":['));
    const error = await failure(get(server.url, { limits: { idleMs: 50 } }));
    await server.idle();
    expect(error.kind).toBe('http_timeout');
    expect(error.message).toContain('the server must send something every 0.05 s, got nothing');
  });

  it('a server that never answers is left', async () => {
    const server = await loopback.http(() => undefined);
    expect((await failure(get(server.url, { limits: { idleMs: 50 } }))).kind).toBe('http_timeout');
    await server.idle();
  });

  it('a server that never finishes TLS is left', async () => {
    const server = await loopback.tcp(() => undefined, 'https');
    const error = await failure(get(server.url, { limits: { connectMs: 50 } }));
    await server.idle();
    expect(error.kind).toBe('http_timeout');
    expect(error.message).toContain('a connection must be made within 0.05 s, got none');
  });

  it('B14: a server that dribbles costs its time once, less than three minutes', async () => {
    const server = await loopback.http((_request, reply) => {
      const timer = setInterval(() => reply.write(' '), 5);
      reply.on('close', () => clearInterval(timer));
    });
    // What it sends keeps coming, so that no wait between two pieces ends the request.
    const error = await failure(get(server.url, { limits: { totalMs: 3000, idleMs: 2500 } }));
    await server.idle();
    expect(error.kind).toBe('http_timeout');
    expect(error.message).toContain('the answer must be complete within 3 s');
    expect(HTTP_LIMITS.totalMs).toBeLessThan(3 * 60_000);
  });
});

describe('giving up', () => {
  it('before the start sends nothing', async () => {
    const server = await loopback.http((_request, reply) => reply.end());
    await expect(get(server.url, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(CancelledError);
    expect(server.connections()).toBe(0);
  });

  it('while the connection is being made closes it', async () => {
    const giveUp = new AbortController();
    const server = await loopback.tcp(() => giveUp.abort(), 'https');
    await expect(get(server.url, { signal: giveUp.signal })).rejects.toBeInstanceOf(CancelledError);
    await server.idle();
  });

  it('while the answer is awaited closes the connection, and the next request makes another', async () => {
    const giveUp = new AbortController();
    let asked = 0;
    const server = await loopback.http((_request, reply) => {
      asked++;
      if (asked === 1) {
        giveUp.abort();
      } else {
        reply.end('second');
      }
    });
    const by = client();
    await expect(get(server.url, { signal: giveUp.signal }, by)).rejects.toBeInstanceOf(CancelledError);
    await server.idle();
    expect(await text(get(server.url, {}, by))).toBe('second');
  });

  it('in the middle of the body closes the connection', async () => {
    const giveUp = new AbortController();
    const server = await loopback.http((_request, reply) => void reply.write('x', () => giveUp.abort()));
    await expect(get(server.url, { signal: giveUp.signal })).rejects.toBeInstanceOf(CancelledError);
    await server.idle();
  });

  it('of the client itself ends what is under way', async () => {
    const by = client();
    const server = await loopback.http(() => void by.close());
    await expect(get(server.url, {}, by)).rejects.toBeInstanceOf(CancelledError);
    await server.idle();
  });

  it('leaves no listener on the signal', async () => {
    const server = await loopback.http((_request, reply) => reply.end());
    const { signal } = new AbortController();
    let listeners = 0;
    const counted = new Proxy(signal, {
      get(target, key) {
        if (key === 'addEventListener') {
          listeners++;
        }
        if (key === 'removeEventListener') {
          listeners--;
        }
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    await get(server.url, { signal: counted });
    expect(listeners).toBe(0);
  });
});

describe('redirects', () => {
  const to =
    (location: string | (() => string), status = 302): RequestListener =>
    (_request, reply) => {
      reply
        .writeHead(status, { location: typeof location === 'string' ? location : location() })
        .end('moved');
    };
  const here: RequestListener = (request, reply) => reply.end(`here ${request.url ?? ''}`);

  it('lead on, from http to http and https, from https to https', async () => {
    const plain = await loopback.http(here);
    const secure = await loopback.https(trusted, here);
    for (const [from, target] of [
      [await loopback.http(to(`${plain.url}/a?b`)), '/a?b'],
      [await loopback.http(to(`${secure.url}/a?b`)), '/a?b'],
      [await loopback.https(trusted, to(`${secure.url}/a?b`)), '/a?b'],
    ] as const) {
      expect(await text(get(from.url))).toBe(`here ${target}`);
    }
  });

  it('never lead from https to http', async () => {
    const plain = await loopback.http(here);
    const secure = await loopback.https(trusted, to(plain.url));
    const error = await failure(get(secure.url));
    expect(error.kind).toBe('http_redirect_refused');
    // The address itself may hold a password.
    expect(error.message).toBe(`cannot GET ${secure.url}/: a redirect must lead to https://, got http:`);
    expect(plain.connections()).toBe(0);
  });

  it('lead on five times and no further', async () => {
    let asked = 0;
    const circle = await loopback.http((request, reply) => {
      asked++;
      to('/again')(request, reply);
    });
    const error = await failure(get(circle.url));
    expect(error.message).toContain('there must be at most 5 redirects, got another one to');
    expect(asked).toBe(6);
  });

  it('do not take credentials elsewhere', async () => {
    const seen: (string | undefined)[] = [];
    const other = await loopback.http((request, reply) => {
      seen.push(request.headers.authorization);
      reply.end();
    });
    const first = await loopback.http((request, reply) => {
      seen.push(request.headers.authorization);
      to(request.url === '/' ? '/same' : other.url)(request, reply);
    });
    await get(first.url.replace('//', '//us%65r:p%40ss@'));
    const basic = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(seen).toEqual([basic, basic, undefined]);
  });

  it('of a POST with status 307 send it again', async () => {
    const server = await loopback.http((request, reply) => {
      if (request.url === '/') {
        to('/there', 307)(request, reply);
      } else {
        request.pipe(reply.writeHead(200, { 'x-method': request.method }));
      }
    });
    const reply = await get(server.url, { method: 'POST', body: 'again' });
    expect([reply.headers.get('x-method'), reply.body.toString()]).toEqual(['POST', 'again']);
  });
});

describe('failures in words', () => {
  it('nobody listens', async () => {
    const port = await freePort();
    const error = await failure(get(`http://user:secret@127.0.0.1:${port}/v1/graph?node_uuid=1`));
    expect(error.kind).toBe('http_unreachable');
    expect(error.message).toBe(
      `cannot GET http://127.0.0.1:${port}/v1/graph: connection refused (127.0.0.1:${port})`,
    );
  });

  it.each<[string, () => Certificate, RegExp]>([
    ['an unknown authority', () => untrusted, /: the certificate is self-signed$/],
    ['another host', () => misnamed, /: the certificate is for another host: .*127\.0\.0\.1 is not in/],
  ])('a certificate of %s', async (_name, certificate, message) => {
    const server = await loopback.https(certificate(), (_request, reply) => reply.end());
    const error = await failure(get(server.url));
    expect(error.kind).toBe('http_tls');
    expect(error.message).toMatch(message);
  });

  it('a server without TLS', async () => {
    const server = await loopback.http((_request, reply) => reply.end());
    const error = await failure(get(server.url.replace('http:', 'https:')));
    expect(error.kind).toBe('http_tls');
    expect(error.message).toMatch(/: the server does not speak TLS as it should: [\w ]+$/);
  });

  it.each([
    [
      'cut in the middle of the body',
      'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx',
      'closed before the answer',
    ],
    [
      'cut in the middle of a chunk',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nx',
      'closed before',
    ],
    ['closed without a word', '', 'closed before the answer was complete'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n', 'does not match the HTTP/1.1 protocol'],
    [
      'endless headers',
      `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`,
      'headers of the answer are too long',
    ],
  ])('%s', async (_name, bytes, message) => {
    const server = await loopback.tcp((socket) => {
      socket.once('data', () => socket.end(bytes));
    });
    const error = await failure(get(server.url));
    expect(error.kind).toBe('http_broken_reply');
    expect(error.message).toContain(message);
  });
});

describe('proxies', () => {
  it('get requests for http:// addresses whole', async () => {
    const seen: string[] = [];
    const proxy = await loopback.proxy(seen);
    const env = { http_proxy: proxy.url.replace('//', '//user:pw@') };
    const answer = await text(get('http://updates.example/v1/graph?a=b', {}, client(env)));
    expect(answer).toBe(`proxied Basic ${Buffer.from('user:pw').toString('base64')}`);
    expect(seen).toEqual(['GET http://updates.example/v1/graph?a=b']);
  });

  it('get tunnels for https:// addresses, and TLS is with the server', async () => {
    const seen: string[] = [];
    const proxy = await loopback.proxy(seen);
    const secure = await loopback.https(trusted, (_request, reply) => reply.end('secret'));
    const by = client({ HTTPS_PROXY: proxy.url });
    expect(await text(get(secure.url, {}, by))).toBe('secret');
    expect(await text(get(secure.url, {}, by))).toBe('secret');
    expect(seen).toEqual([`CONNECT 127.0.0.1:${secure.port}`]);
    const distrusted = await loopback.https(untrusted, (_request, reply) => reply.end());
    expect((await failure(get(distrusted.url, {}, by))).kind).toBe('http_tls');
  });

  it('are passed by for what no_proxy names', async () => {
    const seen: string[] = [];
    const proxy = await loopback.proxy(seen);
    const server = await loopback.http((_request, reply) => reply.end('direct'));
    const env = { http_proxy: proxy.url, no_proxy: '127.0.0.0/8' };
    expect(await text(get(server.url, {}, client(env)))).toBe('direct');
    expect(seen).toEqual([]);
  });

  it('that are not there are named', async () => {
    const port = await freePort();
    for (const scheme of ['http', 'https']) {
      const env = { all_proxy: `http://user:secret@127.0.0.1:${port}` };
      const error = await failure(get(`${scheme}://updates.example/`, {}, client(env)));
      expect(error.kind).toBe('http_unreachable');
      expect(error.message).toBe(
        `cannot GET ${scheme}://updates.example/: connection refused (127.0.0.1:${port}) (through the proxy 127.0.0.1:${port})`,
      );
    }
  });

  it.each([403, 407])('that refuse a tunnel with status %d are named', async (status) => {
    const proxy = await loopback.proxy([], status);
    const error = await failure(get('https://updates.example/', {}, client({ https_proxy: proxy.url })));
    expect(error.message).toContain(`${status}`);
    expect(error.message).toContain(`(through the proxy 127.0.0.1:${proxy.port})`);
  });

  it('that stall are left, and nothing stays open', async () => {
    const silent = await loopback.tcp(() => undefined);
    const env = { https_proxy: silent.url };
    const error = await failure(get('https://updates.example/', { limits: { connectMs: 50 } }, client(env)));
    expect(error.kind).toBe('http_timeout');
    await silent.idle();
  });

  it('whose servers stall in TLS are left as well', async () => {
    const silent = await loopback.tcp(() => undefined, 'https');
    const proxy = await loopback.proxy([]);
    const giveUp = new AbortController();
    const asked = get(silent.url, { signal: giveUp.signal }, client({ https_proxy: proxy.url }));
    const tunnel = once(giveUp.signal, 'abort');
    while (silent.connections() === 0) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    giveUp.abort();
    await tunnel;
    await expect(asked).rejects.toBeInstanceOf(CancelledError);
    await proxy.idle();
  });
});

it('nothing of undici is loaded before the first request', async () => {
  const source = join(import.meta.dirname, '../../src/http/http-client.ts');
  const script = `
    import { createRequire } from 'node:module';
    import { HttpClient } from ${JSON.stringify(source)};
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('undici')).length;
    const client = new HttpClient({ userAgent: 'x', env: {} });
    const before = loaded();
    await client.request({ method: 'GET', url: new URL('http://127.0.0.1:1/'), signal: new AbortController().signal }).catch(() => {});
    console.log(JSON.stringify({ before, after: loaded() > 0 }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  expect(JSON.parse(stdout)).toEqual({ before: 0, after: true });
});
