/** What the machine saw at its last look, from models made by hand. */
import { describe, expect, it } from 'vitest';

import type { GateReport } from '../../../src/agent/ports.ts';
import type { AgentState, LastLoan, LastLook, Memory, Policy } from '../../../src/agent/state.ts';
import { blockedAtLastLook, explainLastLook } from '../../../src/why/last-look.ts';
import { HORIZON_DAYS } from '../../../src/gates/first-pass.ts';
import { atStaged, memoryOf, POLLING } from '../../support/agent-states.ts';
import { deployment, host, POLICY, staged } from '../../support/samples.ts';

type Holding = Extract<AgentState, { name: 'UpdateStaged' }>['holding'];
const NOW = { at: 1_000_000, mono: 500_000 };
const SEEN = NOW.at - 5000;
const PLACE = { lender: 'fleet_lock', address: 'https://lock', group: 'g', id: 'n' };
const LENDING: Partial<Policy> = {
  hasLenders: true,
  slotPlaces: [PLACE],
};

const report = (
  gate: string,
  verdict: GateReport['verdict'],
  more: Partial<GateReport> = {},
): GateReport => ({
  gate,
  verdict,
  reason: `${gate} says ${verdict}`,
  label: gate,
  ...more,
});

interface Scenery {
  readonly reports?: readonly GateReport[];
  readonly foresight?: LastLook['foresight'];
  readonly holding?: Holding;
  readonly loan?: LastLoan;
  readonly memory?: Partial<Memory>;
  readonly policy?: Partial<Policy>;
  readonly state?: AgentState;
}

function scene({
  reports = [],
  foresight,
  holding = { by: 'nothing' },
  loan,
  memory,
  policy,
  state,
}: Scenery) {
  const look: LastLook = { at: SEEN, reports, ...(foresight !== undefined && { foresight }) };
  const model = {
    state: state ?? atStaged({ holding, step: 'rest', dueMono: NOW.mono }),
    memory: memoryOf({
      host: host([staged('2.0'), deployment('1.0', { booted: true })]),
      look,
      ...(loan !== undefined && { loan }),
      ...memory,
    }),
  };
  return [model, { ...POLICY, ...policy }, NOW] as const;
}

const blocked = (scenery: Scenery) => blockedAtLastLook(...scene(scenery)).map(({ gate }) => gate);
const lower = (scenery: Scenery) => explainLastLook(...scene(scenery))?.lower;

describe('an explanation of the last look', () => {
  it('is none before a look, and none of a node that has nothing staged', () => {
    expect(explainLastLook(...scene({ memory: { look: undefined } }))).toBeUndefined();
    expect(explainLastLook(...scene({ state: POLLING }))).toBeUndefined();
    expect(blocked({ state: POLLING, reports: [report('periodic', 'block')] })).toEqual([]);
  });

  it('says when it was, of itself and of each gate that was looked at', () => {
    const explained = explainLastLook(...scene({ reports: [report('periodic', 'block')] }));
    expect(explained?.asOfAt).toBe(SEEN);
    expect(explained?.gates.find(({ gate }) => gate === 'periodic')).toMatchObject({ asOfAt: SEEN });
    expect(explained?.gates.find(({ gate }) => gate === 'enabled')).not.toHaveProperty('asOfAt');
  });

  it('takes the class of each gate from that look, in their order, and observed where nothing says so', () => {
    const reports = [report('a', 'block'), report('b', 'block'), report('c', 'block')];
    const foresight = { classes: ['timed', 'bounded'] as const, clearAt: NOW.at };
    const explained = explainLastLook(...scene({ reports, foresight }));
    const classes = explained?.gates.filter(({ gate }) => 'abc'.includes(gate)).map((one) => one.class);
    expect(classes).toEqual(['timed', 'bounded', 'observed']);
  });

  it('waits for the instant that a gate which blocks has named, and not at all for one that names none', () => {
    expect(lower({ reports: [report('a', 'block', { nextAt: NOW.at + 9000 })] })).toEqual({
      kind: 'at',
      at: NOW.at + 9000,
    });
    expect(lower({ reports: [report('a', 'block')] })).toEqual({ kind: 'at', at: NOW.at });
    expect(lower({ reports: [report('a', 'unknown', { nextAt: NOW.at + 9000 })] })).toEqual({
      kind: 'at',
      at: NOW.at + 9000,
    });
  });

  it('knows when a pass ends that is not over yet, and nothing of one that is', () => {
    const endsOf = (passEndsAt: number) =>
      explainLastLook(...scene({ reports: [report('a', 'pass', { passEndsAt })] }))?.gates.find(
        ({ gate }) => gate === 'a',
      )?.endsAt;
    expect(endsOf(NOW.at + 1)).toBe(NOW.at + 1);
    expect(endsOf(NOW.at)).toBeUndefined();
    expect(endsOf(NOW.at - 1)).toBeUndefined();
  });

  it('reckons with what all gates say together: at an instant, at any, or within no year', () => {
    const reports = [report('a', 'block')];
    const classes = ['observed'] as const;
    expect(lower({ reports, foresight: { classes, clearAt: NOW.at + 7000 } })).toEqual({
      kind: 'at',
      at: NOW.at + 7000,
    });
    expect(lower({ reports })).toEqual({ kind: 'at', at: NOW.at });
    expect(lower({ reports, foresight: { classes, clearAt: undefined } })).toEqual({
      kind: 'never-within',
      days: HORIZON_DAYS,
    });
  });
});

