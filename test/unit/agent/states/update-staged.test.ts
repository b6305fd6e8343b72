/** UpdateStaged: each step on the way to the reboot, and what leads off it. */
import { describe, expect, it } from 'vitest';
import type { Override } from '../../../../src/agent/overrides.ts';
import type { Deployment, GateReport, HostStatus, SlotAnswer } from '../../../../src/agent/ports.ts';
import { EMPTY_RECORD, plain, type AgentRecord } from '../../../../src/agent/record.ts';
import { isUnsettled } from '../../../../src/agent/rebooting.ts';
import type { AgentState, Holding, Memory, Policy } from '../../../../src/agent/state.ts';
import { atStaged, memoryOf, POLLING } from '../../../support/agent-states.ts';
import { answered, asked, FAILURE, NOW, told } from '../../../support/answered.ts';
import {
  blocking,
  checkResult,
  deployment,
  host,
  PASSING,
  release,
  staged,
} from '../../../support/samples.ts';

const RETRY = NOW.mono + 300_000;
const OVERDUE_MS = 900_000;
const DAY = 86_400_000;
const V2 = release('2.0', 2);
const V3 = release('3.0', 3);
const BOOTED = deployment('1.0', { booted: true });
const SINCE = { at: 1, mono: 1 };
const on = (there?: Deployment): HostStatus => host([...(there === undefined ? [] : [there]), BOOTED]);
const HERE = on(staged('2.0'));
const UNLOCKED = staged('2.0', { finalizationLocked: false });
const recordOf = (changes: Partial<AgentRecord>): Partial<Memory> => ({
  record: { ...EMPTY_RECORD, ...changes },
});
const { check } = memoryOf();
const PLACE = { lender: 'fleet_lock', address: 'https://lock', group: 'g', id: 'n' };
const LENDING: Partial<Policy> = { hasLenders: true, slotPlaces: [PLACE] };
const FRESH: Memory['steady'] = { owed: true, dueMono: 0, streak: undefined, fresh: true };
const ASKED = { ...plain(V2), at: 1, bootId: 'boot-1' };
const CORE = { user: 'core', tty: 'pts/0' };
const ROOT = { user: 'root', tty: 'tty1' };
const failureOf = (kind: string) => ({ kind, message: 'it failed' });
const denied = (of: string) =>
  recordOf({ adminDenials: [{ release: of, by: { uid: 0 }, reason: '', sinceAt: 1 }] });
const overriding = (...overrides: Override[]): Partial<Memory> => ({
  requests: [{ request: { id: 't-1', by: { uid: 0 }, wish: { kind: 'reboot', overrides } }, begun: true }],
});
const heldBy = (failure: typeof FAILURE, more: object = {}): Holding => ({
  ...{ by: 'failure', kind: failure.kind, message: failure.message, since: NOW },
  ...more,
});

describe('at rest', () => {
  const woke = (changes: Parameters<typeof atStaged>[0]) =>
    answered(atStaged(changes), { kind: 'woke' }).model.state;

  it('the node looks again when that is due, or when a gate can change its mind', () => {
    expect(woke({ dueMono: NOW.mono })).toMatchObject({ step: 'refresh' });
    expect(woke({ dueMono: NOW.mono + 1 })).toMatchObject({ step: 'rest' });
    const until = (untilAt: number): Holding => ({ by: 'strategy', reason: 'x', untilAt });
    expect(woke({ holding: until(NOW.at) })).toMatchObject({ step: 'refresh' });
    expect(woke({ holding: until(NOW.at + 1) })).toMatchObject({ step: 'rest' });
  });
});

