/** What every event leaves in memory, and what people hear of it. */
import { describe, expect, it } from 'vitest';
import type { Happening } from '../../../src/agent/happenings.ts';
import type { Event, EventOf } from '../../../src/agent/messages.ts';
import { LONGEST_BOOT_WAIT_MS, MOST_FORMER_TRIES } from '../../../src/agent/pacing.ts';
import type { CheckResult } from '../../../src/agent/ports.ts';
import { EMPTY_RECORD, plain } from '../../../src/agent/record.ts';
import { remember, type Remembered } from '../../../src/agent/remember.ts';
import { lengthened, MOST_KINDS, type Memory, type Streak } from '../../../src/agent/state.ts';
import { memoryOf } from '../../support/agent-states.ts';
import { bootedOn, checkResult, deployment, host, PASSING, release, staged } from '../../support/samples.ts';

const MINUTE = 60_000;
const NOW = { at: 1_000_000, mono: 500_000 };
const FAILURE = { kind: 'x', message: 'it failed' };
const PLACE = { lender: 'fleet_lock', address: 'https://lock', group: 'g', id: 'n' };
const HELD = { ...PLACE, sinceAt: 1, grantedAt: NOW.at - 5000 };
const MAYBE = { ...PLACE, id: 'm', sinceAt: 1 };
const OWED: Memory['steady'] = { owed: true, dueMono: 7, streak: undefined };

function after(event: Event, memory: Partial<Memory> = {}): Remembered {
  return remember(memoryOf(memory), event, NOW);
}

const streakOf = (count: number, kinds: readonly string[] = ['x']): Streak => ({
  ...{ count, kinds, kind: kinds.at(-1) ?? 'x' },
  since: { at: NOW.at - 9000, mono: NOW.mono - 9000 },
});
const slotsOf = (...slots: Memory['record']['slots']) => ({ ...EMPTY_RECORD, slots });
const only = ({ happenings }: Remembered, kind: Happening['kind']) =>
  happenings.filter((happening) => happening.kind === kind);

