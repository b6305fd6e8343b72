/** What the machine adds to one attempt: its pacing, the record, rpm-ostree and lenders, from models made by hand. */
import { describe, expect, it } from 'vitest';

import type { Override } from '../../../src/agent/overrides.ts';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import type { AgentState, LastLoan, Memory, Policy } from '../../../src/agent/state.ts';
import { lenderGates, pacing, recordGate, rpmOstreeGate } from '../../../src/why/attempt-gates.ts';
import type { Candidate, Scene } from '../../../src/why/candidate.ts';
import { atStaged, available, memoryOf, POLLING } from '../../support/agent-states.ts';
import { deployment, host, payloadOf, POLICY, staged } from '../../support/samples.ts';

const NOW = { at: 1_000_000, mono: 500_000 };
const LATER = 40_000;

interface Scenery {
  readonly state?: AgentState;
  readonly memory?: Partial<Memory>;
  readonly policy?: Partial<Policy>;
  readonly overrides?: readonly Override[];
}

function sceneOf({ state = atStaged(), memory, policy, overrides = [] }: Scenery = {}): Scene {
  return {
    model: { state, memory: memoryOf(memory) },
    policy: { ...POLICY, ...policy },
    now: NOW,
    overrides,
    holds: [],
  };
}

function told({ shown, passAfter }: Candidate) {
  return [shown.verdict, shown.label, (passAfter(NOW.at)?.fromAt ?? Number.NaN) - NOW.at];
}

describe('pacing', () => {
  const resting = (holding: Extract<AgentState, { name: 'UpdateStaged' }>['holding']) =>
    sceneOf({ state: atStaged({ step: 'rest', dueMono: NOW.mono + LATER, holding }) });
  const since = NOW;

  it('is a rest until the next look', () => {
    expect(told(pacing(resting({ by: 'nothing' })))).toEqual(['block', 'resting', LATER]);
    expect(pacing(resting({ by: 'nothing' }))).toMatchObject({ openEnded: false, shown: { class: 'timed' } });
  });

  it.each([
    { by: 'failure', kind: 'x', message: 'y', since } as const,
    { by: 'lender', reason: 'x', since } as const,
  ])('is a retry after what failed: $by', (holding) => {
    expect(told(pacing(resting(holding)))).toEqual(['block', 'retrying', LATER]);
  });

  it('passes while the machine looks, and for who asks for the reboot', () => {
    expect(told(pacing(sceneOf({ state: atStaged({ step: 'ask' }) })))).toEqual(['pass', 'looking', 0]);
    const overridden = { ...resting({ by: 'nothing' }), overrides: ['window'] as const };
    expect(told(pacing(overridden))).toEqual(['pass', 'looking', 0]);
    // A wait that is over is a look.
    const due = sceneOf({ state: atStaged({ step: 'rest', dueMono: NOW.mono }) });
    expect(told(pacing(due))).toEqual(['pass', 'looking', 0]);
  });

  it('why-after-restart: is the next check where no check has named what is staged', () => {
    const memory = {
      check: { ...memoryOf().check, dueMono: NOW.mono + LATER },
      host: host([staged('2.0'), deployment('1.0', { booted: true })]),
      record: { ...EMPTY_RECORD, staged: { version: '2.0', payload: payloadOf('2.0') } },
    };
    const gate = pacing(sceneOf({ state: POLLING, memory }));
    expect(told(gate)).toEqual(['block', 'not_offered_yet', LATER]);
    expect(gate).toMatchObject({
      openEnded: true,
      assumption: 'the next check offers what is staged',
      shown: { gate: 'pacing', class: 'bounded' },
    });
    const off = pacing(sceneOf({ state: { name: 'OffGraph', step: 'rest', since: NOW }, memory }));
    expect(told(off)).toEqual(['block', 'not_offered_yet', LATER]);
    expect(off.shown.reason).toContain('not in the update graph');
    expect(gate.shown.reason).toContain('the update server has not offered it');
  });

  it('of a node that cannot read its deployments is a rest until it tries again', () => {
    const state: AgentState = { name: 'StartState', step: 'rest', dueMono: NOW.mono + LATER };
    expect(told(pacing(sceneOf({ state })))).toEqual(['block', 'resting', LATER]);
  });
});