describe('what blocked at the last look', () => {
  it('has gates that did not pass, and no other', () => {
    const reports = [report('periodic', 'block'), report('inhibitors', 'unknown'), report('uptime', 'pass')];
    expect(blocked({ reports })).toEqual(['periodic', 'inhibitors']);
  });

  it('has people only where they held it', () => {
    const visitors = [{ user: 'core', tty: 'pts/0' }];
    const held = (holding: Holding) =>
      blocked({ state: atStaged({ holding, visitors, step: 'rest', dueMono: NOW.mono }) });
    expect(held({ by: 'sessions', count: 1, endless: false })).toEqual(['people']);
    expect(held({ by: 'nothing' })).toEqual([]);
  });

  it('has a record that cannot be written', () => {
    const streak = { count: 1, since: NOW, kind: 'no_space', kinds: ['no_space'] };
    expect(blocked({ memory: { save: { due: true, dueMono: 0, streak } } })).toEqual(['record']);
  });

  it('has rpm-ostree where it is busy, and where it refused to finalize, but not where the gates failed', () => {
    const failure = { by: 'failure', kind: 'x', message: 'y', since: NOW } as const;
    expect(blocked({ holding: { ...failure, asked: true } })).toEqual(['rpm_ostree']);
    expect(blocked({ holding: failure })).toEqual([]);
    const activeTransaction = { method: 'PkgChange', title: 'install vim', ours: false };
    const busy = host([deployment('1.0', { booted: true })], { activeTransaction });
    expect(blocked({ memory: { host: busy } })).toEqual(['rpm_ostree']);
  });

  it('has a lender that did not lend at or after that look', () => {
    const refused = (at: number, kind: LastLoan['kind'] = 'refused') =>
      blocked({ policy: LENDING, loan: { at, kind, reason: 'full' } });
    expect(refused(SEEN)).toEqual(['fleet_lock']);
    expect(refused(SEEN + 1, 'failed')).toEqual(['fleet_lock']);
    expect(refused(SEEN - 1)).toEqual([]);
    expect(refused(SEEN, 'granted')).toEqual([]);
    expect(blocked({ policy: LENDING })).toEqual([]);
    const two = { slotPlaces: [...(LENDING.slotPlaces ?? []), { ...PLACE, lender: 'other' }] };
    const loan = { at: SEEN, kind: 'failed', reason: 'full' } as const;
    expect(blocked({ policy: { ...LENDING, ...two }, loan })).toEqual(['fleet_lock', 'other']);
    const nameless = blocked({
      policy: { hasLenders: true, slotPlaces: [] },
      loan: { at: SEEN, kind: 'refused', reason: 'full' },
    });
    expect(nameless).toEqual(['lender']);
  });
});