describe('a run of failures', () => {
  it.each<[string, Event, (memory: Memory) => unknown, object]>([
    [
      'save',
      { kind: 'save-failed', failure: FAILURE },
      ({ save }) => save,
      { due: true, dueMono: NOW.mono + MINUTE },
    ],
    [
      'driver',
      { kind: 'driver-failed', failure: FAILURE },
      ({ driver }) => driver,
      { registered: false, dueMono: NOW.mono + 1000 },
    ],
    ['status', { kind: 'status-failed', failure: FAILURE }, ({ hostStreak }) => ({ streak: hostStreak }), {}],
    ['check', { kind: 'check-failed', failure: FAILURE }, ({ check }) => check, { lastAttemptAt: NOW.at }],
    [
      'steady',
      { kind: 'release-failed', failure: FAILURE },
      ({ steady }) => steady,
      { dueMono: NOW.mono + 5000 },
    ],
  ])('begins with the first one, which is told: %s', (activity, event, part, more) => {
    const { memory, happenings } = after(event);
    const streak = { count: 1, since: NOW, kind: 'x', kinds: ['x'] };
    expect(part(memory)).toMatchObject({ streak, ...more });
    expect(happenings).toEqual([{ kind: 'failing', activity, failure: FAILURE, repeated: false }]);
  });

  it('is told again where another kind joins it, and not for a kind that was told', () => {
    const again = after({ kind: 'status-failed', failure: FAILURE }, { hostStreak: streakOf(1) });
    expect(again.memory.hostStreak).toEqual({ ...streakOf(1), count: 2 });
    expect(again.happenings).toMatchObject([{ repeated: true }]);
    const other = after(
      { kind: 'status-failed', failure: { ...FAILURE, kind: 'y' } },
      { hostStreak: streakOf(1) },
    );
    expect(other.memory.hostStreak).toEqual({ ...streakOf(2, ['x', 'y']), kind: 'y' });
    expect(other.happenings).toMatchObject([{ repeated: false }]);
  });

  it('is told no more once it had as many kinds as are kept', () => {
    const many = streakOf(
      9,
      Array.from({ length: MOST_KINDS }, (_, n) => `k${n}`),
    );
    const { memory, happenings } = after({ kind: 'status-failed', failure: FAILURE }, { hostStreak: many });
    expect(memory.hostStreak).toEqual({ ...many, count: 10, kind: 'x' });
    expect(happenings).toMatchObject([{ repeated: true }]);
    const few = streakOf(9, ['a', 'b', 'c']);
    expect(lengthened(few, 'x', NOW).kinds).toEqual(['a', 'b', 'c', 'x']);
  });

  it.each<[string, Event, Partial<Memory>]>([
    ['save', { kind: 'saved' }, { save: { due: true, dueMono: 9, streak: streakOf(3) } }],
    [
      'driver',
      { kind: 'driver-registered' },
      { driver: { registered: false, dueMono: 9, streak: streakOf(3) } },
    ],
    ['status', { kind: 'status-read', status: bootedOn('1.0') }, { hostStreak: streakOf(3) }],
    [
      'check',
      { kind: 'checked', result: checkResult({ kind: 'no-update' }) },
      { check: { ...memoryOf().check, streak: streakOf(3) } },
    ],
    [
      'steady',
      { kind: 'slot-released', configured: true, returned: [] },
      { steady: { ...OWED, streak: streakOf(3) } },
    ],
  ])(
    'is over with the first success, which is told with how long it lasted: %s',
    (activity, event, memory) => {
      const recovered = { kind: 'recovered', activity, failures: 3, lastedMs: 9000 };
      expect(only(after(event, memory), 'recovered')).toEqual([recovered]);
      expect(only(after(event), 'recovered')).toEqual([]);
    },
  );

  it('leaves nothing behind when it is over', () => {
    const saved = after({ kind: 'saved' }, { save: { due: true, dueMono: 9, streak: streakOf(3) } });
    expect(saved.memory.save).toEqual({ due: false, dueMono: 0, streak: undefined });
    const driver = { registered: false, dueMono: 9, streak: streakOf(3) };
    expect(after({ kind: 'driver-registered' }, { driver }).memory.driver).toEqual({
      registered: true,
      dueMono: 0,
      streak: undefined,
    });
    const read = after({ kind: 'status-read', status: bootedOn('7') }, { hostStreak: streakOf(3) });
    expect(read.memory).toMatchObject({ host: bootedOn('7'), hostStreak: undefined });
  });
});

describe('a slot that was given back', () => {
  const released = (configured: boolean, steady: Partial<Memory['steady']> = {}) =>
    after(
      { kind: 'slot-released', configured, returned: [HELD, MAYBE] },
      { steady: { ...OWED, ...steady }, record: slotsOf(HELD, MAYBE) },
    );

  it('is no longer owed, and no longer in the record', () => {
    const { memory } = released(true, { fresh: true });
    expect(memory.steady).toEqual({
      ...{ owed: false, fresh: false, dueMono: 0, streak: undefined, bootComplete: true },
    });
    expect(memory.record.slots).toEqual([]);
    expect(memory.save.due).toBe(true);
  });

  it('of lenders of before leaves what is owed to the others', () => {
    expect(released(false, { fresh: true }).memory.steady).toMatchObject({ owed: true, fresh: true });
    expect(released(false).memory.steady).toMatchObject({ owed: true, fresh: false });
    expect(released(false, { owed: false }).memory.steady).toMatchObject({ owed: false });
  });

  it('is told with how long it was held, if it was', () => {
    expect(only(released(true), 'slot-returned')).toEqual([{ kind: 'slot-returned', heldMs: 5000 }]);
    expect(after({ kind: 'slot-released', configured: true, returned: [MAYBE] }).happenings).toEqual([]);
    const ahead = { ...HELD, grantedAt: NOW.at + 1 };
    const { happenings } = after({ kind: 'slot-released', configured: true, returned: [ahead] });
    expect(happenings).toEqual([{ kind: 'slot-returned', heldMs: 0 }]);
  });

  it('is told where the boot was waited for in vain', () => {
    const waited = (forMs: number) =>
      only(
        released(true, {
          bootWait: { since: { at: 1, mono: NOW.mono - forMs }, looks: 9, reason: 'a unit failed' },
        }),
        'slot-wait-over',
      );
    expect(waited(LONGEST_BOOT_WAIT_MS)).toEqual([
      { kind: 'slot-wait-over', of: 'boot', reason: 'a unit failed' },
    ]);
    expect(waited(LONGEST_BOOT_WAIT_MS - 1)).toEqual([]);
  });
});

