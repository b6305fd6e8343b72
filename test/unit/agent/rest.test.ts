/** When a node that waits has something to do again, and how it waits until then. */
import { describe, expect, it } from 'vitest';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import {
  askAgainAt,
  nextThreshold,
  releaseFormer,
  releaseSlot,
  slotDueMono,
  slotDueUntold,
  waitFor,
  waitUntil,
  resting,
} from '../../../src/agent/rest.ts';
import type { AgentState, Memory, Policy } from '../../../src/agent/state.ts';
import {
  atStaged,
  available,
  FINALIZED,
  memoryOf,
  POLLING,
  REBOOT_PENDING,
  SWITCHED_OFF,
} from '../../support/agent-states.ts';
import { POLICY, release as releaseOf } from '../../support/samples.ts';

const DAY = 86_400_000;
const RELEASE = releaseOf('2.0');
const NOW = { at: 1_000_000, mono: 500_000 };
const PLACE = { lender: 'fleet_lock', address: 'https://lock', group: 'workers', id: 'n1' };
const FORMER = { ...PLACE, address: 'https://old', sinceAt: 1 };
const PRESENT = { ...PLACE, sinceAt: 2 };
const LENDING: Policy = { ...POLICY, hasLenders: true, slotPlaces: [PLACE] };
const OWED: Memory['steady'] = { owed: true, dueMono: 700_000, streak: undefined };
const UNREGISTERED: Memory['driver'] = { registered: false, dueMono: 600_000, streak: undefined };
const slotsOf = (...slots: Memory['record']['slots']) => ({ ...EMPTY_RECORD, slots });
const OFF_GRAPH: AgentState = { name: 'OffGraph', step: 'rest', since: { at: 1, mono: 1 } };
const STARTING: Extract<AgentState, { name: 'StartState' }> = {
  name: 'StartState',
  step: 'rest',
  dueMono: 9_000_000,
};

const thresholdOf = (state: AgentState, memory: Partial<Memory> = {}, policy = POLICY) =>
  nextThreshold({ state, memory: memoryOf(memory) }, policy);

