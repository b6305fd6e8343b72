/** What a new configuration, or a person, makes of an attempt under way: slots, the time of people, what was asked for. */
import { describe, expect, it } from 'vitest';
import { reconfigured, startedOver } from '../../../src/agent/reconfigure.ts';
import { EMPTY_RECORD, plain } from '../../../src/agent/record.ts';
import type { SlotPlace } from '../../../src/agent/slot-place.ts';
import type { AgentState, Memory, Policy, StagedStep } from '../../../src/agent/state.ts';
import { atStaged, available, memoryOf, POLLING, SWITCHED_OFF } from '../../support/agent-states.ts';
import { POLICY, release } from '../../support/samples.ts';

const NOW = { at: 1_000_000, mono: 500_000 };
const place = (id: string): SlotPlace => ({ lender: 'fleet_lock', address: 'https://lock', group: 'g', id });
const LENDING: Policy = { ...POLICY, hasLenders: true, slotPlaces: [place('a'), place('b')] };
const SINCE = { at: 1, mono: 1 };
const KEEPING = atStaged({ holding: { by: 'lender', reason: 'drained', since: SINCE } });
const ASKED = { ...plain(release('2.0')), at: 1, bootId: 'boot-1' };
const FRESH: Memory['steady'] = { owed: true, dueMono: 9_000_000, streak: undefined, fresh: true };
const record = { ...EMPTY_RECORD, asked: ASKED };

const after = (state: AgentState, before: Policy, policy: Policy, memory: Partial<Memory> = {}) =>
  reconfigured({ state, memory: memoryOf(memory) }, NOW, before, policy);

/** The reboot may be on its way. */
const UNSETTLED = {
  by: 'failure',
  kind: 'rpm_ostree_transaction_lost',
  message: 'x',
  since: { at: 1, mono: 1 },
  unsettled: true,
} as const;

describe('a lender that keeps a place for this node', () => {
  const isKept = (policy: Policy, before = LENDING): boolean => {
    const { state, memory } = after(KEEPING, before, policy).model;
    const isHolding = state.name === 'UpdateStaged' && state.holding.by === 'lender';
    expect(memory.steady.owed).toBe(!isHolding);
    return isHolding;
  };

  it('goes on keeping it while the same lenders are configured, in whatever order', () => {
    expect(isKept(LENDING)).toBe(true);
    expect(isKept({ ...LENDING, slotPlaces: [place('b'), place('a')] })).toBe(true);
    expect(isKept({ ...LENDING, retryIntervalMs: 1 })).toBe(true);
  });

  it('gets it back where another one is configured, or the stream is another one', () => {
    expect(isKept({ ...LENDING, slotPlaces: [place('a')] })).toBe(false);
    expect(isKept({ ...LENDING, slotPlaces: [place('a'), place('c')] })).toBe(false);
    expect(isKept({ ...LENDING, slotPlaces: [place('c'), place('d')] })).toBe(false);
    expect(isKept({ ...LENDING, slotPlaces: [place('a'), place('b'), place('c')] })).toBe(false);
    expect(isKept({ ...LENDING, stream: 'next' })).toBe(false);
    expect(isKept(LENDING, { ...LENDING, slotPlaces: [place('a'), place('b'), place('c')] })).toBe(false);
  });

  it('gets it back where updates are switched off', () => {
    expect(after(KEEPING, LENDING, { ...LENDING, enabled: false }).model.memory.steady).toMatchObject({
      owed: true,
      fresh: false,
    });
  });
});