describe('a slot that could not be given back', () => {
  const failed = (
    more: Partial<EventOf<'release-failed'>> = {},
    steady: Partial<Memory['steady']> = {},
    failure: EventOf<'release-failed'>['failure'] = FAILURE,
  ) =>
    after(
      { kind: 'release-failed', failure, ...more },
      { steady: { ...OWED, ...steady }, record: slotsOf(HELD, MAYBE) },
    );

  it('stays owed and in the record, and is tried again', () => {
    const { memory } = failed();
    expect(memory.steady).toMatchObject({ owed: true, dueMono: NOW.mono + 5000 });
    expect(memory.record.slots).toEqual([HELD, MAYBE]);
    expect(memory.save.due).toBe(false);
  });

  it('waits as long as the lender asks for, where that is longer', () => {
    expect(failed({}, {}, { ...FAILURE, retryAfterMs: 60_000 }).memory.steady.dueMono).toBe(
      NOW.mono + 60_000,
    );
    expect(failed({}, {}, { ...FAILURE, retryAfterMs: 1 }).memory.steady.dueMono).toBe(NOW.mono + 5000);
  });

  it('is told for those that could be told, and keeps the others', () => {
    const { memory, happenings } = failed({ configured: true, returned: [HELD], left: [MAYBE] });
    expect(memory.steady.owed).toBe(false);
    expect(memory.record.slots).toEqual([MAYBE]);
    expect(happenings.map(({ kind }) => kind)).toEqual(['failing', 'slot-returned']);
  });

  it('is given up where a lender of before has not answered for a week', () => {
    const at = (failures: number) => failed({ left: [MAYBE] }, { streak: streakOf(failures) });
    expect(only(at(MOST_FORMER_TRIES - 2), 'slot-given-up')).toEqual([]);
    const gone = at(MOST_FORMER_TRIES - 1);
    expect(only(gone, 'slot-given-up')).toEqual([
      { kind: 'slot-given-up', place: MAYBE, tries: MOST_FORMER_TRIES },
    ]);
    expect(gone.memory.record.slots).toEqual([HELD]);
    const known = failed({}, { streak: streakOf(MOST_FORMER_TRIES) });
    expect(only(known, 'slot-given-up')).toEqual([]);
  });

  it('because a new configuration cut that short is no failure', () => {
    const memory = memoryOf({ steady: OWED, record: slotsOf(HELD) });
    const event: Event = {
      kind: 'release-failed',
      failure: { ...FAILURE, kind: 'cancelled' },
      returned: [HELD],
    };
    expect(remember(memory, event, NOW)).toEqual({ memory, happenings: [] });
  });
});

