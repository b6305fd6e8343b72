import { expect, it } from 'vitest';

import { parseRetryAfter } from '../../../src/http/retry-after.ts';

const NOW = Date.UTC(2026, 6, 1, 12);
const DAY_MS = 86_400_000;

it.each<[string | undefined, number | undefined]>([
  [undefined, undefined],
  ['', undefined],
  ['0', 0],
  ['120', 120_000],
  [' 5 ', 5000],
  ['86400', DAY_MS],
  ['99999999999999999999', DAY_MS],
  ['9'.repeat(400), DAY_MS],
  ['-5', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['1e3', undefined],
  ['Wed, 01 Jul 2026 12:10:00 GMT', 600_000],
  ['Wednesday, 01-Jul-26 12:10:00 GMT', 600_000],
  ['Wed, 01 Jul 2026 11:00:00 GMT', 0],
  ['Wed, 01 Jul 2099 11:00:00 GMT', DAY_MS],
  ['Wed, 99 Jul 2026 11:00:00 GMT', undefined],
  ['2026-07-01T13:00:00Z', undefined],
  ['at Wed, 01 Jul 2026 12:10:00 GMT', undefined],
  ['Wed, 01 Jul 2026 12:10:00 GMT+1', undefined],
])('Retry-After: %s', (header, expected) => {
  expect(parseRetryAfter(header, NOW)).toBe(expected);
});