describe.each(['refresh', 'verify', 'reconcile'] as const)('a reading at %s', (step) => {
  const read = (
    status: HostStatus,
    memory: Partial<Memory> = {},
    policy: Partial<Policy> = {},
    changes = {},
  ) => answered(atStaged({ step, ...changes }), { kind: 'status-read', status }, { memory, policy });

  it('that finds the release gone or replaced leads back to polling, after a pause', () => {
    const gone = read(on());
    expect(gone.model.state).toEqual(POLLING);
    expect(gone.model.memory.check).toMatchObject({ dueMono: RETRY, answer: '' });
    expect(told(gone)).toEqual([{ kind: 'staged-lost', release: V2, replacedBy: undefined }]);
    expect(told(read(on(staged('9'))))).toMatchObject([{ kind: 'staged-lost', replacedBy: '9' }]);
  });

  it("that finds it denied drops it, unless it is somebody else's", () => {
    expect(read(HERE, denied('2.0')).model.state).toMatchObject({ step: 'discard' });
    const own = { denials: [{ ...plain(V2), reason: 'rolled-back', sinceAt: 1, strikes: 1 }] } as const;
    expect(read(HERE, recordOf(own)).model.state).toMatchObject({ step: 'discard' });
    expect(read(on(UNLOCKED), denied('2.0')).model.state).toEqual(POLLING);
    expect(read(on(UNLOCKED), denied('2.0'), { replaceForeignStaged: true }).model.state).toMatchObject({
      step: 'discard',
    });
    expect(read(HERE, denied('3.0')).model.state).toMatchObject({ name: 'UpdateStaged' });
  });

  it('that finds it unlocked remembers that, whatever is read since', () => {
    expect(read(on(UNLOCKED)).model.state).toMatchObject({ unlocked: true });
    expect(read(HERE, {}, {}, { unlocked: true }).model.state).toMatchObject({ unlocked: true });
    expect(read(HERE).model.state).toMatchObject({ unlocked: false });
  });

  it('that fails holds the reboot, since it first did', () => {
    const fail = (holding: Holding) =>
      answered(atStaged({ step, holding }), { kind: 'status-failed', failure: FAILURE }).model.state;
    expect(fail({ by: 'nothing' })).toEqual(atStaged({ dueMono: RETRY, holding: heldBy(FAILURE) }));
    expect(fail(heldBy(FAILURE, { since: SINCE }))).toMatchObject({ holding: { since: SINCE } });
    expect(fail(heldBy(failureOf('y'), { since: SINCE }))).toMatchObject({ holding: { since: NOW } });
    expect(fail({ by: 'lender', reason: 'x', since: SINCE })).toMatchObject({ holding: { since: NOW } });
  });
});

describe('a reading', () => {
  const after = (
    step: 'refresh' | 'verify' | 'reconcile',
    there: Deployment,
    around: Parameters<typeof answered>[2] = {},
    changes = {},
  ) => answered(atStaged({ step, ...changes }), { kind: 'status-read', status: on(there) }, around).model;

  it('leads to the graph when a check is due, and to the gates otherwise', () => {
    const due = (dueMono: number) => ({ memory: { check: { ...check, dueMono } } });
    expect(after('refresh', staged('2.0'), due(NOW.mono)).state).toMatchObject({ step: 'check' });
    expect(after('refresh', staged('2.0'), due(NOW.mono + 1)).state).toMatchObject({ step: 'ask' });
    const built = host([staged('2.0'), deployment('1.0', { booted: true, payload: undefined })]);
    const unknown = answered(atStaged({ step: 'refresh' }), { kind: 'status-read', status: built }, due(0));
    expect(unknown.model.state).toMatchObject({ step: 'ask' });
  });

  it('before the reboot leads to the lenders, if there are any and nobody overrides them', () => {
    expect(after('verify', staged('2.0')).state).toMatchObject({ step: 'recheck' });
    const past = after('verify', staged('2.0'), { policy: LENDING, memory: overriding('fleet-lock') });
    expect(past.state).toMatchObject({ step: 'recheck' });
    expect(past.memory.steady.owed).toBe(false);
    const { state, memory } = after('verify', staged('2.0'), { policy: LENDING });
    expect(state).toMatchObject({ step: 'acquire' });
    expect(memory.steady).toMatchObject({ owed: true, dueMono: 0, fresh: true });
    expect(memory.record.slots).toEqual([{ ...PLACE, sinceAt: NOW.at }]);
    expect(memory.save.due).toBe(true);
  });

  it('remembers whether a slot was owed already before the lenders were asked', () => {
    const freshOf = (steady: Memory['steady']) =>
      after('verify', staged('2.0'), { policy: LENDING, memory: { steady } }).memory.steady.fresh;
    expect(freshOf({ ...FRESH, fresh: false })).toBe(false);
    expect(freshOf({ owed: true, dueMono: 0, streak: undefined })).toBe(false);
    expect(freshOf(FRESH)).toBe(true);
  });

  it('after a refusal goes on at once where that explains it, and rests otherwise', () => {
    expect(after('reconcile', UNLOCKED).state).toMatchObject({ step: 'ask', unlocked: true });
    expect(after('reconcile', UNLOCKED, {}, { unlocked: true }).state).toMatchObject({
      step: 'rest',
      dueMono: RETRY,
    });
    expect(after('reconcile', staged('2.0')).state).toMatchObject({ step: 'rest', dueMono: RETRY });
  });

  it('after a refusal for a reboot says whether that one leads into the release', () => {
    const holding = heldBy(failureOf('rpm_ostree_rebooting'), { asked: true, unsettled: true });
    const here = { memory: recordOf({ asked: ASKED }) };
    const into = after('reconcile', UNLOCKED, here, { holding });
    expect(into.state).toMatchObject({ name: 'EndState', cause: 'reboot-pending', finalized: NOW });
    expect(into.memory.record.asked).toEqual(ASKED);
    const elsewhere = after('reconcile', staged('2.0'), here, { holding });
    expect(elsewhere.state).toMatchObject({ name: 'UpdateStaged', step: 'rest', dueMono: RETRY });
    expect(elsewhere.state).toMatchObject({ holding: { kind: 'rpm_ostree_rebooting' } });
    expect(isUnsettled(elsewhere.state)).toBe(false);
    expect(elsewhere.memory.record.asked).toBeUndefined();
    const activeTransaction = { method: 'x', title: 'x', ours: true };
    const { model: unfinished } = answered(
      atStaged({ step: 'reconcile', holding }),
      { kind: 'status-read', status: { ...HERE, activeTransaction } },
      { memory: recordOf({ asked: ASKED }) },
    );
    expect(unfinished.state).toMatchObject({ step: 'follow', holding });
    expect(unfinished.memory.record.asked).toEqual(ASKED);
    const other = after('reconcile', UNLOCKED, here, { holding: heldBy(failureOf('x')) });
    expect(other.state).toMatchObject({ name: 'UpdateStaged' });
  });
});

