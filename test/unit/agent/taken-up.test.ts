import { describe, expect, it } from 'vitest';
import { CincinnatiError } from '../../../src/errors.ts';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import type { AgentState } from '../../../src/agent/state.ts';
import { isPolling, takenUp } from '../../../src/agent/taken-up.ts';
import { atStaged, memoryOf, POLLING, REBOOT_PENDING } from '../../support/agent-states.ts';
import { askedNode, DONE, REFUSED } from '../../support/asked-node.ts';
import { checkResult, deployment, host, payloadOf, POLICY, release, staged } from '../../support/samples.ts';

const MINUTE = 60_000;

/** 2 is staged by an agent before the present one, and the update server does not answer that. */
function restarted(answer: () => 'fails' | 'none' | 'unknown' | '2' = () => 'fails') {
  let isBefore = true;
  let checks = 0;
  const asked = askedNode({
    check: () => {
      checks += 1;
      switch (isBefore ? '2' : answer()) {
        case '2':
          return checkResult({ kind: 'update', release: release('2') });
        case 'none':
          return checkResult({ kind: 'no-update' });
        case 'unknown':
          return checkResult({ kind: 'off-graph' });
        case 'fails':
          return new CincinnatiError('client_failed_request', 'no route to host');
      }
    },
  });
  asked.toRest('UpdateStaged');
  isBefore = false;
  asked.node.restart();
  return { ...asked, checks: () => checks };
}

describe('a reboot that is asked for after a restart, while the update server is down', () => {
  it('leads into what this agent has staged, as the record knows', () => {
    const { node, turns, ask, until, toRest } = restarted();
    toRest('NoNewUpdate');
    turns.open = true;
    const ended = ask({ kind: 'reboot', overrides: [] });
    until(ended);
    expect(ended()).toEqual(DONE('the reboot into 2 is on its way'));
    node.runUntil(({ reboots }) => reboots === 1);
    expect(node.booted.version).toBe('2');
  });

  it.each(['fails', 'unknown'] as const)('may be asked for before the first check has ended: %s', (how) => {
    const { turns, ask, until } = restarted(() => how);
    turns.open = true;
    const ended = ask({ kind: 'reboot', overrides: [] });
    until(ended);
    expect(ended()).toEqual(DONE('the reboot into 2 is on its way'));
  });

  it('may be asked for while the deployments cannot be read', () => {
    let isHidden = true;
    const { node, turns, ask, until } = restarted();
    node.world.statusFault = () =>
      isHidden ? new CincinnatiError('client_failed_request', 'busy') : undefined;
    node.runUntil(({ effect }) => effect.kind === 'wait' && effect.forMs > 0);
    isHidden = false;
    turns.open = true;
    const ended = ask({ kind: 'reboot', overrides: [] });
    until(ended);
    expect(ended()).toEqual(DONE('the reboot into 2 is on its way'));
  });

  it('asks the gates as always, and passes what is overridden once', () => {
    const { node, ask, until, toRest } = restarted();
    toRest('NoNewUpdate');
    const blocked = ask({ kind: 'reboot', overrides: [] });
    until(blocked);
    expect(blocked()).toEqual(REFUSED('Blocked', ['outside_window']));
    node.runFor(30 * MINUTE);
    expect(node.reboots).toBe(0);
    const passed = ask({ kind: 'reboot', overrides: ['window'] });
    until(passed);
    expect(passed()).toEqual(DONE('the reboot into 2 is on its way'));
  });

  it('is refused where it was denied', () => {
    const { node, turns, ask, until, toRest } = restarted();
    toRest('NoNewUpdate');
    turns.open = true;
    until(ask({ kind: 'deny', release: '2', reason: '' }));
    const denied = ask({ kind: 'reboot', overrides: ['window'] });
    until(denied);
    expect(denied()).toEqual(REFUSED('NotStaged'));
    node.runFor(30 * MINUTE);
    expect(node.reboots).toBe(0);
  });

  it('is refused where somebody else has staged something', () => {
    const { node, turns, ask, until, toRest } = restarted();
    node.deployments = node.deployments.map((deployment) =>
      deployment.staged ? { ...deployment, finalizationLocked: false, id: 'somebody-else' } : deployment,
    );
    toRest('NoNewUpdate');
    turns.open = true;
    expect(node.staged?.id).toBe('somebody-else');
    const foreign = ask({ kind: 'reboot', overrides: ['window'] });
    until(foreign);
    expect(foreign()).toEqual(REFUSED('NotStaged'));
    node.runFor(30 * MINUTE);
    expect(node.reboots).toBe(0);
  });

  it('asks the server once more where one answer did not offer it, and takes no for no', () => {
    const { node, turns, ask, until, toRest, checks } = restarted(() => 'none');
    toRest('NoNewUpdate');
    turns.open = true;
    const before = checks();
    const ended = ask({ kind: 'reboot', overrides: [] });
    until(ended);
    expect(checks()).toBe(before + 1);
    expect(ended()).toEqual(REFUSED('NotStaged'));
    node.runFor(30 * MINUTE);
    expect(node.reboots).toBe(0);
  });

  it('is not begun by itself: without the request the node waits for the server', () => {
    const { node, turns, toRest } = restarted();
    toRest('NoNewUpdate');
    turns.open = true;
    node.runFor(24 * 60 * MINUTE);
    expect(node.reboots).toBe(0);
    expect(takenUp(node.model, node.mono, { ...POLICY, enabled: false })).toBeUndefined();
  });
});