describe('a node that waits', () => {
  it.each<[string, AgentState]>([
    ['polls', POLLING],
    ['is off the graph', OFF_GRAPH],
    ['has reported', { name: 'ReportedSteady', step: 'rest' }],
    ['starts', STARTING],
    ['stages', available()],
    ['has staged', atStaged()],
    ['waits for its reboot', REBOOT_PENDING],
    ['is switched off', SWITCHED_OFF],
  ])('has something to do when its state says so: it %s', (_what, state) => {
    expect(thresholdOf(state)).toEqual({ mono: 9_000_000, at: undefined });
  });

  it.each<AgentState>([{ name: 'Initialized' }, FINALIZED])('does not wait at all in $name', (state) => {
    expect(thresholdOf(state).mono).toBe(Number.NEGATIVE_INFINITY);
    expect(waitFor({ state, memory: memoryOf() }, { ...NOW, policy: POLICY })).toEqual({
      kind: 'wait',
      forMs: 0,
    });
  });

  it.each([POLLING, OFF_GRAPH, available(), atStaged()])('does its duties meanwhile in $name', (state) => {
    expect(thresholdOf(state, { driver: UNREGISTERED }).mono).toBe(600_000);
    expect(thresholdOf(state, { steady: OWED }).mono).toBe(700_000);
    expect(thresholdOf(state, { steady: OWED, driver: UNREGISTERED }).mono).toBe(600_000);
  });

  it('has no duties while its reboot is to come, and one alone while it starts', () => {
    const due = (state: AgentState) =>
      thresholdOf(state, { steady: OWED, driver: UNREGISTERED }, LENDING).mono;
    expect(due(REBOOT_PENDING)).toBe(9_000_000);
    expect(due(STARTING)).toBe(700_000);
    expect(due({ ...STARTING, step: 'read' })).toBe(9_000_000);
  });

  it('gives a slot back while it is switched off, and registers nowhere', () => {
    const memory = { steady: OWED, driver: UNREGISTERED };
    expect(thresholdOf(SWITCHED_OFF, memory, LENDING).mono).toBe(700_000);
    expect(thresholdOf(SWITCHED_OFF, memory).mono).toBe(9_000_000);
    expect(thresholdOf(SWITCHED_OFF, { ...memory, record: slotsOf(FORMER) }).mono).toBe(700_000);
  });

  it('writes its record when that is due', () => {
    const save = { due: true, dueMono: 550_000, streak: undefined };
    expect(thresholdOf(POLLING, { save }).mono).toBe(550_000);
    expect(thresholdOf(POLLING, { save: { ...save, due: false } }).mono).toBe(9_000_000);
  });

  it('wakes at the instant that a gate names, and at none that it does not', () => {
    const held = atStaged({ holding: { by: 'strategy', reason: 'outside', untilAt: 1_234_567 } });
    expect(thresholdOf(held)).toEqual({ mono: 9_000_000, at: 1_234_567 });
    expect(waitFor({ state: held, memory: memoryOf() }, { ...NOW, policy: POLICY })).toStrictEqual({
      kind: 'wait',
      forMs: 8_500_000,
      untilAt: 1_234_567,
    });
    expect(waitFor({ state: atStaged(), memory: memoryOf() }, { ...NOW, policy: POLICY })).toStrictEqual({
      kind: 'wait',
      forMs: 8_500_000,
    });
    const since = { at: 1, mono: 1 };
    expect(askAgainAt({ by: 'strategy', reason: 'x' })).toBeUndefined();
    expect(askAgainAt({ by: 'failure', kind: 'x', message: 'y', since })).toBeUndefined();
  });

  it('waits neither longer than a day nor backwards', () => {
    expect(waitUntil(NOW.mono + 10 * DAY, NOW)).toEqual({ kind: 'wait', forMs: DAY });
    expect(waitUntil(NOW.mono + 5, NOW)).toEqual({ kind: 'wait', forMs: 5 });
    expect(waitUntil(0, NOW)).toEqual({ kind: 'wait', forMs: 0 });
    const far = available({ dueMono: NOW.mono + 10 * DAY });
    expect(waitFor({ state: far, memory: memoryOf() }, { ...NOW, policy: POLICY }).forMs).toBe(DAY);
  });
});