describe('the graph', () => {
  const answer = (
    outcome: Parameters<typeof checkResult>[0],
    memory: Partial<Memory> = {},
    policy: Partial<Policy> = {},
  ) =>
    answered(
      atStaged({ step: 'check' }),
      { kind: 'checked', result: checkResult(outcome) },
      { memory: { host: HERE, ...memory }, policy },
    );

  it('that offers the same, or fails, lets the node go on', () => {
    expect(answer({ kind: 'update', release: V2 }).model.state).toEqual(atStaged({ step: 'ask' }));
    const failed = answered(atStaged({ step: 'check' }), { kind: 'check-failed', failure: FAILURE });
    expect(failed.model.state).toEqual(atStaged({ step: 'ask' }));
    expect(failed.model.memory.check.dueMono).toBe(NOW.mono + 30_000);
  });

  it('that does not know the node says nothing, which is told', () => {
    const first = answer({ kind: 'off-graph' });
    expect(first.model.state).toEqual(atStaged({ step: 'ask' }));
    const kept = { kind: 'staged-kept-off-graph', release: V2, booted: '1.0', repeated: false };
    expect(told(first)).toEqual([kept]);
    const again = { check: { ...check, answer: first.model.memory.check.answer } };
    expect(told(answer({ kind: 'off-graph' }, again))).toEqual([{ ...kept, repeated: true }]);
  });

  it('that offers another one has it staged, unless a person holds staging', () => {
    const other = { kind: 'update', release: V3 } as const;
    expect(answer(other).model.state).toMatchObject({ name: 'UpdateAvailable', release: V3, step: 'stage' });
    const hold = { id: 'h1', what: 'stage', by: { uid: 0 }, reason: '', sinceAt: 1 } as const;
    const held = answer(other, recordOf({ holds: [hold] }));
    expect(held.model.state).toEqual(atStaged({ step: 'ask' }));
    const why = { kind: 'staging-held', release: V3, reason: 'staging is held: h1', repeated: false };
    expect(told(held)).toEqual([why]);
    const again = {
      ...recordOf({ holds: [hold] }),
      check: { ...check, answer: held.model.memory.check.answer },
    };
    expect(told(answer(other, again))).toEqual([{ ...why, repeated: true }]);
  });

  it('that no longer offers it is asked once more, and then it is dropped', () => {
    const first = answer({ kind: 'no-update' });
    expect(first.model.state).toEqual(
      atStaged({
        dueMono: NOW.mono + 60_000,
        holding: {
          by: 'strategy',
          reason: 'the update server no longer offers 2.0: asked again before it is dropped',
        },
      }),
    );
    expect(told(first)).toEqual([{ kind: 'staged-unoffered', release: V2 }]);
    const once = { check: { ...check, unoffered: 1 } };
    expect(answer({ kind: 'no-update' }, once).model.state).toEqual(atStaged({ step: 'discard' }));
    expect(answer({ kind: 'no-update' }, { ...once, host: on(UNLOCKED) }).model.state).toEqual(POLLING);
  });

  it('that was asked about another version says nothing', () => {
    const wish = { kind: 'stage', ignoreRollout: false, to: '9' } as const;
    const requests = [{ request: { id: 't-1', by: { uid: 0 }, wish }, begun: true }];
    const about = answer({ kind: 'no-update' }, { requests, check: { ...check, unoffered: 5 } });
    expect(about.model.state).toEqual(atStaged({ step: 'ask' }));
  });
});

