/** What each happening means for a request that the machine has gone about. */
import { describe, expect, it } from 'vitest';
import type { Happening } from '../../../src/agent/happenings.ts';
import { LENDER_PATIENCE_MS } from '../../../src/agent/pacing.ts';
import type { CheckResult } from '../../../src/agent/ports.ts';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import {
  firstOutcome,
  isLenderAwaited,
  isWhatIsStaged,
  refused,
} from '../../../src/agent/request-outcomes.ts';
import type { Outcome, Wish } from '../../../src/agent/requests.ts';
import type { Memory, Model } from '../../../src/agent/state.ts';
import { atStaged, available, memoryOf, POLLING } from '../../support/agent-states.ts';
import { checkResult, release, staged } from '../../support/samples.ts';

const V2 = release('2.0', 2);
const V3 = release('3.0', 3);
const NOW = { at: 1_000_000, mono: 500_000 };
const FAILURE = { kind: 'x', message: 'it failed' };

const CHECK: Wish = { kind: 'check' };
const STAGE: Wish = { kind: 'stage', ignoreRollout: false };
const STAGE_3: Wish = { ...STAGE, to: '3.0' };
const REBOOT: Wish = { kind: 'reboot', overrides: [] };
const DISCARD: Wish = { kind: 'discard' };

interface Case {
  readonly begun?: boolean;
  readonly state?: Model['state'];
  readonly memory?: Partial<Memory>;
}

function outcomeOf(wish: Wish, happenings: readonly Happening[], of: Case = {}): Outcome | undefined {
  const { begun = true, state = POLLING, memory } = of;
  const pending = { request: { id: 't-1', by: { uid: 1000 }, wish }, begun };
  return firstOutcome(pending, { state, memory: memoryOf(memory) }, happenings, NOW);
}

const checked = (outcome: CheckResult['outcome'], skipped: readonly string[] = []): Happening => ({
  kind: 'checked',
  result: checkResult(outcome, { skipped }),
});
const failing = (activity: 'check' | 'status' | 'save' | 'driver' | 'steady'): Happening => ({
  kind: 'failing',
  activity,
  failure: FAILURE,
  repeated: false,
});
const held = (more: Partial<Extract<Happening, { kind: 'reboot-held' }>> = {}): Happening => ({
  kind: 'reboot-held',
  by: 'gates',
  reason: 'outside',
  label: 'outside_window',
  repeated: false,
  ...more,
});

const done = (text: string, changed: boolean, version?: string): Outcome => ({
  ...{ kind: 'done', text, changed },
  ...(version !== undefined && { release: version }),
});
const FAILED = refused('Failed', 'it failed');
const DOWNGRADE = { kind: 'downgrade-refused', release: V2 } as const;
const UPDATE = { kind: 'update', release: V2 } as const;

describe('a check', () => {
  it.each<[string, Happening, Outcome | undefined]>([
    ['an update', checked(UPDATE), done('the update server offers 2.0', true, '2.0')],
    ['nothing', checked({ kind: 'no-update' }), done('the update server offers nothing newer', false)],
    [
      'a downgrade',
      checked(DOWNGRADE),
      done('the update server offers 2.0, which would be a downgrade', false, '2.0'),
    ],
    [
      'off the graph',
      checked({ kind: 'off-graph' }),
      done('the update graph does not have the booted release', false),
    ],
    ['a failed check', failing('check'), FAILED],
    ['deployments that cannot be read', failing('status'), FAILED],
    ['a slot that cannot be given back', failing('steady'), undefined],
    ['something else', { kind: 'steady' }, undefined],
  ])('ends with what the server says: %s', (_what, happening, outcome) => {
    expect(outcomeOf(CHECK, [happening])).toStrictEqual(outcome);
  });

  it("is the node's own as well, whoever began it", () => {
    expect(outcomeOf(CHECK, [checked(UPDATE)], { begun: false })).toMatchObject({ kind: 'done' });
  });

  it('ends with the first happening that means anything to it', () => {
    expect(outcomeOf(CHECK, [{ kind: 'steady' }, failing('check'), checked(UPDATE)])).toEqual(FAILED);
  });
});

