import { describe, expect, it } from 'vitest';

import { LockGroup } from '../../../src/fleet/lock-group.ts';

const lock = (slots: number) => new LockGroup({ name: 'lock', slots }, 1000);

describe('LockGroup', () => {
  it('lends no more than it has, and the same holder keeps its slot', () => {
    const group = lock(2);
    expect([1, 2, 3, 1].map((node) => group.acquire(node, 1000))).toEqual([true, true, false, true]);
    expect(group.mostHolders).toBe(2);
    expect(group.release(3, 1000)).toBe(false);
    expect(group.release(1, 1000)).toBe(true);
    expect(group.acquire(3, 1000)).toBe(true);
  });

  it('counts what is lent, and what lies free while a refused node waits', () => {
    const group = lock(1);
    group.acquire(1, 1000);
    group.acquire(2, 1100);
    group.release(1, 1500);
    group.acquire(2, 1700);
    group.release(2, 1900);
    group.passTo(5000);
    expect(group).toMatchObject({ heldMs: 700, idleMs: 200 });
  });

  it('a node that no longer wants a slot does not make it idle', () => {
    const group = lock(1);
    group.acquire(1, 1000);
    group.acquire(2, 1000);
    group.forget(2, 1200);
    group.release(1, 1300);
    group.passTo(9000);
    expect(group.idleMs).toBe(0);
  });
});
