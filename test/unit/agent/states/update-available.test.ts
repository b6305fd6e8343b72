/** UpdateAvailable: what becomes of an attempt to stage, and of the release between two attempts. */
import { describe, expect, it } from 'vitest';
import type { Deployment, HostStatus } from '../../../../src/agent/ports.ts';
import { EMPTY_RECORD, plain, type AgentRecord, type Denial } from '../../../../src/agent/record.ts';
import type { Hold } from '../../../../src/agent/requests.ts';
import type { AgentState, Memory } from '../../../../src/agent/state.ts';
import { atStaged, available, memoryOf, POLLING } from '../../../support/agent-states.ts';
import { answered, asked, FAILURE, NOW, told } from '../../../support/answered.ts';
import { bootedOn, checkResult, deployment, host, release, staged } from '../../../support/samples.ts';

const RETRY = NOW.mono + 300_000;
const V2 = release('2.0', 2);
const V3 = release('3.0', 3);
const BOOTED = deployment('1.0', { booted: true });
const on = (there: Deployment): HostStatus => host([there, BOOTED]);
const recordOf = (changes: Partial<AgentRecord>): Partial<Memory> => ({
  record: { ...EMPTY_RECORD, ...changes },
});
const { check } = memoryOf();
const REFRESH: AgentState = { name: 'NoNewUpdate', step: 'refresh' };
const STAGING = available({ step: 'stage' });
const FAILED_ONCE = [{ ...plain(V2), stages: 1, reboots: 0, sinceAt: 1 }];
const WRONG: Denial = { ...plain(V2), reason: 'wrong-stream', sinceAt: 1, strikes: 1 };
const ignoring = { ignoreRollout: true } as const;
const failureOf = (kind: string) => ({ kind, message: 'it failed' });
const stageRequest = (to?: string): Partial<Memory> => ({
  requests: [
    {
      request: {
        id: 't-1',
        by: { uid: 0 },
        wish: { kind: 'stage', ignoreRollout: true, ...(to !== undefined && { to }) },
      },
      begun: true,
    },
  ],
});

describe('a release that is staged', () => {
  const after = (there: Deployment, memory: Partial<Memory> = {}, policy = {}, state = STAGING) =>
    answered(state, { kind: 'staged', deployment: there }, { memory, policy });

  it('is gone on with, and written down as ours with its deployment and its terms', () => {
    const done = after(staged('2.0'), {}, {}, available({ step: 'stage', terms: ignoring }));
    expect(done.model.state).toEqual(atStaged({ step: 'ask', dueMono: 0 }));
    expect(done.model.memory.record.staged).toEqual({
      ...plain(V2),
      terms: ignoring,
      deploymentId: staged('2.0').id,
      sinceAt: 1_000_000,
    });
    expect(told(done)).toEqual([{ kind: 'staged', release: V2 }]);
  });

  it('is not ours where somebody else staged it', () => {
    const theirs = after(staged('2.0', { finalizationLocked: false }));
    expect(theirs.model.state).toMatchObject({ name: 'UpdateStaged', unlocked: true });
    expect(theirs.model.memory.record.staged).toBeUndefined();
  });

  it('is a failed attempt where it is something else', () => {
    for (const other of [
      staged('9'),
      staged('2.0', { payload: undefined }),
      staged('2.0', { version: '9' }),
    ]) {
      const failed = after(other);
      expect(failed.model.state).toMatchObject({ name: 'UpdateAvailable', step: 'rest', failedAttempts: 1 });
      expect(told(failed)[0]).toEqual({ kind: 'staged-other', release: V2, found: other });
      expect(failed.model.memory.record.attempts).toEqual([
        { ...plain(V2), stages: 1, reboots: 0, sinceAt: NOW.at },
      ]);
    }
    expect(after(staged('9')).model.state).toMatchObject({
      lastFailure: expect.stringMatching(
        /^cannot stage 2\.0: the staged deployment must be .*, got /,
      ) as string,
    });
    expect(after(staged('2.0', { version: '9' })).model.state).toMatchObject({
      lastFailure: 'cannot stage 2.0: the staged deployment must carry that version, got 9',
    });
  });

  it('is denied and dropped where it is of another stream, unless the configuration names one', () => {
    const next = staged('2.0', { stream: 'next' });
    const wrong = after(next);
    expect(wrong.model.state).toEqual(available({ step: 'discard', dueMono: 9_000_000 }));
    expect(told(wrong)).toEqual([{ kind: 'wrong-stream', release: V2, expected: 'stable', found: 'next' }]);
    expect(wrong.model.memory.record.denials).toEqual([{ ...WRONG, sinceAt: NOW.at }]);
    expect(after(next, {}, { stream: 'next' }).model.state.name).toBe('UpdateStaged');
    expect(after(staged('2.0', { stream: undefined })).model.state.name).toBe('UpdateStaged');
    const unlabelled = { host: host([deployment('1.0', { booted: true, stream: undefined })]) };
    expect(after(next, unlabelled).model.state.name).toBe('UpdateStaged');
    expect(after(next, { host: undefined }).model.state.name).toBe('UpdateStaged');
  });
});

