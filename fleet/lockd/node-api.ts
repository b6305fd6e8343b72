/**
 * What nodes ask: the FleetLock protocol over HTTP.
 *
 * Invariants:
 * - Whoever asks is let in before the store is asked.
 * - A node that hangs up has given its request up.
 * - Each grant, each return and each refusal is one line of the log.
 * - A fault is answered 5xx, never as a refusal.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TLSSocket } from 'node:tls';
import { messageOf, printable } from '../../src/errors.ts';
import type { Logger } from '../../src/log/log.ts';
import { clientParams } from './client-params.ts';
import { entranceOf } from './doors.ts';
import type { LockService } from './lock-service.ts';
import { StoreError } from './lock-store.ts';
import type { LockdMetrics } from './metrics.ts';
import { refusal, replyTo, type Reply } from './replies.ts';

export interface NodeApiOptions {
  readonly service: LockService;
  readonly metrics: LockdMetrics;
  readonly log: Logger;
  readonly now: () => number;
  readonly retryAfterMs: () => number;
  /** The process is about to end. */
  readonly isEnding: () => boolean;
}

const APIS = { 'pre-reboot': 'take', 'steady-state': 'give-back' } as const;
type Api = keyof typeof APIS;

const DONE: Readonly<Record<Api, string>> = {
  'pre-reboot': 'slot granted',
  'steady-state': 'slot given back',
};

export function serveNodes(app: FastifyInstance, options: NodeApiOptions): void {
  for (const api of Object.keys(APIS) as Api[]) {
    app.post(`/v1/${api}`, async (request, reply) => {
      const begin = performance.now();
      const params = clientParams(request.body);
      const answer = await answerTo(api, request, options);
      const asked = typeof params === 'string' ? undefined : params;
      const known = asked !== undefined && options.service.config(asked.group) !== undefined;
      options.metrics.answered(api, known ? asked.group : '', answer.kind, performance.now() - begin);
      const what = answer.kind === '' ? DONE[api] : `${api} refused: ${answer.kind}: ${answer.value}`;
      const who = asked === undefined ? '' : ` group ${asked.group} node ${asked.id}`;
      const line = printable(`${what};${who} from ${request.ip}`);
      options.log[answer.status >= 500 ? 'warn' : 'info'](line);
      return send(reply, answer);
    });
  }
}

export function send(reply: FastifyReply, { status, kind, value, retryAfter }: Reply): FastifyReply {
  if (retryAfter !== undefined) {
    void reply.header('retry-after', String(retryAfter));
  }
  if (status === 401) {
    void reply.header('www-authenticate', 'Bearer');
  }
  return reply.code(status).send(kind === '' ? {} : { kind, value });
}

async function answerTo(api: Api, request: FastifyRequest, options: NodeApiOptions): Promise<Reply> {
  const { service, metrics, log, now, retryAfterMs, isEnding } = options;
  if (request.headers['fleet-lock-protocol'] !== 'true') {
    return refusal('invalid_client_identity', "the header 'fleet-lock-protocol' must be 'true'");
  }
  const params = clientParams(request.body);
  if (typeof params === 'string') {
    return refusal('invalid_client_identity', params);
  }
  const { id, group } = params;
  const config = service.config(group);
  if (config === undefined) {
    return refusal('unknown_group', `there is no group ${JSON.stringify(group)}`);
  }
  switch (
    entranceOf(config, { authorization: request.headers.authorization, names: certificateNames(request) })
  ) {
    case 'unauthorized':
      return refusal('unauthorized', `group ${group} wants a token`);
    case 'forbidden':
      return refusal('forbidden', `the token or the certificate is not of group ${group}`);
    case 'open':
  }
  if (isEnding()) {
    return refusal('shutting_down', 'this server is about to end', 1);
  }
  try {
    const wish = { kind: APIS[api], id, at: now(), by: request.ip };
    const answer = await service.ask(group, wish, () => request.raw.socket.destroyed);
    return replyTo(group, answer, retryAfterMs(), now());
  } catch (error) {
    if (!(error instanceof StoreError)) {
      throw error;
    }
    metrics.storeFailed();
    log.warn(messageOf(error));
    // What the store said may name its addresses: it is for the log alone.
    return refusal('store_unavailable', 'the store of this server does not answer as it must', 5);
  }
}

function certificateNames({ raw: { socket } }: FastifyRequest): readonly string[] {
  if (!(socket instanceof TLSSocket) || !socket.authorized) {
    return [];
  }
  const { subject, subjectaltname = '' } = socket.getPeerCertificate() as {
    readonly subject?: { readonly CN?: string | string[] };
    readonly subjectaltname?: string;
  };
  const alternatives = subjectaltname
    .split(', ')
    .filter((name) => name.startsWith('DNS:'))
    .map((name) => name.slice('DNS:'.length));
  const names = alternatives.length > 0 ? alternatives : [subject?.CN ?? []].flat();
  return names.map((name) => name.toLowerCase());
}
