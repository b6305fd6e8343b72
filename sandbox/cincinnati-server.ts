/**
 * An update server: Cincinnati graphs over HTTP, with rollouts and faults on demand.
 *
 * Invariants:
 * - It answers as Fedora CoreOS's policy engine does, which test/conformance/cincinnati.ts states.
 * - It listens on loopback only.
 * - Every answer is computed from the given history and clock.
 * - After `stop` no socket and no timer is left, however badly a fault behaves.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

import type { Scheme } from '../src/agent/release.ts';
import { wireNodes, type History } from './releases.ts';
import { offeredEdges } from '../src/cincinnati/policy/offered-edges.ts';
import { warinessOfRequest } from '../src/cincinnati/policy/rollout.ts';

/** What is wrong with the next `remaining` answers. */
export type ServerFault = { remaining: number } & (
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSecs?: number }
  /** A graph without nodes, as after a start of the real one, until it has asked its own source. */
  | { readonly kind: 'empty' }
  /** Not JSON. */
  | { readonly kind: 'garbage' }
  /** Sends the headers and half of the body, then nothing more. */
  | { readonly kind: 'stall' }
  /** Sends one byte at a time. */
  | { readonly kind: 'slow'; readonly everyMs: number }
  /** Sends a body that never ends, as fast as the client reads it. */
  | { readonly kind: 'endless' }
  /** Cuts the connection in the middle of the body. */
  | { readonly kind: 'cut' }
);

export interface ServedRequest {
  readonly at: number;
  readonly status: number;
  readonly query: Readonly<Record<string, string>>;
  readonly fault: ServerFault['kind'] | undefined;
}

export interface CincinnatiServerOptions {
  readonly history: History;
  readonly stream: string;
  readonly basearch: string;
  readonly clock: { now(): number };
  /**
   * A proxy stands in front, which compresses answers and confirms them with 304. The policy engine by itself does
   * neither.
   */
  readonly proxied?: boolean;
  /** Called after every answer, faulty ones included. */
  readonly onRequest?: (request: ServedRequest) => void;
}

export interface CincinnatiServer {
  /** The value for cincinnati.base_url. */
  readonly baseUrl: string;
  /** The latest requests, oldest first. */
  readonly requests: readonly ServedRequest[];
  /** Faults queue up: each is used up before the next one applies. */
  addFault(fault: ServerFault): void;
  /** Switches to another history: a release came out, or was withdrawn. */
  publish(history: History): void;
  stop(): Promise<void>;
}

/** Others are passed over. */
const KNOWN_PARAMETERS = ['basearch', 'stream', 'rollout_wariness', 'node_uuid', 'oci'] as const;
const MOST_KEPT_REQUESTS = 1000;
const ENDLESS_CHUNK = Buffer.alloc(64 * 1024, ' ');
/** A client without `accept-encoding` gets no gzip, and small answers are not worth it. */
const GZIP_FROM_BYTES = 1024;

/** Listens on a free port of 127.0.0.1; resolves once it does. */
export async function startCincinnatiServer(options: CincinnatiServerOptions): Promise<CincinnatiServer> {
  let { history } = options;
  const requests: ServedRequest[] = [];
  const faults: ServerFault[] = [];
  const app = fastify({ logger: false, forceCloseConnections: true, exposeHeadRoutes: false });

  app.setNotFoundHandler((_request, reply) => refuse(reply, 404));
  app.get('*', async (request, reply) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    if (!pathname.endsWith('/v1/graph')) {
      reply.callNotFound();
      return reply;
    }
    const fault = takeFault(faults);
    const at = options.clock.now();
    const query = Object.fromEntries(searchParams);
    reply.raw.once('close', () => {
      const served = { at, status: reply.raw.statusCode, query, fault: fault?.kind };
      requests.push(served);
      if (requests.length > MOST_KEPT_REQUESTS) {
        requests.shift();
      }
      options.onRequest?.(served);
    });
    return fault === undefined
      ? sendGraph(request, reply, searchParams, { ...options, history })
      : misbehave(reply, fault);
  });

  await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    baseUrl: `http://127.0.0.1:${portOf(app)}`,
    requests,
    addFault: (fault) => {
      faults.push({ ...fault });
    },
    publish: (next) => {
      history = next;
    },
    stop: async () => {
      await app.close();
    },
  };
}

