import { describe, expect, it } from 'vitest';
import { reconfigured } from '../../../src/agent/reconfigure.ts';
import { rebootAsked } from '../../../src/agent/record.ts';
import { initialModel, type AgentState, type Memory, type Policy } from '../../../src/agent/state.ts';
import { bootedOn, checkResult, deployment, POLICY, release } from '../../support/samples.ts';
import { SimulatedNode, type World } from '../../support/simulated-node.ts';

const V2 = release('2.0', 2);
const NOW = { at: 1_000_000, mono: 500_000 };
const MEMORY: Memory = {
  ...initialModel().memory,
  host: bootedOn('1.0'),
  driver: { registered: true, dueMono: 0, streak: undefined },
  steady: { owed: false, dueMono: 0, streak: undefined },
  check: { ...initialModel().memory.check, dueMono: 9_000_000 },
};
const STAGED = {
  name: 'UpdateStaged',
  release: V2,
  postponementsLeft: 3,
  delayLeft: 3,
  warned: true,
  dueMono: 9_000_000,
  holding: { by: 'strategy', reason: 'x', untilAt: 9_000_000 },
  visitors: [],
  unlocked: false,
} as const;
const AVAILABLE = {
  name: 'UpdateAvailable',
  release: V2,
  failedAttempts: 3,
  lastFailure: '',
  dueMono: 9_000_000,
} as const;
const PENDING = {
  name: 'EndState',
  cause: 'reboot-pending',
  release: V2,
  finalized: { at: 1, mono: 1 },
  step: 'rest',
  dueMono: 9_000_000,
} as const;
const OFF: Policy = { ...POLICY, enabled: false };

const after = (state: AgentState, policy: Policy = POLICY, before: Policy = POLICY, memory = MEMORY) =>
  reconfigured({ state, memory }, NOW, before, policy);

describe('a new configuration', () => {
  it.each<readonly [string, AgentState]>([
    ['NoNewUpdate', { name: 'NoNewUpdate', step: 'rest' }],
    ['OffGraph', { name: 'OffGraph', step: 'rest', since: { at: 1, mono: 1 } }],
    ['ReportedSteady', { name: 'ReportedSteady', step: 'check' }],
    ['UpdateAvailable', { ...AVAILABLE, step: 'rest' }],
    ['UpdateAvailable, about to stage', { ...AVAILABLE, step: 'stage' }],
    ['UpdateStaged, at rest', { ...STAGED, step: 'rest' }],
    ['UpdateStaged, about to ask a lock server', { ...STAGED, step: 'acquire' }],
  ])('has the decision made again, from the graph on, in %s', (_, state) => {
    const { model, effect } = after(state);
    expect(effect).toMatchObject({ kind: 'wait', forMs: 0 });
    expect(model.state).toMatchObject({ name: state.name, step: 'rest' });
    expect(model.memory.check.dueMono).toBe(0);
  });

  it.each<readonly [string, AgentState]>([
    ['UpdateFinalized', { name: 'UpdateFinalized', release: V2, finalized: { at: 1, mono: 1 } }],
    ['EndState', PENDING],
  ])('changes nothing about a reboot that is on its way, in %s', (_, state) => {
    for (const policy of [POLICY, OFF, { ...POLICY, hasLenders: true }]) {
      const { model } = after(state, policy);
      expect(model).toEqual({ state, memory: MEMORY });
    }
  });

  it.each<readonly [string, AgentState]>([
    ['StartState', { name: 'StartState', step: 'follow', dueMono: 0 }],
    ['Initialized', { name: 'Initialized' }],
    ['NoNewUpdate', { name: 'NoNewUpdate', step: 'rest' }],
    ['UpdateAvailable', { ...AVAILABLE, step: 'stage' }],
    ['UpdateStaged', { ...STAGED, step: 'confirm' }],
  ])('that switches updates off ends the way to the reboot, in %s', (_, state) => {
    const { model, effect } = after(state, OFF);
    expect(model.state).toEqual({ name: 'EndState', cause: 'disabled', dueMono: NOW.mono });
    expect(effect).toMatchObject({ kind: 'read-status', mode: 'cached' });
  });

  it('that switches updates on begins where a start does', () => {
    const { model, effect } = after({ name: 'EndState', cause: 'disabled', dueMono: 9_000_000 }, POLICY, OFF);
    expect(model.state).toMatchObject({ name: 'StartState', step: 'register' });
    expect(effect).toEqual({ kind: 'register-driver' });
  });

  it.each([
    ['keeps', { ...POLICY, hasLenders: true }, { ...POLICY, hasLenders: true }],
    ['gets', POLICY, { ...POLICY, hasLenders: true }],
    ['loses', { ...POLICY, hasLenders: true }, POLICY],
  ] as const)('has what was lent given back first, where it %s a lock server', (_, before, policy) => {
    for (const step of ['rest', 'acquire', 'confirm'] as const) {
      expect(after({ ...STAGED, step }, policy, before).effect).toMatchObject({ kind: 'release-slot' });
    }
  });

  it('takes back a reboot that was written down and not asked for', () => {
    const memory = { ...MEMORY, record: rebootAsked(MEMORY.record, V2, NOW.at, 'boot-1') };
    const { model, effect, happenings } = after({ ...STAGED, step: 'finalize' }, POLICY, POLICY, memory);
    expect(model.memory.record.asked).toBeUndefined();
    expect(happenings).toContainEqual(
      expect.objectContaining({ kind: 'reboot-refused', why: 'the configuration was read again' }),
    );
    expect(effect).toEqual({ kind: 'save', record: model.memory.record });
  });

  it('leaves people who are logged in the time that they have, unless it is about that time', () => {
    const state = { ...STAGED, step: 'rest' } as const;
    expect(after(state, { ...POLICY, allowDowngrade: true }).model.state).toMatchObject({
      postponementsLeft: 3,
      warned: true,
    });
    const sessions = { ...POLICY.sessions, graceMinutes: 20, maxDelayMinutes: 20 };
    expect(after(state, { ...POLICY, sessions }).model.state).toMatchObject({
      postponementsLeft: 20,
      delayLeft: 20,
      warned: false,
    });
  });

  it('still drops what is of the wrong stream', () => {
    expect(after({ ...AVAILABLE, step: 'discard' }).effect).toEqual({ kind: 'discard-staged' });
  });

  it('at any moment of an update leads to the same end', () => {
    const world: Partial<World> = {
      check: () => checkResult({ kind: 'update', release: V2 }),
      policy: { ...POLICY, hasLenders: true },
    };
    const start = () => new SimulatedNode(world, [deployment('1.0', { booted: true })]);
    const calm = start();
    let steps = 0;
    for (; calm.reboots === 0; steps++) {
      calm.step();
    }
    expect(steps).toBeGreaterThan(8);
    for (let moment = 0; moment < steps; moment++) {
      const node = start();
      for (let done = 0; done < moment; done++) {
        node.step();
      }
      node.reconfigure(node.policy);
      for (let more = 0; node.reboots === 0 && more < 100; more++) {
        node.step();
      }
      expect([moment, node.reboots, node.booted.version]).toEqual([moment, 1, '2.0']);
    }
  });
});
