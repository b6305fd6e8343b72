/** How long a release has been known without the node getting on. */
import { describe, expect, it } from 'vitest';
import type { CheckResult } from '../../../src/agent/ports.ts';
import { held, pursuing } from '../../../src/agent/pursuit.ts';
import { EMPTY_RECORD, plain } from '../../../src/agent/record.ts';
import { memoryOf } from '../../support/agent-states.ts';
import { checkResult, release } from '../../support/samples.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const V2 = release('2', 2);
const V3 = release('3', 3);
const NOW = { at: 400 * DAY, mono: 90 * DAY };
const SINCE = { at: NOW.at - DAY, mono: NOW.mono - DAY };
const PURSUIT = { release: plain(V2), since: SINCE };
const UPDATE = { kind: 'update', release: V3 } as const;
const recordSince = (stalledSinceAt: number) => ({ ...EMPTY_RECORD, stalledSinceAt });
const isDue = (memory: ReturnType<typeof memoryOf>): boolean => memory.save.due;

describe('an answer of the graph', () => {
  const after = (outcome: CheckResult['outcome'], memory = memoryOf()) =>
    pursuing(memory, checkResult(outcome), NOW);

  it('that offers something begins it, and writes that down', () => {
    const memory = after(UPDATE);
    expect(memory.pursuit).toEqual({ release: plain(V3), since: NOW });
    expect(memory.record.stalledSinceAt).toBe(NOW.at);
    expect(isDue(memory)).toBe(true);
  });

  it('that offers another release does not begin it anew', () => {
    expect(after(UPDATE, memoryOf({ pursuit: PURSUIT })).pursuit).toEqual({
      release: plain(V3),
      since: SINCE,
    });
  });

  it('counts on from where an agent before this one began', () => {
    const memory = after(UPDATE, memoryOf({ record: recordSince(NOW.at - 2 * DAY) }));
    expect(memory.pursuit?.since).toEqual({ at: NOW.at - 2 * DAY, mono: NOW.mono - 2 * DAY });
    expect(isDue(memory)).toBe(false);
  });

  it('counts on from no longer ago than thirty days, however wrong the clock was', () => {
    const memory = after(UPDATE, memoryOf({ record: recordSince(1) }));
    expect(memory.pursuit?.since).toEqual({ at: NOW.at - 30 * DAY, mono: NOW.mono - 30 * DAY });
    expect(memory.record.stalledSinceAt).toBe(NOW.at - 30 * DAY);
  });

  it.each<CheckResult['outcome']>([{ kind: 'no-update' }, { kind: 'downgrade-refused', release: V2 }])(
    'that offers nothing ends it, also on disk: $kind',
    (outcome) => {
      const memory = after(outcome, memoryOf({ pursuit: PURSUIT, record: recordSince(SINCE.at) }));
      expect(memory.pursuit).toBeUndefined();
      expect(memory.record).not.toHaveProperty('stalledSinceAt');
      expect(isDue(memory)).toBe(true);
      expect(isDue(after(outcome))).toBe(false);
    },
  );

  it('that does not know the node says nothing', () => {
    const memory = memoryOf({ pursuit: PURSUIT });
    expect(after({ kind: 'off-graph' }, memory)).toBe(memory);
  });
});

describe('a no', () => {
  const memory = memoryOf({ pursuit: PURSUIT, record: recordSince(SINCE.at) });

  it('that waits for a person counts from now on', () => {
    for (const label of ['manual', 'marker_missing', 'held']) {
      expect(held(memory, label, undefined, NOW).pursuit?.since).toEqual(NOW);
    }
  });

  it('that names its end counts from there on', () => {
    const after = held(memory, 'outside_window', NOW.at + HOUR, NOW);
    expect(after.pursuit).toEqual({
      release: plain(V2),
      since: { at: NOW.at + HOUR, mono: NOW.mono + HOUR },
    });
    expect(after.record.stalledSinceAt).toBe(NOW.at + HOUR);
  });

  it('without an end, or whose end is over, changes nothing', () => {
    expect(held(memory, 'inhibitor', undefined, NOW)).toBe(memory);
    expect(held(memory, 'outside_window', NOW.at, NOW)).toBe(memory);
  });

  it('to a node that pursues nothing begins nothing', () => {
    const idle = memoryOf();
    expect(held(idle, 'manual', NOW.at + HOUR, NOW)).toBe(idle);
  });

  it('moves what is on disk only where that is worth it', () => {
    const movedBy = (ms: number) => held(memory, 'x', SINCE.at + ms, { at: SINCE.at, mono: SINCE.mono });
    expect(isDue(movedBy(6 * HOUR - 1))).toBe(false);
    expect(movedBy(6 * HOUR - 1).record.stalledSinceAt).toBe(SINCE.at);
    expect(isDue(movedBy(6 * HOUR))).toBe(true);
    expect(movedBy(6 * HOUR).record.stalledSinceAt).toBe(SINCE.at + 6 * HOUR);
  });
});
