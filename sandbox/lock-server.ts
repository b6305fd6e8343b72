/**
 * A lock server: the FleetLock protocol with groups of slots, and faults on demand.
 *
 * Invariants:
 * - It listens on loopback only.
 * - Its store alone decides what it lends, so several servers can share a store.
 * - A request is in the log before its answer is sent.
 * - After `stop` no socket and no timer is left, however badly a fault behaves.
 */
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { timingSafeEqual } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';

import {
  contentTypeReply,
  replyTo,
  type Decision,
  type LockFlavour,
  type LockReply,
} from './lock-flavour.ts';
import { LOCK_APIS, isUnanswered, misbehave, takeFault, type LockApi, type LockFault } from './lock-fault.ts';
import { MemoryLockStore, StoreError, giveBackSlot, takeSlot, type LockStore } from './lock-store.ts';

export interface LockRequest {
  readonly at: number;
  readonly api: LockApi;
  /** "" if the request does not say. */
  readonly id: string;
  readonly group: string;
  /** Status of the answer; 0 if there was no valid answer. */
  readonly status: number;
  /** From the error document; "" if there is none. */
  readonly kind: string;
  readonly fault: LockFault['kind'] | undefined;
}

export interface LockServerOptions {
  /** The number of slots of each group, by name. */
  readonly groups: Readonly<Record<string, number>>;
  readonly clock: { now(): number };
  /** The default is in memory. */
  readonly store?: LockStore;
  /** Whose words it speaks. The default is `plain`. */
  readonly flavour?: LockFlavour;
  /**
   * A node is drained before its first yes, which takes so many milliseconds. `heathcliff26` answers 202 meanwhile; all
   * others answer when it is done, and go on draining when the client has hung up.
   */
  readonly drainMs?: number;
  /** Called when a drain begins, and when a node is let in again. */
  readonly onDrain?: (id: string, event: 'drain' | 'uncordon') => void;
  /** Requires `content-type: application/json`. */
  readonly strict?: boolean;
  /** PEM texts. With `clientCa`, only clients with a certificate of that authority are accepted. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly clientCa?: string };
  /** The token that every request must carry. */
  readonly bearer?: string;
  /** Called before each answer. */
  readonly onRequest?: (request: LockRequest) => void;
}

export interface LockServer {
  /** The value for updates.fleet_lock.base_url. */
  readonly baseUrl: string;
  /** The latest requests, oldest first. */
  readonly requests: readonly LockRequest[];
  /** Faults queue up: each is used up before the next one for the same endpoint applies. */
  addFault(fault: LockFault): void;
  holders(group: string): Promise<readonly string[]>;
  /** Frees a slot, as an administrator does when its holder is gone for good. */
  release(group: string, id: string): Promise<void>;
  stop(): Promise<void>;
}

const MOST_KEPT_REQUESTS = 10_000;
/** A request has about a hundred bytes. */
const LONGEST_BODY_BYTES = 16 * 1024;
const GROUP = /^[a-zA-Z0-9.-]+$/;

type Answer = LockReply;

const YES: Answer = { status: 200, kind: '', value: '' };

interface ClientParams {
  readonly id: string;
  readonly group: string;
}

