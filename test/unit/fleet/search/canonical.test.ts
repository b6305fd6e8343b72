import { describe, expect, it } from 'vitest';

import { EMPTY_RECORD } from '../../../../src/agent/record.ts';
import { initialModel, type Holding, type Memory, type Model } from '../../../../src/agent/state.ts';
import { Hasher } from '../../../../src/fleet/search/canonical.ts';
import { SEARCH_POLICY } from '../../../../src/fleet/search/search-policy.ts';
import { atStaged, memoryOf } from '../../../support/agent-states.ts';

const HOUR = 3_600_000;
const NOW = { at: 100 * HOUR, mono: 10 * HOUR };

const hasher = new Hasher(SEARCH_POLICY);
function hashOf(model: Model, now = NOW, record = model.memory.record): string {
  const { low, high } = hasher.hash({ ...model, deployments: [], next: 'wait' }, record, now, 'boot-1', [1]);
  return `${low} ${high}`;
}
const remembering = (changes: Partial<Memory>): Model => ({
  state: { name: 'NoNewUpdate', step: 'rest' },
  memory: memoryOf(changes),
});
const resting = (holding: Holding): Model => ({ state: atStaged({ holding }), memory: memoryOf() });

describe('the hash of a machine', () => {
  it('depends neither on the order of fields nor on those that are left out', () => {
    const { state, memory } = initialModel();
    const turned = Object.fromEntries(Object.entries(memory).toReversed()) as unknown as Memory;
    expect(hashOf({ state, memory: turned })).toBe(hashOf({ state, memory }));
  });

  it('is the same after the same time', () => {
    const { check } = memoryOf();
    const due = (dueMono: number) => remembering({ check: { ...check, dueMono } });
    const later = { at: NOW.at + HOUR, mono: NOW.mono + HOUR };
    expect(hashOf(due(NOW.mono + HOUR))).toBe(hashOf(due(NOW.mono + 2 * HOUR), later));
    expect(hashOf(due(NOW.mono + HOUR))).not.toBe(hashOf(due(NOW.mono + 2 * HOUR)));
    // What is over is over.
    expect(hashOf(due(NOW.mono))).toBe(hashOf(due(NOW.mono - 5 * HOUR)));
  });

  it('counts for how long a lender is waited for, and not for how long a failure lasts', () => {
    const since = (mono: number) => ({ at: NOW.at, mono });
    const lender = (mono: number) => resting({ by: 'lender', reason: 'x', since: since(mono) });
    const failure = (mono: number): Model =>
      resting({ by: 'failure', kind: 'x', message: 'x', since: since(mono) });
    expect(hashOf(lender(1))).not.toBe(hashOf(lender(2)));
    expect(hashOf(lender(NOW.mono - 25 * HOUR))).toBe(hashOf(lender(NOW.mono - 30 * HOUR)));
    expect(hashOf(failure(1))).toBe(hashOf(failure(2)));
  });

  it('leaves out words, and counts what they are about', () => {
    const held = (reason: string, kind = 'x'): Model =>
      resting({ by: 'failure', kind, message: reason, since: NOW });
    expect(hashOf(held('a'))).toBe(hashOf(held('b')));
    expect(hashOf(held('a'))).not.toBe(hashOf(held('a', 'y')));
    expect(hashOf(held('a'))).not.toBe(hashOf(resting({ by: 'nothing' })));
  });

  it('counts what is on disk where it is not what is in memory', () => {
    const model = remembering({});
    const other = { ...EMPTY_RECORD, hopsDone: 1 };
    expect(hashOf(model)).not.toBe(hashOf(model, NOW, other));
    expect(hashOf(model, NOW, { ...other, hopsDone: 5 })).toBe(hashOf(model, NOW, other));
  });

  it('tells the present boot from another one, and no more of it', () => {
    const asked = (bootId: string): Model =>
      remembering({
        record: {
          ...EMPTY_RECORD,
          asked: { version: '2', payload: { scheme: 'checksum', value: 'b' }, at: 0, bootId },
        },
      });
    expect(hashOf(asked('boot-2'))).toBe(hashOf(asked('boot-3')));
    expect(hashOf(asked('boot-1'))).not.toBe(hashOf(asked('boot-3')));
  });
});
