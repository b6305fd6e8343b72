import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { ENTRY_KINDS } from '../../../src/history/entry.ts';

it('docs/history.md lists every kind of entry with its rank', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/history.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (\d) \| \S/gm)].map(([, kind, rank]) => [
    kind,
    Number(rank),
  ]);
  expect(rows.toSorted()).toEqual(Object.entries(ENTRY_KINDS).toSorted());
});
