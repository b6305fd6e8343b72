/**
 * Calls to etcd v3 through its JSON gateway. With the other side of it, etcd-store.ts, the only file that knows how etcd
 * answers.
 *
 * Invariants:
 * - The member that answered last is asked first. If one does not answer in time, the next one is asked.
 * - Each call ends within a bound, whatever members do: so many seconds for each member, and no answer of any size.
 * - A call may be performed twice. Callers see to it that this does no harm.
 * - Neither password nor token comes back in a message.
 */
import { Agent, request } from 'undici';
import { messageOf, printable } from '../../src/errors.ts';
import { checkJson, type JsonLimits } from '../../src/text/bounded-json.ts';
import { withoutSecrets } from '../../src/text/secrets.ts';
import { MEBIBYTE, SECOND_MS } from '../../src/text/units.ts';
import { StoreError } from './lock-store.ts';

export interface EtcdTls {
  /** PEM; undefined: the runtime's authorities. */
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export interface EtcdLogin {
  readonly user: string;
  readonly password: string;
}

export interface EtcdOptions {
  /** Client addresses of the members, such as `http://127.0.0.1:2379`, without a path. */
  readonly endpoints: readonly string[];
  readonly login?: EtcdLogin;
  readonly tls?: EtcdTls;
}

/** A member without a leader holds requests until there is a new one. Another member may be quicker. */
const MEMBER_LIMIT_MS = 2 * SECOND_MS;
/** Calls at a time to one member. */
const MOST_CONNECTIONS = 16;
/** etcd takes values of 1.5 MiB. A history of 1,000 entries has half of it, and base64 makes it a third larger. */
const LIMITS: JsonLimits = {
  bytes: 8 * MEBIBYTE,
  depth: 16,
  containers: 10_000,
  values: 100_000,
  textLength: 3 * MEBIBYTE,
  keys: 500,
};
const MOST_SAID = 200;

/** What a member answered instead of doing it. */
class RefusedError extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(`status ${status}: ${text}`);
    this.status = status;
  }
}

export class EtcdGateway {
  readonly #endpoints: readonly string[];
  readonly #agent: Agent;
  readonly #closed = new AbortController();
  #login: EtcdLogin | undefined;
  #token: Promise<string> | undefined;
  #first = 0;

  constructor({ endpoints, login, tls = {} }: EtcdOptions) {
    this.#endpoints = endpoints.map((endpoint) => endpoint.replace(/\/+$/, ''));
    this.#login = login;
    this.#agent = new Agent({
      connections: MOST_CONNECTIONS,
      pipelining: 1,
      maxResponseSize: LIMITS.bytes,
      connect: { timeout: MEMBER_LIMIT_MS, ...tls },
    });
  }

  /** For the next login: a changed password. */
  setLogin(login: EtcdLogin | undefined): void {
    this.#login = login;
    this.#token = undefined;
  }

  /** `path`: such as `/v3/kv/range`. Resolves with the answer, of any shape. Rejects with StoreError. */
  async call(path: string, body: unknown): Promise<unknown> {
    const text = JSON.stringify(body);
    if (this.#login === undefined) {
      return this.#anywhere(path, text, undefined);
    }
    this.#token ??= this.#authenticate(this.#login);
    const used = this.#token;
    try {
      return await this.#anywhere(path, text, await used);
    } catch (error) {
      if (this.#token === used) {
        this.#token = undefined;
      }
      if (!isOutdatedToken(error)) {
        throw error;
      }
    }
    // Tokens end after some minutes, and with the members that gave them.
    this.#token ??= this.#authenticate(this.#login);
    return this.#anywhere(path, text, await this.#token);
  }

  /** Ends the calls under way. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#agent.destroy();
  }

  async #authenticate({ user, password }: EtcdLogin): Promise<string> {
    const body = JSON.stringify({ name: user, password });
    const answer = await this.#anywhere('/v3/auth/authenticate', body, undefined);
    return textField(answer, 'token');
  }

  async #anywhere(path: string, body: string, token: string | undefined): Promise<unknown> {
    const failures: string[] = [];
    let refusal: RefusedError | undefined;
    const first = this.#first;
    for (let turn = 0; turn < this.#endpoints.length && !this.#closed.signal.aborted; turn++) {
      const index = (first + turn) % this.#endpoints.length;
      const endpoint = this.#endpoints[index] ?? '';
      try {
        const answer = await this.#ask(endpoint, path, body, token);
        this.#first = index;
        return answer;
      } catch (error) {
        refusal = error instanceof RefusedError ? error : refusal;
        const reason = withoutSecrets(messageOf(error), this.#secrets(token));
        failures.push(`${endpoint}: ${reason}`);
        if (error instanceof RefusedError && isOutdatedToken(error)) {
          break;
        }
      }
    }
    throw new StoreError(`no member of etcd does as it is asked: ${failures.join('; ')}`, { cause: refusal });
  }

  async #ask(endpoint: string, path: string, body: string, token: string | undefined): Promise<unknown> {
    const reply = await request(`${endpoint}${path}`, {
      dispatcher: this.#agent,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: token }) },
      body,
      signal: AbortSignal.any([this.#closed.signal, AbortSignal.timeout(MEMBER_LIMIT_MS)]),
    });
    const text = await reply.body.text();
    if (reply.statusCode !== 200) {
      throw new RefusedError(reply.statusCode, printable(text.slice(0, MOST_SAID)));
    }
    checkJson(text, LIMITS);
    const answer: unknown = JSON.parse(text);
    return answer;
  }

  #secrets(token: string | undefined): readonly string[] {
    const { password } = this.#login ?? {};
    return [password, token].filter((secret) => secret !== undefined);
  }
}

function isOutdatedToken(error: unknown): boolean {
  const refusal = error instanceof StoreError ? error.cause : error;
  return (
    refusal instanceof RefusedError && refusal.status === 401 && /invalid auth token/.test(refusal.message)
  );
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}

/** The gateway leaves out what is empty. */
export function listField(value: unknown, name: string): readonly unknown[] {
  const list = field(value, name);
  return Array.isArray(list) ? list : [];
}

/** 64-bit integers are texts, too. Throws StoreError. */
export function textField(value: unknown, name: string): string {
  const text = field(value, name);
  if (typeof text !== 'string') {
    throw new StoreError(`etcd must answer with ${name}, got none`);
  }
  return text;
}
