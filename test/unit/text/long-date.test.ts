import { expect, it } from 'vitest';
import { longDate } from '../../../src/text/long-date.ts';

it.each([
  ['2021-08-05T10:48:44.999Z', 'Thu 2021-08-05 10:48:44 UTC'],
  ['2021-08-06T00:00:00Z', 'Fri 2021-08-06 00:00:00 UTC'],
  ['2021-08-07T00:00:00Z', 'Sat 2021-08-07 00:00:00 UTC'],
  ['2021-08-08T00:00:00Z', 'Sun 2021-08-08 00:00:00 UTC'],
  ['2021-08-09T00:00:00Z', 'Mon 2021-08-09 00:00:00 UTC'],
  ['2021-08-10T00:00:00Z', 'Tue 2021-08-10 00:00:00 UTC'],
  ['2021-08-11T23:59:59Z', 'Wed 2021-08-11 23:59:59 UTC'],
])('%s is %s', (instant, shown) => {
  expect(longDate(Date.parse(instant))).toBe(shown);
});
