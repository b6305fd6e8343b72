/**
 * Groups in etcd v3, in airlock's layout, so that both can serve the same groups.
 *
 * Invariants:
 * - airlock's key holds airlock's value and nothing else. Our keys stand beside it, and change in the same transaction.
 * - The semaphore's key is only ever put, so its version grows: airlock compares that. We compare the revision of the
 *   last change, which tells apart whatever the version does.
 * - Both keys are read at one revision.
 * - A transaction that is sent twice takes place once: the second one finds another revision.
 */
import { entryText, MOST_ENTRIES, parseEntry, type Entry } from '../../src/lockd/entry.ts';
import { detailsText, NO_DETAILS, parseDetails, type Group } from '../../src/lockd/group.ts';
import { parseSemaphore, semaphoreText } from '../../src/lockd/semaphore.ts';
import { messageOf } from '../../src/errors.ts';
import { EtcdGateway, field, listField, textField, type EtcdOptions } from './etcd-gateway.ts';
import { StoreError, type GroupWrite, type LockStore, type StoredGroup } from './lock-store.ts';

/** airlock's, as its `url.QueryEscape` writes a name. */
export function semaphoreKey(group: string): string {
  return `com.coreos.airlock/groups/${escaped(group)}/v1/semaphore`;
}

export function detailsKey(group: string): string {
  return `org.zincati.lockd/groups/${escaped(group)}/v1/details`;
}

function entriesPrefix(group: string): string {
  return `org.zincati.lockd/groups/${escaped(group)}/v1/history/`;
}

export function entryKey(group: string, number: number): string {
  return `${entriesPrefix(group)}${String(number % MOST_ENTRIES).padStart(4, '0')}`;
}

interface KeyValue {
  readonly value: string;
  readonly revision: string;
}

export class EtcdStore implements LockStore {
  readonly #gateway: EtcdGateway;

  constructor(options: EtcdOptions) {
    this.#gateway = new EtcdGateway(options);
  }

  setLogin(login: EtcdOptions['login']): void {
    this.#gateway.setLogin(login);
  }

  async read(name: string): Promise<StoredGroup> {
    const keys = [semaphoreKey(name), detailsKey(name)];
    const answer = await this.#gateway.call('/v3/kv/txn', {
      success: keys.map((key) => ({ request_range: { key: base64(key) } })),
    });
    const [semaphore, details] = listField(answer, 'responses').map((response) =>
      keyValues(field(response, 'response_range')).at(0),
    );
    return {
      group: groupOf(name, semaphore?.value, details?.value),
      revision: `${semaphore?.revision ?? '0'} ${details?.revision ?? '0'}`,
    };
  }

  async write(name: string, { group, entries }: GroupWrite, revision: string): Promise<boolean> {
    const revisions = revision.split(' ');
    const puts: readonly (readonly [string, string])[] = [
      [semaphoreKey(name), semaphoreText(group.semaphore)],
      [detailsKey(name), detailsText(group.details)],
      ...entries.map((entry) => [entryKey(name, entry.number), entryText(entry)] as const),
    ];
    const answer = await this.#gateway.call('/v3/kv/txn', {
      compare: [semaphoreKey(name), detailsKey(name)].map((key, index) => ({
        key: base64(key),
        target: 'MOD',
        result: 'EQUAL',
        mod_revision: revisions[index] ?? '0',
      })),
      success: puts.map(([key, value]) => ({ request_put: { key: base64(key), value: base64(value) } })),
    });
    // The gateway leaves out fields that are false.
    return field(answer, 'succeeded') === true;
  }

  async history(name: string, most: number): Promise<readonly Entry[]> {
    const prefix = entriesPrefix(name);
    // All of it: entries of one write have one revision, so etcd cannot tell which of them is the latest.
    const answer = await this.#gateway.call('/v3/kv/range', {
      key: base64(prefix),
      range_end: base64(`${prefix.slice(0, -1)}0`),
    });
    return keyValues(answer)
      .flatMap(({ value }) => knownEntry(name, value))
      .toSorted((a, b) => b.number - a.number)
      .slice(0, most);
  }

  close(): Promise<void> {
    return this.#gateway.close();
  }
}

/** Throws StoreError: what cannot be read must not be taken for an empty group. */
export function groupOf(name: string, semaphore: string | undefined, details: string | undefined): Group {
  try {
    return {
      semaphore: semaphore === undefined ? undefined : parseSemaphore(semaphore),
      details: details === undefined ? NO_DETAILS : parseDetails(details),
    };
  } catch (error) {
    throw new StoreError(`cannot read group ${name}: ${messageOf(error)}`, { cause: error });
  }
}

export function knownEntry(name: string, text: string): readonly Entry[] {
  try {
    const entry = parseEntry(text);
    return entry === undefined ? [] : [entry];
  } catch (error) {
    throw new StoreError(`cannot read the history of group ${name}: ${messageOf(error)}`, { cause: error });
  }
}

function keyValues(answer: unknown): readonly KeyValue[] {
  return listField(answer, 'kvs').map((entry) => ({
    value: Buffer.from(textField(entry, 'value'), 'base64').toString('utf8'),
    revision: textField(entry, 'mod_revision'),
  }));
}

/** Go's `url.QueryEscape`. */
function escaped(name: string): string {
  return encodeURIComponent(name)
    .replaceAll('%20', '+')
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
