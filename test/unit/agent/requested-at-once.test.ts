/** What a request makes of a machine between two effects: taken or refused, and what is cut off. */
import { describe, expect, it } from 'vitest';
import type { Pending } from '../../../src/agent/pending-request.ts';
import { EMPTY_RECORD, plain } from '../../../src/agent/record.ts';
import { done } from '../../../src/agent/request-outcomes.ts';
import type { Hold, Wish } from '../../../src/agent/requests.ts';
import { atStaged, available, POLLING } from '../../support/agent-states.ts';
import { DONE, REFUSED } from '../../support/asked-node.ts';
import { deployment, host, POLICY, release, staged } from '../../support/samples.ts';
import { NOW, taken } from '../../support/taken.ts';

const STAGE: Wish = { kind: 'stage', ignoreRollout: false };
const CANCEL: Wish = { kind: 'cancel' };
const reboot = (...overrides: ('fleet-lock' | 'people' | 'window')[]): Wish => ({
  kind: 'reboot',
  overrides,
});

function pending(wish: Wish): Pending {
  return { request: { id: `t-${wish.kind}`, by: { uid: 0 }, wish }, begun: true };
}

describe('a reboot', () => {
  it.each([
    ['acquire', 'fleet-lock'],
    ['warn', 'people'],
  ] as const)('begins the attempt anew that is about to ask whom it overrides: %s', (step, override) => {
    const { model } = taken(reboot(override), { state: atStaged({ step }) });
    expect(model.state).toMatchObject({ step: 'refresh', dueMono: NOW.mono });
  });

  it.each([
    ['acquire', 'people'],
    ['warn', 'fleet-lock'],
    ['ask', 'people'],
    ['confirm', 'fleet-lock'],
  ] as const)('becomes the attempt as it is otherwise: %s, overriding %s', (step, override) => {
    const { model, outcome } = taken(reboot(override), { state: atStaged({ step }) });
    expect(model.state).toEqual(atStaged({ step }));
    expect(outcome).toBeUndefined();
  });

  it('is refused where somebody else staged what is there, unless it is the release', () => {
    const theirs = host([staged('3', { finalizationLocked: false }), deployment('1', { booted: true })]);
    expect(taken(reboot(), { memory: { host: theirs } }).outcome).toEqual({
      kind: 'refused',
      error: 'NotStaged',
      text: 'what boots next, 3, was put there by somebody else',
    });
    const here = { state: atStaged({ step: 'ask' }), memory: { host: theirs } };
    expect(taken(reboot(), here).outcome).toBeUndefined();
  });

  it('is refused while the release is not staged yet', () => {
    expect(taken(reboot(), { state: available() }).outcome).toEqual(REFUSED('NotStaged'));
  });
});

describe('staging', () => {
  it('is refused for what is no name, or while something is staged by request already', () => {
    expect(taken({ ...STAGE, to: 'a\u0007' }).outcome).toEqual(REFUSED('Invalid'));
    expect(taken(STAGE, { memory: { requests: [pending(STAGE)] } }).outcome).toEqual(REFUSED('Busy'));
    expect(taken(STAGE, { memory: { requests: [pending({ kind: 'check' })] } }).outcome).toBeUndefined();
  });

  it('is refused while it is held, and says by which holds', () => {
    const hold = (id: string, what: Hold['what']): Hold => ({
      ...{ id, what, by: { uid: 0 }, reason: '', sinceAt: 1 },
    });
    const holds = [hold('h1', 'stage'), hold('h2', 'reboot'), hold('h3', 'stage')];
    expect(taken(STAGE, { memory: { record: { ...EMPTY_RECORD, holds } } }).outcome).toEqual({
      kind: 'refused',
      error: 'Blocked',
      text: 'staging is held: h1, h3',
      gates: ['hold'],
    });
  });
});

