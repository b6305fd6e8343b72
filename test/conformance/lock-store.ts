/** What a lock server's store has to keep to, so that any number of servers can share it. */
import { expect } from 'vitest';
import type { LockStore } from '../../sandbox/lock-store.ts';
import type { Statement } from './statement.ts';

export interface StorePeer {
  /** A way in, as another lock server has it. All lead to the same store. */
  readonly open: () => LockStore;
  /** A group that nobody has written. */
  readonly group: string;
}

const TXN = 'etcd documentation v3.5, API guarantees and Txn: compare, then put';

function held(...holders: string[]) {
  return { totalSlots: 1, holders };
}

export const STORE_STATEMENTS: readonly Statement<StorePeer>[] = [
  {
    says: 'a group that was never written is not there, and its first write is over revision 0',
    source: TXN,
    check: async ({ open, group }) => {
      expect(await open().read(group)).toBeUndefined();
      expect(await open().write(group, held('a'), 0)).toBe(true);
      expect((await open().read(group))?.semaphore).toEqual(held('a'));
    },
  },
  {
    says: 'after a write the revision is higher, also when the content is the same',
    source: TXN,
    check: async ({ open, group }) => {
      const store = open();
      let last = 0;
      for (let writes = 0; writes < 3; writes++) {
        expect(await store.write(group, held('a'), last)).toBe(true);
        const { revision = 0 } = (await store.read(group)) ?? {};
        expect(revision).toBeGreaterThan(last);
        last = revision;
      }
    },
  },
  {
    says: 'a write over another revision than the present one changes nothing',
    source: TXN,
    check: async ({ open, group }) => {
      await open().write(group, held('a'), 0);
      const before = await open().read(group);
      for (const revision of [0, (before?.revision ?? 0) + 1]) {
        expect(await open().write(group, held('b'), revision)).toBe(false);
      }
      expect(await open().read(group)).toEqual(before);
    },
  },
  {
    says: 'of many writes over one revision, exactly one takes place',
    source: TXN,
    check: async ({ open, group }) => {
      await open().write(group, held(), 0);
      const { revision = 0 } = (await open().read(group)) ?? {};
      const names = Array.from({ length: 8 }, (_, index) => `node-${index}`);
      const results = await Promise.all(names.map((name) => open().write(group, held(name), revision)));
      expect(results.filter((isDone) => isDone)).toHaveLength(1);
      expect((await open().read(group))?.semaphore).toEqual(held(names[results.indexOf(true)] ?? ''));
    },
  },
];
