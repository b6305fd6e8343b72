/**
 * Answers `/v1/graph` as Fedora CoreOS's policy engine does; test/conformance/cincinnati.ts states how.
 *
 * Invariants:
 * - The statuses are the engine's. Who accepts JSON, as agents do, gets an error as `{"kind","value"}`, and others what the
 *   engine says: nothing, or a line of text.
 * - Clients are bounded: in connections, in bytes and time of a request.
 * - `stop` lets what is under way end, for some seconds.
 */
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Scheme } from '../../src/agent/release.ts';
import { warinessOfRequest } from '../../src/cincinnati/policy/rollout.ts';
import type { ListenAddress } from '../../src/config/checks.ts';
import { KIBIBYTE, SECOND_MS } from '../../src/text/units.ts';
import { isScopeName } from './graph-scope.ts';
import type { ServedGraphs } from './served-graphs.ts';
import type { ServingMetrics } from './serving-metrics.ts';

export interface GraphServerOptions {
  readonly graphs: Pick<ServedGraphs, 'graphOf' | 'states'>;
  readonly metrics: Pick<ServingMetrics, 'answered' | 'render' | 'contentType'>;
  readonly listen: ListenAddress;
  /** Where metrics and health are. */
  readonly statusListen: ListenAddress;
  /** Milliseconds since 1970. */
  readonly nowAt: () => number;
}

/** Others are passed over. */
const KNOWN_PARAMETERS = ['basearch', 'stream', 'rollout_wariness', 'node_uuid', 'oci'] as const;
type Parameter = (typeof KNOWN_PARAMETERS)[number];

const MOST_CONNECTIONS = 4096;
/** The address line of an agent has some 400 characters. */
const LONGEST_HEADER_BYTES = 16 * KIBIBYTE;
const REQUEST_MS = 10 * SECOND_MS;
const CHECK_CONNECTIONS_MS = SECOND_MS;
/** Agents ask every five minutes; a proxy in front keeps its connections longer than this only by asking. */
const KEEP_ALIVE_MS = 75 * SECOND_MS;
/** How long what is under way may take to end. */
const DRAIN_MS = 10 * SECOND_MS;
/** An agent that is told to wait asks again then, in seconds. */
const RETRY_AFTER_SECS = 30;
/** Small answers are not worth it. */
const GZIP_FROM_BYTES = 1024;

export class GraphServer {
  readonly #options: GraphServerOptions;
  readonly #graphs: FastifyInstance;
  readonly #status: FastifyInstance;
  #isDraining = false;