describe('a boot that is not complete', () => {
  it('is looked at again, later each time, since the first look', () => {
    const first = after({ kind: 'slot-kept', reason: 'a unit failed' }, { steady: OWED });
    expect(first.memory.steady).toEqual({
      ...OWED,
      dueMono: NOW.mono + 5000,
      bootWait: { since: NOW, looks: 1, reason: 'a unit failed' },
    });
    expect(first.happenings).toEqual([{ kind: 'slot-kept', reason: 'a unit failed', repeated: false }]);
    const since = { at: 1, mono: 1 };
    const bootWait = { since, looks: 1, reason: 'a unit failed' };
    const second = after({ kind: 'slot-kept', reason: 'a unit failed' }, { steady: { ...OWED, bootWait } });
    expect(second.memory.steady).toMatchObject({
      dueMono: NOW.mono + 10_000,
      bootWait: { since, looks: 2, reason: 'a unit failed' },
    });
    expect(second.happenings).toMatchObject([{ repeated: true }]);
    const other = after({ kind: 'slot-kept', reason: 'no answer' }, { steady: { ...OWED, bootWait } });
    expect(other.happenings).toMatchObject([{ repeated: false }]);
    expect(other.memory.steady.bootWait?.reason).toBe('no answer');
  });
});

describe('an answer of the update server', () => {
  const { check } = memoryOf();
  const answered = (
    outcome: CheckResult['outcome'],
    changes: Partial<CheckResult> = {},
    memory: Partial<Memory> = {},
  ) => after({ kind: 'checked', result: checkResult(outcome, changes) }, memory);
  const asking = (to?: string): Partial<Memory> => ({
    requests: [
      {
        request: {
          id: 't-1',
          by: { uid: 0 },
          wish: { kind: 'stage', ignoreRollout: false, ...(to !== undefined && { to }) },
        },
        begun: true,
      },
    ],
  });
  const V2 = release('2.0', 2);

  it('is a success and an attempt, and ends what the last one asked for', () => {
    const before = { check: { ...check, streak: streakOf(3), notBefore: NOW, skipped: ['7'] } };
    const { memory } = answered({ kind: 'update', release: V2 }, { skipped: ['9'] }, before);
    expect(memory.check).toMatchObject({
      lastAttemptAt: NOW.at,
      lastSuccessAt: NOW.at,
      streak: undefined,
      notBefore: undefined,
      skipped: ['9'],
    });
    expect(memory.pursuit?.release).toEqual(plain(V2));
    expect(memory.deadend).toEqual({ isDeadend: false });
  });

  it.each<[CheckResult['outcome'], number]>([
    [{ kind: 'no-update' }, 6],
    [{ kind: 'downgrade-refused', release: V2 }, 6],
    [{ kind: 'off-graph' }, 5],
    [{ kind: 'update', release: V2 }, 0],
  ])('counts answers in a row without what is staged: $kind', (outcome, unoffered) => {
    const before = { check: { ...check, unoffered: 5 } };
    expect(answered(outcome, {}, before).memory.check.unoffered).toBe(unoffered);
  });

  it('on the terms of a person says nothing of what is staged, nor of what is pursued', () => {
    const pursuit = { release: plain(V2), since: NOW };
    const before = { pursuit, check: { ...check, unoffered: 1 } };
    const nothing: CheckResult['outcome'] = { kind: 'no-update' };
    const alone = answered(nothing, {}, { ...before, ...asking('9') }).memory;
    expect([alone.check.unoffered, alone.pursuit]).toEqual([1, pursuit]);
    const downgrade: CheckResult['outcome'] = { kind: 'downgrade-refused', release: V2 };
    expect(answered(downgrade, {}, { ...before, ...asking('9') }).memory.pursuit).toEqual(pursuit);
    const plainly = answered(nothing, {}, { ...before, ...asking() }).memory;
    expect([plainly.check.unoffered, plainly.pursuit]).toEqual([2, undefined]);
    const offered = answered({ kind: 'update', release: V2 }, {}, { ...before, ...asking('2.0') }).memory;
    expect([offered.check.unoffered, offered.pursuit?.since]).toEqual([0, NOW]);
    const newer = answered({ kind: 'update', release: release('3.0') }, {}, { ...before, ...asking('3.0') });
    expect(newer.memory.pursuit?.release).toEqual(plain(release('3.0')));
  });

  it('is told from one like it by all that people hear of it', () => {
    const answer = (outcome: CheckResult['outcome'], changes: Partial<CheckResult> = {}) =>
      answered(outcome, changes).memory.check.answer;
    const answers = [
      answer({ kind: 'no-update' }),
      answer({ kind: 'update', release: V2 }),
      answer({ kind: 'update', release: release('3.0') }),
      answer({ kind: 'no-update' }, { ignoredTargets: 1 }),
      answer({ kind: 'no-update' }, { skipped: ['9'] }),
      answer({ kind: 'no-update' }, { warnings: ['a node twice'] }),
    ];
    expect(new Set(answers).size).toBe(answers.length);
    expect(answer({ kind: 'update', release: V2 }, { nodes: 99 })).toBe(answers[1]);
  });

  it('that fails keeps what was known, and the Retry-After of the server', () => {
    const known = { ...check, lastSuccessAt: 3, skipped: ['9'], unoffered: 1 };
    const asked = after(
      { kind: 'check-failed', failure: { ...FAILURE, retryAfterMs: 60_000 } },
      { check: known },
    ).memory.check;
    expect(asked).toMatchObject({ lastSuccessAt: 3, skipped: ['9'], unoffered: 1, lastAttemptAt: NOW.at });
    expect(asked.notBefore).toEqual({ at: NOW.at + 60_000, mono: NOW.mono + 60_000 });
    const silent = after({ kind: 'check-failed', failure: FAILURE }, { check: { ...known, notBefore: NOW } });
    expect(silent.memory.check.notBefore).toBeUndefined();
  });
});