describe('an attempt to stage', () => {
  const failed = (kind: string, state = STAGING, memory: Partial<Memory> = {}) =>
    answered(state, { kind: 'stage-failed', failure: failureOf(kind) }, { memory });

  it('says what it expects to find', () => {
    expect(asked(STAGING, { memory: { host: on(staged('7')) }, policy: { allowDowngrade: true } })).toEqual({
      kind: 'stage',
      release: V2,
      allowDowngrade: true,
      expected: staged('7'),
    });
    expect(asked(STAGING, { memory: { host: undefined } })).toMatchObject({ expected: undefined });
  });

  it.each<[string, string, object]>([
    ['cancelled', 'staging-cut-short', { step: 'rest', dueMono: RETRY, isCut: true }],
    ['rpm_ostree_busy', 'staging-busy', { step: 'follow' }],
    ['rpm_ostree_staged_changed', 'staged-changed', { step: 'rest', dueMono: NOW.mono + 10_000 }],
    ['rpm_ostree_rebooting', 'staging-busy', { step: 'rest', dueMono: RETRY }],
    [
      'rpm_ostree_transaction_cancelled',
      'staging-failed',
      { step: 'rest', dueMono: RETRY, lastFailure: 'it failed' },
    ],
  ])('is none where it could not be made, or somebody ended it: %s', (kind, happening, changes) => {
    const after = failed(kind);
    expect(after.model.state).toEqual({ ...STAGING, ...changes });
    expect(after.model.memory.record.attempts).toEqual([]);
    expect(told(after)).toMatchObject([{ kind: happening }]);
  });

  it('that fails is counted, told, and made again later', () => {
    const first = failed('x');
    expect(first.model.state).toEqual(
      available({ failedAttempts: 1, lastFailure: 'it failed', dueMono: RETRY }),
    );
    expect(told(first)).toEqual([
      { kind: 'staging-failed', release: V2, failure: failureOf('x'), repeated: false },
    ]);
    const again = failed('x', available({ step: 'stage', failedAttempts: 1, lastFailure: 'it failed' }));
    expect(told(again)).toMatchObject([{ repeated: true }]);
  });

  it('is the last one of twelve', () => {
    const last = failed('x', available({ step: 'stage', failedAttempts: 11 }));
    expect(last.model.state).toEqual(REFRESH);
    expect(last.model.memory.check.dueMono).toBe(0);
    expect(told(last).at(-1)).toEqual({
      kind: 'abandoned',
      release: V2,
      attempts: 12,
      untilAt: NOW.at + 3_600_000,
    });
    expect(failed('x', available({ step: 'stage', failedAttempts: 10 })).model.state).toMatchObject({
      name: 'UpdateAvailable',
    });
  });

  it('waits for a transaction of somebody else, longer where that was lost', () => {
    const follow = available({ step: 'follow' });
    expect(answered(follow, { kind: 'transaction-over' }).model.state).toEqual(
      available({ dueMono: NOW.mono + 10_000 }),
    );
    const lost = answered(follow, { kind: 'follow-failed', failure: FAILURE });
    expect(lost.model.state).toEqual(available({ dueMono: RETRY }));
  });
});

