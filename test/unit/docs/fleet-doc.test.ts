/** docs/fleet/simulate.md has the keys that plans have. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { keyRows } from '../../../fleet/key-rows.ts';
import { GROUP_KEYS, PLAN_KEYS } from '../../../fleet/plan-keys.ts';

const PAGE = readFileSync(path.resolve(import.meta.dirname, '../../../docs/fleet/simulate.md'), 'utf8');

/** Tables are padded by the formatter. */
const rows = PAGE.split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.replaceAll(/ +/g, ' '));

describe('docs/fleet/simulate.md', () => {
  it('has a row for every key of a plan and of a group, in order', () => {
    expect(rows).toEqual([...keyRows(PLAN_KEYS), ...keyRows(GROUP_KEYS)]);
  });
});
