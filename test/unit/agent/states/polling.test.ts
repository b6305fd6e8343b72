/** Polling: what is told, and what becomes of a leftover. */
import { describe, expect, it } from 'vitest';
import { EMPTY_RECORD } from '../../../../src/agent/record.ts';
import type { AgentState, Memory, PollStep } from '../../../../src/agent/state.ts';
import { memoryOf } from '../../../support/agent-states.ts';
import { answered, FAILURE, NOW, told } from '../../../support/answered.ts';
import { bootedOn, checkResult, deployment, host, staged } from '../../../support/samples.ts';

const SINCE = { at: 1, mono: 1 };
const on = (step: PollStep): AgentState => ({ name: 'NoNewUpdate', step });
const off = (step: PollStep): AgentState => ({ name: 'OffGraph', step, since: SINCE });
const BOOTED = deployment('1.0', { booted: true });
const LEFTOVER = host([staged('2.0'), BOOTED]);
const CHANGED = { kind: 'rpm_ostree_staged_changed', message: 'it changed' };
const { check } = memoryOf();
const dueAt = (dueMono: number): Partial<Memory> => ({ check: { ...check, dueMono } });
const none = { kind: 'checked', result: checkResult({ kind: 'no-update' }) } as const;
const unknown = { kind: 'checked', result: checkResult({ kind: 'off-graph' }) } as const;

describe('a node that polls', () => {
  it('tries a reading again later each time', () => {
    const failed = (hostStreak?: Memory['hostStreak']) =>
      answered(
        on('refresh'),
        { kind: 'status-failed', failure: FAILURE },
        { ...(hostStreak && { memory: { hostStreak } }) },
      ).model;
    expect(failed().state).toEqual(on('rest'));
    expect(failed().memory.check.dueMono).toBe(NOW.mono + 5000);
    const streak = { count: 2, since: NOW, kind: 'x', kinds: ['x'] };
    expect(failed(streak).memory.check.dueMono).toBe(NOW.mono + 20_000);
  });

  it('tells once that it is off the graph, and since when', () => {
    const first = answered(on('check'), unknown);
    expect(first.model.state).toEqual({ name: 'OffGraph', step: 'rest', since: NOW });
    expect(told(first)).toEqual([{ kind: 'off-graph', booted: '1.0' }]);
    const again = answered(off('check'), unknown);
    expect(again.model.state).toEqual(off('rest'));
    expect(told(again)).toEqual([]);
  });

  it('tells that it is on the graph again, and only then', () => {
    const back = answered(off('check'), none);
    expect(back.model.state).toEqual(on('rest'));
    expect(told(back)).toEqual([{ kind: 'on-graph-again', booted: '1.0' }]);
    expect(told(answered(on('check'), none))).toEqual([]);
  });

  it('is off every graph with a deployment that none can know', () => {
    const built = host([deployment('1.0', { booted: true, payload: undefined })]);
    const after = answered(on('refresh'), { kind: 'status-read', status: built });
    expect(after.model.state).toEqual({ name: 'OffGraph', step: 'rest', since: NOW });
    expect(after.model.memory.check.dueMono).toBe(NOW.mono + 300_000);
  });
});

describe('a leftover that is no longer offered', () => {
  it('is asked about once more, soon, and dropped then', () => {
    const first = answered(on('check'), none, { memory: { host: LEFTOVER } });
    expect(first.model.state).toEqual(on('rest'));
    expect(first.model.memory.check.dueMono).toBe(NOW.mono + 60_000);
    const second = answered(on('check'), none, {
      memory: { host: LEFTOVER, check: { ...check, unoffered: 1 } },
    });
    expect(second.model.state).toEqual(on('discard'));
  });

  it("is nobody's where nothing is staged, or by somebody else", () => {
    const theirs = host([staged('2.0', { finalizationLocked: false }), BOOTED]);
    for (const there of [bootedOn('1.0'), theirs]) {
      const memory = { host: there, check: { ...check, unoffered: 5 } };
      const after = answered(on('check'), none, { memory });
      expect(after.model.state).toEqual(on('rest'));
      expect(after.model.memory.check.dueMono).toBe(NOW.mono + 300_000);
    }
  });
});

