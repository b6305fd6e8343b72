/** The lists of slots in the record, without a node. */
import { describe, expect, it } from 'vitest';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import { MOST_SLOTS, type MayHold, type SlotPlace } from '../../../src/agent/slot-place.ts';
import { isReportOwed, placesNow, withSlotsAsked, withSlotsGranted } from '../../../src/agent/slots.ts';
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

describe('a report to the lenders', () => {
  const owing = { ...initialModel().memory, steady: { owed: true, dueMono: 0, streak: undefined } };
  const named = [place('a'), place('b', 'https://${stream}.lock')];
  const isOwed = (policy: Partial<Policy>) =>
    isReportOwed(
      { state: { name: 'NoNewUpdate', step: 'rest' }, memory: owing },
      { ...POLICY, hasLenders: true, ...policy },
    );

  it('is owed while updates are on, whether or not the stream is known', () => {
    expect(isOwed({ slotPlaces: named })).toBe(true);
  });

  it('is owed while they are off only where every address can be filled in', () => {
    expect(isOwed({ slotPlaces: named, enabled: false })).toBe(false);
    expect(isOwed({ slotPlaces: named, enabled: false, stream: 'stable' })).toBe(true);
    expect(isOwed({ slotPlaces: [place('a')], enabled: false })).toBe(true);
  });
});

describe('a slot that is asked for again', () => {
  it('is in the list once, with the instant of the first time', () => {
    const first = withSlotsAsked(EMPTY_RECORD, [place('a')], 1);
    const both = withSlotsAsked(first, [place('a'), place('b')], 2);
    expect(both.slots).toEqual([
      { ...place('a'), sinceAt: 1 },
      { ...place('b'), sinceAt: 2 },
    ]);
    expect(withSlotsAsked(both, [place('a')], 3)).toBe(both);
  });
});
