/** EndState: switched off, or waiting for a reboot. */
import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../../../src/agent/ports.ts';
import type { AgentState, Memory, Policy } from '../../../../src/agent/state.ts';
import { atStaged, REBOOT_PENDING, SWITCHED_OFF } from '../../../support/agent-states.ts';
import { answered, asked, FAILURE, NOW, told } from '../../../support/answered.ts';
import { bootedOn, deployment, host, release, staged } from '../../../support/samples.ts';

const HOUR = 3_600_000;
const V2 = release('2.0', 2);
const PLACE = { lender: 'fleet_lock', address: 'https://lock', group: 'g', id: 'n' };
const LENDING: Partial<Policy> = { enabled: false, hasLenders: true, slotPlaces: [PLACE] };
const owing = (dueMono: number): Partial<Memory> => ({ steady: { owed: true, dueMono, streak: undefined } });
const off = (dueMono: number): AgentState => ({ name: 'EndState', cause: 'disabled', dueMono });
const OFF = { policy: { enabled: false } };

describe('a node that is switched off', () => {
  it('gives back what is owed when that is due, not before, and nothing that is not owed', () => {
    expect(asked(SWITCHED_OFF, { policy: LENDING, memory: owing(NOW.mono) }).kind).toBe('release-slot');
    expect(asked(SWITCHED_OFF, { policy: LENDING, memory: owing(NOW.mono + 1) })).toEqual({
      kind: 'wait',
      forMs: 1,
    });
    expect(asked(SWITCHED_OFF, { policy: LENDING })).toMatchObject({ kind: 'wait' });
  });

  it('stays off, whatever became of the slot', () => {
    const around = { policy: LENDING, memory: owing(0) };
    const released = answered(
      SWITCHED_OFF,
      { kind: 'slot-released', configured: true, returned: [] },
      around,
    );
    expect(released.model.state).toEqual(SWITCHED_OFF);
    expect(released.model.memory.steady.owed).toBe(false);
    const failed = answered(SWITCHED_OFF, { kind: 'release-failed', failure: FAILURE }, around);
    expect(failed.model.state).toEqual(SWITCHED_OFF);
    const kept = answered(SWITCHED_OFF, { kind: 'slot-kept', reason: 'x' }, around);
    expect(kept.model.state).toEqual(SWITCHED_OFF);
  });

  it('looks at the deployments when that is due, and begins anew where it never could', () => {
    expect(asked(off(NOW.mono), OFF)).toEqual({ kind: 'read-status', mode: 'cached' });
    expect(asked(off(NOW.mono + 1), OFF)).toEqual({ kind: 'wait', forMs: 1 });
    expect(asked(off(NOW.mono), { ...OFF, memory: { host: undefined } })).toEqual({ kind: 'wait', forMs: 0 });
    const woke = (state: AgentState, memory: Partial<Memory>) =>
      answered(state, { kind: 'woke' }, { ...OFF, memory }).model.state;
    expect(woke(off(NOW.mono), { host: undefined })).toEqual({
      name: 'StartState',
      step: 'read',
      dueMono: 0,
    });
    expect(woke(off(NOW.mono + 1), { host: undefined })).toEqual(off(NOW.mono + 1));
    expect(woke(off(NOW.mono + 1), {})).toEqual(off(NOW.mono + 1));
    const due = answered(off(NOW.mono + 1), { kind: 'woke' }, { ...OFF, tookMs: 1 });
    expect(due.model.state).toEqual(off(NOW.mono + 1));
    expect(due.effect).toEqual({ kind: 'read-status', mode: 'cached' });
  });

  it('looks again after three hours, or soon where it could not, later each time', () => {
    const read = answered(off(0), { kind: 'status-read', status: bootedOn('1.0') }, OFF);
    expect(read.model.state).toEqual(off(NOW.mono + 3 * HOUR));
    const jittered = answered(
      off(0),
      { kind: 'status-read', status: bootedOn('1.0') },
      { ...OFF, jitter: true, roll: 10 },
    );
    expect(jittered.model.state).toEqual(off(NOW.mono + 3.3 * HOUR));
    const failed = (hostStreak?: Memory['hostStreak']) =>
      answered(
        off(0),
        { kind: 'status-failed', failure: FAILURE },
        { ...OFF, ...(hostStreak && { memory: { hostStreak } }) },
      ).model.state;
    expect(failed()).toEqual(off(NOW.mono + 5000));
    const streak = { count: 2, since: NOW, kind: 'x', kinds: ['x'] };
    expect(failed(streak)).toEqual(off(NOW.mono + 20_000));
  });

  it('says so once, also where the deployments cannot be read at first', () => {
    const start: AgentState = { name: 'StartState', step: 'read', dueMono: 0 };
    const off1 = answered(start, { kind: 'status-failed', failure: FAILURE }, OFF);
    expect(told(off1)).toEqual([{ kind: 'updates-disabled' }]);
    expect(off1.model.state).toEqual(off(NOW.mono + 5000));
    const { memory } = off1.model;
    const off2 = answered(start, { kind: 'status-failed', failure: FAILURE }, { ...OFF, memory });
    expect(told(off2)).toEqual([]);
  });
});