describe('what is taken up', () => {
  const OURS = { ...EMPTY_RECORD, staged: { version: '2.0', payload: payloadOf('2.0') } };
  const SINCE = { at: 1, mono: 1 };
  const taken = (state: AgentState, finalizationLocked: boolean | undefined = true) => {
    const there = host([staged('2.0', { finalizationLocked }), deployment('1.0', { booted: true })]);
    const memory = memoryOf({ host: there, record: OURS });
    return { memory, model: takenUp({ state, memory }, 77, POLICY) };
  };

  it.each<AgentState>([
    { name: 'ReportedSteady', step: 'rest' },
    { name: 'NoNewUpdate', step: 'rest' },
    { name: 'OffGraph', step: 'rest', since: SINCE },
  ])('is on the way to its reboot from the reading of the deployments on: $name', (state) => {
    const { memory, model } = taken(state);
    expect(model).toEqual({
      state: {
        name: 'UpdateStaged',
        release: { version: '2.0', payload: payloadOf('2.0') },
        postponementsLeft: POLICY.sessions.graceMinutes,
        delayLeft: POLICY.sessions.maxDelayMinutes,
        warned: false,
        step: 'refresh',
        dueMono: 77,
        holding: { by: 'nothing' },
        visitors: [],
        unlocked: false,
      },
      memory,
    });
  });

  it('is unlocked where the deployments say so, and not where nobody can say', () => {
    expect(taken(POLLING, false).model?.state).toMatchObject({ unlocked: true });
    expect(taken(POLLING, undefined).model?.state).toMatchObject({ unlocked: false });
  });

  it.each<AgentState>([
    { name: 'NoNewUpdate', step: 'check' },
    { name: 'NoNewUpdate', step: 'discard' },
    { name: 'StartState', step: 'rest', dueMono: 0 },
    { name: 'Initialized' },
    atStaged({ step: 'rest' }),
    REBOOT_PENDING,
  ])('is nothing where the machine does not rest beside it: $name $step', (state) => {
    expect(taken(state).model).toBeUndefined();
    expect(isPolling(state)).toBe(state.name === 'NoNewUpdate');
  });
});

describe('a release that one answer did not offer', () => {
  it('is not booted on request before the server was asked once more', () => {
    const { node, turns, ask, until, toRest } = askedNode();
    toRest('UpdateStaged');
    turns.offered = undefined;
    node.runUntil(({ model }) => model.memory.check.unoffered === 1 && node.effect.kind === 'wait');
    turns.open = true;
    const ended = ask({ kind: 'reboot', overrides: [] });
    until(ended);
    expect(ended()).toEqual(REFUSED('NotStaged'));
    expect(node.reboots).toBe(0);
  });
});
