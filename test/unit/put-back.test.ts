/** The faults of test/put-back still fit the code and the tests; `npm run put-back` does the rest. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { FAULTS } from '../put-back/faults.ts';
import { WORLD_FAULTS } from '../put-back/world-faults.ts';

const PROJECT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(PROJECT, file), 'utf8');
const ALL = [...FAULTS, ...WORLD_FAULTS];

test('every fault from B1 to B36 can be put back', () => {
  const ids = Array.from({ length: 36 }, (_, index) => `B${index + 1}`);
  expect(FAULTS.map(({ id }) => id)).toEqual(ids);
});

test('no two are called the same', () => {
  expect(new Set(ALL.map(({ id }) => id)).size).toBe(ALL.length);
});

test.each(ALL)(
  '$id: each edit fits in one place, and there is such a test',
  ({ edits, test: file, named }) => {
    for (const { file: edited, find, put } of edits) {
      expect([edited, find, read(edited).split(find).length - 1]).toEqual([edited, find, 1]);
      expect(put).not.toBe(find);
    }
    expect(read(file)).toContain(named);
  },
);