describe.each(['ask', 'confirm'] as const)('the gates at %s', (step) => {
  const state = atStaged({ step, warned: true, postponementsLeft: 1, delayLeft: 4 });
  const survey = (reports: readonly GateReport[], from: AgentState = state) =>
    answered(from, { kind: 'surveyed', reports });

  it('that block hold the reboot, and people get what is left of their time again', () => {
    const held = survey(blocking('outside', 'outside_window', NOW.at + 5));
    const holding: Holding = { by: 'strategy', reason: 'outside', untilAt: NOW.at + 5 };
    expect(held.model.state).toEqual(
      atStaged({ dueMono: RETRY, holding, postponementsLeft: 4, delayLeft: 4 }),
    );
    const why = {
      kind: 'reboot-held',
      by: 'gates',
      reason: 'outside',
      label: 'outside_window',
      untilAt: NOW.at + 5,
    };
    expect(told(held)).toEqual([{ ...why, repeated: false }]);
    const again = survey(blocking('outside', 'outside_window', NOW.at + 5), { ...state, holding });
    expect(told(again)).toEqual([{ ...why, repeated: true }]);
    const other = survey(blocking('frozen', 'frozen'), { ...state, holding });
    expect(other.model.state).toMatchObject({ holding: { by: 'strategy', reason: 'frozen' } });
    expect(told(other)).toStrictEqual([
      { kind: 'reboot-held', by: 'gates', reason: 'frozen', label: 'frozen', repeated: false },
    ]);
    const failing = survey(blocking('outside'), { ...state, holding: heldBy(FAILURE) });
    expect(told(failing)).toMatchObject([{ repeated: false }]);
  });

  it('that cannot tell, or be asked, hold it too', () => {
    const unknown: GateReport = { gate: 'uptime', verdict: 'unknown', reason: 'no answer', label: 'x' };
    const untold = survey([unknown]);
    const holding = heldBy({ kind: 'x', message: 'no answer' }, { asking: true });
    expect(untold.model.state).toEqual({ ...state, step: 'rest', dueMono: RETRY, holding });
    expect(told(untold)).toEqual([
      { kind: 'asking-failed', failure: { kind: 'x', message: 'no answer' }, repeated: false },
    ]);
    expect(told(survey([unknown], { ...state, holding }))).toMatchObject([{ repeated: true }]);
    const failed = answered(state, { kind: 'survey-failed', failure: { ...FAILURE, retryAfterMs: DAY } });
    expect(failed.model.state).toMatchObject({
      step: 'rest',
      dueMono: NOW.mono + DAY,
      holding: { asking: true },
    });
  });

  it('that pass let the node go on', () => {
    const after = survey(PASSING);
    expect(told(after)[0]).toEqual({ kind: 'reboot-allowed', by: 'gates' });
    expect(after.model.state).toEqual({ ...state, step: step === 'ask' ? 'sessions' : 'finalize' });
  });
});

describe('the last word before the reboot', () => {
  const confirm = (memory: Partial<Memory> = {}) =>
    answered(atStaged({ step: 'confirm' }), { kind: 'surveyed', reports: PASSING }, { memory });

  it('is written down before it is said', () => {
    const after = confirm();
    expect(after.model.memory.record.asked).toEqual({ ...plain(V2), at: NOW.at, bootId: 'boot-1' });
    expect(told(after)).toEqual([
      { kind: 'reboot-allowed', by: 'gates' },
      { kind: 'reboot-asked', release: V2 },
    ]);
    expect(after.effect.kind).toBe('save');
    const waiting = { save: { due: true, dueMono: NOW.mono + 9, streak: undefined } };
    expect(asked(atStaged({ step: 'finalize' }), { memory: waiting }).kind).toBe('save');
    expect(asked(atStaged({ step: 'finalize', unlocked: true }))).toEqual({
      kind: 'finalize',
      release: V2,
      allowUnlocked: true,
    });
  });

  it('is not said about what is denied by now', () => {
    const after = confirm({ ...denied('2.0'), host: HERE });
    expect(after.model.state).toMatchObject({ step: 'discard' });
    expect(after.model.memory.record.asked).toBeUndefined();
    expect(confirm({ ...denied('2.0'), host: undefined }).model.state).toMatchObject({ step: 'finalize' });
  });

  it('is taken back where it cannot be written', () => {
    const memory = { ...recordOf({ asked: ASKED }), save: { due: true, dueMono: 0, streak: undefined } };
    const after = answered(
      atStaged({ step: 'finalize' }),
      { kind: 'save-failed', failure: FAILURE },
      { memory },
    );
    expect(after.model.memory.record.asked).toBeUndefined();
    expect(after.model.state).toEqual(atStaged({ dueMono: RETRY, holding: heldBy(FAILURE) }));
    expect(told(after)).toEqual([{ kind: 'reboot-refused', target: ASKED, why: 'it failed' }]);
  });

  it('is over when rpm-ostree has taken it', () => {
    const after = answered(atStaged({ step: 'finalize' }), { kind: 'finalized' });
    expect(after.model.state).toEqual({ name: 'UpdateFinalized', release: V2, finalized: NOW });
    expect(told(after)).toEqual([{ kind: 'finalized', release: V2 }]);
  });
});

