/**
 * How `zincati-fleet locks` asks lockd: through the socket on its host, or over HTTP with a token.
 *
 * Invariant: what people want done has a nonce. It is asked for again where it is not known whether it was done, and lockd
 * does it once.
 */
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { UsageError } from '../../src/cli/usage-error.ts';
import { messageOf, printable } from '../../src/errors.ts';
import { readBearer } from '../../src/http/bearer-file.ts';
import { errorCode } from '../../src/files/error-code.ts';
import { readSmallFile } from '../../src/files/read-small-file.ts';
import { MEBIBYTE, SECOND_MS } from '../../src/text/units.ts';
import type { OptionSpec } from '../command-spec.ts';
import { fieldOf } from './client-params.ts';

export const DEFAULT_SOCKET = '/run/zincati-fleet-lockd/admin.sock';

export const ADMIN_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  socket: { value: 'PATH', doc: `the admin socket of lockd; ${DEFAULT_SOCKET} if neither is given` },
  url: { value: 'URL', doc: 'lockd elsewhere, such as https://lock.example:9090' },
  'token-file': { value: 'FILE', doc: "the administrator's token for --url" },
  'ca-file': { value: 'FILE', doc: 'authorities for --url, PEM' },
};

const LIMIT_MS = 15 * SECOND_MS;
/** How often something is asked for, as long as nobody knows whether it was done. */
const MOST_TRIES = 3;
const PAUSE_MS = SECOND_MS;
const MOST_BYTES = 4 * MEBIBYTE;

export interface AdminClient {
  /** `body` undefined: GET; else what is to be done. Resolves with the answer as JSON. Rejects with what people can be told. */
  ask(path: string, body?: object): Promise<unknown>;
  close(): Promise<void>;
}

/** It is not known whether lockd did it. */
class UnsureError extends Error {}

export async function adminClient(values: ReadonlyMap<string, string>): Promise<AdminClient> {
  const [socket, url, tokenFile, caFile] = ['socket', 'url', 'token-file', 'ca-file'].map((name) =>
    values.get(name),
  );
  if (url === undefined && (tokenFile !== undefined || caFile !== undefined)) {
    throw new UsageError('--token-file and --ca-file go with --url');
  }
  if (url !== undefined && (socket !== undefined || !/^https?:\/\/[^\s/?#@]+\/?$/.test(url))) {
    throw new UsageError('--url must be such as https://lock.example:9090, and goes without --socket');
  }
  const token = tokenFile === undefined ? undefined : await readBearer('/', '--token-file', tokenFile);
  const ca = caFile === undefined ? undefined : await readSmallFile(caFile, MEBIBYTE);
  const agent = new Agent({
    maxResponseSize: MOST_BYTES,
    connect: {
      ...(url === undefined && { socketPath: socket ?? DEFAULT_SOCKET }),
      ...(ca !== undefined && { ca }),
    },
  });
  const base = (url ?? 'http://localhost').replace(/\/$/, '');
  const place = url ?? socket ?? DEFAULT_SOCKET;
  const askOnce = async (path: string, body: object | undefined): Promise<unknown> => {
    let status: number;
    let json: unknown;
    try {
      const reply = await request(`${base}${path}`, {
        dispatcher: agent,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      status = reply.statusCode;
      json = await reply.body.json();
    } catch (error) {
      const Kind = wasSent(error) ? UnsureError : Error;
      throw new Kind(`cannot ask lockd at ${printable(place)}: ${messageOf(error)}`, { cause: error });
    }
    if (status !== 200) {
      const [kind, value] = [fieldOf(json, 'kind'), fieldOf(json, 'value')].map(String);
      const Kind = kind === 'store_unavailable' ? UnsureError : Error;
      throw new Kind(printable(`lockd refuses: ${kind ?? ''}: ${value ?? ''}`));
    }
    return json;
  };
  return {
    ask: async (path, body) => {
      if (body === undefined) {
        return await askOnce(path, undefined);
      }
      const unique = { ...body, nonce: randomUUID() };
      for (let tries = 1; ; tries++) {
        try {
          return await askOnce(path, unique);
        } catch (error) {
          if (!(error instanceof UnsureError)) {
            throw error;
          }
          if (tries === MOST_TRIES) {
            throw new Error(`${error.message}; it may be done: locks history tells`, { cause: error });
          }
        }
        await pause(PAUSE_MS);
      }
    },
    close: () => agent.destroy(),
  };
}

/** Whether lockd may have got the request: it ended, or said nothing, after there was a connection. */
function wasSent(error: unknown): boolean {
  const code = errorCode(error);
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(code ?? '') || isTimeout(error);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

/** Who asks, for the history: the user behind sudo, if there is one. */
export function whoAsks(env: Readonly<Record<string, string | undefined>>): string {
  const behind = env['SUDO_USER'] ?? '';
  return behind === '' ? userInfo().username : behind;
}
