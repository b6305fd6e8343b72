/** What people hold, release, deny and allow: what a request makes of the record and of the machine. */
import { describe, expect, it } from 'vitest';
import { EMPTY_RECORD, type Denial } from '../../../src/agent/record.ts';
import { LONGEST_REASON, type AdminDenial, type Hold, type Wish } from '../../../src/agent/requests.ts';
import type { Memory } from '../../../src/agent/state.ts';
import {
  atStaged,
  available,
  FINALIZED,
  memoryOf,
  POLLING,
  REBOOT_PENDING,
} from '../../support/agent-states.ts';
import { DONE, REFUSED } from '../../support/asked-node.ts';
import { bootedOn, deployment, host, release, staged } from '../../support/samples.ts';
import { NOW, taken, type Scenery } from '../../support/taken.ts';

function hold(id: string, what: Hold['what'], untilAt?: number): Hold {
  return { id, what, by: { uid: 0 }, reason: '', sinceAt: 1, ...(untilAt !== undefined && { untilAt }) };
}

function denial(of: string): AdminDenial {
  return { release: of, by: { uid: 0 }, reason: '', sinceAt: 1 };
}

function own(version: string, changes: Partial<Denial> = {}): Denial {
  return { ...release(version), reason: 'rolled-back', sinceAt: 1, strikes: 1, ...changes };
}

const HOLD_REBOOTS: Wish = { kind: 'hold', what: 'reboot', reason: '' };
const HOLD_STAGING: Wish = { kind: 'hold', what: 'stage', reason: '' };

describe('a hold', () => {
  it('is in the record with its end and its reason, and is written at once', () => {
    const untilAt = NOW.at + 1000;
    const { model, outcome } = taken({ ...HOLD_REBOOTS, untilAt, reason: 'a\u0007b' }, { uid: 1000 });
    expect(model.memory.record.holds).toStrictEqual([
      { id: 'h1', what: 'reboot', by: { uid: 1000 }, reason: 'a\ufffdb', sinceAt: NOW.at, untilAt },
    ]);
    expect(model.memory.save).toMatchObject({ due: true, dueMono: NOW.mono });
    expect(outcome).toEqual(DONE('reboots are held until Thu 1970-01-01 00:16:41 UTC (h1)'));
  });

  it('without an end has none', () => {
    const { model, outcome } = taken(HOLD_STAGING);
    expect(model.memory.record.holds[0]).not.toHaveProperty('untilAt');
    expect(outcome).toEqual(DONE('staging is held until it is released (h1)'));
  });

  it('on reboots comes too late where one is on its way, one on staging does not', () => {
    for (const state of [FINALIZED, REBOOT_PENDING]) {
      expect(taken(HOLD_REBOOTS, { state }).outcome).toEqual(REFUSED('TooLate'));
      expect(taken(HOLD_STAGING, { state }).outcome).toMatchObject({ kind: 'done', hold: 'h1' });
    }
  });
});

describe('a release', () => {
  const memory: Partial<Memory> = {
    record: { ...EMPTY_RECORD, holds: [hold('h1', 'reboot'), hold('h2', 'stage')] },
  };
  const released = (id: string, more: Scenery = {}) =>
    taken({ kind: 'release', hold: id }, { memory, ...more });

  it('takes one hold out of the record', () => {
    const { model, outcome } = released('h1');
    expect(model.memory.record.holds.map(({ id }) => id)).toEqual(['h2']);
    expect(outcome).toEqual({ kind: 'done', text: 'hold h1 is released', changed: true, hold: 'h1' });
  });

  it('of a hold on reboots wakes a node that waits with a staged release', () => {
    expect(released('h1', { state: atStaged() }).model.state).toEqual(atStaged({ dueMono: NOW.mono }));
  });

  it('leaves a node alone that is busy, or waits for something else', () => {
    for (const state of [atStaged({ step: 'ask' }), available(), POLLING]) {
      expect(released('h1', { state }).model.state).toEqual(state);
    }
  });

  it('of a hold on staging has the server asked again, of one on reboots not', () => {
    expect(released('h2').model.memory.check.dueMono).toBe(NOW.mono);
    expect(released('h1').model.memory.check.dueMono).toBe(memoryOf().check.dueMono);
  });

  it('has the server asked no earlier than it wants to be, and no later than it was to be', () => {
    const dueMono = (check: Partial<Memory['check']>) =>
      released('h2', { memory: { ...memory, check: { ...memoryOf().check, ...check } } }).model.memory.check
        .dueMono;
    expect(dueMono({ notBefore: { at: 1, mono: NOW.mono + 5 } })).toBe(NOW.mono + 5);
    expect(dueMono({ notBefore: { at: 1, mono: NOW.mono - 5 } })).toBe(NOW.mono);
    expect(dueMono({ dueMono: NOW.mono - 7 })).toBe(NOW.mono - 7);
  });

  it('says of a long name that is none only its beginning', () => {
    const { outcome } = released('x'.repeat(1000));
    expect(outcome).toEqual(REFUSED('NotFound'));
    expect(outcome?.text).toHaveLength(LONGEST_REASON + 'no hold  is in force'.length);
  });
});

