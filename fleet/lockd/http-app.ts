/** An HTTP server whose requests are bounded in size and time, and whose errors speak the protocol's words. */
import { createServer as createHttpServer, STATUS_CODES, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { KIBIBYTE, SECOND_MS } from '../../src/text/units.ts';
import type { ServerTls } from './config.ts';
import { send } from './node-api.ts';
import { refusal } from './replies.ts';

/** A request has about a hundred bytes. */
const LONGEST_BODY_BYTES = 16 * KIBIBYTE;
const LONGEST_REQUEST_MS = 10 * SECOND_MS;
const KEEP_ALIVE_MS = 75 * SECOND_MS;
const CHECK_MS = SECOND_MS;
/** A connection that sends nothing ends after {@link LONGEST_REQUEST_MS}, so that none keeps nodes out for longer. */
const MOST_CONNECTIONS = 4096;

export function tlsOptions({ cert, key, clientCa }: ServerTls): object {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  };
}

/** What cannot be read as HTTP has no request and no reply: the answer is written as it is. */
export function answerRaw(socket: Duplex, code: string | undefined): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, kind, value } =
    code === 'HPE_HEADER_OVERFLOW'
      ? refusal('headers_too_large', 'the headers of the request are too large')
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? refusal('too_slow', 'the request did not arrive in time')
        : refusal('invalid_client_identity', 'the request cannot be understood');
  const body = JSON.stringify({ kind, value });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

export interface App {
  readonly app: FastifyInstance;
  readonly server: Server;
  /** Ends every connection, also one that has sent nothing yet, or has not shaken hands. */
  readonly cut: () => void;
}

/** `failed` hears of faults of the program. */
export function createApp(tls: ServerTls | undefined, failed: (error: unknown) => void): App {
  const limits = {
    connectionsCheckingInterval: CHECK_MS,
    requestTimeout: LONGEST_REQUEST_MS,
    headersTimeout: LONGEST_REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: 16 * KIBIBYTE,
  };
  const refuse = (
    error: { readonly statusCode?: number },
    _request: FastifyRequest,
    reply: FastifyReply,
  ): FastifyReply => {
    const { statusCode = 500 } = error;
    if (statusCode === 413) {
      return send(reply, refusal('too_large', 'the request is too large'));
    }
    if (statusCode >= 400 && statusCode < 500) {
      return send(reply, refusal('invalid_client_identity', 'the request cannot be understood'));
    }
    failed(error);
    return send(reply, refusal('internal', 'a fault of the server'));
  };
  let server: Server | undefined;
  const app = fastify({
    logger: false,
    bodyLimit: LONGEST_BODY_BYTES,
    // Requests on open connections are answered by the routes, which know that the server is about to end.
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => answerRaw(socket, error.code),
    // Of addresses that fastify itself cannot take.
    frameworkErrors: (error, request, reply) => void refuse(error, request, reply),
    forceCloseConnections: 'idle',
    serverFactory: (handler) =>
      (server =
        tls === undefined
          ? createHttpServer(limits, handler)
          : createHttpsServer({ ...limits, ...tlsOptions(tls) }, handler)),
  });
  // Nodes of other programs send no content type, or any.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  app.setNotFoundHandler((request, reply) =>
    send(reply, refusal('not_found', `there is no ${request.method} ${request.url.slice(0, 100)}`)),
  );
  app.setErrorHandler(refuse);
  if (server === undefined) {
    throw new Error('fastify must make its server at once');
  }
  server.maxConnections = MOST_CONNECTIONS;
  // The server itself knows of no connection before its handshake, and watches over none once it is to close.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return { app, server, cut: () => sockets.forEach((socket) => socket.destroy()) };
}
