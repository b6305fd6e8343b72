import { describe, expect, it } from 'vitest';

import { parseSemaphore, semaphoreText, withHolder, withoutHolder } from '../../../src/lockd/semaphore.ts';

describe('a semaphore', () => {
  it('keeps its holders sorted by their bytes, each once', () => {
    // JavaScript compares halves of such a character, and would have it before U+FFFD.
    const wide = '\u{10000}';
    const one = withHolder({ totalSlots: 4, holders: ['\uFFFD'] }, wide);
    expect(one).toEqual({ totalSlots: 4, holders: ['\uFFFD', wide] });
    expect(one !== 'full' && withHolder(one, 'a')).toEqual({ totalSlots: 4, holders: ['a', '\uFFFD', wide] });
    expect(parseSemaphore('{"total_slots":1,"holders":["b","a","b"]}').holders).toEqual(['a', 'b']);
  });

  it('lends a holder nothing more, and nobody the slot that is not there', () => {
    const full = { totalSlots: 1, holders: ['a'] };
    expect(withHolder(full, 'a')).toBe(full);
    expect(withHolder(full, 'b')).toBe('full');
    expect(withHolder({ totalSlots: 0, holders: [] }, 'a')).toBe('full');
    // Slots were taken away meanwhile.
    expect(withHolder({ totalSlots: 1, holders: ['a', 'b'] }, 'c')).toBe('full');
  });

  it('loses only the holder that is named', () => {
    expect(withoutHolder({ totalSlots: 2, holders: ['a', 'b'] }, 'a')).toEqual({
      totalSlots: 2,
      holders: ['b'],
    });
    expect(withoutHolder({ totalSlots: 2, holders: ['b'] }, 'a')).toEqual({ totalSlots: 2, holders: ['b'] });
  });

  it('is written as airlock writes it, and read as Go writes an empty list', () => {
    expect(semaphoreText({ totalSlots: 2, holders: ['a'] })).toBe('{"total_slots":2,"holders":["a"]}');
    expect(parseSemaphore('{"total_slots":2,"holders":null}')).toEqual({ totalSlots: 2, holders: [] });
  });

  it.each([
    '',
    '[]',
    'null',
    '{"total_slots":1}',
    '{"holders":[]}',
    '{"total_slots":-1,"holders":[]}',
    '{"total_slots":1.5,"holders":[]}',
    '{"total_slots":"1","holders":[]}',
    '{"total_slots":1,"holders":[1]}',
    '{"total_slots":1,"holders":{"a":1}}',
  ])('is none: %s', (text) => {
    expect(() => parseSemaphore(text)).toThrow();
  });
});