describe('a finalization that rpm-ostree refuses', () => {
  const refused = (kind: string, changes: Parameters<typeof atStaged>[0] = {}) =>
    answered(
      atStaged({ step: 'finalize', ...changes }),
      { kind: 'finalize-failed', failure: failureOf(kind) },
      { memory: recordOf({ asked: ASKED }) },
    );

  it.each<[string, object, boolean]>([
    ['x', { step: 'rest', dueMono: RETRY }, false],
    ['rpm_ostree_busy', { step: 'follow' }, false],
    ['rpm_ostree_no_staged_deployment', { step: 'reconcile' }, false],
    ['rpm_ostree_staged_mismatch', { step: 'reconcile' }, false],
    ['rpm_ostree_already_unlocked', { step: 'ask', unlocked: true }, false],
    ['rpm_ostree_rebooting', { step: 'reconcile' }, true],
    ['rpm_ostree_transaction_lost', { step: 'reconcile' }, true],
    ['effect_timeout', { step: 'reconcile' }, true],
  ])('leads on by its kind, and the reboot is taken back unless it may come: %s', (kind, changes, isKept) => {
    const after = refused(kind);
    expect(after.model.state).toMatchObject(changes);
    expect(after.model.memory.record.asked).toEqual(isKept ? ASKED : undefined);
    expect(told(after)[0]).toEqual({ kind: 'finalize-failed', failure: failureOf(kind), repeated: false });
    if (kind !== 'rpm_ostree_busy') {
      expect(after.model.state).toMatchObject({ holding: heldBy(failureOf(kind), { asked: true }) });
    }
    expect(isUnsettled(after.model.state)).toBe(isKept);
  });

  it('search 1: keeps the slot while nobody knows whether the reboot comes, and until it is overdue at most', () => {
    const memory = { ...recordOf({ asked: ASKED }), steady: { owed: true, dueMono: 0, streak: undefined } };
    const unsettled = heldBy(failureOf('rpm_ostree_transaction_lost'), { asked: true, unsettled: true });
    const unread = { kind: 'status-failed', failure: FAILURE } as const;
    const policy = { hasLenders: true };
    const resting = answered(atStaged({ step: 'reconcile', holding: unsettled }), unread, { memory, policy });
    expect(resting.model.state).toMatchObject({ step: 'rest', dueMono: RETRY, holding: unsettled });
    expect(resting.effect).toMatchObject({ kind: 'wait' });

    const woken = atStaged({ step: 'rest', dueMono: 0, holding: unsettled });
    expect(answered(woken, { kind: 'woke' }, { memory, policy }).model.state).toMatchObject({
      step: 'reconcile',
      holding: unsettled,
    });
    const long = { ...unsettled, since: { at: NOW.at - OVERDUE_MS, mono: NOW.mono - OVERDUE_MS } };
    const overdue = answered(atStaged({ step: 'reconcile', holding: long }), unread, { memory, policy });
    expect(isUnsettled(overdue.model.state)).toBe(false);
    expect(overdue.effect).toMatchObject({ kind: 'release-slot' });
  });

  it('is told again as a repetition, and asks in the other way only once', () => {
    expect(told(refused('x', { holding: heldBy(failureOf('x')) }))[0]).toMatchObject({ repeated: true });
    expect(refused('rpm_ostree_already_unlocked', { unlocked: true }).model.state).toMatchObject({
      step: 'reconcile',
    });
    const over = answered(atStaged({ step: 'follow' }), { kind: 'transaction-over' });
    expect(over.model.state).toEqual(atStaged({ dueMono: NOW.mono + 10_000 }));
  });
});

