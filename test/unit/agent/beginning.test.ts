/** What is about to be done, as people hear of it. */
import { describe, expect, it } from 'vitest';
import { beginning } from '../../../src/agent/beginning.ts';
import type { Effect } from '../../../src/agent/messages.ts';
import type { AgentState, Holding, Memory } from '../../../src/agent/state.ts';
import { atStaged, memoryOf, POLLING } from '../../support/agent-states.ts';
import { bootedOn, release } from '../../support/samples.ts';

const V2 = release('2.0', 2);
const SINCE = { at: 1, mono: 1 };

const of = (effect: Effect, memory: Partial<Memory> = {}, state: AgentState = POLLING) =>
  beginning({ model: { state, memory: memoryOf(memory) }, effect });

describe('what is about to be done', () => {
  it('is told with what it is about', () => {
    expect(of({ kind: 'wait', forMs: 5 })).toEqual({ kind: 'waiting', state: 'NoNewUpdate', forMs: 5 });
    const stage: Effect = { kind: 'stage', release: V2, allowDowngrade: false, expected: undefined };
    expect(of(stage)).toEqual({ kind: 'staging', state: 'NoNewUpdate', release: V2 });
    expect(of({ kind: 'list-sessions' })).toEqual({
      kind: 'working',
      state: 'NoNewUpdate',
      effect: 'list-sessions',
    });
    const query = { booted: V2, denied: [], skip: [], allowDowngrade: false };
    expect(of({ kind: 'check', query, stream: 'stable' })).toEqual({
      kind: 'checking',
      state: 'NoNewUpdate',
    });
  });

  it('is a registration again once one has failed', () => {
    const streak = { count: 1, since: SINCE, kind: 'x', kinds: ['x'] };
    const driver = { registered: false, dueMono: 0, streak };
    expect(of({ kind: 'register-driver' })).toEqual({ kind: 'registering', repeated: false });
    expect(of({ kind: 'register-driver' }, { driver })).toEqual({ kind: 'registering', repeated: true });
  });

  it('names the transaction that is followed, if it is known', () => {
    const activeTransaction = { method: 'Upgrade', title: 'upgrade', ours: false };
    const titleOf = (host: Memory['host']) => of({ kind: 'follow-active', limitMs: 1 }, { host });
    expect(titleOf({ ...bootedOn('1.0'), activeTransaction })).toEqual({
      kind: 'following',
      title: 'upgrade',
    });
    expect(titleOf(bootedOn('1.0'))).toEqual({ kind: 'following', title: undefined });
    expect(titleOf(undefined)).toEqual({ kind: 'following', title: undefined });
  });

  it('is a finalization again once one was asked for in vain', () => {
    const finalizing = (state: AgentState) => {
      const told = of({ kind: 'finalize', release: V2, allowUnlocked: false }, {}, state);
      expect(told).toMatchObject({ kind: 'finalizing', release: V2 });
      return told.kind === 'finalizing' && told.repeated;
    };
    const failure: Holding = { by: 'failure', kind: 'x', message: 'y', since: SINCE };
    expect(finalizing(atStaged({ holding: { ...failure, asked: true } }))).toBe(true);
    expect(finalizing(atStaged({ holding: failure }))).toBe(false);
    expect(finalizing(atStaged({ holding: { by: 'strategy', reason: 'x' } }))).toBe(false);
    expect(finalizing(POLLING)).toBe(false);
  });
});