  constructor(options: GraphServerOptions) {
    this.#options = options;
    this.#graphs = boundedServer();
    this.#graphs.get('/v1/graph', async (request, reply) => this.#answer(request, reply));
    this.#status = boundedServer();
    this.#status.get('/healthz', async (_request, reply) => this.#health(reply));
    this.#status.get('/metrics', async (_request, reply) =>
      reply.type(options.metrics.contentType).send(await options.metrics.render()),
    );
  }

  /** Resolves once both listen. Rejects with the system's error; nothing listens then. */
  async start(): Promise<void> {
    try {
      await this.#status.listen(this.#options.statusListen);
      await this.#graphs.listen(this.#options.listen);
    } catch (error) {
      await Promise.allSettled([this.#status.close(), this.#graphs.close()]);
      throw error;
    }
  }

  /** `http://127.0.0.1:8081`, of graphs and of metrics. */
  get addresses(): { readonly graphs: string; readonly status: string } {
    return { graphs: addressOf(this.#graphs), status: addressOf(this.#status) };
  }

  /** No new connection is taken. Resolves when all are at an end. Never rejects. */
  async stop(): Promise<void> {
    this.#isDraining = true;
    const timer = setTimeout(() => this.#graphs.server.closeAllConnections(), DRAIN_MS);
    await Promise.allSettled([this.#graphs.close()]);
    clearTimeout(timer);
    this.#status.server.closeAllConnections();
    await Promise.allSettled([this.#status.close()]);
  }

  #health(reply: FastifyReply): FastifyReply {
    const { states } = this.#options.graphs;
    const served = states.filter(({ graph }) => graph !== undefined).length;
    const refused = states.filter(({ refusal }) => refusal !== undefined).length;
    const isReady = served > 0 && !this.#isDraining;
    return reply
      .code(isReady ? 200 : 503)
      .send({ ready: isReady, draining: this.#isDraining, served, refused });
  }

  #answer(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { searchParams } = new URL(request.url, 'http://localhost');
    const fault = faultOf(searchParams);
    if (fault !== undefined) {
      this.#options.metrics.answered({ status: 400 });
      return refuse(request, reply, 400, 'invalid_params', fault.text, fault.plain);
    }
    const parameter = (name: Parameter): string | undefined => searchParams.get(name) ?? undefined;
    const scheme: Scheme = parameter('oci') === 'true' ? 'oci' : 'checksum';
    const [stream, basearch] = [parameter('stream') ?? '', parameter('basearch') ?? ''];
    const isNamed = isScopeName(stream) && isScopeName(basearch);
    const scope = { stream, basearch, scheme };
    const graph = isNamed ? this.#options.graphs.graphOf(scope) : undefined;
    if (graph === undefined) {
      this.#options.metrics.answered({ status: 500 });
      const text = `this server must have a graph for the stream, architecture and scheme that are asked for, got another one`;
      return refuse(request, reply, 500, 'unknown_scope', text, text);
    }
    const wariness = warinessOfRequest(parameter('rollout_wariness'), parameter('node_uuid'));
    const answer = graph.answerFor({ wariness, nowMs: this.#options.nowAt() });
    const isKnown = hasTag(request.headers['if-none-match'], answer.etag);
    const version = graph.versionOf(searchParams.get('os_checksum') ?? '');
    this.#options.metrics.answered({
      ...{ scope, wariness, version },
      status: isKnown ? 304 : 200,
      saysRelease: searchParams.has('os_checksum'),
    });
    reply.header('etag', answer.etag).header('vary', 'accept-encoding');
    if (isKnown) {
      return reply.code(304).send();
    }
    // Node adds no character set to bytes, and the engine has none.
    reply.header('content-type', 'application/json');
    const takesZipped = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    return takesZipped && answer.body.length >= GZIP_FROM_BYTES
      ? reply.header('content-encoding', 'gzip').send(answer.zipped())
      : reply.send(answer.body);
  }
}

/** A proxy that compresses marks the tag as weak, and a client may name several. RFC 9110 13.1.2. */
function hasTag(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** What the engine refuses with 400. `plain`: what it says, "" for nothing. */
function faultOf(parameters: URLSearchParams): { readonly text: string; readonly plain: string } | undefined {
  const repeated = KNOWN_PARAMETERS.find((name) => parameters.getAll(name).length > 1);
  if (repeated !== undefined) {
    const text = `the parameter ${repeated} must be there once, got it again`;
    return { text, plain: text };
  }
  if (!['true', 'false', null].includes(parameters.get('oci'))) {
    const text = 'the parameter oci must be true or false, got something else';
    return { text, plain: text };
  }
  const missing = (['basearch', 'stream'] as const).find((name) => (parameters.get(name) ?? '') === '');
  return missing === undefined
    ? undefined
    : { text: `the parameter ${missing} must be there, got nothing`, plain: '' };
}

function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  kind: string,
  value: string,
  plain: string,
): FastifyReply {
  reply.code(status);
  if (status >= 500) {
    reply.header('retry-after', RETRY_AFTER_SECS);
  }
  if (/\bapplication\/json\b/i.test(request.headers.accept ?? '')) {
    return reply
      .header('content-type', 'application/json')
      .send(Buffer.from(JSON.stringify({ kind, value })));
  }
  return plain === '' ? reply.send() : reply.type('text/plain; charset=utf-8').send(plain);
}

function refuseUnreadable(
  { statusCode = 500 }: { readonly statusCode?: number },
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  return refuse(request, reply, statusCode, 'invalid_request', 'the request cannot be read', '');
}

function boundedServer(): FastifyInstance {
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    bodyLimit: KIBIBYTE,
    // Of addresses that fastify itself cannot take.
    frameworkErrors: (error, request, reply) => void refuseUnreadable(error, request, reply),
    requestTimeout: REQUEST_MS,
    connectionTimeout: KEEP_ALIVE_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      maxHeaderSize: LONGEST_HEADER_BYTES,
      headersTimeout: REQUEST_MS,
      connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
    },
  });
  app.server.maxConnections = MOST_CONNECTIONS;
  // Nothing here reads a body, so none has a wrong type.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.setNotFoundHandler((request, reply) =>
    refuse(request, reply, 404, 'not_found', 'there is /v1/graph alone, for GET', ''),
  );
  app.setErrorHandler(refuseUnreadable);
  return app;
}

function addressOf(app: FastifyInstance): string {
  const address = app.server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('a server must have an address once it listens, got none');
  }
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