describe('a lender', () => {
  const acquiring = atStaged({ step: 'acquire' });
  const around = (steady = FRESH, memory: Partial<Memory> = {}) => ({
    policy: LENDING,
    memory: { steady, ...recordOf({ slots: [{ ...PLACE, sinceAt: 1 }] }), ...memory },
  });
  const answer = (said: SlotAnswer, state = acquiring, steady = FRESH) =>
    answered(state, { kind: 'slot-answered', answer: said }, around(steady));
  const unsure = { kind: 'may-be-held', reason: 'drained', label: 'fleet_lock', askAgainMs: 15_000 } as const;

  it('is asked once the record is on disk, and lenders of before have got theirs back', () => {
    const save = { due: true, dueMono: NOW.mono + 9, streak: undefined };
    expect(asked(acquiring, around(FRESH, { save })).kind).toBe('save');
    expect(asked(acquiring, around())).toEqual({ kind: 'acquire-slot', stream: 'stable' });
    const former = recordOf({ slots: [{ ...PLACE, id: 'old', sinceAt: 1 }] });
    expect(asked(acquiring, around(FRESH, former)).kind).toBe('release-slot');
    const back = answered(acquiring, { kind: 'slot-kept', reason: 'x' }, around(FRESH, former));
    expect(back.model.state).toEqual(acquiring);
    const unsaved = answered(acquiring, { kind: 'save-failed', failure: FAILURE }, around(FRESH, { save }));
    expect(unsaved.model.state).toEqual(atStaged({ dueMono: RETRY, holding: heldBy(FAILURE) }));
    expect([unsaved.model.memory.steady.owed, unsaved.model.memory.record.slots]).toEqual([false, []]);
  });

  it('that grants lets the node go on, and the slot is owed back', () => {
    const after = answer({ kind: 'granted' });
    expect(after.model.state).toEqual(atStaged({ step: 'recheck' }));
    expect(after.model.memory.steady).toMatchObject({ owed: true, fresh: false });
    expect(after.model.memory.record.slots).toEqual([{ ...PLACE, sinceAt: 1, grantedAt: NOW.at }]);
    expect(told(after)).toEqual([{ kind: 'reboot-allowed', by: 'lenders' }]);
  });

  it('that refuses holds the reboot, and gets nothing back that it did not lend', () => {
    const refused = { kind: 'refused', reason: 'all taken', label: 'fleet_lock' } as const;
    const after = answer(refused);
    expect(after.model.state).toEqual(
      atStaged({ dueMono: RETRY, holding: { by: 'strategy', reason: 'all taken' } }),
    );
    expect(after.model.memory.steady).toMatchObject({ owed: false, fresh: false });
    expect(after.model.memory.record.slots).toEqual([]);
    expect(told(after)).toMatchObject([{ kind: 'reboot-held', by: 'lenders', reason: 'all taken' }]);
    const before = answer(refused, acquiring, { ...FRESH, fresh: false });
    expect(before.model.memory.steady.owed).toBe(true);
    expect(before.model.memory.record.slots).toHaveLength(1);
    const failed = answered(acquiring, { kind: 'slot-failed', failure: FAILURE }, around());
    expect(failed.model.state).toMatchObject({ step: 'rest', holding: { asking: true } });
    expect(failed.model.memory.steady.owed).toBe(false);
  });

  it('that asks for patience is asked again, as soon as both sides want that', () => {
    const after = answer(unsure);
    const holding: Holding = { by: 'lender', reason: 'drained', since: NOW };
    expect(after.model.state).toEqual(atStaged({ dueMono: NOW.mono + 15_000, holding }));
    expect(after.model.memory.steady).toMatchObject({ owed: true, fresh: false });
    const why = { kind: 'reboot-held', by: 'lenders', reason: 'drained', label: 'fleet_lock' };
    expect(told(after)).toStrictEqual([{ ...why, repeated: false }]);
    expect(told(answer({ ...unsure, cutShort: true }))).toStrictEqual([
      { ...why, repeated: false, cutShort: true },
    ]);
    const long = { ...unsure, askAgainMs: DAY };
    expect(answer(long).model.state).toMatchObject({ dueMono: RETRY });
    expect(answer({ ...long, untilAt: 7 }).model.state).toMatchObject({ dueMono: NOW.mono + DAY });
  });

  it('that goes on doing so is waited for since the first time, for a day at most', () => {
    const since = (forMs: number) => ({ at: 1, mono: NOW.mono - forMs });
    const waiting = (forMs: number) =>
      answer(unsure, { ...acquiring, holding: { by: 'lender', reason: 'drained', since: since(forMs) } });
    expect(waiting(DAY - 1).model.state).toMatchObject({ holding: { by: 'lender', since: since(DAY - 1) } });
    expect(told(waiting(DAY - 1))).toMatchObject([{ repeated: true }]);
    const over = waiting(DAY);
    expect(over.model.state).toEqual(
      atStaged({ dueMono: RETRY, holding: { by: 'strategy', reason: 'drained' } }),
    );
    expect(told(over).at(-1)).toEqual({ kind: 'slot-wait-over', of: 'answer', reason: 'drained' });
    const other = answer(unsure, { ...acquiring, holding: { by: 'strategy', reason: 'drained' } });
    expect(told(other)).toMatchObject([{ repeated: false }]);
  });

  it('that fails is told as a failure', () => {
    const after = answer({ ...unsure, errorKind: 'fleet_lock_unreachable' });
    expect(after.model.state).toMatchObject({ holding: { errorKind: 'fleet_lock_unreachable' } });
    const failure = { kind: 'fleet_lock_unreachable', message: 'drained' };
    expect(told(after)).toEqual([{ kind: 'asking-failed', failure, repeated: false }]);
  });
});

