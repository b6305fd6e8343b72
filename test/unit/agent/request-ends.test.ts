/** How requests end when they meet each other, or the node's own work. */
import { describe, expect, it } from 'vitest';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import { requested } from '../../../src/agent/requested.ts';
import { initialModel } from '../../../src/agent/state.ts';
import { askedNode, DONE, REFUSED, type Turns } from '../../support/asked-node.ts';
import { payloadOf, POLICY, release, staged } from '../../support/samples.ts';
import { KindError } from '../../support/simulated-node.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LENDER = { lender: 'fleet_lock', address: 'https://lock', group: 'g', id: 'n' };
const OPEN: Turns = { offered: '2', open: true, people: false };
const ROLLING: Turns = { offered: '2', rolling: true, open: false, people: false };
const NOTHING: Turns = { offered: undefined, open: false, people: false };

describe('a hold', () => {
  it.each([
    { of: 'the same person', overrides: ['window'], uid: 0 },
    { of: 'another person, where holds are overridden', overrides: ['window', 'hold'], uid: 1000 },
  ] as const)('counts against a reboot that was asked for before it: $of', ({ overrides, uid }) => {
    const { ask, toRest, node } = askedNode();
    toRest('UpdateStaged');
    const reboot = ask({ kind: 'reboot', overrides }, 0);
    node.runUntil(({ effect }) => effect.kind === 'finalize');
    const hold = ask({ kind: 'hold', what: 'reboot', reason: '' }, uid);
    node.runFor(2 * HOUR);
    expect(reboot()).toEqual(REFUSED('Cancelled'));
    expect(hold()).toEqual(DONE('reboots are held until it is released (h1)'));
    expect(node.reboots).toBe(0);
    expect(node.record.asked).toBeUndefined();
  });

  it('on staging ends the staging that was asked for, and says by whom', () => {
    const { ask, toRest, turns, node } = askedNode({}, { ...NOTHING });
    toRest('NoNewUpdate');
    turns.offered = '2';
    const stage = ask({ kind: 'stage', ignoreRollout: true });
    node.runUntil(({ effect }) => effect.kind === 'stage');
    const hold = ask({ kind: 'hold', what: 'stage', reason: '' });
    expect(stage()).toEqual({ kind: 'refused', error: 'Cancelled', text: 'by request t-2' });
    node.runFor(HOUR);
    expect(hold()).toEqual(DONE('staging is held until it is released (h1)'));
    expect(node.staged).toBeUndefined();
  });

  it.each([
    { kind: 'hold', what: 'stage', reason: '' },
    { kind: 'deny', release: '2', reason: '' },
  ] as const)('or a denial counts also while the leftover of a failed attempt is dropped: $kind', (wish) => {
    const { ask, node } = askedNode();
    let tries = 0;
    node.world.stageFault = () => {
      tries++;
      node.deployments = [staged('2'), ...node.deployments];
      return new KindError('rpm_ostree_transaction_failed', 'cannot pull');
    };
    node.runUntil(({ effect }) => effect.kind === 'discard-staged');
    ask(wish);
    node.runFor(2 * HOUR);
    expect(tries).toBe(1);
  });
});

describe('a reboot', () => {
  it('becomes the attempt that is under way, also beside a check that waits', () => {
    const { ask, node, until } = askedNode({}, { ...OPEN });
    node.runUntil(({ effect }) => effect.kind === 'list-sessions');
    const check = ask({ kind: 'check' });
    const reboot = ask({ kind: 'reboot', overrides: [] });
    until(reboot);
    expect(reboot()).toEqual(DONE('the reboot into 2 is on its way'));
    until(check);
    expect(check()).toEqual(REFUSED('TooLate'));
  });

  it('that overrides the lender asks none, also where that was about to happen', () => {
    const { ask, node, until } = askedNode(
      {
        policy: { ...POLICY, hasLenders: true, slotPlaces: [LENDER] },
        acquire: () => ({ kind: 'refused', reason: 'all slots are taken', label: 'fleet_lock' }),
      },
      { ...OPEN },
    );
    node.runUntil(({ effect }) => effect.kind === 'acquire-slot');
    const before = node.effects.length;
    const reboot = ask({ kind: 'reboot', overrides: ['fleet-lock'] });
    until(reboot);
    expect(reboot()).toEqual(DONE('the reboot into 2 is on its way'));
    expect(node.effects.slice(before).map(({ kind }) => kind)).not.toContain('acquire-slot');
    expect(node.record.slots).toEqual([]);
  });

  it('that overrides people does not wait for them, also where they were about to be warned', () => {
    const { ask, node, until } = askedNode({}, { ...OPEN, people: true });
    node.runUntil(({ effect }) => effect.kind === 'warn-sessions');
    const reboot = ask({ kind: 'reboot', overrides: ['people'] });
    until(reboot);
    expect(reboot()).toEqual(DONE('the reboot into 2 is on its way'));
  });
});