describe('what is staged', () => {
  const BOOTED = deployment('1.0', { booted: true });
  const before = { host: host([staged('7'), BOOTED]) };

  it('is known right after staging, and nothing that was staged before', () => {
    const { memory } = after({ kind: 'staged', deployment: staged('8') }, before);
    expect(memory.host).toEqual(host([staged('8'), BOOTED]));
  });

  it('is nothing right after it was dropped', () => {
    expect(after({ kind: 'discarded' }, before).memory.host).toEqual(host([BOOTED]));
  });

  it('stays unknown while the deployments are', () => {
    expect(after({ kind: 'discarded' }, { host: undefined }).memory.host).toBeUndefined();
  });
});

describe('the last look at the gates, and the last word of the lenders', () => {
  it('are kept with their instant', () => {
    const foresight = { classes: ['timed'], clearAt: 7 } as const;
    expect(after({ kind: 'surveyed', reports: PASSING, foresight }).memory.look).toStrictEqual({
      at: NOW.at,
      reports: PASSING,
      foresight,
    });
    expect(after({ kind: 'surveyed', reports: PASSING }).memory.look).toStrictEqual({
      at: NOW.at,
      reports: PASSING,
    });
    expect(after({ kind: 'slot-answered', answer: { kind: 'granted' } }).memory.loan).toEqual({
      at: NOW.at,
      kind: 'granted',
      reason: '',
    });
    const refused = { kind: 'refused', reason: 'all slots are taken', label: 'fleet_lock' } as const;
    expect(after({ kind: 'slot-answered', answer: refused }).memory.loan).toEqual({
      at: NOW.at,
      kind: 'refused',
      reason: 'all slots are taken',
    });
    expect(after({ kind: 'slot-failed', failure: FAILURE }).memory.loan).toEqual({
      at: NOW.at,
      kind: 'failed',
      reason: 'it failed',
    });
  });
});

describe('the rest', () => {
  it.each<Event>([
    { kind: 'woke' },
    { kind: 'transaction-over' },
    { kind: 'follow-failed', failure: FAILURE },
    { kind: 'stage-failed', failure: FAILURE },
    { kind: 'discard-failed', failure: FAILURE },
    { kind: 'sessions-warned' },
    { kind: 'finalized' },
  ])('leaves nothing: $kind', (event) => {
    const memory = memoryOf();
    expect(remember(memory, event, NOW)).toEqual({ memory, happenings: [] });
  });
});
