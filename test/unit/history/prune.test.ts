import { describe, expect, it } from 'vitest';

import { lineOf, readEntries } from '../../../src/history/entry-text.ts';
import { pruned } from '../../../src/history/prune.ts';

const entry = (at: number, kind: string) => ({ at, kind, text: 'T', fields: {} });
const read = (lines: readonly string[]) =>
  readEntries(Buffer.from(lines.join(''))).entries.map(({ at, kind }) => `${at} ${kind}`);

describe('pruned', () => {
  const entries = [
    entry(1, 'updated'),
    entry(2, 'held'),
    entry(3, 'staged'),
    entry(4, 'held'),
    entry(5, 'staged'),
  ];
  const bytes = (...some: readonly (typeof entries)[number][]) =>
    some.reduce((sum, one) => sum + Buffer.byteLength(lineOf(one)), 0);

  it('keeps everything where there is room', () => {
    expect(read(pruned(entries, bytes(...entries)))).toEqual([
      '1 updated',
      '2 held',
      '3 staged',
      '4 held',
      '5 staged',
    ]);
  });

  it('lets the lowest rank go first, the oldest of it first, and keeps the order', () => {
    expect(read(pruned(entries, bytes(...entries) - 1))).toEqual([
      '1 updated',
      '3 staged',
      '4 held',
      '5 staged',
    ]);
    expect(read(pruned(entries, bytes(entry(1, 'updated'), entry(5, 'staged'))))).toEqual([
      '1 updated',
      '5 staged',
    ]);
    expect(read(pruned(entries, bytes(entry(1, 'updated'))))).toEqual(['1 updated']);
  });

  it('keeps nothing where there is no room at all', () => {
    expect(pruned(entries, 10)).toEqual([]);
  });

  it('never keeps an older or lesser entry in place of one that did not fit', () => {
    const long = { ...entry(6, 'updated'), text: 'x'.repeat(500) };
    expect(read(pruned([entry(1, 'held'), long], bytes(entry(1, 'held'))))).toEqual([]);
  });
});