describe('people who are logged in', () => {
  const looking = (changes: Parameters<typeof atStaged>[0] = {}) =>
    atStaged({ step: 'sessions', ...changes });
  const look = (sessions: readonly (typeof CORE)[], state = looking(), around = {}) =>
    answered(state, { kind: 'sessions-listed', sessions }, around);
  const waiting: Holding = { by: 'sessions', count: 1, endless: false };
  const postponed = { dueMono: NOW.mono + 60_000, holding: waiting };
  const OVER = { postponementsLeft: 0, delayLeft: 0 };

  it('are warned first, and waited for then', () => {
    expect(look([CORE]).model.state).toEqual(atStaged({ step: 'warn', visitors: [CORE] }));
    const warned = look([CORE], looking({ warned: true, postponementsLeft: 5, delayLeft: 7 }));
    expect(warned.model.state).toEqual(
      atStaged({ ...postponed, warned: true, visitors: [CORE], postponementsLeft: 4, delayLeft: 6 }),
    );
    expect(told(warned).at(-1)).toEqual({ kind: 'reboot-postponed', sessions: 1 });
    const endless = {
      policy: { sessions: { graceMinutes: 1, maxDelayMinutes: 1, neverWhileLoggedIn: true } },
    };
    expect(look([CORE], looking({ warned: true, ...OVER }), endless).model.state).toMatchObject({
      step: 'rest',
      holding: { endless: true },
      ...OVER,
    });
  });

  it('are not waited for where nobody is there, or a person overrides them', () => {
    expect(look([]).model.state).toEqual(atStaged({ step: 'verify' }));
    const past = look([CORE], looking(), { memory: overriding('people') });
    expect(past.model.state).toEqual(atStaged({ step: 'verify', visitors: [CORE] }));
  });

  it('are told of anew where they are others than before', () => {
    const repeated = (sessions: readonly (typeof CORE)[], state: AgentState & { name: 'UpdateStaged' }) =>
      told(look(sessions, state))[0];
    const before = looking({ holding: waiting, visitors: [CORE] });
    expect(repeated([CORE], before)).toMatchObject({ kind: 'sessions-seen', repeated: true });
    for (const others of [[ROOT], [CORE, ROOT], [{ ...CORE, tty: 'pts/1' }], [{ ...CORE, user: 'x' }], []]) {
      expect(repeated(others, before)).toMatchObject({ repeated: false });
    }
    expect(repeated([CORE], looking({ visitors: [CORE] }))).toMatchObject({ repeated: false });
  });

  it('are somebody where nobody can tell', () => {
    const untold = (state: AgentState, memory: Partial<Memory> = {}) =>
      answered(state, { kind: 'sessions-failed', failure: FAILURE }, { memory });
    const after = untold(looking({ visitors: [CORE] }));
    expect(after.model.state).toEqual(
      atStaged({
        dueMono: NOW.mono + 60_000,
        holding: { ...waiting, count: 0 },
        postponementsLeft: 9,
        delayLeft: 9,
      }),
    );
    expect(told(after)[0]).toEqual({ kind: 'sessions-untold', failure: FAILURE, repeated: false });
    expect(told(untold(looking({ holding: waiting })))[0]).toMatchObject({ repeated: true });
    expect(untold(looking(), overriding('people')).model.state).toEqual(atStaged({ step: 'verify' }));
    const last = atStaged({ step: 'recheck' });
    expect(untold(last).model.state).toMatchObject({ step: 'rest' });
    expect(untold({ ...last, ...OVER }).model.state).toMatchObject({ step: 'confirm' });
    expect(untold(last, overriding('people')).model.state).toMatchObject({ step: 'confirm' });
  });

  it('are told when their time begins, when it ends, and when it is over', () => {
    const notice = (changes: Parameters<typeof atStaged>[0]) =>
      told(answered(atStaged({ step: 'warn', visitors: [CORE], ...changes }), { kind: 'sessions-warned' }));
    expect(notice({})[0]).toEqual({ kind: 'grace-begun', minutes: 10 });
    expect(notice({ warned: true, postponementsLeft: 1 })[0]).toEqual({ kind: 'grace-ending' });
    expect(notice({ ...OVER })).toEqual([]);
    expect(notice({ ...OVER, holding: waiting })).toEqual([{ kind: 'grace-over' }]);
    const last = look([CORE], looking({ ...OVER, warned: true, holding: waiting }));
    expect(last.model.state).toMatchObject({ step: 'verify' });
    expect(told(last).at(-1)).toEqual({ kind: 'grace-over' });
    expect(
      told(look([CORE], looking({ ...OVER, warned: true }))).map((each) => (each as { kind: string }).kind),
    ).toEqual(['sessions-seen']);
  });

  it('who came since the first look get what is left of their time, or a notice at least', () => {
    const last = (
      sessions: readonly (typeof CORE)[],
      changes: Parameters<typeof atStaged>[0] = {},
      memory: Partial<Memory> = {},
    ) =>
      answered(atStaged({ step: 'recheck', ...changes }), { kind: 'sessions-listed', sessions }, { memory });
    expect(last([], { visitors: [CORE] }).model.state).toEqual(atStaged({ step: 'confirm' }));
    expect(last([CORE]).model.state).toEqual(atStaged({ step: 'warn', visitors: [CORE] }));
    expect(last([CORE], {}, overriding('people')).model.state).toEqual(
      atStaged({ step: 'confirm', visitors: [CORE] }),
    );
    expect(last([CORE], OVER).model.state).toMatchObject({ step: 'warn' });
    expect(last([CORE], { ...OVER, warned: true }).model.state).toMatchObject({ step: 'confirm' });
    expect(last([CORE], { ...OVER, visitors: [CORE] }).model.state).toMatchObject({ step: 'confirm' });
    expect(last([CORE], { warned: true, visitors: [CORE] }).model.state).toMatchObject({ step: 'rest' });
    expect(told(last([CORE], { visitors: [CORE] }))[0]).toMatchObject({
      kind: 'sessions-seen',
      repeated: true,
    });
    expect(told(last([ROOT], { visitors: [CORE] }))[0]).toMatchObject({ repeated: false });
  });
});

