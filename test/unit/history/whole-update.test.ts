import { describe, expect, it } from 'vitest';

import { wholeUpdate } from '../../../src/history/whole-update.ts';

const P = 'checksum:p';
const entry = (at: number, kind: string, fields = {}, payload = P) => ({
  at,
  kind,
  text: '',
  fields: { payload, ...fields },
});
const WAY = [
  entry(10, 'offered', { booted: 'A' }),
  entry(20, 'staged', { bytes: 900 }),
  entry(25, 'held', { label: 'outside_window' }),
  entry(26, 'held', { label: 'people' }),
  entry(27, 'held', { label: 'outside_window' }),
  entry(30, 'reboot-asked'),
  entry(40_000, 'finalized'),
];

describe('wholeUpdate', () => {
  it('says when each step was, how long the node was down, what it fetched and what it waited for', () => {
    expect(wholeUpdate(WAY, 'B', P, 75_400)).toEqual({
      text: "updated from 'A' to 'B', 35 s down",
      fields: {
        release: 'B',
        payload: P,
        from: 'A',
        offeredAt: 10,
        stagedAt: 20,
        askedAt: 30,
        bootedAt: 75_400,
        downtimeMs: 35_400,
        bytes: 900,
        waitedFor: 'outside_window, people',
      },
      bootedAt: 75_400,
      tookMs: 75_390,
      downtimeMs: 35_400,
    });
  });

  it('counts the downtime from the asking where the answer was not written down', () => {
    expect(wholeUpdate(WAY.slice(0, -1), 'B', P, 60_030).fields['downtimeMs']).toBe(60_000);
  });

  it('leaves out what is not known, and a downtime that no reboot takes', () => {
    expect(wholeUpdate([], 'B', P, 5)).toEqual({
      text: "updated to 'B'",
      fields: { release: 'B', payload: P, bootedAt: 5 },
      bootedAt: 5,
    });
    // A clock that was set back.
    expect(wholeUpdate(WAY, 'B', P, 10)).not.toHaveProperty('tookMs');
    for (const bootedAt of [39_999, 40_000, 40_000 + 86_400_001]) {
      expect(wholeUpdate(WAY, 'B', P, bootedAt).fields).not.toHaveProperty('downtimeMs');
    }
  });

  it('looks at this release alone, and at its last way', () => {
    const before = [
      entry(1, 'offered', { booted: 'X' }),
      entry(2, 'updated'),
      entry(3, 'offered', { booted: 'A' }),
      entry(4, 'held', { label: 'manual' }, 'checksum:other'),
      entry(5, 'staged', {}, 'checksum:other'),
    ];
    expect(wholeUpdate(before, 'B', P, 9).fields).toEqual({
      release: 'B',
      payload: P,
      from: 'A',
      offeredAt: 3,
      bootedAt: 9,
    });
  });
});