describe('a cancel', () => {
  it('of nothing changes nothing, and says so', () => {
    const { model, outcome } = taken(CANCEL, { state: atStaged({ step: 'ask' }) });
    expect(outcome).toEqual({
      kind: 'done',
      text: 'there is nothing to cancel: nothing is being staged, and no request waits',
      changed: false,
    });
    expect(model.state).toEqual(atStaged({ step: 'ask' }));
  });

  it('ends what was asked for, and nothing that people keep', () => {
    const before = { holds: [], adminDenials: [], denials: [], attempts: [] };
    const allow = {
      ...pending({ kind: 'allow', release: '2' }),
      begun: false,
      written: { before, outcome: done('2 is no longer denied', { changed: true }) },
    };
    const save = { due: true, dueMono: 9_000_000, streak: undefined };
    const requests = [pending({ kind: 'check' }), allow, pending(STAGE)];
    const { model, outcome, happenings } = taken(CANCEL, { memory: { requests, save } });
    expect(outcome).toEqual({
      kind: 'done',
      text: 'cancelled: check of uid 0 (t-check), stage of uid 0 (t-stage)',
      changed: true,
      cancelled: [pending({ kind: 'check' }).request, pending(STAGE).request],
    });
    expect(model.memory.requests).toEqual([allow]);
    const cancelled = { error: 'Cancelled', text: 'by request t-1' };
    expect(happenings.filter(({ kind }) => kind === 'request-ended')).toMatchObject([
      { outcome: cancelled },
      { outcome: cancelled },
      { outcome: { kind: 'done' } },
    ]);
  });

  it('of staging on the terms of the configuration puts it off', () => {
    const { model, outcome } = taken(CANCEL, { state: available({ step: 'stage' }) });
    expect(outcome).toEqual(DONE('2.0 is not being staged for now'));
    expect(model.state).toEqual(available({ dueMono: NOW.mono + POLICY.retryIntervalMs }));
  });

  it('told-cancel: says which release is left, and whose requests have ended', () => {
    const { outcome } = taken(CANCEL, {
      state: available({ step: 'stage' }),
      memory: { requests: [pending(STAGE)] },
      uid: 1000,
    });
    expect(outcome).toMatchObject({
      text: '2.0 is not being staged for now; cancelled: stage of uid 0 (t-stage)',
      changed: true,
      release: '2.0',
      cancelled: [{ id: 't-stage', by: { uid: 0 } }],
    });
  });

  it('of staging on the terms of a person ends it', () => {
    const terms = { ignoreRollout: true } as const;
    expect(taken(CANCEL, { state: available({ step: 'stage', terms }) }).model.state).toEqual(POLLING);
  });

  it('told-cancel: leaves alone what waits for its next attempt, and says that nothing is being staged', () => {
    const { model, outcome } = taken(CANCEL, { state: available() });
    expect(outcome).toEqual(
      DONE('there is nothing to cancel: nothing is being staged, and no request waits'),
    );
    expect(model.state).toEqual(available());
  });

  it('leaves alone what is being dropped', () => {
    const state = available({ step: 'discard' });
    const { model, outcome } = taken(CANCEL, { state });
    expect(outcome).toEqual(
      DONE('there is nothing to cancel: nothing is being staged, and no request waits'),
    );
    expect(model.state).toEqual(state);
  });

  it('of a reboot has the attempt begin anew, of anything else not', () => {
    const state = atStaged({ step: 'confirm' });
    const after = (wish: Wish) => taken(CANCEL, { state, memory: { requests: [pending(wish)] } }).model.state;
    expect(after(reboot())).toEqual(atStaged({ dueMono: NOW.mono }));
    expect(after({ kind: 'check' })).toEqual(state);
  });
});

describe('a discard', () => {
  it('of what is being staged denies it, and is over when that is written', () => {
    const { model, outcome } = taken({ kind: 'discard' }, { state: available({ step: 'stage' }), uid: 1000 });
    expect(model.state).toEqual(POLLING);
    expect(outcome).toEqual({
      kind: 'done',
      text: '2.0 is not staged, and denied',
      changed: true,
      release: '2.0',
    });
    expect(model.memory.record.adminDenials).toEqual([
      { release: '2.0', by: { uid: 1000 }, reason: 'discarded', sinceAt: NOW.at },
    ]);
    expect(model.memory.requests.map(({ begun }) => begun)).toEqual([false]);
  });

  it('of what is staged denies it, and goes on until it is dropped', () => {
    const { model, outcome } = taken({ kind: 'discard' }, { state: atStaged() });
    expect(outcome).toEqual(DONE('2.0 is denied, and dropped as soon as rpm-ostree can'));
    expect(model.memory.requests.map(({ begun }) => begun)).toEqual([true]);
  });

  it('names by its digest what has no printable version', () => {
    const strange = { ...release('x'), version: 'a\u0007' };
    const { model } = taken({ kind: 'discard' }, { state: atStaged({ release: strange }) });
    expect(model.memory.record.adminDenials[0]?.release).toBe(plain(strange).payload.value);
  });
});