describe('a denial', () => {
  const denied = (named: string, more: Scenery = {}, reason = '') =>
    taken({ kind: 'deny', release: named, reason }, more);

  it('is in the record, with as much of its reason as can be kept', () => {
    const { model, outcome } = denied('2', { uid: 1000 }, 'x'.repeat(LONGEST_REASON + 1));
    expect(model.memory.record.adminDenials).toEqual([
      { release: '2', by: { uid: 1000 }, sinceAt: NOW.at, reason: 'x'.repeat(LONGEST_REASON) },
    ]);
    expect(outcome).toEqual({ kind: 'done', text: '2 is denied', changed: true, release: '2' });
  });

  it('comes too late for the release whose reboot is on its way, and for no other one', () => {
    expect(denied('2.0', { state: FINALIZED }).outcome).toEqual(REFUSED('TooLate'));
    expect(denied('3.0', { state: FINALIZED }).outcome).toEqual(DONE('3.0 is denied'));
    expect(denied('2.0', { state: atStaged() }).outcome).toEqual(DONE('2.0 is denied'));
  });

  it('of what the configuration denies changes nothing, also while something else is to be written', () => {
    const save = { due: true, dueMono: 0, streak: undefined };
    const { model, outcome } = denied('2', { policy: { skip: ['2'] }, memory: { save } });
    expect(outcome).toEqual({ kind: 'done', text: '2 is denied already', changed: false });
    expect(model.memory.requests).toEqual([]);
  });

  it('of what was denied by request is over at once when the disk has it', () => {
    const record = { ...EMPTY_RECORD, adminDenials: [denial('2')] };
    const { model, outcome } = denied('2', { memory: { record } });
    expect(outcome).toMatchObject({ kind: 'done', changed: false });
    expect(model.memory.requests).toEqual([]);
    expect(model.memory.save.due).toBe(false);
  });

  it('ends the staging of that release alone', () => {
    const state = available({ step: 'stage' });
    expect(denied('2.0', { state }).model.state).toEqual(POLLING);
    expect(denied('3.0', { state }).model.state).toEqual(state);
  });
});

describe('allowing', () => {
  const allowed = (named: string, more: Scenery = {}) => taken({ kind: 'allow', release: named }, more);

  it('takes that denial back, whoever denied it, and no other one', () => {
    const record = {
      ...EMPTY_RECORD,
      adminDenials: [denial('2'), denial('3')],
      denials: [own('2'), own('4')],
    };
    const { model, outcome } = allowed('2', { memory: { record } });
    expect(model.memory.record.adminDenials).toEqual([denial('3')]);
    expect(model.memory.record.denials).toEqual([own('4')]);
    expect(outcome).toEqual({ kind: 'done', text: '2 is no longer denied', changed: true, release: '2' });
    expect(model.memory.check.dueMono).toBe(NOW.mono);
  });

  it('leaves the denials of the agent alone where a person denied it', () => {
    const record = { ...EMPTY_RECORD, adminDenials: [denial('2')], denials: [own('4')] };
    expect(allowed('2', { memory: { record } }).model.memory.record.denials).toEqual([own('4')]);
  });

  it('of what nobody denies is refused, whatever else is denied', () => {
    const record = { ...EMPTY_RECORD, adminDenials: [denial('3')], denials: [own('4')] };
    expect(allowed('2', { memory: { record } }).outcome).toEqual(REFUSED('NotFound'));
  });

  const WAY =
    '; it is on disk, and is taken again once that deployment is gone: `rpm-ostree cleanup --rollback`';

  it.each<[string, Memory['host'], boolean]>([
    ['is what the node was in before', host([deployment('1', { booted: true }), deployment('2')]), true],
    ['is staged', host([staged('2'), deployment('1', { booted: true })]), false],
    ['is booted', bootedOn('2'), false],
    ['is not there', host([deployment('1', { booted: true }), deployment('0')]), false],
    [
      'is what cannot be compared',
      host([deployment('1', { booted: true }), deployment('2', { payload: undefined })]),
      false,
    ],
    ['is unknown', undefined, false],
  ])('says whether it can be taken at once: on disk it %s', (_what, on, isOnDisk) => {
    const record = { ...EMPTY_RECORD, adminDenials: [denial('2')] };
    const { outcome } = allowed('2', { memory: { record, host: on } });
    expect(outcome?.text).toBe(`2 is no longer denied${isOnDisk ? WAY : ''}`);
  });
});
