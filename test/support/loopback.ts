/** Servers on free ports of 127.0.0.1, certificates, and a clean end, for tests with real HTTP. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttp, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect, createServer as createTcp, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Listening {
  readonly port: number;
  /** `http://127.0.0.1:PORT` or `https://…`. */
  readonly url: string;
  /** Number of connections so far. */
  readonly connections: () => number;
  /** Resolves when no connection is open any more. */
  readonly idle: () => Promise<void>;
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Starts servers and stops all of them. */
export class Loopback {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  http(listener: RequestListener): Promise<Listening & { readonly server: HttpServer }> {
    return this.#listen(createHttp(listener), 'http');
  }

  https(certificate: Certificate, listener: RequestListener): Promise<Listening> {
    return this.#listen(createHttps({ ...certificate }, listener), 'https');
  }

  /** Bytes as they are. */
  tcp(onSocket: (socket: Socket) => void, scheme = 'http'): Promise<Listening> {
    const server = createTcp((socket) => {
      // Unread bytes would hide the end of the connection.
      socket.resume();
      onSocket(socket);
    });
    return this.#listen(server, scheme);
  }

  /** A forward proxy: absolute addresses, and tunnels by CONNECT. `seen` gets the request lines. */
  async proxy(seen: string[], status = 200): Promise<Listening> {
    const proxy = await this.http((request, reply) => {
      seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
      if (status !== 200) {
        reply.writeHead(status);
      }
      reply.end(`proxied ${request.headers['proxy-authorization'] ?? ''}`);
    });
    proxy.server.on('connect', (request, socket: Socket) => {
      const target = request.url ?? '';
      seen.push(`CONNECT ${target}`);
      if (status !== 200) {
        socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
        return;
      }
      const onward = connect(Number(target.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      this.#sockets.add(onward);
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
      socket.on('close', () => onward.destroy());
    });
    return proxy;
  }

  async #listen<S extends Server>(server: S, scheme: string): Promise<Listening & { readonly server: S }> {
    let connections = 0;
    let open = 0;
    let waiting: (() => void)[] = [];
    this.#servers.push(server);
    server.on('connection', (socket: Socket) => {
      connections++;
      open++;
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        open--;
        if (open > 0) {
          return;
        }
        for (const resolve of waiting) {
          resolve();
        }
        waiting = [];
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') {
      throw new Error('no port');
    }
    return {
      server,
      port: address.port,
      url: `${scheme}://127.0.0.1:${address.port}`,
      connections: () => connections,
      idle: () => (open === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    };
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
  }
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const loopback = new Loopback();
  const { port } = await loopback.tcp(() => undefined);
  await loopback.stop();
  return port;
}

/** Self-signed, for the given name (`IP:127.0.0.1` or `DNS:…`). */
export async function makeCertificate(subjectAltName: string): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'certificate-'));
  try {
    const [keyPath, certPath] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...[
        '-keyout',
        keyPath,
        '-out',
        certPath,
        '-subj',
        '/CN=test',
        '-addext',
        `subjectAltName=${subjectAltName}`,
      ],
    ]);
    return { key: await readFile(keyPath, 'utf8'), cert: await readFile(certPath, 'utf8') };
  } finally {
    await rm(folder, { recursive: true });
  }
}