describe('a leftover that is denied', () => {
  const denied = (release: string) => ({
    ...EMPTY_RECORD,
    adminDenials: [{ release, by: { uid: 0 }, reason: '', sinceAt: 1 }],
  });
  const read = (status: Memory['host'], policy = {}, record: Memory['record'] = EMPTY_RECORD) =>
    answered(
      on('refresh'),
      { kind: 'status-read', status: status ?? bootedOn('1.0') },
      { policy, memory: { record } },
    ).model.state;

  it('goes without asking the server, another one does not', () => {
    expect(read(LEFTOVER, { skip: ['2.0'] })).toEqual(on('discard'));
    expect(read(LEFTOVER, {}, denied('2.0'))).toEqual(on('discard'));
    expect(read(LEFTOVER, { skip: ['3.0'] })).toEqual(on('check'));
    expect(read(bootedOn('1.0'), { skip: ['2.0'] })).toEqual(on('check'));
  });

  it('stays where somebody else staged it, or nothing can be compared', () => {
    const theirs = host([staged('2.0', { finalizationLocked: false }), BOOTED]);
    const built = host([staged('2.0', { payload: undefined }), BOOTED]);
    for (const there of [theirs, built]) {
      expect(read(there, { skip: ['2.0'] })).toEqual(on('check'));
    }
  });

  const dropped = (record: Memory['record'], skip: readonly string[] = [], there = LEFTOVER) =>
    told(
      answered(on('discard'), { kind: 'discarded' }, { policy: { skip }, memory: { host: there, record } }),
    );

  it('is told with who denied it, one that was withdrawn is not', () => {
    expect(dropped(EMPTY_RECORD, ['2.0'])).toEqual([{ kind: 'dropped', version: '2.0', why: 'skipped' }]);
    expect(dropped(denied('2.0'))).toEqual([{ kind: 'dropped', version: '2.0', why: 'request' }]);
    expect(dropped(EMPTY_RECORD)).toEqual([]);
    expect(dropped(denied('2.0'), [], bootedOn('1.0'))).toEqual([]);
    const unread = answered(on('discard'), { kind: 'discarded' }, { memory: { host: undefined } });
    expect(told(unread)).toEqual([]);
  });
});

describe('a leftover that cannot be dropped', () => {
  const failed = (failure: typeof FAILURE, memory: Partial<Memory>) =>
    answered(on('discard'), { kind: 'discard-failed', failure }, { memory });

  it('is told, and gone on from with the check that is due', () => {
    const after = failed(FAILURE, { host: LEFTOVER, ...dueAt(NOW.mono) });
    expect(told(after)).toEqual([{ kind: 'drop-failed', failure: FAILURE }]);
    expect(after.model.state).toEqual(on('check'));
    expect(failed(FAILURE, { host: LEFTOVER, ...dueAt(NOW.mono + 1) }).model.state).toEqual(on('rest'));
  });

  it('has nothing asked about what no graph can know', () => {
    const built = host([staged('2.0'), deployment('1.0', { booted: true, payload: undefined })]);
    for (const there of [built, undefined]) {
      expect(failed(FAILURE, { host: there, ...dueAt(NOW.mono) }).model.state).toEqual(on('rest'));
    }
  });

  it('because somebody changed it has everything looked at again soon', () => {
    const after = failed(CHANGED, { host: LEFTOVER, ...dueAt(0) });
    expect(told(after)).toEqual([{ kind: 'staged-changed', failure: CHANGED }]);
    expect(after.model.state).toEqual(on('rest'));
    expect(after.model.memory.check.dueMono).toBe(NOW.mono + 10_000);
  });
});
