/** The lists of slots in the record, without a node. */
import { describe, expect, it } from 'vitest';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import { MOST_SLOTS, type MayHold, type SlotPlace } from '../../../src/agent/slot-place.ts';
import { placesNow, withSlotsAsked, withSlotsGranted } from '../../../src/agent/slots.ts';
import { initialModel, type Policy } from '../../../src/agent/state.ts';
import { POLICY } from '../../support/samples.ts';

function place(id: string, address = 'https://lock'): SlotPlace {
  return { lender: 'fleet_lock', address, group: 'workers', id };
}

describe('places whose address names the stream', () => {
  const { memory } = initialModel();
  const fixed = place('a');
  const policy = (stream: string | undefined): Policy => ({
    ...POLICY,
    stream,
    slotPlaces: [fixed, place('b', 'https://${stream}.lock/${stream}')],
  });

  it('have it filled in, wherever it stands', () => {
    expect(placesNow(memory, policy('a b'))).toEqual([fixed, place('b', 'https://a%20b.lock/a%20b')]);
  });

  it.each([undefined, ''])('are left out while it is %j', (stream) => {
    expect(placesNow(memory, policy(stream))).toEqual([fixed]);
  });
});

describe('slots in the record', () => {
  it('are as many as there may be, the latest ones', () => {
    const places = Array.from({ length: MOST_SLOTS + 2 }, (_, index) => place(String(index)));
    const { slots } = withSlotsAsked(EMPTY_RECORD, places, 7);
    expect(slots).toEqual(places.slice(2).map((one) => ({ ...one, sinceAt: 7 })));
  });

  it('keep the instant at which each was first granted', () => {
    const unsure: MayHold = { ...place('a'), sinceAt: 1 };
    const granted: MayHold = { ...place('b'), sinceAt: 1, grantedAt: 2 };
    const elsewhere: MayHold = { ...place('c'), sinceAt: 1 };
    const record = { ...EMPTY_RECORD, slots: [unsure, granted, elsewhere] };
    expect(withSlotsGranted(record, [place('a'), place('b')], 5).slots).toEqual([
      { ...unsure, grantedAt: 5 },
      granted,
      elsewhere,
    ]);
    expect(withSlotsGranted(record, [place('b')], 5)).toBe(record);
  });
});
