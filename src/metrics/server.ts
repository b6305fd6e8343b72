/**
 * Serves the metrics: on a Unix socket (bare text and HTTP) and, if configured, over TCP (HTTP only). The only file
 * that knows fastify, which is loaded when the first HTTP request comes.
 *
 * Invariants:
 * - No trouble with a socket, a port or a client ends the agent or is repeated in its log.
 * - Connections are bounded in number and time.
 * - `close` leaves nothing behind and takes at most a second.
 */
import type { Socket } from 'node:net';
import path from 'node:path';

import type { FastifyInstance } from 'fastify';
import type { Clock } from '../agent/ports.ts';
import type { Logger } from '../log/log.ts';
import { KIBIBYTE, SECOND_MS } from '../text/units.ts';
import { keepListening, type Listening } from './keep-listening.ts';
import { CONNECTION_LIFETIME_MS, listenOnUnix, MOST_CONNECTIONS } from './unix-listener.ts';

/** Below the root. */
export const METRICS_SOCKET = 'run/zincati/public/metrics.promsock';

/** Prometheus keeps its connection between scrapes, which are seldom more than a minute apart. */
const KEEP_ALIVE_MS = 75 * SECOND_MS;
/** How soon after its time a request that does not end is noticed. */
const CHECK_CONNECTIONS_MS = SECOND_MS;
/** A request is one packet of a client on or near this machine. Half a request must not hold a slot for long. */
const LONGEST_HEADER_WAIT_MS = 2 * SECOND_MS;
/** The request line and a handful of headers. */
const LONGEST_HEADER_BYTES = 8 * KIBIBYTE;

export interface MetricsServerOptions {
  /** Prefix of the socket's path; "/" on a host. */
  readonly root: string;
  /** TCP; undefined: none. Port 0: any that is free. */
  readonly listen: { readonly host: string; readonly port: number } | undefined;
  readonly metrics: { readonly contentType: string; render(): Promise<string> };
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

export class MetricsServer {
  readonly #options: MetricsServerOptions;
  readonly #life = new AbortController();
  readonly #keepers: Promise<void>[] = [];
  /** Serves what the Unix socket hands over. It never listens itself. */
  #inner: Promise<FastifyInstance> | undefined;
  #port: number | undefined;

  constructor(options: MetricsServerOptions) {
    this.#options = options;
  }

  get socketPath(): string {
    return path.join(this.#options.root, METRICS_SOCKET);
  }

  /** The port of TCP, while it listens. */
  get port(): number | undefined {
    return this.#port;
  }

  /** Resolves when each listener was tried once. What does not work is tried again in the background. Never rejects. */
  async start(): Promise<void> {
    const { listen } = this.#options;
    const tried = [this.#keep(`metrics socket ${this.socketPath}`, () => this.#openUnix())];
    if (listen !== undefined) {
      tried.push(this.listenOn(listen));
    }
    await Promise.all(tried);
  }

  /** Serves over TCP as well. Resolves when that was tried once. Never rejects. */
  listenOn(listen: { readonly host: string; readonly port: number }): Promise<void> {
    const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
    return this.#keep(`metrics address ${host}:${listen.port}`, () => this.#openTcp(listen));
  }

  async close(): Promise<void> {
    this.#life.abort();
    await Promise.all(this.#keepers);
    await this.#inner?.then(
      (app) => app.close(),
      () => undefined,
    );
  }

  #keep(what: string, open: () => Promise<Listening>): Promise<void> {
    const { clock, log } = this.#options;
    return new Promise((onTried) => {
      this.#keepers.push(keepListening({ what, open, clock, log, signal: this.#life.signal, onTried }));
    });
  }

  #openUnix(): Promise<Listening> {
    return listenOnUnix({
      path: this.socketPath,
      render: () => this.#options.metrics.render(),
      serveHttp: (connection) => this.#serveHttp(connection),
      clock: this.#options.clock,
    });
  }

  async #serveHttp(connection: Socket): Promise<void> {
    this.#inner ??= this.#newInnerApp();
    const app = await this.#inner;
    if (connection.destroyed) {
      return;
    }
    app.server.emit('connection', connection);
    // The listener has paused it, and put its first bytes back.
    connection.resume();
  }

  async #openTcp(address: { readonly host: string; readonly port: number }): Promise<Listening> {
    const app = await this.#newApp();
    try {
      await app.listen({ ...address });
    } catch (error) {
      await app.close();
      throw error;
    }
    const fault = new Promise<unknown>((resolve) => app.server.on('error', resolve));
    const bound = app.server.address();
    this.#port = typeof bound === 'object' ? bound?.port : undefined;
    const close = async (): Promise<void> => {
      this.#port = undefined;
      await app.close();
    };
    return { fault, close };
  }

  async #newInnerApp(): Promise<FastifyInstance> {
    const app = await this.#newApp();
    // One request for each connection, which has a lifetime: a second request must not run into its end. This is said
    // below fastify, so that it also holds for what no handler of fastify sees (a bad URL, an expectation).
    app.server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = false;
    });
    app.server.on('checkExpectation', (_request, response) => {
      response.shouldKeepAlive = false;
      response.writeHead(417).end();
    });
    await app.ready();
    return app;
  }

  async #newApp(): Promise<FastifyInstance> {
    const { fastify } = await import('fastify');
    const { metrics } = this.#options;
    const app = fastify({
      logger: false,
      forceCloseConnections: true,
      connectionTimeout: CONNECTION_LIFETIME_MS,
      requestTimeout: CONNECTION_LIFETIME_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      http: {
        headersTimeout: LONGEST_HEADER_WAIT_MS,
        connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
        maxHeaderSize: LONGEST_HEADER_BYTES,
      },
    });
    // The timeouts above are about silence. A client that takes its answer in sips is not silent.
    app.addHook('onRequest', async (request, reply) => {
      const lifetime = setTimeout(() => request.raw.destroy(), CONNECTION_LIFETIME_MS);
      reply.raw.once('close', () => clearTimeout(lifetime));
    });
    app.get('/metrics', async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.render()),
    );
    app.server.maxConnections = MOST_CONNECTIONS;
    return app;
  }
}
