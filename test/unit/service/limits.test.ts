import { describe, expect, it } from 'vitest';

import {
  CALLS_PER_SECOND,
  CALLS_PER_SECOND_OF_ALL,
  Limits,
  MOST_CALLS_OF_ALL,
  MOST_CALLS_OF_ONE,
  Open,
} from '../../../src/service/limits.ts';

/** How many of `count` calls get in. */
function admitted(limits: Limits, uid: number, count: number, nowMono: number): number {
  let admittedCalls = 0;
  for (let call = 0; call < count; call += 1) {
    admittedCalls += limits.admit(uid, nowMono) ? 1 : 0;
  }
  return admittedCalls;
}

describe('Limits', () => {
  it('a burst, and then so many a second', () => {
    const limits = new Limits();
    expect(admitted(limits, 1000, 10_000, 0)).toBe(2 * CALLS_PER_SECOND);
    expect(admitted(limits, 1000, 10_000, 1000)).toBe(CALLS_PER_SECOND);
    expect(admitted(limits, 1000, 10_000, 1_000_000)).toBe(2 * CALLS_PER_SECOND);
  });

  it('many users together have a limit too, and root has none', () => {
    const limits = new Limits();
    let all = 0;
    for (let uid = 1; uid <= 100; uid += 1) {
      all += admitted(limits, uid, 1000, 0);
    }
    expect(all).toBe(2 * CALLS_PER_SECOND_OF_ALL);
    expect(admitted(limits, 0, 10_000, 0)).toBe(10_000);
  });

  it('at a time: of one user, and of all but root', () => {
    const limits = new Limits();
    let running = 0;
    for (let uid = 1; uid <= 10; uid += 1) {
      let own = 0;
      for (let call = 0; call < 2 * MOST_CALLS_OF_ONE; call += 1) {
        own += limits.enter(uid) ? 1 : 0;
      }
      expect(own).toBeLessThanOrEqual(MOST_CALLS_OF_ONE);
      running += own;
    }
    expect(running).toBe(MOST_CALLS_OF_ALL);
    expect(limits.enter(0)).toBe(true);
    limits.leave(0);
    limits.leave(1);
    expect(limits.enter(10)).toBe(true);
  });

  it('remembers a bounded number of users', () => {
    const limits = new Limits();
    for (let uid = 1; uid <= 100_000; uid += 1) {
      admitted(limits, uid, 1, uid * 1000);
    }
    expect(limits.size).toBeLessThanOrEqual(1024);
  });
});

describe('Open', () => {
  it('of one and of all', () => {
    const open = new Open(2, 3);
    expect([open.enter(1), open.enter(1), open.enter(1), open.enter(2), open.enter(2)]).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
    open.leave(1);
    expect(open.enter(2)).toBe(true);
  });
});
