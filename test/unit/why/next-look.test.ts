/** When a machine looks again by itself, in each state. */
import { describe, expect, it } from 'vitest';

import { initialModel, type AgentState, type Holding, type Model } from '../../../src/agent/state.ts';
import { nextLookAt } from '../../../src/why/next-look.ts';
import { release } from '../../support/samples.ts';

const NOW = { at: 1_700_000_000_000, mono: 5000 };
const RELEASE = release('2.0', 2);
/** Of the monotonic clock; a second from now. */
const DUE_MONO = NOW.mono + 1000;

function lookAt(state: AgentState, checkDueMono = NOW.mono + 7000): number {
  const { memory } = initialModel();
  const model: Model = { state, memory: { ...memory, check: { ...memory.check, dueMono: checkDueMono } } };
  return nextLookAt(model, NOW) - NOW.at;
}

function staged(step: 'rest' | 'ask', dueMono: number, holding: Holding = { by: 'nothing' }): AgentState {
  return {
    ...{ name: 'UpdateStaged', release: RELEASE, step, dueMono, holding, visitors: [], unlocked: false },
    ...{ postponementsLeft: 10, delayLeft: 10, warned: false },
  };
}

describe('a node with an update staged', () => {
  const held = (untilAt?: number): Holding => ({
    by: 'strategy',
    reason: 'no',
    ...(untilAt !== undefined && { untilAt }),
  });

  it('looks when its pause is over, and no earlier than now', () => {
    expect(lookAt(staged('rest', DUE_MONO))).toBe(1000);
    expect(lookAt(staged('rest', NOW.mono))).toBe(0);
    expect(lookAt(staged('rest', NOW.mono - 1))).toBe(0);
  });

  it('looks when the gate that holds it can change its answer, if that comes first', () => {
    expect(lookAt(staged('rest', DUE_MONO, held(NOW.at + 400)))).toBe(400);
    expect(lookAt(staged('rest', DUE_MONO, held(NOW.at + 1001)))).toBe(1000);
    expect(lookAt(staged('rest', DUE_MONO, held(NOW.at - 1)))).toBe(0);
    expect(lookAt(staged('rest', DUE_MONO, held()))).toBe(1000);
  });

  it('looks now while it is at work', () => {
    expect(lookAt(staged('ask', DUE_MONO))).toBe(0);
  });
});

describe('a node with nothing staged', () => {
  const polling = ['ReportedSteady', 'NoNewUpdate'] as const;

  it.each(polling)('in %s looks at the next check, also when it drops something now', (name) => {
    expect(lookAt({ name, step: 'rest' })).toBe(7000);
    expect(lookAt({ name, step: 'discard' })).toBe(7000);
    expect(lookAt({ name, step: 'rest' }, NOW.mono - 1)).toBe(0);
    expect(lookAt({ name, step: 'refresh' })).toBe(0);
    expect(lookAt({ name, step: 'check' })).toBe(0);
  });

  it('off the graph looks at the next check', () => {
    expect(lookAt({ name: 'OffGraph', step: 'rest', since: NOW })).toBe(7000);
    expect(lookAt({ name: 'OffGraph', step: 'check', since: NOW })).toBe(0);
  });

  it('stages again when its pause is over', () => {
    const available = {
      name: 'UpdateAvailable',
      release: RELEASE,
      failedAttempts: 1,
      lastFailure: '',
    } as const;
    expect(lookAt({ ...available, step: 'rest', dueMono: DUE_MONO })).toBe(1000);
    expect(lookAt({ ...available, step: 'stage', dueMono: DUE_MONO })).toBe(0);
  });

  it('starts again when its pause is over', () => {
    expect(lookAt({ name: 'StartState', step: 'rest', dueMono: DUE_MONO })).toBe(1000);
    expect(lookAt({ name: 'StartState', step: 'read', dueMono: DUE_MONO })).toBe(0);
    expect(lookAt({ name: 'Initialized' })).toBe(0);
  });
});

describe('a node on its way into a reboot', () => {
  it('looks now, and in the end state when that is over', () => {
    expect(lookAt({ name: 'UpdateFinalized', release: RELEASE, finalized: NOW })).toBe(0);
    const pending = { name: 'EndState', cause: 'reboot-pending', release: RELEASE, finalized: NOW } as const;
    expect(lookAt({ ...pending, step: 'rest', dueMono: DUE_MONO })).toBe(1000);
    expect(lookAt({ name: 'EndState', cause: 'disabled', dueMono: DUE_MONO })).toBe(1000);
  });
});
