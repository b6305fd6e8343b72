/**
 * An HTTP client for small answers from servers that may be slow, broken or hostile.
 *
 * Invariants:
 * - Every request ends within its limits, in time and in bytes.
 * - Giving up a request settles it at once and closes its connection, even one that is still being made.
 * - A redirect never leads from https to http.
 */
import type { SecureContext } from 'node:tls';

import { CancelledError, HttpError, messageOf } from '../errors.ts';
import { decoded } from '../text/secrets.ts';
import { shownAddress } from '../text/shown-address.ts';
import { MEBIBYTE, MINUTE_MS, SECOND_MS } from '../text/units.ts';
import { trustHostAuthorities } from './authorities.ts';
import { decodeBody } from './body.ts';
import { HttpConnections } from './connections.ts';
import { HttpExchange, type RawReply } from './exchange.ts';
import { bytesRead, freeGarbage } from '../memory/free-garbage.ts';
import { proxyFor, type Environment } from './proxy.ts';
import { nextHop } from './redirect.ts';

export interface HttpLimits {
  /** Until there is a connection, through TLS and a proxy if need be. */
  readonly connectMs: number;
  /** Until the first byte of the answer, and between any two pieces of it. */
  readonly idleMs: number;
  /** For the whole request, redirects included. */
  readonly totalMs: number;
  /** For an answer as it comes, and again for the decompressed one. */
  readonly bodyBytes: number;
  readonly redirects: number;
}

export const HTTP_LIMITS: HttpLimits = {
  connectMs: 10 * SECOND_MS,
  idleMs: 30 * SECOND_MS,
  // A server that answers drop by drop costs two minutes, less than the five between two update checks.
  totalMs: 2 * MINUTE_MS,
  // The largest update graphs of today take 0.07 MB; one of 10,000 releases takes 3 MB.
  bodyBytes: 4 * MEBIBYTE,
  redirects: 5,
};

export interface HttpClientOptions {
  readonly userAgent: string;
  /** Where the proxy variables are looked up. */
  readonly env: Environment;
  readonly limits?: Partial<HttpLimits>;
  /**
   * Authorities and client certificate for https, asked for before each request. When the object is not that of the
   * last time, all connections are ended, so nothing outdated stays in use.
   */
  readonly tls?: () => Promise<SecureContext>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** A user and password in it become basic authentication, but not at another origin that a redirect leads to. */
  readonly url: URL;
  /** By lower-case name. Another origin does not get `authorization` from here either. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpReply {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** Decompressed. */
  readonly body: Buffer;
  /** Status 304. */
  readonly notModified: boolean;
}

