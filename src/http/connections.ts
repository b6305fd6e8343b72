/**
 * The connections of one HTTP client, directly or through proxies. The only file that imports undici.
 *
 * Invariants:
 * - Nothing of undici is loaded before the first connection, and nothing of its proxy code before the first proxy.
 * - A `100 Continue` that nobody asked for is never seen by undici, which would end the connection.
 * - An answer takes a bounded number of bytes on the line, whatever they are.
 * - `destroy` closes every socket, also those that are still being connected, which undici itself forgets.
 */
import { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { AgentOptions, Connector, Dispatcher, TlsOptions } from 'undici/lib/dispatcher/agent.js';

import { compileForSize } from '../memory/lean-runtime.ts';
import { HttpError } from '../errors.ts';
import { ContinueFilter } from './continue-filter.ts';
import { LineBytes, MOST_LINE_BYTES } from './line-bytes.ts';
import { MINUTE_MS, SECOND_MS } from '../text/units.ts';

export type { DispatchController, DispatchHandler, Dispatcher } from 'undici/lib/dispatcher/agent.js';

/**
 * How long an idle connection is kept when the server does not say. Most servers close theirs after 60 s, and a request
 * into a closing connection is lost. A server's own word, `Keep-Alive: timeout=N`, counts up to ten minutes.
 */
const KEEP_ALIVE_MS = 30 * SECOND_MS;

/** The exchange itself keeps the time of each request, since undici's own timers are a second off. */
const OPTIONS: AgentOptions = {
  allowH2: false,
  headersTimeout: 0,
  bodyTimeout: 0,
  keepAliveTimeout: KEEP_ALIVE_MS,
  // The agent asks one thing at a time. With more, undici opens another one just before the first becomes free.
  connections: 1,
};
/** Stands behind the exchange's own limit, and ends what nobody waits for any more. */
const CONNECT_MS = MINUTE_MS;

export class HttpConnections {
  /** Authorities and client certificate for servers; undefined: Node's own. */
  readonly tls: SecureContext | undefined;
  /** By proxy address; "" where there is none. */
  readonly #dispatchers = new Map<string, Promise<Dispatcher>>();
  readonly #sockets = new Set<Socket>();
  #opened = 0;

  constructor(tls: SecureContext | undefined) {
    this.tls = tls;
  }

  /** Undefined: directly. */
  through(proxy: URL | undefined): Promise<Dispatcher> {
    const key = proxy?.href ?? '';
    let made = this.#dispatchers.get(key);
    if (made === undefined) {
      made = proxy === undefined ? this.#direct() : this.#throughProxy(proxy);
      this.#dispatchers.set(key, made);
    }
    return made;
  }

  /** How many connections there were so far. */
  get opened(): number {
    return this.#opened;
  }

  /** Never rejects. */
  async destroy(): Promise<void> {
    const ends = [...this.#dispatchers.values()].map(async (made) => (await made).destroy());
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await Promise.allSettled(ends);
  }

  async #direct(): Promise<Dispatcher> {
    const { default: Agent } = await import('undici/lib/dispatcher/agent.js');
    const { default: buildConnector } = await import('undici/lib/core/connect.js');
    compileForSize();
    const connect = buildConnector({ allowH2: false, timeout: CONNECT_MS, ...this.#toServer() });
    return new Agent({ ...OPTIONS, connect: this.#tracked(connect) });
  }

  async #throughProxy(proxy: URL): Promise<Dispatcher> {
    const { default: ProxyAgent } = await import('undici/lib/dispatcher/proxy-agent.js');
    const { default: Pool } = await import('undici/lib/dispatcher/pool.js');
    const { default: openTunnel } = await import('undici/lib/api/api-connect.js');
    const toOrigin = (origin: string, options: AgentOptions & { readonly connect: Connector }) =>
      new Pool(origin, { ...OPTIONS, ...options, connect: this.#tracked(options.connect) });
    return new ProxyAgent({
      ...OPTIONS,
      uri: proxy.href,
      connectTimeout: CONNECT_MS,
      requestTls: this.#toServer(),
      factory: toOrigin,
      // undici's own entry gives this method to every dispatcher. Loaded file by file, they come without it.
      clientFactory: (url, options) => Object.assign(toOrigin(url.origin, options), { connect: openTunnel }),
    });
  }

  #toServer(): TlsOptions {
    return this.tls === undefined ? {} : { secureContext: this.tls };
  }

  #tracked(connect: Connector): Connector {
    return (options, callback) => {
      const socket = connect(options, (error, connected) => {
        if (connected !== null && connected !== undefined) {
          this.#opened += 1;
          filtered(connected);
        }
        callback(error, connected);
      });
      if (socket instanceof Socket) {
        this.#sockets.add(socket);
        socket.once('close', () => this.#sockets.delete(socket));
      }
      return socket;
    };
  }
}

/** undici reads with `read` alone, and writes each request with `write`. */
function filtered(socket: Socket): void {
  const filter = new ContinueFilter();
  const line = new LineBytes();
  const read = socket.read.bind(socket);
  const write = socket.write.bind(socket);
  socket.read = (size?: number): unknown => {
    for (;;) {
      const chunk: unknown = read(size);
      if (!Buffer.isBuffer(chunk)) {
        return chunk;
      }
      if (line.isTooMuch(chunk.length)) {
        const limit = `the answer must take at most ${MOST_LINE_BYTES} bytes on the line, got more`;
        socket.destroy(new HttpError('http_too_large', limit));
        return null;
      }
      const passed = filter.pass(chunk);
      if (passed.length > 0) {
        return passed;
      }
    }
  };
  const writing = (...args: Parameters<typeof write>): boolean => {
    filter.requestSent();
    line.requestSent();
    return write(...args);
  };
  Object.assign(socket, { write: writing });
}