describe('what is dropped', () => {
  const dropped = (memory: Partial<Memory>) =>
    answered(available({ step: 'discard' }), { kind: 'discarded' }, { memory });
  const notDropped = (failure: typeof FAILURE, memory: Partial<Memory> = {}) =>
    answered(available({ step: 'discard' }), { kind: 'discard-failed', failure }, { memory });

  it('after a failed attempt is staged anew', () => {
    const after = dropped(recordOf({ attempts: FAILED_ONCE }));
    expect(after.model.state).toEqual(available({ step: 'stage', failedAttempts: 1, dueMono: 0 }));
    expect(told(after)).toEqual([{ kind: 'failed-one-dropped', release: V2, hasFailed: true }]);
  });

  it('because it is of another stream is left alone from then on', () => {
    for (const changes of [{ denials: [WRONG], attempts: FAILED_ONCE }, { denials: [WRONG] }]) {
      const after = dropped(recordOf(changes));
      expect(after.model.state).toEqual(REFRESH);
      expect(told(after)).toEqual([{ kind: 'blocked', release: V2 }]);
    }
  });

  it('after an attempt of which nobody heard is staged anew, and is told from one that failed', () => {
    const hasFailed = (changes: Partial<AgentRecord>) => {
      const [happening] = told(dropped(recordOf(changes)));
      expect(happening).toMatchObject({ kind: 'failed-one-dropped', release: V2 });
      return (happening as { readonly hasFailed: boolean }).hasFailed;
    };
    expect(hasFailed({})).toBe(false);
    expect(hasFailed({ denials: [{ ...WRONG, ...plain(V3) }], attempts: FAILED_ONCE })).toBe(true);
    expect(hasFailed({ attempts: FAILED_ONCE, staged: plain(V2) })).toBe(false);
    expect(hasFailed({ attempts: FAILED_ONCE, staged: plain(V3) })).toBe(true);
    const rolledBack = { ...WRONG, reason: 'rolled-back' } as const;
    expect(hasFailed({ denials: [rolledBack], attempts: FAILED_ONCE })).toBe(true);
  });

  it('is tried again where it is the leftover of a failed attempt, and otherwise replaced later', () => {
    const leftover = notDropped(FAILURE, recordOf({ attempts: FAILED_ONCE }));
    expect(leftover.model.state).toEqual(available({ dueMono: RETRY }));
    expect(told(leftover)).toEqual([{ kind: 'drop-failed', failure: FAILURE }]);
    expect(notDropped(FAILURE, recordOf({ denials: [WRONG] })).model.state).toEqual(REFRESH);
  });

  it('is looked at again where somebody changed it', () => {
    const changed = failureOf('rpm_ostree_staged_changed');
    const after = notDropped(changed);
    expect(after.model.state).toEqual(POLLING);
    expect(told(after)).toEqual([{ kind: 'staged-changed', failure: changed }]);
    expect(after.model.memory.check.dueMono).toBe(NOW.mono + 10_000);
  });
});

describe('between two attempts', () => {
  it('the node rests until the next one is due', () => {
    const woke = (dueMono: number, state = available({ dueMono }), memory: Partial<Memory> = {}) =>
      answered(state, { kind: 'woke' }, { memory }).model;
    expect(woke(NOW.mono + 1).state).toEqual(available({ dueMono: NOW.mono + 1 }));
    expect(woke(NOW.mono).state).toMatchObject({ step: 'refresh' });
    expect(woke(NOW.mono).memory.check.dueMono).toBe(check.dueMono);
    const adrift = available({ dueMono: NOW.mono, terms: ignoring });
    expect(woke(0, adrift).memory.check.dueMono).toBe(NOW.mono);
    expect(woke(0, adrift, stageRequest()).memory.check.dueMono).not.toBe(NOW.mono);
  });

  const read = (status: HostStatus, memory: Partial<Memory> = {}, state = available({ step: 'refresh' })) =>
    answered(state, { kind: 'status-read', status }, { memory }).model;

  it('the deployments say what comes next', () => {
    const activeTransaction = { method: 'Upgrade', title: 'x', ours: false };
    expect(read(bootedOn('1.0')).state).toEqual(available({ step: 'stage', dueMono: 0 }));
    expect(read({ ...bootedOn('1.0'), activeTransaction }).state).toMatchObject({ step: 'follow' });
    expect(read(bootedOn('1.0'), { check: { ...check, dueMono: NOW.mono } }).state).toMatchObject({
      step: 'check',
    });
    expect(read(host([deployment('1.0', { booted: true, payload: undefined })])).state).toEqual(REFRESH);
    const failed = answered(available({ step: 'refresh' }), { kind: 'status-failed', failure: FAILURE });
    expect(failed.model.state).toEqual(available({ dueMono: RETRY }));
  });

  it("the release is left where it was denied, or was a person's wish that is over", () => {
    const denials = [{ release: '2.0', by: { uid: 0 }, reason: '', sinceAt: 1 }];
    expect(read(bootedOn('1.0'), recordOf({ adminDenials: denials })).state).toEqual(POLLING);
    const adrift = available({ step: 'refresh', terms: ignoring });
    expect(read(bootedOn('1.0'), {}, adrift).state).toEqual(POLLING);
    expect(read(bootedOn('1.0'), stageRequest(), { ...adrift, lastFailure: 'x' }).state).toEqual(
      available({ step: 'stage', dueMono: 0, terms: ignoring, lastFailure: 'x' }),
    );
  });

  it('a server that fails leaves a release of its own, not one on the terms of a person', () => {
    const failed = (state: AgentState, memory: Partial<Memory> = {}) =>
      answered(state, { kind: 'check-failed', failure: FAILURE }, { memory }).model.state;
    expect(failed(available({ step: 'check' }))).toMatchObject({ name: 'UpdateAvailable', step: 'stage' });
    expect(failed(available({ step: 'check', terms: ignoring }), stageRequest())).toEqual(POLLING);
  });

  const answer = (
    outcome: Parameters<typeof checkResult>[0],
    memory: Partial<Memory> = {},
    state = available({ step: 'check', lastFailure: 'x' }),
  ) => answered(state, { kind: 'checked', result: checkResult(outcome) }, { memory });

  it('an answer goes on with what it offers, and leaves what it does not', () => {
    const same = answer({ kind: 'update', release: V2 });
    expect(same.model.state).toEqual(available({ step: 'stage', dueMono: 0, lastFailure: 'x' }));
    expect(told(same)).toEqual([]);
    expect(told(answer({ kind: 'update', release: V3 }))).toEqual([{ kind: 'selected', release: V3 }]);
    const gone = { kind: 'no-longer-offered', release: V2 };
    const nothing = answer({ kind: 'no-update' });
    expect([nothing.model.state, told(nothing)]).toEqual([POLLING, [gone]]);
    const unknown = answer({ kind: 'off-graph' });
    expect([unknown.model.state, told(unknown)]).toEqual([REFRESH, [gone]]);
  });

  it('an answer about another version says nothing of the one that is tried', () => {
    const about = answer({ kind: 'no-update' }, stageRequest('9'));
    expect(about.model.state).toEqual(available({ step: 'stage', dueMono: 0, lastFailure: 'x' }));
    const onTerms = answer(
      { kind: 'no-update' },
      stageRequest('9'),
      available({ step: 'check', terms: ignoring }),
    );
    expect(onTerms.model.state).toEqual(POLLING);
  });
});