export class HttpClient {
  readonly #options: HttpClientOptions;
  #connections: HttpConnections | undefined;
  #running = 0;
  readonly #closed = new AbortController();

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** Resolves with an answer of any status; rejects with HttpError or CancelledError. */
  async request(request: HttpRequest): Promise<HttpReply> {
    const limits = { ...HTTP_LIMITS, ...this.#options.limits, ...request.limits };
    const life = new AbortController();
    const giveUp = (): void => life.abort(new CancelledError('the request was given up'));
    const tooLong = (): void =>
      life.abort(
        new HttpError('http_timeout', `the answer must be complete within ${limits.totalMs / SECOND_MS} s`),
      );
    const givers = [request.signal, this.#closed.signal];
    if (givers.some((signal) => signal.aborted)) {
      giveUp();
    }
    for (const signal of givers) {
      signal.addEventListener('abort', giveUp, { once: true });
    }
    const timer = setTimeout(tooLong, limits.totalMs);
    this.#running++;
    try {
      life.signal.throwIfAborted();
      return await this.#follow(request, limits, life.signal);
    } catch (error) {
      if (!(error instanceof HttpError)) {
        throw error;
      }
      throw new HttpError(
        error.kind,
        `cannot ${request.method} ${placeOf(request.url)}: ${messageOf(error)}`,
        {
          cause: error.cause ?? error,
        },
      );
    } finally {
      this.#running--;
      clearTimeout(timer);
      for (const signal of givers) {
        signal.removeEventListener('abort', giveUp);
      }
    }
  }

  /** Ends all requests and connections. The client cannot be used after it. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#dropConnections();
  }

  async #follow(request: HttpRequest, limits: HttpLimits, life: AbortSignal): Promise<HttpReply> {
    let url = request.url;
    freeGarbage();
    for (let hops = 0; ; hops++) {
      const raw = await this.#askTwice(request, url, limits, life);
      const next = nextHop(url, request.method, raw);
      if (next === undefined) {
        const body = await decodeBody(raw, limits.bodyBytes);
        bytesRead(body.length);
        life.throwIfAborted();
        return { status: raw.status, headers: raw.headers, body, notModified: raw.status === 304 };
      }
      if (hops >= limits.redirects) {
        throw new HttpError(
          'http_redirect_refused',
          `there must be at most ${limits.redirects} redirects, got another one to ${placeOf(next)}`,
        );
      }
      url = next;
    }
  }

  /**
   * A server may close a connection after an answer without saying so. The next request then ends before it is answered,
   * through no fault of its own, and is sent once more. All requests of this agent may be repeated.
   */
  async #askTwice(request: HttpRequest, url: URL, limits: HttpLimits, life: AbortSignal): Promise<RawReply> {
    const first = new HttpExchange(limits, life);
    const opened = this.#connections?.opened;
    try {
      return await this.#ask(request, url, first);
    } catch (error) {
      const wasReused = opened !== undefined && this.#connections?.opened === opened;
      const wasCut = error instanceof HttpError && error.kind === 'http_broken_reply' && !first.answered;
      if (!wasReused || !first.started || !wasCut || life.aborted) {
        throw error;
      }
      return this.#ask(request, url, new HttpExchange(limits, life));
    }
  }

  async #ask(request: HttpRequest, url: URL, exchange: HttpExchange): Promise<RawReply> {
    const proxy = proxyFor(url, this.#options.env);
    if (url.protocol === 'https:' || proxy?.protocol === 'https:') {
      trustHostAuthorities(this.#options.env);
    }
    try {
      const tls = url.protocol === 'https:' ? await this.#options.tls?.() : this.#connections?.tls;
      const dispatcher = await (await this.#connectionsWith(tls)).through(proxy);
      const options = {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: request.method,
        headers: this.#headers(request, url),
        body: request.body ?? null,
      };
      return await exchange.run(() => dispatcher.dispatch(options, exchange));
    } catch (error) {
      // Nobody waits any more for a connection that is still being made, but undici would go on making it.
      if (!exchange.started && this.#running === 1) {
        await this.#dropConnections();
      }
      if (proxy === undefined || !(error instanceof HttpError)) {
        throw error;
      }
      throw new HttpError(error.kind, `${error.message} (through ${shownProxy(proxy)})`, {
        cause: error.cause,
      });
    }
  }

  #headers({ headers, url: asked }: HttpRequest, url: URL): Record<string, string> {
    const all: Record<string, string> = {
      'user-agent': this.#options.userAgent,
      'accept-encoding': 'gzip, br',
      ...(asked.username !== '' && { authorization: basic(asked) }),
      ...headers,
    };
    if (url.origin !== asked.origin) {
      delete all['authorization'];
    }
    return all;
  }

  async #connectionsWith(tls: SecureContext | undefined): Promise<HttpConnections> {
    if (this.#connections?.tls !== tls) {
      await this.#dropConnections();
    }
    this.#connections ??= new HttpConnections(tls);
    return this.#connections;
  }

  async #dropConnections(): Promise<void> {
    const connections = this.#connections;
    this.#connections = undefined;
    await connections?.destroy();
  }
}

/** An address for people: without credentials, and without the query, which identifies the node. */
function placeOf(url: URL): string {
  return shownAddress(`${url.origin}${url.pathname}`);
}

/** An unescaped "/", "?" or "#" in a password makes its beginning look like a host or a port. */
function shownProxy({ host, pathname, search, hash }: URL): string {
  return `${pathname}${search}${hash}`.includes('@') ? 'a proxy' : `the proxy ${host}`;
}

function basic({ username, password }: URL): string {
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`;
}