describe('a release that is dropped', () => {
  const discarding = atStaged({ step: 'discard' });
  const failed = (failure: typeof FAILURE) =>
    answered(discarding, { kind: 'discard-failed', failure }, { memory: { host: HERE } });

  it('is told with why, and the graph is asked at once', () => {
    const dropped = (memory: Partial<Memory>) => answered(discarding, { kind: 'discarded' }, { memory });
    expect(told(dropped({}))).toEqual([{ kind: 'dropped', version: '2.0', why: 'denied-or-withdrawn' }]);
    expect(told(dropped(denied('2.0')))).toEqual([{ kind: 'dropped', version: '2.0', why: 'request' }]);
    expect(dropped({}).model.state).toEqual({ name: 'NoNewUpdate', step: 'refresh' });
  });

  it('stays where that fails, and is looked at again', () => {
    const after = failed(FAILURE);
    expect(after.model.state).toEqual(atStaged({ dueMono: RETRY, holding: heldBy(FAILURE) }));
    expect(after.model.memory.check.dueMono).toBe(NOW.mono);
    expect(told(after)).toEqual([{ kind: 'drop-failed', failure: FAILURE }]);
    const changed = failed(failureOf('rpm_ostree_staged_changed'));
    expect(changed.model.state).toEqual(POLLING);
    expect(told(changed)).toMatchObject([{ kind: 'staged-changed' }]);
  });
});
