/** How `zincati-fleet locks` asks lockd: through the socket on its host, or over HTTP with a token. */
import { userInfo } from 'node:os';
import { Agent, request } from 'undici';
import { UsageError } from '../../src/cli/usage-error.ts';
import { messageOf, printable } from '../../src/errors.ts';
import { readBearer } from '../../src/http/bearer-file.ts';
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
const MOST_BYTES = 4 * MEBIBYTE;

export interface AdminClient {
  /** `body` undefined: GET. Resolves with the answer as JSON. Rejects with what people can be told. */
  ask(path: string, body?: object): Promise<unknown>;
  close(): Promise<void>;
}

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
  return {
    ask: async (path, body) => {
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
        throw new Error(`cannot ask lockd at ${printable(place)}: ${messageOf(error)}`, { cause: error });
      }
      if (status !== 200) {
        const [kind, value] = [fieldOf(json, 'kind'), fieldOf(json, 'value')].map(String);
        throw new Error(printable(`lockd refuses: ${kind ?? ''}: ${value ?? ''}`));
      }
      return json;
    },
    close: () => agent.destroy(),
  };
}

/** Who asks, for the history: the user behind sudo, if there is one. */
export function whoAsks(env: Readonly<Record<string, string | undefined>>): string {
  const behind = env['SUDO_USER'] ?? '';
  return behind === '' ? userInfo().username : behind;
}