describe('a new configuration', () => {
  it('has lenders told, if there are or were any', () => {
    const steady = (before: Policy, policy: Policy) =>
      after(POLLING, before, policy, { steady: { ...FRESH, owed: false } }).model.memory.steady;
    const anew = { owed: true, dueMono: 0, fresh: false };
    expect(steady(LENDING, POLICY)).toMatchObject(anew);
    expect(steady(POLICY, LENDING)).toMatchObject(anew);
    expect(steady(POLICY, POLICY)).toEqual({ ...FRESH, owed: false });
  });

  it('has the server asked at once, whatever was put off', () => {
    const { check } = memoryOf();
    const putOff = { ...check, dueMono: 9_000_000, putOffUntilAt: 7 };
    expect(after(POLLING, POLICY, POLICY, { check: putOff }).model.memory.check).toMatchObject({
      dueMono: 0,
      putOffUntilAt: undefined,
    });
  });

  it.each<[AgentState, AgentState]>([
    [available({ step: 'stage' }), available({ dueMono: 0 })],
    [available({ step: 'discard' }), available({ step: 'discard' })],
    [
      { name: 'OffGraph', step: 'check', since: SINCE },
      { name: 'OffGraph', step: 'rest', since: SINCE },
    ],
    [{ name: 'Initialized' }, { name: 'Initialized' }],
    [SWITCHED_OFF, { name: 'StartState', step: 'register', dueMono: 0 }],
    [atStaged({ step: 'confirm', warned: true }), atStaged({ dueMono: 0, warned: true })],
  ])('has the decision made from its first step on', (before, state) => {
    expect(after(before, POLICY, POLICY).model.state).toEqual(state);
  });

  it.each([{ graceMinutes: 3 }, { maxDelayMinutes: 3 }, { neverWhileLoggedIn: true }])(
    'gives people their time anew where it is about that: %j',
    (change) => {
      const state = atStaged({ warned: true, postponementsLeft: 1, delayLeft: 1 });
      const sessions = { ...POLICY.sessions, ...change };
      expect(after(state, POLICY, { ...POLICY, sessions }).model.state).toMatchObject({ warned: false });
    },
  );

  it('takes back a reboot only where it was about to be asked for', () => {
    const taken = (step: StagedStep) => {
      const { model, happenings } = after(atStaged({ step }), POLICY, POLICY, { record });
      const isTold = happenings.some(({ kind }) => kind === 'reboot-refused');
      expect(isTold).toBe(model.memory.record.asked === undefined);
      return isTold;
    };
    expect(taken('finalize')).toBe(true);
    expect(taken('rest')).toBe(false);
    expect(taken('reconcile')).toBe(false);
    const { happenings } = after(atStaged({ step: 'finalize' }), POLICY, POLICY);
    expect(happenings).toEqual([{ kind: 'reconfigured' }]);
  });
});

describe('an attempt that begins anew because of a person', () => {
  const over = (state: AgentState, memory: Partial<Memory> = {}) =>
    startedOver({ state, memory: memoryOf(memory) }, NOW, LENDING, 'hold h1 came');

  it('rests first, and what was lent goes back at once', () => {
    const { model, happenings } = over(KEEPING, { steady: FRESH });
    expect(model.state).toEqual(atStaged({ dueMono: NOW.mono, holding: { by: 'nothing' } }));
    expect(model.memory.steady).toEqual({ ...FRESH, dueMono: 0 });
    expect(happenings).toEqual([]);
  });

  it('keeps why it rested where that was no lender', () => {
    const holding = { by: 'strategy', reason: 'outside' } as const;
    expect(over(atStaged({ step: 'ask', holding })).model.state).toMatchObject({ holding });
  });

  it('owes nothing where nobody was asked yet', () => {
    const slots = [{ ...place('a'), sinceAt: 1 }];
    const memory = { steady: FRESH, record: { ...EMPTY_RECORD, slots } };
    const about = over(atStaged({ step: 'acquire' }), memory).model.memory;
    expect([about.steady.owed, about.record.slots]).toEqual([false, []]);
    const past = over(atStaged({ step: 'confirm' }), memory).model.memory;
    expect([past.steady.owed, past.record.slots]).toEqual([true, slots]);
  });

  it('takes back the reboot that was about to be asked for, and says why', () => {
    const { model, happenings } = over(atStaged({ step: 'finalize' }), { record });
    expect(model.memory.record.asked).toBeUndefined();
    expect(happenings).toEqual([{ kind: 'reboot-refused', target: ASKED, why: 'hold h1 came' }]);
  });

  it.each<AgentState>([
    atStaged({ step: 'reconcile' }),
    atStaged({ step: 'discard' }),
    atStaged({ step: 'follow' }),
    atStaged({ step: 'rest', holding: UNSETTLED }),
    available(),
    POLLING,
  ])('does not where something else has to be found out first, or is at work: $name $step', (state) => {
    const model = { state, memory: memoryOf() };
    expect(startedOver(model, NOW, LENDING, 'x')).toEqual({ model, happenings: [] });
  });
});
