/** Somebody who reads a group in the store, over and over, until told to stop. */
import { setTimeout as pause } from 'node:timers/promises';
import { StoreError, type LockStore } from '../../../fleet/lockd/lock-store.ts';
import type { Look } from './lock-history.ts';

const EVERY_MS = 10;

export class WatchedStore implements AsyncDisposable {
  readonly looks: Look[] = [];
  readonly #store: Pick<LockStore, 'read'>;
  readonly #group: string;
  readonly #watching: Promise<void>;
  #isOver = false;

  constructor(store: Pick<LockStore, 'read'>, group: string) {
    this.#store = store;
    this.#group = group;
    this.#watching = this.#watch();
  }

  /** The holders now. Rejects with StoreError. */
  async look(): Promise<Look> {
    const askedMono = performance.now();
    const { group } = await this.#store.read(this.#group);
    const look = { askedMono, answeredMono: performance.now(), holders: group.semaphore?.holders ?? [] };
    this.looks.push(look);
    return look;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.look();
      } catch (error) {
        if (!(error instanceof StoreError)) {
          throw error;
        }
      }
      await pause(EVERY_MS);
    }
  }
}