describe('a slot', () => {
  it('is due where a report is owed, or something is held with a lender of before', () => {
    const due = (memory: Partial<Memory>, state: AgentState = POLLING) =>
      slotDueMono({ state, memory: memoryOf(memory) }, LENDING);
    expect(due({ steady: OWED })).toBe(700_000);
    expect(due({ steady: { ...OWED, owed: false } })).toBeUndefined();
    expect(due({ steady: { ...OWED, owed: false }, record: slotsOf(PRESENT) })).toBeUndefined();
    expect(due({ steady: { ...OWED, owed: false }, record: slotsOf(FORMER) })).toBe(700_000);
    const keeping = atStaged({ holding: { by: 'lender', reason: 'x', since: { at: 1, mono: 1 } } });
    expect(due({ steady: OWED }, keeping)).toBeUndefined();
  });

  it("is nobody's business on a node that is switched off and never had a lender", () => {
    const due = (policy: Policy, record = EMPTY_RECORD) =>
      slotDueUntold({ state: SWITCHED_OFF, memory: memoryOf({ steady: OWED, record }) }, policy);
    expect(due(POLICY)).toBeUndefined();
    expect(due(LENDING)).toBe(700_000);
    expect(due(POLICY, slotsOf(FORMER))).toBe(700_000);
  });

  it('F7-unread: is due without the deployments, unless they alone tell of a reboot under way', () => {
    const due = (bootId: string, state: AgentState) => {
      const record = { ...slotsOf(FORMER), asked: { ...RELEASE, at: 1, bootId } };
      const memory = { ...memoryOf({ steady: OWED, record }), host: undefined };
      const mono = nextThreshold({ state, memory }, LENDING).mono;
      return [slotDueUntold({ state, memory }, LENDING), mono];
    };
    const unread: AgentState = { name: 'StartState', step: 'rest', dueMono: 900_000 };
    expect(due('the boot before', unread)).toEqual([700_000, 700_000]);
    expect(due(LENDING.bootId, unread)).toEqual([undefined, 900_000]);
    expect(due(LENDING.bootId, SWITCHED_OFF)[0]).toBeUndefined();
  });

  const release = (steady: Partial<Memory['steady']>, policy = LENDING, record = slotsOf(PRESENT, FORMER)) =>
    releaseSlot(POLLING, {
      ...NOW,
      memory: memoryOf({ steady: { ...OWED, ...steady }, record }),
      policy,
    });

  it('goes back to lenders of now and of before, and the boot is looked at first', () => {
    expect(release({})).toStrictEqual({
      kind: 'release-slot',
      stream: 'stable',
      configured: true,
      present: [PRESENT],
      former: [FORMER],
      asksBoot: true,
    });
  });

  it('goes back to lenders of before alone where the others are owed nothing', () => {
    expect(release({ owed: false })).toMatchObject({ configured: false, present: [], former: [FORMER] });
  });

  it('goes back without a look at the boot once that was complete, or has been waited for a day', () => {
    const waiting = (forMs: number) => ({
      bootWait: { since: { at: 1, mono: NOW.mono - forMs }, looks: 3, reason: 'x' },
    });
    expect(release({ bootComplete: true }).asksBoot).toBe(false);
    expect(release(waiting(DAY - 1)).asksBoot).toBe(true);
    expect(release(waiting(DAY)).asksBoot).toBe(false);
  });

  it('is reported without a look at the boot where nobody ever lent anything', () => {
    expect(release({}, POLICY, EMPTY_RECORD).asksBoot).toBe(false);
    expect(release({}, LENDING, EMPTY_RECORD).asksBoot).toBe(true);
    expect(release({}, POLICY, slotsOf(FORMER)).asksBoot).toBe(true);
  });

  it('of a lender of before goes back before another lender is asked, when that is due', () => {
    const former = (record: Memory['record'], dueMono: number) =>
      releaseFormer({ ...NOW, memory: memoryOf({ steady: { ...OWED, dueMono }, record }), policy: LENDING });
    expect(former(slotsOf(PRESENT, FORMER), NOW.mono)).toStrictEqual({
      kind: 'release-slot',
      stream: 'stable',
      configured: false,
      present: [],
      former: [FORMER],
      asksBoot: false,
    });
    expect(former(slotsOf(FORMER), NOW.mono + 1)).toBeUndefined();
    expect(former(slotsOf(PRESENT), NOW.mono)).toBeUndefined();
  });
});

describe('a step that rests', () => {
  const step = resting<typeof POLLING>((state, { memory }) => ({ state, memory }));
  const asks = (memory: Partial<Memory>) =>
    step.asks(POLLING, { ...NOW, memory: memoryOf(memory), policy: LENDING });
  const due = <T extends { readonly dueMono: number }>(duty: T, dueMono: number): T => ({ ...duty, dueMono });

  it('gives back first, registers then, and waits only after that', () => {
    const steady = due(OWED, NOW.mono);
    const driver = due(UNREGISTERED, NOW.mono);
    expect(asks({ steady, driver }).kind).toBe('release-slot');
    expect(asks({ driver }).kind).toBe('register-driver');
    expect(asks({ steady: due(OWED, NOW.mono + 1), driver: due(UNREGISTERED, NOW.mono + 2) })).toEqual({
      kind: 'wait',
      forMs: 1,
    });
    expect(asks({}).kind).toBe('wait');
  });
});