describe('a release that the graph names', () => {
  const CHECKING: AgentState = { name: 'NoNewUpdate', step: 'check' };
  const named = (memory: Partial<Memory> = {}, policy = {}) =>
    answered(
      CHECKING,
      { kind: 'checked', result: checkResult({ kind: 'update', release: V2 }) },
      { memory, policy },
    );

  it('is staged', () => {
    const after = named();
    expect(after.model.state).toEqual(available({ step: 'stage', dueMono: 0 }));
    expect(told(after)).toEqual([{ kind: 'selected', release: V2 }]);
    const terms = { ...ignoring, to: '2.0' };
    expect(named(stageRequest('2.0')).model.state).toEqual(available({ step: 'stage', dueMono: 0, terms }));
  });

  it('is gone on with where exactly that is staged already', () => {
    const onDisk = { host: on(staged('2.0')) };
    const done = named({ ...onDisk, ...recordOf({ staged: plain(V2) }) });
    expect(done.model.state).toEqual(atStaged({ step: 'ask', dueMono: 0 }));
    // Locked, and no agent saw that staging it succeeded.
    expect(named(onDisk).model.state).toEqual(available({ step: 'discard', dueMono: 0 }));
    const theirs = { host: on(staged('2.0', { finalizationLocked: false })) };
    expect(named(theirs).model.state).toMatchObject({ name: 'UpdateStaged', unlocked: true });
  });

  it('is dropped first where a failed attempt left it', () => {
    const failedOnce = recordOf({ attempts: FAILED_ONCE });
    const suspect = (finalizationLocked: boolean | undefined, policy = {}) =>
      named({ ...failedOnce, host: on(staged('2.0', { finalizationLocked })) }, policy).model.state;
    const discarding = available({ step: 'discard', failedAttempts: 1, dueMono: 0 });
    expect(suspect(true)).toEqual(discarding);
    expect(suspect(undefined, { replaceForeignStaged: true })).toEqual(discarding);
    expect(suspect(undefined)).toEqual(POLLING);
    expect(suspect(false)).toMatchObject({ name: 'UpdateStaged', unlocked: true });
  });

  it('is left where somebody else staged something, unless that may be replaced', () => {
    const theirs = { host: on(staged('9', { finalizationLocked: false })) };
    const left = named(theirs);
    expect(left.model.state).toEqual(POLLING);
    expect(told(left)[0]).toEqual({ kind: 'offer-left', release: V2, staged: '9', repeated: false });
    const { answer } = left.model.memory.check;
    expect(told(named({ ...theirs, check: { ...check, answer } }))[0]).toMatchObject({ repeated: true });
    expect(named(theirs, { replaceForeignStaged: true }).model.state).toMatchObject({ step: 'stage' });
  });

  it('is left while a person holds staging', () => {
    const hold = (id: string, what: Hold['what']): Hold => ({
      id,
      what,
      by: { uid: 0 },
      reason: '',
      sinceAt: 1,
    });
    const after = named(
      recordOf({ holds: [hold('h1', 'stage'), hold('h2', 'stage'), hold('h3', 'reboot')] }),
    );
    expect(after.model.state).toEqual(POLLING);
    expect(told(after)).toEqual([
      { kind: 'staging-held', release: V2, reason: 'staging is held: h1, h2', repeated: false },
    ]);
    expect(named(recordOf({ holds: [hold('h3', 'reboot')] })).model.state).toMatchObject({ step: 'stage' });
  });
});
