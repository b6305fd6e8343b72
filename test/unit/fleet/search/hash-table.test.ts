import { describe, expect, it } from 'vitest';

import { collisionOdds, HashTable } from '../../../../src/fleet/search/hash-table.ts';

describe('a hash table', () => {
  it('keeps each hash once, with its first value, however much it grows', () => {
    const table = new HashTable();
    for (let number = 0; number < 20_000; number++) {
      expect(table.add(number % 100, number, number)).toBe(true);
      expect(table.add(number % 100, number, 7)).toBe(false);
    }
    expect(table.size).toBe(20_000);
    for (let number = 0; number < 20_000; number++) {
      expect(table.get(number % 100, number)).toBe(number);
    }
    expect(table.get(1, 0)).toBeUndefined();
    expect(table.get(0xffffffff, 0xffffffff)).toBeUndefined();
  });

  it('tells halves apart that have their highest bit', () => {
    const table = new HashTable();
    expect(table.add(0xffffffff, 0x80000000, 1)).toBe(true);
    expect(table.add(-1, -(2 ** 31), 2)).toBe(false);
    expect(table.get(0xffffffff, 0x80000000)).toBe(1);
  });
});

describe('the odds of a collision', () => {
  it('grow with the square of the states', () => {
    expect(collisionOdds(1)).toBeCloseTo(0, 20);
    expect(collisionOdds(5_000_000)).toBeCloseTo(25e12 / 2 ** 65, 12);
    expect(collisionOdds(2 ** 40)).toBe(1);
  });
});
