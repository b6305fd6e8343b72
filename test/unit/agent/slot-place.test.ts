/** When two slots are of the same place. */
import { expect, it } from 'vitest';
import { isSamePlace } from '../../../src/agent/slot-place.ts';

const PLACE = { lender: 'fleet_lock', address: 'https://lock', group: 'g', id: 'n' };

it('the lender, its address, the group and the node make a place, the files that vouch for them do not', () => {
  expect(isSamePlace(PLACE, { ...PLACE, files: { ca: '/ca' } })).toBe(true);
  for (const key of ['lender', 'address', 'group', 'id'] as const) {
    expect(isSamePlace(PLACE, { ...PLACE, [key]: 'another' })).toBe(false);
  }
});
