/**
 * Semaphores in etcd v3, in airlock's layout, as airlock itself keeps them: nothing stands beside them.
 *
 * Invariant: a key is changed only in a transaction that compares its revision. So a transaction may be sent twice.
 */
import { EtcdGateway, field, listField, textField } from '../fleet/lockd/etcd-gateway.ts';
import { semaphoreKey } from '../fleet/lockd/etcd-store.ts';
import { parseSemaphore, semaphoreText, type Semaphore } from '../src/lockd/semaphore.ts';
import { StoreError, type LockStore, type StoredSemaphore } from './lock-store.ts';

export class EtcdLockStore implements LockStore {
  readonly #gateway: EtcdGateway;

  /** `endpoints` are the client addresses of the members, such as `http://127.0.0.1:2379`. */
  constructor(endpoints: readonly string[]) {
    this.#gateway = new EtcdGateway({ endpoints });
  }

  async read(group: string): Promise<StoredSemaphore | undefined> {
    const answer = await this.#gateway.call('/v3/kv/range', { key: base64(semaphoreKey(group)) });
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
    const answer = await this.#gateway.call('/v3/kv/txn', {
      compare: [{ key, target: 'MOD', result: 'EQUAL', mod_revision: String(revision) }],
      success: [{ request_put: { key, value: base64(semaphoreText(semaphore)) } }],
    });
    // The gateway leaves out fields that are false.
    return field(answer, 'succeeded') === true;
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
