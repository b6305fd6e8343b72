/**
 * Where metrics are read: a Unix socket that gives the bare text to a client that says nothing (as Zincati's does) and
 * answers HTTP to one that sends a request, and a TCP address where the configuration names one.
 *
 * Invariants: a client can be slow, silent or gone without costing more than its place for a bounded time; no failure of
 * this server, to listen or to accept, ends or delays the agent; every connection is closed at `close`.
 */
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { messageOf } from '../errors.ts';
import { EXPOSITION_TYPE } from './exposition.ts';

/** A client that speaks HTTP does so at once; one that has said nothing by then gets the text. */
const SILENCE_MS = 150;
/** A connection that carries nothing for so long is closed. */
const IDLE_MS = 10_000;
/** Together on one listener; scrapers need one. */
const MOST_CONNECTIONS = 64;
/** After an error of the listening socket (no descriptors left, for example) it is opened anew. */
const REOPEN_MS = 30_000;

const SOCKET = 'run/zincati/public/metrics.promsock';

export interface MetricsServerOptions {
  /** "/" on a host. */
  readonly root: string;
  readonly listen: { readonly host: string; readonly port: number } | undefined;
  readonly text: () => Promise<string>;
  readonly warn: (message: string) => void;
}

export class MetricsServer {
  readonly #options: MetricsServerOptions;
  readonly #sockets = new Set<Socket>();
  readonly #path: string;
  #server: Server | undefined;
  #http: Promise<FastifyInstance> | undefined;
  #tcp: FastifyInstance | undefined;
  #reopen: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: MetricsServerOptions) {
    this.#options = options;
    this.#path = path.join(options.root, SOCKET);
  }

  get socketPath(): string {
    return this.#path;
  }

  /** The port of the TCP listener, when there is one. */
  get port(): number | undefined {
    const address = this.#tcp?.server.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  /** Resolves when both listeners listen, or have been given up with a warning. */
  async start(): Promise<void> {
    await Promise.all([this.#listenOnSocket(), this.#listenOnTcp()]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#reopen);
    const server = this.#server;
    if (server !== undefined) {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of this.#sockets) socket.destroy();
      });
      await rm(this.#path, { force: true }).catch(() => undefined);
    }
    await (await this.#http)?.close();
    this.#tcp?.server.closeAllConnections();
    await this.#tcp?.close();
  }

  async #listenOnSocket(): Promise<void> {
    const server = createServer({ pauseOnConnect: false, allowHalfOpen: true }, (socket) =>
      this.#serve(socket),
    );
    server.maxConnections = MOST_CONNECTIONS;
    this.#server = server;
    try {
      await mkdir(path.dirname(this.#path), { recursive: true, mode: 0o775 });
      await this.#removeStale();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(this.#path, () => {
          server.removeListener('error', reject);
          resolve();
        });
      });
      // Scrapers are other users; reading metrics takes writing to the socket.
      await chmod(this.#path, 0o666);
    } catch (error) {
      this.#server = undefined;
      this.#options.warn(`cannot serve metrics on ${this.#path}: ${messageOf(error)}`);
      return;
    }
    server.on('error', (error) => this.#onListenerError(server, error));
  }

  /** A socket file that nobody listens on any more is in the way; anything else in its place is not ours to remove. */
  async #removeStale(): Promise<void> {
    const stat = await lstat(this.#path).catch(() => undefined);
    if (stat === undefined) return;
    if (!stat.isSocket()) throw new Error('something that is no socket stands in its place');
    await rm(this.#path, { force: true });
  }

  #onListenerError(server: Server, error: Error): void {
    if (this.#closed || this.#server !== server) return;
    this.#options.warn(
      `cannot go on serving metrics on ${this.#path}, trying again in ${REOPEN_MS / 1000} s: ${messageOf(error)}`,
    );
    this.#server = undefined;
    server.close();
    this.#reopen = setTimeout(() => void this.#listenOnSocket(), REOPEN_MS);
    this.#reopen.unref();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    const settle = (first: Buffer | undefined): void => {
      clearTimeout(silence);
      socket.removeListener('data', settle);
      socket.removeListener('end', onEnd);
      socket.pause();
      if (first === undefined) void this.#giveText(socket);
      else void this.#giveHttp(socket, first);
    };
    const onEnd = (): void => settle(undefined);
    const silence = setTimeout(onEnd, SILENCE_MS);
    socket.once('data', settle);
    socket.once('end', onEnd);
    socket.once('close', () => clearTimeout(silence));
  }

  async #giveText(socket: Socket): Promise<void> {
    try {
      socket.end(await this.#options.text());
      // Whatever it says from now on is not listened to, but its end has to be seen.
      socket.resume();
    } catch (error) {
      this.#options.warn(`cannot write metrics: ${messageOf(error)}`);
      socket.destroy();
    }
  }

  async #giveHttp(socket: Socket, first: Buffer): Promise<void> {
    try {
      this.#http ??= this.#buildHttp();
      const http = await this.#http;
      if (socket.destroyed) return;
      socket.setTimeout(0);
      socket.unshift(first);
      http.server.emit('connection', socket);
      socket.resume();
    } catch (error) {
      this.#options.warn(`cannot serve metrics over HTTP: ${messageOf(error)}`);
      socket.destroy();
    }
  }

  async #listenOnTcp(): Promise<void> {
    const { listen, warn } = this.#options;
    if (listen === undefined) return;
    try {
      const http = await this.#buildHttp();
      this.#tcp = http;
      http.server.maxConnections = MOST_CONNECTIONS;
      await http.listen({ host: listen.host, port: listen.port });
    } catch (error) {
      warn(`cannot serve metrics on ${listen.host}:${listen.port}: ${messageOf(error)}`);
      await this.#tcp?.close().catch(() => undefined);
      this.#tcp = undefined;
    }
  }

  async #buildHttp(): Promise<FastifyInstance> {
    const { fastify } = await import('fastify');
    const http = fastify({
      logger: false,
      connectionTimeout: IDLE_MS,
      keepAliveTimeout: IDLE_MS,
      requestTimeout: IDLE_MS,
      forceCloseConnections: true,
    });
    http.get('/metrics', async (_, reply) => {
      void reply.type(EXPOSITION_TYPE);
      return this.#options.text();
    });
    await http.ready();
    return http;
  }
}
