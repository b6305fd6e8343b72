/**
 * The page for people over HTTP, at an address of its own.
 *
 * Invariants:
 * - Without a token it is for this host alone: an address of the loopback, asked for by that name. So no page of a stranger
 *   reads it through a name that leads here.
 * - Reading it writes nothing. Whatever many people ask for, the store is asked once in a while.
 * - It is shown also while the store fails, and says so.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { asBearer, hasToken } from './doors.ts';
import type { LockService } from './lock-service.ts';
import { StoreError } from './lock-store.ts';
import { MOST_SHOWN_ENTRIES, PAGE_HEADERS, pageHtml, type PageFacts } from './page.ts';
import { refusal } from './replies.ts';
import { send } from './node-api.ts';

export interface PageOptions {
  readonly service: LockService;
  readonly now: () => number;
  /** Monotonic, milliseconds. */
  readonly mono: () => number;
  /** Hashes of the tokens that open it. */
  readonly tokenHashes: () => readonly string[];
  /** It listens at an address of the loopback. */
  readonly isLocal: boolean;
}

const FRESH_MS = 2000;
const LOCAL_NAME = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

export function servePage(app: FastifyInstance, options: PageOptions): void {
  const { service, now, mono, tokenHashes, isLocal } = options;
  let latest: { readonly askedMono: number; readonly page: Promise<string> } | undefined;
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(PAGE_HEADERS);
    const hashes = tokenHashes();
    if (hashes.length > 0 || !isLocal) {
      if (!hasToken(asBearer(request.headers.authorization), hashes)) {
        await refuse(reply);
      }
    } else if (!LOCAL_NAME.test(request.headers.host ?? '')) {
      await send(reply, refusal('forbidden', 'this page is for its own host, by a name of the loopback'));
    }
  });
  app.get('/', async (_request, reply) => {
    if (latest === undefined || mono() - latest.askedMono > FRESH_MS) {
      latest = { askedMono: mono(), page: factsOf(service, now).then(pageHtml) };
    }
    return reply.type('text/html; charset=utf-8').send(await latest.page);
  });
}

/** A browser asks its user for a name, which does not matter, and a password, which is the token. */
async function refuse(reply: FastifyReply): Promise<void> {
  const { kind, value } = refusal('unauthorized', 'a token is wanted, as the password');
  await reply
    .code(401)
    .header('www-authenticate', 'Basic realm="Reboot slots", charset="UTF-8"')
    .send({ kind, value });
}

async function factsOf(service: LockService, now: () => number): Promise<PageFacts> {
  let isCurrent = true;
  const lost = (error: unknown): undefined => {
    if (!(error instanceof StoreError)) {
      throw error;
    }
    isCurrent = false;
  };
  const groups = await Promise.all(
    service.names.map(async (name) => {
      const [view, history] = await Promise.all([
        service.view(name).catch(lost),
        service.history(name, MOST_SHOWN_ENTRIES).catch(lost),
      ]);
      return {
        name,
        view: view ?? (service.config(name) === undefined ? undefined : service.lastView(name)),
        history,
      };
    }),
  );
  return { groups, nowAt: now(), isCurrent };
}
