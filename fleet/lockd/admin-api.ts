/**
 * What people ask, through `zincati-fleet locks`: on the socket, which root alone reaches, or with an administrator's token.
 *
 * Invariants:
 * - Who did it and why is in the history and in the log.
 * - A request that is repeated, since its answer was lost, is answered as the first one was.
 * - `by` is what the caller says of themselves. That they may is known, who they are is not.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { printable } from '../../src/errors.ts';
import type { Logger } from '../../src/log/log.ts';
import type { Wish } from '../../src/lockd/decide.ts';
import { MOST_ENTRIES } from '../../src/lockd/entry.ts';
import { parseJsonText, SMALL_JSON } from '../../src/text/bounded-json.ts';
import { fieldOf, isName } from './client-params.ts';
import type { LockService } from './lock-service.ts';
import { StoreError } from './lock-store.ts';
import { send } from './node-api.ts';
import { refusal, type Reply } from './replies.ts';

export interface AdminApiOptions {
  readonly service: LockService;
  readonly log: Logger;
  readonly now: () => number;
  /** Whether the header Authorization opens it. */
  readonly mayEnter: (authorization: string | undefined) => boolean;
}

const ACTIONS = ['release', 'pause', 'resume'] as const;
type Action = (typeof ACTIONS)[number];
const LONGEST_REASON = 500;
const NONCE = /^[\w-]{1,64}$/;

export function serveAdmins(app: FastifyInstance, options: AdminApiOptions): void {
  const { service } = options;
  app.register((admin, _options, done) => {
    admin.addHook('onRequest', async (request, reply) => {
      if (!options.mayEnter(request.headers.authorization)) {
        await send(reply, refusal('unauthorized', "an administrator's token is wanted"));
      }
    });
    admin.get('/admin/v1/groups', (_request, reply) =>
      guarded(reply, async () => ({
        groups: await Promise.all(service.names.map((name) => service.view(name))),
      })),
    );
    admin.get<{ Params: { group: string } }>('/admin/v1/groups/:group/history', (request, reply) =>
      guarded(reply, async () => {
        const { group } = request.params;
        return service.config(group) === undefined
          ? refusal('unknown_group', `there is no group ${JSON.stringify(group)}`)
          : { entries: await service.history(group, MOST_ENTRIES) };
      }),
    );
    for (const action of ACTIONS) {
      admin.post<{ Params: { group: string } }>(`/admin/v1/groups/:group/${action}`, (request, reply) =>
        guarded(reply, () => act(action, request.params.group, request.body, options)),
      );
    }
    done();
  });
}

async function act(
  action: Action,
  group: string,
  body: unknown,
  { service, log, now }: AdminApiOptions,
): Promise<object> {
  let json: unknown;
  try {
    json = parseJsonText(typeof body === 'string' ? body : '', SMALL_JSON);
  } catch {
    return refusal('invalid_client_identity', 'the body must be JSON');
  }
  const [by, reason, id] = ['by', 'reason', 'id'].map((name) => fieldOf(json, name));
  // Without one the request is repeated by this server alone, where the store loses its answer.
  const nonce = fieldOf(json, 'nonce') ?? randomUUID();
  if (service.config(group) === undefined) {
    return refusal('unknown_group', `there is no group ${JSON.stringify(group)}`);
  }
  if (!isName(by) || typeof reason !== 'string' || (action === 'release' && !isName(id))) {
    return refusal('invalid_client_identity', 'the body must have by and reason, and id to release');
  }
  if (typeof nonce !== 'string' || !NONCE.test(nonce)) {
    return refusal('invalid_client_identity', 'nonce must be up to 64 letters, digits and dashes');
  }
  const said = { at: now(), by, nonce, reason: printable(reason).slice(0, LONGEST_REASON).toWellFormed() };
  const wish: Wish =
    action === 'release' ? { ...said, kind: action, id: String(id) } : { ...said, kind: action };
  const answer = await service.ask(group, wish);
  switch (answer.kind) {
    case 'freed':
    case 'done': {
      const isNew = answer.kind === 'freed' ? answer.wasHeld : answer.isNew;
      log.warn(
        printable(
          `${action} of group ${group}${action === 'release' ? ` node ${String(id)}` : ''} by ${by}: ${said.reason}${isNew ? '' : ' (nothing changed)'}`,
        ),
      );
      return { changed: isNew };
    }
    default:
      return refusal('failed_lock', `conflict: other servers changed group ${group} at the same time`, 5);
  }
}

async function guarded(reply: FastifyReply, work: () => Promise<object>): Promise<FastifyReply> {
  try {
    const answer = await work();
    return isReply(answer) ? await send(reply, answer) : await reply.send(answer);
  } catch (error) {
    if (!(error instanceof StoreError)) {
      throw error;
    }
    return send(reply, refusal('store_unavailable', error.message));
  }
}

function isReply(answer: object): answer is Reply {
  return 'status' in answer && 'kind' in answer && 'value' in answer;
}
