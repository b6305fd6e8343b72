/** Where groups are kept, and how they are changed: read, compare, write. Types, and the one error. */
import type { Entry } from '../../src/lockd/entry.ts';
import type { Group } from '../../src/lockd/group.ts';
import type { Semaphore } from '../../src/lockd/semaphore.ts';

export interface StoredGroup {
  readonly group: Group;
  /** Another one after each write, also when nothing changes. No value ever returns. */
  readonly revision: string;
}

/** A group as it is to be. */
export interface GroupWrite {
  readonly group: Group & { readonly semaphore: Semaphore };
  /** What the history gains. */
  readonly entries: readonly Entry[];
}

/** All methods reject with StoreError. After that of `write`, it is unknown whether the write took place, or still will. */
export interface LockStore {
  /** What was written last when this was called, or later. */
  read(name: string): Promise<StoredGroup>;
  /** All of it or nothing. False: the group is no longer at `revision`, and nothing was written. */
  write(name: string, write: GroupWrite, revision: string): Promise<boolean>;
  /** The latest first. At most `most`. */
  history(name: string, most: number): Promise<readonly Entry[]>;
  /** Calls under way are ended. */
  close(): Promise<void>;
}

export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** Entries of one write, so that etcd takes it: it allows 128 operations by default. */
export const MOST_NEW_ENTRIES = 64;
