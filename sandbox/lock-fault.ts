/** Faults of a lock server, on demand. */
import type { FastifyReply, FastifyRequest } from 'fastify';

export const LOCK_APIS = ['pre-reboot', 'steady-state'] as const;
export type LockApi = (typeof LOCK_APIS)[number];

/** What happens to the next `remaining` requests, or only to those for `api` if it is given. */
export type LockFault = { remaining: number; readonly api?: LockApi } & (
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly retryAfterSecs?: number;
      /** Sent instead of an error document. */
      readonly body?: string;
    }
  | { readonly kind: 'redirect'; readonly status: number; readonly location: string }
  /** An error document that repeats the headers of the request. */
  | { readonly kind: 'echo' }
  /** Bytes that are not HTTP. */
  | { readonly kind: 'garbage' }
  /** Never answered. */
  | { readonly kind: 'hang' }
  /** The request is carried out, but the connection dies before the answer. */
  | { readonly kind: 'lost' }
);

/** No valid answer comes back. */
export function isUnanswered({ kind }: LockFault): boolean {
  return kind === 'garbage' || kind === 'hang' || kind === 'lost';
}

/** The first fault in the queue that applies to `api`. A fault that is used up leaves the queue. */
export function takeFault(faults: LockFault[], api: LockApi): LockFault | undefined {
  const fault = faults.find((waiting) => waiting.api === undefined || waiting.api === api);
  if (fault === undefined) {
    return undefined;
  }
  fault.remaining--;
  if (fault.remaining <= 0) {
    faults.splice(faults.indexOf(fault), 1);
  }
  return fault;
}

export function misbehave(request: FastifyRequest, reply: FastifyReply, fault: LockFault): FastifyReply {
  switch (fault.kind) {
    case 'hang':
      return reply.hijack();
    case 'lost':
      reply.hijack().raw.socket?.destroy();
      return reply;
    case 'garbage':
      reply.hijack().raw.socket?.end('This is not the protocol you are looking for.\r\n\r\n');
      return reply;
    case 'redirect':
      return reply.code(fault.status).header('location', fault.location).send();
    case 'echo':
      return reply.code(500).send({ kind: 'echo', value: JSON.stringify(request.headers) });
    case 'status':
      if (fault.retryAfterSecs !== undefined) {
        reply.header('retry-after', fault.retryAfterSecs);
      }
      reply.code(fault.status);
      return fault.body === undefined
        ? reply.send({ kind: 'fault_on_demand', value: 'this server was told to fail' })
        : reply.type(fault.body.startsWith('{') ? 'application/json' : 'text/html').send(fault.body);
  }
}
