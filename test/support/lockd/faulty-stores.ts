/** Stores that break their word, each in one way, in front of one that keeps it. */
import type { StoredGroup } from '../../../fleet/lockd/lock-store.ts';
import type { SpoiltStore } from './served-store.ts';

/** Writes over whatever is there. */
export function withoutCompare(store: SpoiltStore): SpoiltStore {
  return {
    read: (name) => store.read(name),
    write: async (name, write) => {
      let isDone = false;
      while (!isDone) {
        isDone = await store.write(name, write, (await store.read(name)).revision);
      }
      return true;
    },
  };
}

/** Says that it is written, and then tries to. */
export function beforeCommit(store: SpoiltStore): SpoiltStore {
  return {
    read: (name) => store.read(name),
    write: (name, write, revision) => {
      void store.write(name, write, revision).catch(() => undefined);
      return Promise.resolve(true);
    },
  };
}

/** Answers reads with what it read some time ago, until a write of its own shows that it is old. */
export function withOldReads(store: SpoiltStore, ages = 20): SpoiltStore {
  const kept = new Map<string, { stored: StoredGroup; left: number }>();
  return {
    read: async (name) => {
      const known = kept.get(name);
      if (known !== undefined && known.left-- > 0) {
        return known.stored;
      }
      const stored = await store.read(name);
      kept.set(name, { stored, left: ages });
      return stored;
    },
    write: async (name, write, revision) => {
      const isDone = await store.write(name, write, revision);
      if (!isDone) {
        kept.delete(name);
      }
      return isDone;
    },
  };
}

/** Every so often it says that a return is written, and forgets it. */
export function forgetful(store: SpoiltStore, every = 5): SpoiltStore {
  let returns = 0;
  return {
    read: (name) => store.read(name),
    write: (name, write, revision) => {
      const isReturn = write.entries.some(({ kind }) => kind === 'given-back');
      return isReturn && ++returns % every === 0 ? Promise.resolve(true) : store.write(name, write, revision);
    },
  };
}