describe('the record', () => {
  it('passes while it can be written, and assumes nothing', () => {
    const gate = recordGate(sceneOf());
    expect(told(gate)).toEqual(['pass', 'written', 0]);
    expect(gate.openEnded).toBe(false);
    expect(gate).not.toHaveProperty('assumption');
  });

  it('blocks with the kind of the failure, for nobody knows how long', () => {
    const streak = { count: 2, since: NOW, kind: 'no_space', kinds: ['no_space'] };
    const gate = recordGate(sceneOf({ memory: { save: { due: true, dueMono: 0, streak } } }));
    expect(told(gate)).toEqual(['block', 'no_space', 0]);
    expect(gate).toMatchObject({
      openEnded: true,
      assumption: 'the record can be written by then',
      shown: { class: 'observed' },
    });
  });
});

describe('rpm-ostree', () => {
  it('passes while it is idle', () => {
    const gate = rpmOstreeGate(sceneOf());
    expect(told(gate)).toEqual(['pass', 'idle', 0]);
    expect(gate).toMatchObject({ openEnded: false, shown: { class: 'foreign' } });
    expect(gate).not.toHaveProperty('assumption');
  });

  it.each([
    ['another transaction was there at the last reading', atStaged(), true],
    ['the machine waits for one', atStaged({ step: 'follow' }), false],
    ['the machine waits for one before it stages', available({ step: 'follow' }), false],
  ] as const)('cannot be told while %s', (_, state, isActive) => {
    const busy = host([deployment('1.0', { booted: true })], {
      activeTransaction: { method: 'PkgChange', title: 'install vim', ours: false },
    });
    const gate = rpmOstreeGate(sceneOf({ state, memory: isActive ? { host: busy } : {} }));
    expect(told(gate)).toEqual(['unknown', 'rpm_ostree_busy', 0]);
    expect(gate).toMatchObject({ openEnded: true, assumption: 'rpm-ostree is idle by then' });
  });

  it('passes while nothing is read yet', () => {
    expect(told(rpmOstreeGate(sceneOf({ memory: { host: undefined } })))).toEqual(['pass', 'idle', 0]);
  });
});

describe('lenders', () => {
  const place = (lender: string, group = 'g') => ({ lender, address: 'https://lock', group, id: 'n' });
  const gatesOf = (
    loan: LastLoan | undefined,
    policy: Partial<Policy> = {},
    overrides: readonly Override[] = [],
  ) =>
    lenderGates(
      sceneOf({
        memory: { loan },
        policy: { hasLenders: true, slotPlaces: [place('fleet_lock')], ...policy },
        overrides,
      }),
    );

  it('are none where none is configured, whatever was lent before', () => {
    expect(gatesOf(undefined, { hasLenders: false })).toEqual([]);
  });

  it('are one of each kind, and one without a name where nobody says which', () => {
    const two = { slotPlaces: [place('fleet_lock'), place('fleet_lock', 'h'), place('other')] };
    expect(gatesOf(undefined, two).map(({ shown }) => shown.gate)).toEqual(['fleet_lock', 'other']);
    expect(gatesOf(undefined, { slotPlaces: [] }).map(({ shown }) => shown.gate)).toEqual(['lender']);
  });

  it('cannot be told in advance, and are taken to lend', () => {
    const [gate] = gatesOf(undefined);
    expect(gate && told(gate)).toEqual(['unknown', 'fleet_lock', 0]);
    expect(gate).toMatchObject({
      openEnded: true,
      assumption: 'fleet_lock lends a slot when it is asked',
      shown: { class: 'foreign', reason: 'asked only when all else allows the reboot' },
    });
    expect(gate?.shown).not.toHaveProperty('evidence');
    expect(gate?.shown).not.toHaveProperty('asOfAt');
  });

  it('are not asked where a person overrides them', () => {
    const [gate] = gatesOf({ at: 1, kind: 'refused', reason: 'full' }, {}, ['fleet-lock']);
    expect(gate && told(gate)).toEqual(['pass', 'fleet_lock', 0]);
    expect(gate).toMatchObject({ openEnded: false, shown: { reason: 'overridden: it is not asked' } });
    expect(gate).not.toHaveProperty('assumption');
  });

  it.each([
    ['granted', '', 'last answer: lent; '],
    ['refused', 'full', 'last answer: refused: full; '],
    ['may-be-held', 'no reply', 'last answer: not decided: no reply; '],
    ['failed', 'refused', 'no answer to the last question: refused; '],
  ] as const)('tell their last answer: %s', (kind, reason, said) => {
    const [gate] = gatesOf({ at: 77, kind, reason });
    expect(gate?.shown).toMatchObject({
      reason: `${said}asked only when all else allows the reboot`,
      asOfAt: 77,
      evidence: { lastAnswer: kind },
    });
    expect(gate?.shown.evidence?.['lastReason']).toBe(kind === 'granted' ? undefined : reason);
  });
});