describe('staging on request', () => {
  it('for one version says nothing of the release that is being tried', () => {
    const { ask, until, toRest, node } = askedNode({
      stageFault: () => new KindError('rpm_ostree_transaction_failed', 'cannot pull'),
    });
    toRest('UpdateAvailable');
    const { pursuit } = node.model.memory;
    const stage = ask({ kind: 'stage', ignoreRollout: false, to: '9' });
    until(stage);
    expect(stage()).toEqual({
      kind: 'refused',
      error: 'NoUpdate',
      text: 'the update server does not offer 9',
    });
    toRest('UpdateAvailable');
    expect(node.happenings.map(({ kind }) => kind)).not.toContain('no-longer-offered');
    expect(pursuit).toBeDefined();
    expect(node.model.memory.pursuit).toEqual(pursuit);
  });

  it('for one version that is denied says so', () => {
    const { ask, until, toRest } = askedNode();
    toRest('UpdateStaged');
    ask({ kind: 'deny', release: '2', reason: '' });
    toRest('NoNewUpdate');
    const stage = ask({ kind: 'stage', ignoreRollout: false, to: '2' });
    until(stage);
    expect(stage()).toEqual(REFUSED('Blocked', ['denied']));
  });

  it.each(['fails', 'is cancelled'])('beyond the rollout is over when it %s', (how) => {
    let tries = 0;
    const policy = { ...POLICY, retryIntervalMs: MINUTE, steadyIntervalMs: HOUR };
    const { ask, until, toRest, node } = askedNode({ policy }, ROLLING);
    node.world.stageFault = () => {
      tries++;
      if (how === 'is cancelled') {
        ask({ kind: 'cancel' });
        return undefined;
      }
      return new KindError('rpm_ostree_transaction_failed', 'cannot pull');
    };
    toRest('NoNewUpdate');
    const stage = ask({ kind: 'stage', ignoreRollout: true });
    until(stage);
    expect(stage()).toEqual(REFUSED(how === 'fails' ? 'Failed' : 'Cancelled'));
    node.runFor(2 * HOUR);
    expect(tries).toBe(1);
    expect(node.stateName).toBe('NoNewUpdate');
  });

  it('on the terms of the rollout says nothing of what was staged beyond it', () => {
    const { ask, until, toRest, node } = askedNode({}, ROLLING);
    toRest('NoNewUpdate');
    until(ask({ kind: 'stage', ignoreRollout: true }));
    toRest('UpdateStaged');
    const plain = ask({ kind: 'stage', ignoreRollout: false });
    until(plain);
    expect(plain()).toEqual(REFUSED('NoUpdate'));
    node.runFor(HOUR);
    expect(node.happenings.map(({ kind }) => kind)).not.toContain('staged-unoffered');
    expect(node.staged?.version).toBe('2');
  });

  it('is done by the staging that the node has begun of its own', () => {
    const { ask, until, node } = askedNode();
    node.runUntil(({ effect }) => effect.kind === 'stage');
    const stage = ask({ kind: 'stage', ignoreRollout: false });
    node.step();
    expect(stage()).toEqual({ kind: 'done', text: '2 is staged', changed: true, release: '2' });
    const other = ask({ kind: 'stage', ignoreRollout: false, to: '3' });
    until(other);
    expect(other()).toEqual(REFUSED('NoUpdate'));
  });

  it('is done where the node goes right on to the reboot', () => {
    const { ask, until, node } = askedNode({}, { ...OPEN });
    node.runUntil(({ effect }) => effect.kind === 'finalize');
    const stage = ask({ kind: 'stage', ignoreRollout: false });
    const other = ask({ kind: 'check' });
    until(stage);
    expect(stage()).toEqual({
      kind: 'done',
      text: '2 is staged, and the reboot into it is on its way',
      changed: false,
      release: '2',
    });
    until(other);
    expect(other()).toEqual(REFUSED('TooLate'));
  });
});

