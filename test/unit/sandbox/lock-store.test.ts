/** Slots are never lent twice, in whatever order the requests of several servers interfere. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MemoryLockStore, giveBackSlot, takeSlot, type LockStore } from '../../../sandbox/lock-store.ts';
import { parseSemaphore, semaphoreText, withHolder, withoutHolder } from '../../../src/lockd/semaphore.ts';

describe('a semaphore', () => {
  it('is text as airlock writes it', () => {
    const semaphore = { totalSlots: 2, holders: ['a', 'b'] };
    expect(semaphoreText(semaphore)).toBe('{"total_slots":2,"holders":["a","b"]}');
    expect(parseSemaphore(semaphoreText(semaphore))).toEqual(semaphore);
    expect(parseSemaphore('{"total_slots":1,"holders":null}')).toEqual({ totalSlots: 1, holders: [] });
  });

  it.each([
    '',
    '7',
    'null',
    '[]',
    '{}',
    '{"total_slots":"1","holders":[]}',
    '{"total_slots":1,"holders":[1]}',
  ])('is not %j', (text) => {
    expect(() => parseSemaphore(text)).toThrow();
  });

  it('holds each node once, sorted, and never more than it has slots', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4 }),
        fc.array(fc.tuple(fc.boolean(), fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'))),
        (totalSlots, steps) => {
          let semaphore = { totalSlots, holders: [] as readonly string[] };
          const naive = new Set<string>();
          for (const [take, id] of steps) {
            const next = take ? withHolder(semaphore, id) : withoutHolder(semaphore, id);
            if (take && next === 'full') {
              expect(naive.has(id)).toBe(false);
              expect(naive.size).toBe(totalSlots);
              continue;
            }
            if (take) {
              naive.add(id);
            } else {
              naive.delete(id);
            }
            if (next !== 'full') {
              semaphore = { ...next };
            }
            expect(semaphore.holders).toEqual([...naive].toSorted());
          }
        },
      ),
    );
  });
});

describe('a store shared by servers', () => {
  it('lends no slot twice, however reads and writes fall', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 3 }), async (scheduler, slots) => {
        const memory = new MemoryLockStore();
        let most = 0;
        const slow: LockStore = {
          read: (group) => scheduler.schedule(Promise.resolve(), 'read').then(() => memory.read(group)),
          write: async (group, semaphore, revision) => {
            await scheduler.schedule(Promise.resolve(), 'write');
            const written = await memory.write(group, semaphore, revision);
            most = Math.max(most, (await memory.read(group))?.semaphore.holders.length ?? 0);
            return written;
          },
        };
        const lent = new Set<string>();
        let mostLent = 0;
        const nodes = ['a', 'b', 'c', 'd', 'e'].map(async (id) => {
          if ((await takeSlot(slow, 'g', slots, id)) === 'done') {
            lent.add(id);
            mostLent = Math.max(mostLent, lent.size);
          }
          await scheduler.schedule(Promise.resolve(), 'reboot');
          lent.delete(id);
          return await giveBackSlot(slow, 'g', slots, id);
        });
        await scheduler.waitIdle();
        expect(await Promise.all(nodes)).toEqual(nodes.map(() => 'done'));
        expect(most).toBeLessThanOrEqual(slots);
        expect(mostLent).toBeGreaterThan(0);
        expect(mostLent).toBeLessThanOrEqual(slots);
        expect((await memory.read('g'))?.semaphore.holders).toEqual([]);
      }),
    );
  });

  it('gives up after a bound when others are faster every time', async () => {
    let tries = 0;
    const lost: LockStore = {
      read: () => Promise.resolve(undefined),
      write: () => {
        tries++;
        return Promise.resolve(false);
      },
    };
    expect(await takeSlot(lost, 'g', 1, 'a')).toBe('contended');
    expect(await giveBackSlot(lost, 'g', 1, 'a')).toBe('contended');
    expect(tries).toBe(20);
  });
});
