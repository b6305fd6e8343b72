/** What each store of lockd has to keep to, so that any number of servers can share it. */
import { expect } from 'vitest';
import type { GroupWrite, LockStore } from '../../fleet/lockd/lock-store.ts';
import { MOST_ENTRIES, type Entry } from '../../src/lockd/entry.ts';
import { NEW_GROUP, NO_DETAILS } from '../../src/lockd/group.ts';
import type { Statement } from './statement.ts';

export interface LockdStorePeer {
  /** A way in, as another server has it. All lead to the same store. */
  readonly open: () => LockStore;
  /** A group that nobody has written. */
  readonly group: string;
}

const TXN = 'etcd documentation v3.5, API guarantees and Txn; SQLite documentation, BEGIN IMMEDIATE';

function held(holders: readonly string[], entries: readonly Entry[] = []): GroupWrite {
  const since = new Map(holders.map((id) => [id, 5]));
  return { group: { semaphore: { totalSlots: 2, holders }, details: { ...NO_DETAILS, since } }, entries };
}

function entry(number: number): Entry {
  return { number, at: 1000 + number, kind: 'taken', id: `node-${number}`, by: '127.0.0.1', text: 'é"\\' };
}

export const LOCKD_STORE_STATEMENTS: readonly Statement<LockdStorePeer>[] = [
  {
    says: 'a group that was never written is new, and has no history',
    source: TXN,
    check: async ({ open, group }) => {
      expect((await open().read(group)).group).toEqual(NEW_GROUP);
      expect(await open().history(group, 10)).toEqual([]);
    },
  },
  {
    says: 'what one server wrote, another one reads: semaphore, details and history',
    source: TXN,
    check: async ({ open, group }) => {
      const { revision } = await open().read(group);
      const write = held(['a', 'b'], [entry(0), entry(1)]);
      expect(await open().write(group, write, revision)).toBe(true);
      expect((await open().read(group)).group).toEqual(write.group);
      expect(await open().history(group, 10)).toEqual([entry(1), entry(0)]);
    },
  },
  {
    says: 'each write makes another revision, also when nothing changes',
    source: TXN,
    check: async ({ open, group }) => {
      const store = open();
      const seen = new Set<string>();
      for (let writes = 0; writes < 4; writes++) {
        const { revision } = await store.read(group);
        seen.add(revision);
        expect(await store.write(group, held(['a']), revision)).toBe(true);
      }
      expect(seen.size).toBe(4);
    },
  },
  {
    says: 'a write over another revision than the present one changes nothing, not even the history',
    source: TXN,
    check: async ({ open, group }) => {
      const { revision: first } = await open().read(group);
      await open().write(group, held(['a'], [entry(0)]), first);
      const { revision: second } = await open().read(group);
      await open().write(group, held(['a', 'b'], [entry(1)]), second);
      const before = await open().read(group);
      for (const stale of [first, second]) {
        expect(await open().write(group, held(['c'], [entry(2)]), stale)).toBe(false);
      }
      expect(await open().read(group)).toEqual(before);
      expect(await open().history(group, 10)).toEqual([entry(1), entry(0)]);
    },
  },
  {
    says: 'of many writes over one revision, exactly one takes place',
    source: TXN,
    check: async ({ open, group }) => {
      const { revision } = await open().read(group);
      const names = Array.from({ length: 8 }, (_, index) => `node-${index}`);
      const results = await Promise.all(names.map((name) => open().write(group, held([name]), revision)));
      expect(results.filter((isDone) => isDone)).toHaveLength(1);
      const { semaphore } = (await open().read(group)).group;
      expect(semaphore?.holders).toEqual([names[results.indexOf(true)]]);
    },
  },
  {
    says: 'the history keeps the latest entries, and gives the latest first',
    source: TXN,
    check: async ({ open, group }) => {
      const store = open();
      const most = MOST_ENTRIES + 20;
      for (let number = 0; number < most; number += 60) {
        const entries = Array.from({ length: Math.min(60, most - number) }, (_, index) =>
          entry(number + index),
        );
        await store.write(group, held([], entries), (await store.read(group)).revision);
      }
      const kept = await store.history(group, MOST_ENTRIES);
      expect(kept).toHaveLength(MOST_ENTRIES);
      expect(kept.map(({ number }) => number)).toEqual(
        Array.from({ length: MOST_ENTRIES }, (_, index) => most - 1 - index),
      );
      expect(await store.history(group, 3)).toHaveLength(3);
      expect((await store.history(group, 3))[0]).toEqual(entry(most - 1));
    },
  },
];
