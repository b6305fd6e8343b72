/**
 * Groups in one SQLite file, for a lock server on one host. The only file that knows node:sqlite.
 *
 * Invariants:
 * - What `write` has answered yes to is on disk.
 * - A write compares and changes within one transaction, so several processes can share the file.
 * - No call waits longer than a bound for another process.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { entryText, MOST_ENTRIES, type Entry } from '../../src/lockd/entry.ts';
import { detailsText } from '../../src/lockd/group.ts';
import { semaphoreText } from '../../src/lockd/semaphore.ts';
import { messageOf, printable } from '../../src/errors.ts';
import { SECOND_MS } from '../../src/text/units.ts';
import { groupOf, knownEntry } from './etcd-store.ts';
import { StoreError, type GroupWrite, type LockStore, type StoredGroup } from './lock-store.ts';

/** Another process holds the file for the time of one write. */
const BUSY_LIMIT_MS = SECOND_MS;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS groups (
    name TEXT PRIMARY KEY, semaphore TEXT NOT NULL, details TEXT NOT NULL, revision INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS history (
    name TEXT NOT NULL, number INTEGER NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (name, number)
  ) STRICT, WITHOUT ROWID;
`;

interface Statements {
  readonly read: StatementSync;
  readonly insert: StatementSync;
  readonly update: StatementSync;
  readonly addEntry: StatementSync;
  readonly dropEntries: StatementSync;
  readonly history: StatementSync;
}

export class SqliteStore implements LockStore {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;

  /** Makes the file if there is none. Throws StoreError. */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#database = new DatabaseSync(path, { timeout: BUSY_LIMIT_MS });
    } catch (error) {
      throw this.#failed(error);
    }
    try {
      // FULL: a write that was answered outlives a loss of power.
      this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${SCHEMA}`);
      this.#statements = prepared(this.#database);
    } catch (error) {
      this.#database.close();
      throw this.#failed(error);
    }
  }

  read(name: string): Promise<StoredGroup> {
    return this.#within(() => {
      const row = this.#statements.read.get(name);
      return {
        group: groupOf(name, textOf(row?.['semaphore']), textOf(row?.['details'])),
        revision: String(row?.['revision'] ?? 0),
      };
    });
  }

  write(name: string, { group, entries }: GroupWrite, revision: string): Promise<boolean> {
    return this.#within(() => {
      const { insert, update, addEntry, dropEntries } = this.#statements;
      const texts = [semaphoreText(group.semaphore), detailsText(group.details)] as const;
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const { changes } =
          revision === '0' ? insert.run(name, ...texts) : update.run(...texts, name, Number(revision));
        for (const entry of Number(changes) === 1 ? entries : []) {
          addEntry.run(name, entry.number, entryText(entry));
          dropEntries.run(name, entry.number - MOST_ENTRIES);
        }
        this.#database.exec('COMMIT');
        return Number(changes) === 1;
      } catch (error) {
        if (this.#database.isTransaction) {
          this.#database.exec('ROLLBACK');
        }
        throw error;
      }
    });
  }

  history(name: string, most: number): Promise<readonly Entry[]> {
    return this.#within(() =>
      this.#statements.history
        .all(name, Math.min(most, MOST_ENTRIES))
        .flatMap((row) => knownEntry(name, textOf(row['entry']) ?? '')),
    );
  }

  close(): Promise<void> {
    if (this.#database.isOpen) {
      this.#database.close();
    }
    return Promise.resolve();
  }

  /** A rejection where SQLite throws. */
  async #within<T>(work: () => T): Promise<T> {
    await Promise.resolve();
    try {
      return work();
    } catch (error) {
      throw error instanceof StoreError ? error : this.#failed(error);
    }
  }

  #failed(error: unknown): StoreError {
    return new StoreError(`cannot use ${printable(this.#path)}: ${messageOf(error)}`, { cause: error });
  }
}

function prepared(database: DatabaseSync): Statements {
  return {
    read: database.prepare('SELECT semaphore, details, revision FROM groups WHERE name = ?'),
    insert: database.prepare('INSERT INTO groups VALUES (?, ?, ?, 1) ON CONFLICT DO NOTHING'),
    update: database.prepare(
      'UPDATE groups SET semaphore = ?, details = ?, revision = revision + 1 WHERE name = ? AND revision = ?',
    ),
    addEntry: database.prepare('INSERT OR REPLACE INTO history VALUES (?, ?, ?)'),
    dropEntries: database.prepare('DELETE FROM history WHERE name = ? AND number <= ?'),
    history: database.prepare('SELECT entry FROM history WHERE name = ? ORDER BY number DESC LIMIT ?'),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