describe('staging', () => {
  it.each<[string, Wish, Happening, Outcome | undefined]>([
    ['it is staged', STAGE, { kind: 'staged', release: V2 }, done('2.0 is staged', true, '2.0')],
    ['it is to be staged', STAGE, checked(UPDATE), undefined],
    [
      'nothing is offered',
      STAGE,
      checked({ kind: 'no-update' }, ['3.0']),
      refused('NoUpdate', 'the update server offers nothing newer'),
    ],
    [
      'the version is not offered',
      STAGE_3,
      checked({ kind: 'no-update' }, ['4.0']),
      refused('NoUpdate', 'the update server does not offer 3.0'),
    ],
    [
      'the version is denied',
      STAGE_3,
      checked({ kind: 'no-update' }, ['3.0']),
      refused('Blocked', '3.0 is denied: allow it first', ['denied']),
    ],
    [
      'a downgrade',
      STAGE,
      checked(DOWNGRADE),
      refused('NoUpdate', '2.0 would be a downgrade, which the configuration forbids'),
    ],
    [
      'off the graph',
      STAGE,
      checked({ kind: 'off-graph' }),
      refused('NoUpdate', 'the update graph does not have the booted release'),
    ],
    [
      'a failed attempt',
      STAGE,
      { kind: 'staging-failed', release: V2, failure: FAILURE, repeated: false },
      FAILED,
    ],
    [
      'something else was staged',
      STAGE,
      { kind: 'staged-other', release: V2, found: staged('9') },
      refused('Failed', 'rpm-ostree staged something else than 2.0'),
    ],
    [
      'another stream',
      STAGE,
      { kind: 'wrong-stream', release: V2, expected: 'stable', found: 'next' },
      refused('Failed', '2.0 is of another stream than this node'),
    ],
    [
      'somebody else has staged something',
      STAGE,
      { kind: 'offer-left', release: V2, staged: '9', repeated: true },
      refused('Blocked', 'somebody else wants 9 to boot next: it is left as it is', ['foreign']),
    ],
    [
      'a person holds staging',
      STAGE,
      { kind: 'staging-held', release: V2, reason: 'staging is held: h1', repeated: true },
      refused('Blocked', 'staging is held: h1', ['hold']),
    ],
    [
      'withdrawn',
      STAGE,
      { kind: 'no-longer-offered', release: V2 },
      refused('NoUpdate', '2.0 is no longer offered'),
    ],
    [
      'cut short',
      STAGE,
      { kind: 'staging-cut-short', release: V2 },
      refused('Cancelled', 'staging 2.0 was cut short by a later request'),
    ],
    ['a failed check', STAGE, failing('check'), FAILED],
    ['deployments that cannot be read', STAGE, failing('status'), FAILED],
    ['a driver that cannot be registered', STAGE, failing('driver'), undefined],
  ])('that was begun ends: %s', (_what, wish, happening, outcome) => {
    expect(outcomeOf(wish, [happening])).toStrictEqual(outcome);
  });

  it('is done where exactly that is staged already', () => {
    const already = done('2.0 is staged already', false, '2.0');
    expect(outcomeOf(STAGE, [checked(UPDATE)], { state: atStaged() })).toStrictEqual(already);
    expect(outcomeOf(STAGE, [checked(UPDATE)], { state: atStaged({ release: V3 }) })).toBeUndefined();
    expect(outcomeOf(STAGE, [checked(UPDATE)], { state: available() })).toBeUndefined();
  });

  it('that was not begun ends with what the node staged of its own, if that is what was asked for', () => {
    const here: Case = { begun: false };
    const isStaged: Happening = { kind: 'staged', release: V2 };
    expect(outcomeOf(STAGE, [isStaged], here)).toStrictEqual(done('2.0 is staged', true, '2.0'));
    expect(outcomeOf(STAGE_3, [isStaged], here)).toBeUndefined();
    expect(outcomeOf(STAGE, [checked({ kind: 'no-update' })], here)).toBeUndefined();
    expect(outcomeOf(REBOOT, [held()], here)).toBeUndefined();
    expect(outcomeOf(DISCARD, [{ kind: 'dropped', version: '2.0', why: 'request' }], here)).toBeUndefined();
  });

  it('asks for no more than a release that is there, unless it names another or goes beyond the rollout', () => {
    const request = (wish: Wish) => ({ id: 't-1', by: { uid: 0 }, wish });
    expect(isWhatIsStaged(request(STAGE), '2.0')).toBe(true);
    expect(isWhatIsStaged(request(STAGE_3), '3.0')).toBe(true);
    expect(isWhatIsStaged(request(STAGE_3), '2.0')).toBe(false);
    expect(isWhatIsStaged(request({ kind: 'stage', ignoreRollout: true }), '2.0')).toBe(false);
    expect(isWhatIsStaged(request(CHECK), '2.0')).toBe(false);
  });
});

