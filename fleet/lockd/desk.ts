/**
 * The requests of one group on this server, one batch after the other.
 *
 * Invariants:
 * - A batch is read, decided and written as one: thousands of waiting nodes cost one read.
 * - A request joins no batch that has already read. So nobody is answered with what was true before they asked.
 * - A batch is written only over the revision that it was computed from, so any number of servers can share a store.
 * - What its asker has given up is decided no more: it must not come true after what the asker did next, elsewhere.
 * - The number of tries is bounded, and so is the number of requests that wait.
 */
import type { Entry } from '../../src/lockd/entry.ts';
import { decide, type Outcome, type Wish } from '../../src/lockd/decide.ts';
import type { Group } from '../../src/lockd/group.ts';
import type { Semaphore } from '../../src/lockd/semaphore.ts';
import type { Terms } from '../../src/lockd/terms.ts';
import { MOST_NEW_ENTRIES, type LockStore } from './lock-store.ts';

/** `contended`: other servers were faster every time, and nothing was written. `busy`: too many requests wait here. */
export type Answer = Outcome | { readonly kind: 'contended' } | { readonly kind: 'busy' };

/** As many tries as servers could plausibly compete. */
const MOST_TRIES = 10;
/** Requests that wait. Each takes some hundred bytes. */
const MOST_WAITING = 10_000;

export interface SettledBatch {
  /** As it is now. */
  readonly group: Group & { readonly semaphore: Semaphore };
  readonly settled: readonly { readonly wish: Wish; readonly outcome: Outcome }[];
}

interface Waiting {
  readonly wish: Wish;
  readonly isGivenUp: () => boolean;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class Desk {
  readonly #name: string;
  readonly #store: Pick<LockStore, 'read' | 'write'>;
  readonly #terms: () => Terms;
  readonly #settled: (batch: SettledBatch) => void;
  readonly #waiting: Waiting[] = [];
  #isWorking = false;

  /** `terms`: of this instant. `settled` hears of each batch before its askers do. */
  constructor(
    name: string,
    store: Pick<LockStore, 'read' | 'write'>,
    terms: () => Terms,
    settled: (batch: SettledBatch) => void = () => undefined,
  ) {
    this.#name = name;
    this.#store = store;
    this.#terms = terms;
    this.#settled = settled;
  }

  /**
   * `isGivenUp`: nobody waits for the answer any more. Rejects with StoreError: it is unknown then whether the wish
   * came true, or still will.
   */
  ask(wish: Wish, isGivenUp: () => boolean = () => false): Promise<Answer> {
    if (this.#waiting.length >= MOST_WAITING) {
      return Promise.resolve({ kind: 'busy' });
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ wish, isGivenUp, resolve, reject });
      if (!this.#isWorking) {
        void this.#work();
      }
    });
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MOST_NEW_ENTRIES);
      try {
        const answers = await this.#settle(batch);
        for (const waiting of batch) {
          waiting.resolve(answers.get(waiting) ?? { kind: 'contended' });
        }
      } catch (error) {
        for (const { reject } of batch) {
          reject(error);
        }
      }
    }
    this.#isWorking = false;
  }

  /** Without those that were given up. Empty: other servers were faster every time. */
  async #settle(batch: readonly Waiting[]): Promise<ReadonlyMap<Waiting, Answer>> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const stored = await this.#store.read(this.#name);
      const present = batch.filter(({ isGivenUp }) => !isGivenUp());
      const wishes = present.map(({ wish }) => wish);
      const { outcomes, group, entries, isWritten } = decideAll(stored.group, wishes, this.#terms());
      if (!isWritten || (await this.#store.write(this.#name, { group, entries }, stored.revision))) {
        const settled = outcomes.flatMap((outcome, index) => {
          const wish = wishes[index];
          return wish === undefined ? [] : [{ wish, outcome }];
        });
        this.#settled({ group, settled });
        return new Map(present.map((waiting, index) => [waiting, outcomes[index] ?? { kind: 'contended' }]));
      }
    }
    return new Map();
  }
}

interface Settled {
  readonly outcomes: readonly Outcome[];
  readonly group: Group & { readonly semaphore: Semaphore };
  readonly entries: readonly Entry[];
  readonly isWritten: boolean;
}

/** Each wish finds what the one before it has left. Each makes one entry at most. */
export function decideAll(before: Group, wishes: readonly Wish[], terms: Terms): Settled {
  const outcomes: Outcome[] = [];
  const entries: Entry[] = [];
  let isWritten = false;
  let group = before;
  for (const wish of wishes) {
    const decision = decide(group, wish, terms);
    outcomes.push(decision.outcome);
    isWritten ||= decision.isWritten;
    let { details } = decision.group;
    for (const entry of decision.entries) {
      entries.push({ number: details.nextEntry, ...entry });
      details = { ...details, nextEntry: details.nextEntry + 1 };
    }
    group = { semaphore: decision.group.semaphore, details };
  }
  return {
    outcomes,
    group: { ...group, semaphore: group.semaphore ?? { totalSlots: terms.slots, holders: [] } },
    entries,
    isWritten,
  };
}
