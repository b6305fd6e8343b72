/**
 * Semaphores in etcd v3, in airlock's layout, through etcd's JSON gateway.
 *
 * Invariants:
 * - A key is changed only in a transaction that compares its revision.
 * - If an endpoint does not answer, the next one is asked. If none answers, the call fails within a bound.
 * - It is safe to repeat a request at another endpoint. Of two identical transactions, one finds another
 *   revision.
 */
import { StoreError, type LockStore, type StoredSemaphore } from './lock-store.ts';
import { parseSemaphore, semaphoreText, type Semaphore } from '../src/lockd/semaphore.ts';

/** A member without a leader holds requests until there is a new one. Another member may be quicker. */
const ENDPOINT_TIMEOUT_MS = 2000;

export function semaphoreKey(group: string): string {
  return `com.coreos.airlock/groups/${encodeURIComponent(group)}/v1/semaphore`;
}

export class EtcdLockStore implements LockStore {
  readonly #endpoints: readonly string[];
  /** The endpoint that answered last is asked first. */
  #first = 0;

  /** `endpoints` are the client addresses of the members, such as `http://127.0.0.1:2379`. */
  constructor(endpoints: readonly string[]) {
    this.#endpoints = endpoints;
  }

  async read(group: string): Promise<StoredSemaphore | undefined> {
    const answer = await this.#post('/v3/kv/range', { key: base64(semaphoreKey(group)) });
    const [entry] = listField(answer, 'kvs');
    if (entry === undefined) {
      return undefined;
    }
    try {
      const value = Buffer.from(textField(entry, 'value'), 'base64').toString('utf8');
      return { semaphore: parseSemaphore(value), revision: Number(textField(entry, 'mod_revision')) };
    } catch (error) {
      throw new StoreError(`cannot read the semaphore of group ${group}`, { cause: error });
    }
  }

  async write(group: string, semaphore: Semaphore, revision: number): Promise<boolean> {
    const key = base64(semaphoreKey(group));
    const answer = await this.#post('/v3/kv/txn', {
      compare: [{ key, target: 'MOD', result: 'EQUAL', mod_revision: String(revision) }],
      success: [{ request_put: { key, value: base64(semaphoreText(semaphore)) } }],
    });
    // The gateway leaves out fields that are false.
    return field(answer, 'succeeded') === true;
  }

  async #post(path: string, body: unknown): Promise<unknown> {
    const failures: unknown[] = [];
    for (let turn = 0; turn < this.#endpoints.length; turn++) {
      const index = (this.#first + turn) % this.#endpoints.length;
      const endpoint = this.#endpoints[index] ?? '';
      try {
        const reply = await fetch(`${endpoint}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(ENDPOINT_TIMEOUT_MS),
        });
        const text = await reply.text();
        if (!reply.ok) {
          throw new Error(`${endpoint} answers ${reply.status}: ${text.slice(0, 200)}`);
        }
        const answer: unknown = JSON.parse(text);
        this.#first = index;
        return answer;
      } catch (error) {
        failures.push(error);
      }
    }
    throw new StoreError('no member of etcd answers', { cause: new AggregateError(failures) });
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}

function listField(value: unknown, name: string): readonly unknown[] {
  const list = field(value, name);
  return Array.isArray(list) ? list : [];
}

/** 64-bit integers are strings, too. */
function textField(value: unknown, name: string): string {
  const text = field(value, name);
  if (typeof text !== 'string') {
    throw new StoreError(`etcd must answer with ${name}, got none`);
  }
  return text;
}