describe('a node whose reboot is on its way', () => {
  const pending = { ...REBOOT_PENDING, step: 'rest' } as AgentState & { readonly dueMono: number };
  const reading = { ...REBOOT_PENDING, step: 'read' } as AgentState;

  it('waits until it is overdue, and reads then what is deployed', () => {
    const woke = (dueMono: number) =>
      answered({ ...pending, dueMono } as AgentState, { kind: 'woke' }).model.state;
    expect(woke(NOW.mono)).toMatchObject({ step: 'read' });
    expect(woke(NOW.mono + 1)).toMatchObject({ step: 'rest' });
    expect(asked(reading)).toEqual({ kind: 'read-status', mode: 'fresh' });
  });

  it('reads again later where that fails', () => {
    const failed = answered(reading, { kind: 'status-failed', failure: FAILURE });
    expect(failed.model.state).toEqual({ ...pending, dueMono: NOW.mono + 300_000 });
  });

  const after = (deployments: readonly Deployment[], policy: Partial<Policy> = {}) =>
    answered(
      reading,
      { kind: 'status-read', status: host([deployment('1.0', { booted: true }), ...deployments]) },
      { policy },
    );

  it.each([
    ['locked', true, false],
    ['unlocked', false, true],
  ] as const)('asks again where it has not come: %s', (_what, finalizationLocked, unlocked) => {
    const again = after([staged('2.0', { finalizationLocked })]);
    expect(again.model.state).toEqual(
      atStaged({
        step: 'ask',
        dueMono: 0,
        unlocked,
        holding: {
          by: 'failure',
          kind: 'reboot_overdue',
          message: 'the reboot that was asked for has not come',
          since: { at: 1, mono: 1 },
          asked: true,
        },
      }),
    );
    expect(told(again)).toEqual([
      { kind: 'reboot-overdue', release: V2, finalizedAt: NOW.at - NOW.mono + 1, at: NOW.at },
    ]);
  });

  it('polls again where what was to be booted is gone, and says what is there instead', () => {
    const gone = after([]);
    expect(gone.model.state).toEqual({ name: 'NoNewUpdate', step: 'rest' });
    expect(told(gone)).toEqual([{ kind: 'staged-lost', release: V2, replacedBy: undefined }]);
    const replaced = after([staged('9')]);
    expect(told(replaced)).toMatchObject([{ kind: 'staged-lost', release: V2, replacedBy: '9' }]);
  });

  it('is switched off where the configuration says so by now', () => {
    const policy = { enabled: false };
    const states = [after([], policy), after([staged('2.0')], policy)].map(({ model }) => model.state);
    expect(states).toEqual([off(NOW.mono + 3 * HOUR), off(NOW.mono + 3 * HOUR)]);
    expect(told(after([staged('2.0')], policy)).at(-1)).toEqual({ kind: 'updates-disabled' });
  });

  it('is told once, when the request went out', () => {
    const finalized = { at: NOW.at - 5, mono: NOW.mono - 5 };
    const woke = answered({ name: 'UpdateFinalized', release: V2, finalized }, { kind: 'woke' });
    expect(woke.model.state).toEqual({ ...pending, finalized, dueMono: NOW.mono + 900_000 });
    expect(told(woke)).toEqual([{ kind: 'waiting-for-reboot', release: V2 }]);
  });
});
