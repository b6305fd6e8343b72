/**
 * Where a lock server keeps its semaphores, and how it changes them: read, compare, write. It starts again if
 * another server was faster.
 *
 * Invariants:
 * - A semaphore is written only over the revision it was computed from, so any number of servers can share a
 *   store.
 * - The number of tries is bounded.
 */
import { StoreError } from '../fleet/lockd/lock-store.ts';
import { withHolder, withoutHolder, type Semaphore } from '../src/lockd/semaphore.ts';

export { StoreError };

export interface StoredSemaphore {
  readonly semaphore: Semaphore;
  /** Grows with every write of the group, and no value ever returns. */
  readonly revision: number;
}

/** Both methods reject with StoreError. It is then unknown whether a write took place, or still will. */
export interface LockStore {
  /** Undefined if the group has never been written. */
  read(group: string): Promise<StoredSemaphore | undefined>;
  /** False if the group is no longer at `revision` (0 means not written yet). */
  write(group: string, semaphore: Semaphore, revision: number): Promise<boolean>;
}

/** `contended` means that others were faster every time. */
export type SlotAnswer = 'done' | 'full' | 'contended';

/** As many tries as servers could plausibly compete. A request that loses them all is told to come again. */
const MOST_TRIES = 10;

export async function takeSlot(
  store: LockStore,
  group: string,
  slots: number,
  id: string,
): Promise<SlotAnswer> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const { semaphore, revision } = await readOrEmpty(store, group, slots);
    if (semaphore.holders.includes(id)) {
      return 'done';
    }
    const next = withHolder(semaphore, id);
    if (next === 'full') {
      return 'full';
    }
    if (await store.write(group, next, revision)) {
      return 'done';
    }
  }
  return 'contended';
}

/**
 * This is written even if nothing changes. A `takeSlot` with unknown outcome may still be on its way into the
 * store. It must find another revision there than the one it was computed from.
 */
export async function giveBackSlot(
  store: LockStore,
  group: string,
  slots: number,
  id: string,
): Promise<SlotAnswer> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const { semaphore, revision } = await readOrEmpty(store, group, slots);
    if (await store.write(group, withoutHolder(semaphore, id), revision)) {
      return 'done';
    }
  }
  return 'contended';
}

/** The server's own number of slots counts, whatever a server with another configuration has written. */
async function readOrEmpty(store: LockStore, group: string, slots: number): Promise<StoredSemaphore> {
  const stored = await store.read(group);
  return {
    semaphore: { totalSlots: slots, holders: stored?.semaphore.holders ?? [] },
    revision: stored?.revision ?? 0,
  };
}

/** Everything is lost when the process ends. */
export class MemoryLockStore implements LockStore {
  readonly #groups = new Map<string, StoredSemaphore>();
  #revision = 0;

  read(group: string): Promise<StoredSemaphore | undefined> {
    return Promise.resolve(this.#groups.get(group));
  }

  write(group: string, semaphore: Semaphore, revision: number): Promise<boolean> {
    if ((this.#groups.get(group)?.revision ?? 0) !== revision) {
      return Promise.resolve(false);
    }
    this.#revision++;
    this.#groups.set(group, { semaphore, revision: this.#revision });
    return Promise.resolve(true);
  }
}