/** Listens on a free port of 127.0.0.1; resolves once it does. */
export async function startLockServer(options: LockServerOptions): Promise<LockServer> {
  const { groups, clock, store = new MemoryLockStore(), tls } = options;
  const requests: LockRequest[] = [];
  const faults: LockFault[] = [];
  const drains = new Drains(options);
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: LONGEST_BODY_BYTES,
    serverFactory: (handler) =>
      tls === undefined
        ? createHttpServer(handler)
        : createHttpsServer(
            {
              key: tls.key,
              cert: tls.cert,
              ...(tls.clientCa !== undefined && { ca: tls.clientCa, requestCert: true }),
            },
            handler,
          ),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  app.setNotFoundHandler((_request, reply) => {
    void reply
      .code(404)
      .send({ kind: 'not_found', value: 'there are only v1/pre-reboot and v1/steady-state' });
  });
  app.post('*', async (request, reply) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const api = LOCK_APIS.find((name) => pathname.endsWith(`/v1/${name}`));
    if (api === undefined) {
      reply.callNotFound();
      return reply;
    }
    const fault = takeFault(faults, api);
    const params = clientParams(request.body);
    const answer =
      fault === undefined || fault.kind === 'lost'
        ? await decide(request, api, params, { ...options, store, drains })
        : no('status' in fault ? fault.status : 500, 'fault_on_demand', 'this server was told to fail');
    const served: LockRequest = {
      at: clock.now(),
      api,
      id: params?.id ?? '',
      group: params?.group ?? '',
      status: fault !== undefined && isUnanswered(fault) ? 0 : answer.status,
      kind: answer.kind,
      fault: fault?.kind,
    };
    requests.push(served);
    if (requests.length > MOST_KEPT_REQUESTS) {
      requests.shift();
    }
    options.onRequest?.(served);
    if (fault !== undefined) {
      return misbehave(request, reply, fault);
    }
    reply.code(answer.status);
    return answer.kind === ''
      ? reply.send(answer.value)
      : reply.send({ kind: answer.kind, value: answer.value });
  });

  await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    baseUrl: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${portOf(app)}`,
    requests,
    addFault: (fault) => {
      faults.push({ ...fault });
    },
    holders: async (group) => (await store.read(group))?.semaphore.holders ?? [],
    release: async (group, id) => {
      const answer = await giveBackSlot(store, group, groups[group] ?? 0, id);
      if (answer !== 'done') {
        throw new StoreError(`cannot release ${id} of group ${group}: ${answer}`);
      }
    },
    stop: () => {
      drains.stop();
      return app.close();
    },
  };
}

async function decide(
  request: FastifyRequest,
  api: LockApi,
  params: ClientParams | undefined,
  options: LockServerOptions & { readonly store: LockStore; readonly drains: Drains },
): Promise<Answer> {
  const { groups, store, strict = false, bearer, flavour = 'plain', drains } = options;
  if (bearer !== undefined && !sameText(request.headers.authorization ?? '', `Bearer ${bearer}`)) {
    return no(401, 'unauthorized', 'the token must be the right one');
  }
  const refusal = contentTypeReply(flavour, request.headers['content-type'] ?? '');
  if (refusal !== undefined) {
    return refusal;
  }
  if (strict && !/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
    return no(415, 'wrong_content_type', 'the content type must be application/json');
  }
  if (request.headers['fleet-lock-protocol'] !== 'true') {
    return no(400, 'invalid_client_identity', "the header 'fleet-lock-protocol' must be 'true'");
  }
  if (params === undefined) {
    return no(400, 'invalid_client_identity', 'the body must have client_params with id and group');
  }
  const { id, group } = params;
  const slots = GROUP.test(group) && Object.hasOwn(groups, group) ? groups[group] : undefined;
  if (slots === undefined) {
    return no(400, 'unknown_group', `there is no group ${JSON.stringify(group)}`);
  }
  const said = (decision: Decision): Answer => replyTo(flavour, api, decision) ?? YES;
  try {
    const holders = (await store.read(group))?.semaphore.holders ?? [];
    if (api === 'steady-state' && holders.length > 0 && !holders.includes(id)) {
      const answer = said('not-held');
      if (answer !== YES) {
        return answer;
      }
    }
    const change = api === 'pre-reboot' ? takeSlot : giveBackSlot;
    switch (await change(store, group, slots, id)) {
      case 'done':
        return api === 'pre-reboot' ? await drains.before(id, () => said('draining')) : drains.over(id);
      case 'full':
        return said('full');
      case 'contended':
        return said('contended');
    }
  } catch (error) {
    if (!(error instanceof StoreError)) {
      throw error;
    }
    // Nobody knows whether the store got it.
    return flavour === 'plain' ? no(503, 'failed_sem_init', error.message) : said('store-failed');
  }
}

/** The nodes that are drained, or are being drained. */
class Drains {
  readonly #options: LockServerOptions;
  readonly #drains = new Map<
    string,
    { isDone: boolean; readonly done: Promise<undefined>; readonly end: () => void }
  >();

  constructor(options: LockServerOptions) {
    this.#options = options;
  }

  /** The yes to a node that holds a slot. `patience`: what is said at once while the drain goes on; YES: nothing. */
  async before(id: string, patience: () => Answer): Promise<Answer> {
    const { drainMs = 0, onDrain } = this.#options;
    if (drainMs === 0) {
      return YES;
    }
    let drain = this.#drains.get(id);
    if (drain === undefined) {
      onDrain?.(id, 'drain');
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const timer = setTimeout(() => {
        started.isDone = true;
        resolve(undefined);
      }, drainMs);
      const end = (): void => {
        clearTimeout(timer);
        resolve(undefined);
      };
      const started = { isDone: false, done: promise, end };
      this.#drains.set(id, started);
      drain = started;
    }
    const answer = patience();
    if (!drain.isDone && answer !== YES) {
      return answer;
    }
    await drain.done;
    return YES;
  }

  /** The node takes work again. */
  over(id: string): Answer {
    const drain = this.#drains.get(id);
    if (drain !== undefined) {
      drain.end();
      this.#drains.delete(id);
      this.#options.onDrain?.(id, 'uncordon');
    }
    return YES;
  }

  stop(): void {
    for (const { end } of this.#drains.values()) {
      end();
    }
  }
}

function no(status: number, kind: string, value: string): Answer {
  return { status, kind, value };
}

/** Undefined if the body does not follow the protocol. */
function clientParams(body: unknown): ClientParams | undefined {
  let json: unknown;
  try {
    json = typeof body === 'string' ? JSON.parse(body) : undefined;
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null || !('client_params' in json)) {
    return undefined;
  }
  const params = json.client_params;
  if (typeof params !== 'object' || params === null || !('id' in params) || !('group' in params)) {
    return undefined;
  }
  const { id, group } = params;
  return typeof id === 'string' && id !== '' && typeof group === 'string' && group !== ''
    ? { id, group }
    : undefined;
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function portOf(app: FastifyInstance): number {
  const address = app.server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the server must have an address once it listens, got none');
  }
  return address.port;
}