describe('a denial', () => {
  it('that is known by a request just now waits for the disk as that one does', () => {
    const { ask, toRest, node } = askedNode();
    toRest('UpdateStaged');
    node.world.saveFault = () => new KindError('record_unwritable', 'the disk is full');
    const ends = [1, 2].map(() => ask({ kind: 'deny', release: '7', reason: '' }));
    expect(ends.map((end) => end())).toEqual([undefined, undefined]);
    node.step();
    expect(ends.map((end) => end())).toEqual([REFUSED('Failed'), REFUSED('Failed')]);
    expect(node.model.memory.record.adminDenials).toEqual([]);
  });

  it('of the agent that is over denies nothing', () => {
    const denial = {
      version: '2',
      payload: payloadOf('2'),
      reason: 'abandoned' as const,
      sinceAt: 0,
      strikes: 1,
    };
    const allowing = (untilAt: number) => {
      const model = initialModel({ ...EMPTY_RECORD, denials: [{ ...denial, untilAt }] });
      const request = { id: 't-1', by: { uid: 0 }, wish: { kind: 'allow', release: '2' } } as const;
      const end = requested(model, { at: 1000, mono: 0 }, POLICY, request).happenings.at(-1);
      return end?.kind === 'request-ended' ? end.outcome : undefined;
    };
    expect(allowing(1000)).toEqual(REFUSED('NotFound'));
    // One in force is lifted: that ends once it is written.
    expect(allowing(1001)).toBeUndefined();
  });
});

describe('a discard', () => {
  it('needs to know what is staged', () => {
    const { ask } = askedNode();
    expect(ask({ kind: 'discard' })()).toEqual(REFUSED('Busy'));
  });

  it('is done where updates are switched off in the middle of it: the release is denied', () => {
    const { ask, toRest, node } = askedNode();
    toRest('UpdateStaged');
    const discard = ask({ kind: 'discard' });
    node.step();
    node.reconfigure({ ...node.world.policy, enabled: false });
    node.runFor(MINUTE);
    expect(discard()).toEqual(DONE('2 is denied, and dropped as soon as rpm-ostree can'));
    expect(node.record.adminDenials.map((denial) => denial.release)).toEqual([release('2').version]);
  });
});

describe('a lender that asks for patience', () => {
  function draining(untilMs: number, askAgainMs = 15_000, errorKind?: string) {
    const policy = { ...POLICY, hasLenders: true, slotPlaces: [LENDER] };
    const asked = askedNode({ policy });
    const { node } = asked;
    let beganMono: number | undefined;
    node.world.acquire = () => {
      beganMono ??= node.mono;
      return node.mono - beganMono < untilMs
        ? {
            ...{ kind: 'may-be-held', reason: 'the node is being drained', label: 'fleet_lock', askAgainMs },
            ...(errorKind !== undefined && { errorKind }),
          }
        : { kind: 'granted' };
    };
    asked.toRest('UpdateStaged');
    return asked;
  }

  it('is waited for, and what is overridden stays so meanwhile', () => {
    const { ask, until, node } = draining(20 * MINUTE);
    const reboot = ask({ kind: 'reboot', overrides: ['window'] });
    const { mono } = node;
    node.runFor(19 * MINUTE);
    expect(reboot()).toBeUndefined();
    until(reboot);
    expect(reboot()).toEqual(DONE('the reboot into 2 is on its way'));
    expect(node.mono - mono).toBe(20 * MINUTE);
  });

  it('is waited for no longer than a drain takes', () => {
    const { ask, node } = draining(2 * HOUR);
    const reboot = ask({ kind: 'reboot', overrides: ['window'] });
    node.runFor(39 * MINUTE);
    expect(reboot()).toBeUndefined();
    node.runFor(2 * MINUTE);
    expect(reboot()).toEqual({
      kind: 'refused',
      error: 'Blocked',
      text: 'the node is being drained',
      gates: ['fleet_lock'],
    });
    node.runFor(3 * HOUR);
    expect(node.reboots).toBe(0);
    expect(node.record.slots).toEqual([]);
  });

  it.each([
    { askAgainMs: HOUR, errorKind: undefined },
    { askAgainMs: 15_000, errorKind: 'fleet_lock_unreachable' },
  ])('is not waited for where that is too late, or is no answer: $askAgainMs $errorKind', (more) => {
    const { ask, until, node } = draining(2 * HOUR, more.askAgainMs, more.errorKind);
    node.world.policy = { ...node.world.policy, retryIntervalMs: HOUR };
    const { mono } = node;
    const reboot = ask({ kind: 'reboot', overrides: ['window'] });
    until(reboot);
    expect(reboot()).toEqual(REFUSED('Blocked', ['fleet_lock']));
    expect(node.mono).toBe(mono);
  });

  it.each([{ kind: 'cancel' }, { kind: 'hold', what: 'reboot', reason: '' }] as const)(
    'is not waited for any more after a $kind, and gets its slot back',
    (wish) => {
      const { ask, node } = draining(2 * HOUR);
      const reboot = ask({ kind: 'reboot', overrides: ['window'] });
      node.runFor(5 * MINUTE);
      ask(wish);
      expect(reboot()).toEqual(REFUSED('Cancelled'));
      node.runFor(MINUTE);
      expect(node.record.slots).toEqual([]);
    },
  );
});