describe('a reboot', () => {
  const look: Memory['look'] = {
    at: 1,
    reports: [
      { gate: 'periodic', verdict: 'block', reason: 'outside', label: 'outside_window' },
      { gate: 'hold', verdict: 'pass', reason: 'nobody', label: 'held' },
      { gate: 'uptime', verdict: 'unknown', reason: 'no answer', label: 'x' },
      { gate: 'periodic', verdict: 'block', reason: 'splay', label: 'splay' },
    ],
  };

  it.each<[string, Happening, Outcome | undefined]>([
    [
      'it is on its way',
      { kind: 'finalized', release: V2 },
      done('the reboot into 2.0 is on its way', true, '2.0'),
    ],
    ['gates block', held(), refused('Blocked', 'outside', ['periodic', 'uptime'])],
    [
      'a gate names the instant',
      held({ untilAt: Date.UTC(2026, 0, 3) }),
      refused('Blocked', 'outside; not before Sat 2026-01-03 00:00:00 UTC', ['periodic', 'uptime']),
    ],
    [
      'a lender refuses',
      held({ by: 'lenders', label: 'fleet_lock', reason: 'all slots are taken' }),
      refused('Blocked', 'all slots are taken', ['fleet_lock']),
    ],
    [
      'it was cut short',
      held({ by: 'lenders', cutShort: true }),
      refused('Cancelled', 'the attempt was cut short by a later request or a new configuration'),
    ],
    [
      'gates cannot be asked',
      { kind: 'asking-failed', failure: FAILURE, repeated: true },
      refused('Blocked', 'it failed', ['periodic', 'uptime']),
    ],
    [
      'a lender cannot be asked',
      {
        kind: 'asking-failed',
        failure: { kind: 'fleet_lock_unreachable', message: 'no answer' },
        repeated: true,
      },
      refused('Blocked', 'no answer', ['fleet_lock']),
    ],
    [
      'people are waited for',
      { kind: 'reboot-postponed', sessions: 1 },
      refused('Blocked', 'somebody is logged in, and is waited for', ['people']),
    ],
    ['rpm-ostree refuses', { kind: 'finalize-failed', failure: FAILURE, repeated: false }, FAILED],
    [
      'it was taken back',
      { kind: 'reboot-refused', target: V2, why: 'hold h1 came' },
      refused('Failed', 'hold h1 came'),
    ],
    [
      'the release is no longer offered',
      { kind: 'staged-unoffered', release: V2 },
      refused('Blocked', 'the update server no longer offers 2.0', ['update_server']),
    ],
    [
      'somebody took it away',
      { kind: 'staged-lost', release: V2, replacedBy: undefined },
      refused('NotStaged', '2.0 is no longer staged'),
    ],
    [
      'it was dropped',
      { kind: 'dropped', version: '2.0', why: 'request' },
      refused('NotStaged', '2.0 was dropped: it is denied, or was withdrawn'),
    ],
    ['deployments that cannot be read', failing('status'), FAILED],
    ['a record that cannot be written', failing('save'), FAILED],
    ['a check that failed', failing('check'), undefined],
  ])('ends with what became of it: %s', (_what, happening, outcome) => {
    expect(outcomeOf(REBOOT, [happening], { state: atStaged(), memory: { look } })).toStrictEqual(outcome);
  });

  it('names the holds of the same person that it passes', () => {
    const own = { id: 'h1', what: 'reboot', by: { uid: 1000 }, reason: '', sinceAt: 1 } as const;
    const holds = [own, { ...own, id: 'h2', by: { uid: 7 } }, { ...own, id: 'h3' }];
    const memory = { record: { ...EMPTY_RECORD, holds } };
    expect(outcomeOf(REBOOT, [{ kind: 'finalized', release: V2 }], { memory })).toMatchObject({
      text: 'the reboot into 2.0 is on its way; it passes h1, h3, held by the same person',
    });
  });

  it('names no gate where none was looked at', () => {
    const failed: Happening = { kind: 'asking-failed', failure: FAILURE, repeated: true };
    expect(outcomeOf(REBOOT, [failed])).toStrictEqual(refused('Blocked', 'it failed', []));
  });

  it('waits for a lender that asks for patience, as long as a drain takes', () => {
    const since = { at: 1, mono: 1000 };
    const lender = { by: 'lender', reason: 'drained', since } as const;
    const last = since.mono + LENDER_PATIENCE_MS;
    const awaited = (changes: Parameters<typeof atStaged>[0]) =>
      isLenderAwaited({
        state: atStaged({ holding: lender, dueMono: last, ...changes }),
        memory: memoryOf(),
      });
    expect(awaited({})).toBe(true);
    expect(awaited({ dueMono: last + 1 })).toBe(false);
    expect(awaited({ holding: { ...lender, errorKind: 'fleet_lock_unreachable' } })).toBe(false);
    expect(awaited({ holding: { by: 'nothing' } })).toBe(false);
    expect(isLenderAwaited({ state: POLLING, memory: memoryOf() })).toBe(false);
    const here = { state: atStaged({ holding: lender, dueMono: last }) };
    expect(outcomeOf(REBOOT, [held({ by: 'lenders' })], here)).toBeUndefined();
  });
});

describe('a discard', () => {
  it.each<[string, Happening, Outcome]>([
    [
      'it was dropped',
      { kind: 'dropped', version: '2.0', why: 'request' },
      done('2.0 is no longer staged, and denied', true, '2.0'),
    ],
    [
      'it could not be dropped',
      { kind: 'drop-failed', failure: FAILURE },
      done('it is denied, and not dropped yet: it failed', true),
    ],
    [
      'somebody staged something else',
      { kind: 'staged-changed', failure: FAILURE },
      done('it is denied, and not dropped yet: it failed', true),
    ],
  ])('is done: %s', (_what, happening, outcome) => {
    expect(outcomeOf(DISCARD, [happening])).toStrictEqual(outcome);
  });
});

describe('a refusal', () => {
  it('names gates only where there are any to name', () => {
    expect(refused('Busy', 'later')).toStrictEqual({ kind: 'refused', error: 'Busy', text: 'later' });
  });
});
