import { beforeEach, describe, expect, it } from 'vitest';

import type { Collection } from '../../../src/memory/collector.ts';
import {
  HeapWatch,
  MOST_AT_REST_BYTES,
  MOST_AT_START_BYTES,
  MOST_AT_WORK_BYTES,
} from '../../../src/memory/heap-watch.ts';

const LIVE_BYTES = 10_000_000;

let used = LIVE_BYTES;
let collected: (Collection['flavor'] | undefined)[] = [];
let watch: HeapWatch;
beforeEach(() => {
  used = LIVE_BYTES;
  collected = [];
  watch = new HeapWatch({
    used: () => used,
    collect: (how) => {
      collected.push(how?.flavor);
      used = LIVE_BYTES;
    },
  });
});

describe('between two pieces of work', () => {
  it('nothing is collected before there is much', () => {
    used += MOST_AT_WORK_BYTES;
    watch.worked();
    expect(collected).toEqual([]);
  });

  it('what gathered beyond that is collected, each time anew', () => {
    for (let turn = 0; turn < 3; turn++) {
      used += MOST_AT_WORK_BYTES + 1;
      watch.worked();
      watch.worked();
    }
    expect(collected).toEqual(['regular', 'regular', 'regular']);
  });
});

describe('at rest', () => {
  it('the start is not made to wait for what it loads, within a limit', () => {
    used += MOST_AT_START_BYTES;
    watch.rests();
    expect(collected).toEqual([]);
    used += 1;
    watch.rests();
    expect(collected).toEqual(['last-resort']);
  });

  it('little is left alone, and more is given back', () => {
    for (let rest = 1; rest <= 4; rest++) {
      watch.rests();
    }
    collected = [];
    used += MOST_AT_REST_BYTES;
    watch.rests();
    expect(collected).toEqual([]);
    used += 1;
    watch.rests();
    expect(collected).toEqual(['last-resort']);
  });

  it('what the start left is given back also when the runtime has collected by itself meanwhile', () => {
    used -= MOST_AT_REST_BYTES;
    for (let rest = 1; rest <= 4; rest++) {
      watch.rests();
    }
    expect(collected).toEqual(['last-resort']);
  });

  it('what the start left is given back ever more seldom, however little it is', () => {
    const at: number[] = [];
    for (let rest = 1; rest <= 300; rest++) {
      used += 1;
      watch.rests();
      if (collected.splice(0).length > 0) {
        at.push(rest);
      }
    }
    expect(at).toEqual([4, 16, 64, 256]);
  });
});