function sendGraph(
  request: FastifyRequest,
  reply: FastifyReply,
  parameters: URLSearchParams,
  { history, stream, basearch, clock, proxied = false }: CincinnatiServerOptions,
): FastifyReply {
  const repeated = KNOWN_PARAMETERS.find((name) => parameters.getAll(name).length > 1);
  if (repeated !== undefined) {
    return refuse(reply, 400, `Query deserialize error: duplicate field \`${repeated}\``);
  }
  const parameter = (name: (typeof KNOWN_PARAMETERS)[number]): string | undefined =>
    parameters.get(name) ?? undefined;
  if (!['true', 'false', undefined].includes(parameter('oci'))) {
    return refuse(reply, 400, 'Query deserialize error: provided string was not `true` or `false`');
  }
  if ((parameter('basearch') ?? '') === '' || (parameter('stream') ?? '') === '') {
    return refuse(reply, 400);
  }
  if (parameter('stream') !== stream) {
    return refuse(reply, 500, 'HTTP status client error (404 Not Found) for url (http://127.0.0.1/v1/graph)');
  }
  if (parameter('basearch') !== basearch) {
    return refuse(
      reply,
      500,
      'HTTP status server error (500 Internal Server Error) for url (http://127.0.0.1/v1/graph)',
    );
  }
  const wariness = warinessOfRequest(parameter('rollout_wariness'), parameter('node_uuid'));
  const scheme: Scheme = parameter('oci') === 'true' ? 'oci' : 'checksum';
  const edges = offeredEdges(history, { wariness, nowMs: clock.now() });
  const text = JSON.stringify({ nodes: wireNodes(history, scheme), edges }, undefined, 2);
  return proxied
    ? sendProxied(request, reply, text)
    : reply.header('content-type', 'application/json').send(Buffer.from(text));
}

function sendProxied(request: FastifyRequest, reply: FastifyReply, text: string): FastifyReply {
  const etag = `"${createHash('sha256').update(text).digest('hex').slice(0, 32)}"`;
  reply.header('etag', etag).header('vary', 'accept-encoding');
  if (request.headers['if-none-match'] === etag) {
    return reply.code(304).send();
  }
  reply.type('application/json');
  if (text.length < GZIP_FROM_BYTES || !/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
    return reply.send(text);
  }
  return reply.header('content-encoding', 'gzip').send(gzipSync(text));
}

/** The policy engine has no error documents: it says nothing, or a line of text. */
function refuse(reply: FastifyReply, status: number, text = ''): FastifyReply {
  return text === ''
    ? reply.code(status).send()
    : reply.code(status).type('text/plain; charset=utf-8').send(text);
}

function takeFault(faults: ServerFault[]): ServerFault | undefined {
  const [fault] = faults;
  if (fault === undefined) {
    return undefined;
  }
  fault.remaining--;
  if (fault.remaining <= 0) {
    faults.shift();
  }
  return fault;
}

function misbehave(reply: FastifyReply, fault: ServerFault): FastifyReply {
  if (fault.kind === 'status') {
    if (fault.retryAfterSecs !== undefined) {
      reply.header('retry-after', fault.retryAfterSecs);
    }
    return reply.code(fault.status).send({ kind: 'fault_on_demand', value: 'this server was told to fail' });
  }
  if (fault.kind === 'empty') {
    return reply.type('application/json').send('{"nodes":[],"edges":[]}');
  }
  if (fault.kind === 'garbage') {
    return reply.type('text/html').send('<html><body>Welcome to the hotel network');
  }

  reply.hijack();
  const { raw } = reply;
  raw.on('error', () => undefined);
  raw.writeHead(200, { 'content-type': 'application/json' });
  switch (fault.kind) {
    case 'stall':
      raw.write('{"nodes":[');
      break;
    case 'cut':
      raw.write('{"nodes":[', () => raw.destroy());
      break;
    case 'slow': {
      const timer = setInterval(() => raw.write(' '), fault.everyMs);
      raw.once('close', () => clearInterval(timer));
      break;
    }
    case 'endless': {
      const pour = (): void => {
        while (!raw.destroyed && raw.write(ENDLESS_CHUNK)) {}
      };
      raw.on('drain', pour);
      pour();
      break;
    }
  }
  return reply;
}

function portOf(app: FastifyInstance): number {
  const address = app.server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the server must have an address once it listens, got none');
  }
  return address.port;
}
