/** What becomes of requests, on a simulated node: each ends once, and says what the node then does. */
import { describe, expect, it } from 'vitest';
import {
  LONGEST_REASON,
  MOST_ADMIN_DENIALS,
  MOST_HOLDS,
  MOST_REQUESTS,
  type Outcome,
  type Wish,
} from '../../../src/agent/requests.ts';
import { booted, rebootAsked } from '../../../src/agent/record.ts';
import { RecordError } from '../../../src/errors.ts';
import { askedNode, DONE, REFUSED } from '../../support/asked-node.ts';
import { POLICY, release, staged } from '../../support/samples.ts';
import { KindError, type World } from '../../support/simulated-node.ts';

const MINUTE = 60_000;
const LENDER = { lender: 'fleet_lock', address: 'https://lock', group: 'g', id: 'n' };

describe('check', () => {
  it('asks at once, and says what is offered', () => {
    const { ask, until, toRest, turns, node } = askedNode(
      {},
      { offered: undefined, open: false, people: false },
    );
    toRest('NoNewUpdate');
    const { at } = node;
    turns.offered = '2';
    const ended = ask({ kind: 'check' });
    until(ended);
    expect(ended()).toEqual({
      kind: 'done',
      text: 'the update server offers 2',
      changed: true,
      release: '2',
    });
    expect(node.at).toBe(at);
  });

  it('ignores the own back-off, and keeps to the Retry-After of the server', () => {
    const answer = new KindError('generic_http_503');
    const { ask, until, toRest, node } = askedNode({ check: () => answer });
    toRest('NoNewUpdate');
    Object.assign(answer, { retryAfterMs: 10 * MINUTE });
    const own = ask({ kind: 'check' });
    until(own);
    expect(own()).toEqual({ kind: 'refused', error: 'Failed', text: 'generic_http_503' });
    const server = ask({ kind: 'check' });
    expect(server()).toEqual({
      kind: 'refused',
      error: 'Blocked',
      text: 'the update server wants no request before Thu 2026-01-01 00:10:00 UTC',
      gates: ['update_server'],
    });
    node.pass(10 * MINUTE);
    const later = ask({ kind: 'check' });
    until(later);
    expect(later()).toEqual(REFUSED('Failed'));
  });

  it('ends when the deployments cannot be read', () => {
    const { ask, until, toRest, node } = askedNode();
    toRest('UpdateStaged');
    node.world.statusFault = () => new KindError('rpm_ostree_unreachable');
    const ended = ask({ kind: 'check' });
    until(ended);
    expect(ended()).toEqual(REFUSED('Failed'));
  });
});

describe('stage', () => {
  it('stages, and sends the wariness of who goes first; later checks are on the same terms', () => {
    const { ask, until, toRest, turns, queries, node } = askedNode(
      {},
      { offered: undefined, open: false, people: false },
    );
    toRest('NoNewUpdate');
    turns.offered = '2';
    const ended = ask({ kind: 'stage', ignoreRollout: true, to: '2' });
    until(ended);
    expect(ended()).toEqual({ kind: 'done', text: '2 is staged', changed: true, release: '2' });
    expect(queries.at(-1)).toMatchObject({ ignoreRollout: true, to: '2' });
    node.runFor(10 * MINUTE);
    expect(queries.at(-1)).toMatchObject({ ignoreRollout: true, to: '2' });
    node.restart();
    toRest('UpdateStaged');
    expect(queries.at(-1)).toMatchObject({ ignoreRollout: true, to: '2' });
    expect(node.staged?.version).toBe('2');
  });

  it('refuses what the graph does not offer, and leaves what is staged', () => {
    const { ask, until, toRest, queries, node } = askedNode();
    toRest('UpdateStaged');
    for (let n = 0; n < 3; n++) {
      const ended = ask({ kind: 'stage', ignoreRollout: false, to: '3' });
      until(ended);
      expect(ended()).toEqual(REFUSED('NoUpdate'));
    }
    node.runFor(10 * MINUTE);
    expect(node.staged?.version).toBe('2');
    expect(queries.at(-1)).not.toHaveProperty('to');
  });

  it('fails with the first attempt that fails', () => {
    const fault = new KindError('rpm_ostree_transaction_failed', 'cannot pull');
    const { ask, until, toRest, turns } = askedNode(
      { stageFault: () => fault },
      { offered: undefined, open: false, people: false },
    );
    toRest('NoNewUpdate');
    turns.offered = '2';
    const ended = ask({ kind: 'stage', ignoreRollout: false });
    until(ended);
    expect(ended()).toEqual({ kind: 'refused', error: 'Failed', text: 'cannot pull' });
  });

  it.each([
    { wish: { kind: 'cancel' }, state: 'UpdateAvailable' },
    { wish: { kind: 'hold', what: 'stage', reason: '' }, state: 'NoNewUpdate' },
    { wish: { kind: 'discard' }, state: 'NoNewUpdate' },
  ] as const)('is cut short by $wish.kind, without a failed attempt', ({ wish, state }) => {
    const world: Partial<World> = {};
    const all = askedNode({ ...world, stageFault: () => world.stageFault?.(release('2')) });
    let cutter: (() => Outcome | undefined) | undefined;
    world.stageFault = () => {
      cutter ??= all.ask(wish);
      return undefined;
    };
    const ended = all.ask({ kind: 'stage', ignoreRollout: false });
    all.until(ended);
    expect(ended()).toEqual(REFUSED('Cancelled'));
    all.until(() => cutter?.());
    expect(cutter?.()).toMatchObject({ kind: 'done', changed: true });
    expect(all.node.stateName).toBe(state);
    expect(all.node.staged).toBeUndefined();
    expect(all.node.model.memory.record.attempts).toEqual([]);
    // What was cut is told once.
    if (wish.kind === 'cancel') {
      expect(all.ask({ kind: 'cancel' })()).toMatchObject({ kind: 'done', changed: false });
    }
  });

  it('goes on while reboots are held', () => {
    const world: Partial<World> = {};
    const all = askedNode({ stageFault: () => world.stageFault?.(release('2')) });
    world.stageFault = () => {
      all.ask({ kind: 'hold', what: 'reboot', reason: '' });
      return undefined;
    };
    all.toRest('UpdateStaged');
    expect(all.node.staged?.version).toBe('2');
    expect(all.node.record.holds).toHaveLength(1);
  });

  it('is refused while staging is held; what is staged stays, and may be booted', () => {
    const { ask, toRest, turns, node } = askedNode();
    toRest('UpdateStaged');
    ask({ kind: 'hold', what: 'stage', reason: '' });
    expect(ask({ kind: 'stage', ignoreRollout: false })()).toEqual(REFUSED('Blocked', ['hold']));
    turns.offered = '3';
    node.runFor(20 * MINUTE);
    expect(node.staged?.version).toBe('2');
    turns.open = true;
    node.runUntil(({ reboots }) => reboots === 1);
    expect(node.booted.version).toBe('2');
    node.runFor(20 * MINUTE);
    expect(node.staged).toBeUndefined();
    ask({ kind: 'release', hold: 'h1' });
    node.runUntil(({ staged: there }) => there?.version === '3');
  });
});

describe('reboot', () => {
  it('passes what is overridden, once', () => {
    const { ask, until, toRest, node, turns } = askedNode();
    toRest('UpdateStaged');
    const ended = ask({ kind: 'reboot', overrides: ['window'] });
    until(ended);
    expect(ended()).toEqual(DONE('the reboot into 2 is on its way'));
    node.runUntil(({ reboots }) => reboots === 1);
    turns.offered = '3';
    node.runFor(60 * MINUTE);
    expect(node.staged?.version).toBe('3');
    expect(node.reboots).toBe(1);
  });

  it('is refused with the gates that block, and leaves nothing behind', () => {
    const { ask, until, toRest, node } = askedNode();
    toRest('UpdateStaged');
    ask({ kind: 'hold', what: 'reboot', reason: '' }, 1000);
    const ended = ask({ kind: 'reboot', overrides: ['splay'] }, 1001);
    until(ended);
    expect(ended()).toEqual(REFUSED('Blocked', ['outside_window', 'hold']));
    expect(node.model.memory.requests).toEqual([]);
    node.runFor(60 * MINUTE);
    expect(node.reboots).toBe(0);
  });

  it('passes the hold of the same person, and says so', () => {
    const { ask, until, toRest } = askedNode();
    toRest('UpdateStaged');
    ask({ kind: 'hold', what: 'reboot', reason: '' }, 1000);
    const other = ask({ kind: 'reboot', overrides: ['window'] }, 1001);
    until(other);
    expect(other()).toEqual(REFUSED('Blocked', ['hold']));
    const own = ask({ kind: 'reboot', overrides: ['window'] }, 1000);
    until(own);
    expect(own()).toEqual(DONE('the reboot into 2 is on its way; it passes h1, held by the same person'));
  });

  it('waits for people unless they are overridden', () => {
    const { ask, until, toRest } = askedNode({}, { offered: '2', open: false, people: true });
    toRest('UpdateStaged');
    const polite = ask({ kind: 'reboot', overrides: ['window'] });
    until(polite);
    expect(polite()).toEqual(REFUSED('Blocked', ['people']));
    const rude = ask({ kind: 'reboot', overrides: ['window', 'people'] });
    until(rude);
    expect(rude()).toEqual(DONE('the reboot into 2 is on its way'));
  });

  it('asks lenders unless they are overridden by name', () => {
    const acquire = () => ({ kind: 'refused', reason: 'all slots are taken', label: 'fleet_lock' }) as const;
    const policy = { ...POLICY, hasLenders: true, slotPlaces: [LENDER] };
    const { ask, until, toRest, node } = askedNode({ acquire, policy });
    toRest('UpdateStaged');
    const asked = ask({ kind: 'reboot', overrides: ['window'] });
    until(asked);
    expect(asked()).toEqual(REFUSED('Blocked', ['fleet_lock']));
    const past = ask({ kind: 'reboot', overrides: ['window', 'fleet-lock'] });
    until(past);
    expect(past()).toEqual(DONE('the reboot into 2 is on its way'));
    expect(node.effects.filter(({ kind }) => kind === 'acquire-slot')).toHaveLength(1);
  });

  it.each(['gone', 'foreign', 'denied', 'unwritable'] as const)('never passes: %s', (what) => {
    const { ask, until, toRest, node } = askedNode();
    toRest('UpdateStaged');
    const others = node.deployments.filter((each) => !each.staged);
    if (what === 'gone') {
      node.deployments = others;
    } else if (what === 'foreign') {
      node.deployments = [staged('9', { finalizationLocked: false }), ...others];
    } else if (what === 'denied') {
      ask({ kind: 'deny', release: '2', reason: '' });
    } else {
      node.world.saveFault = () => new KindError('record_unwritable');
    }
    const all = [
      'window',
      'hold',
      'people',
      'inhibitors',
      'boot-space',
      'boot-complete',
      'fleet-lock',
    ] as const;
    const ended = ask({ kind: 'reboot', overrides: all });
    until(ended);
    expect(ended()).toEqual(REFUSED(what === 'unwritable' ? 'Failed' : 'NotStaged'));
    expect(node.effects.some(({ kind }) => kind === 'finalize')).toBe(false);
  });

  it('needs something staged, and one at a time', () => {
    const { ask, until, toRest, node } = askedNode({}, { offered: undefined, open: false, people: false });
    const early = ask({ kind: 'reboot', overrides: [] });
    expect(ask({ kind: 'reboot', overrides: [] })()).toEqual(REFUSED('Busy'));
    until(early);
    expect(early()).toEqual(REFUSED('NotStaged'));
    toRest('NoNewUpdate');
    expect(ask({ kind: 'reboot', overrides: [] })()).toEqual(REFUSED('NotStaged'));
    expect(node.model.memory.requests).toEqual([]);
  });

  it('leaves nothing behind when the agent dies', () => {
    const { ask, toRest, node } = askedNode();
    toRest('UpdateStaged');
    ask({ kind: 'reboot', overrides: ['window'] });
    node.restart();
    node.runFor(60 * MINUTE);
    expect(node.reboots).toBe(0);
  });
});

describe('hold', () => {
  it('is on disk before it ends, and survives a reboot of the machine', () => {
    const { ask, until, toRest, node, turns } = askedNode();
    toRest('UpdateStaged');
    const ended = ask({ kind: 'hold', what: 'reboot', reason: 'x'.repeat(500) });
    expect(ended()).toBeUndefined();
    until(ended);
    expect(ended()).toEqual({
      kind: 'done',
      text: 'reboots are held until it is released (h1)',
      changed: true,
      hold: 'h1',
    });
    expect(node.record.holds[0]?.reason).toHaveLength(LONGEST_REASON);
    node.reboot();
    turns.open = true;
    node.runFor(60 * MINUTE);
    expect(node.reboots).toBe(1);
    ask({ kind: 'release', hold: 'h1' });
    node.runUntil(({ reboots }) => reboots === 2);
    expect(node.booted.version).toBe('2');
  });

  it('changes nothing where it cannot be written', () => {
    const { ask, until, toRest, node } = askedNode();
    toRest('UpdateStaged');
    node.world.saveFault = () => new KindError('record_unwritable', 'no space');
    const ends = [
      ask({ kind: 'hold', what: 'reboot', reason: '' }),
      ask({ kind: 'deny', release: '2', reason: '' }),
    ];
    ends.forEach(until);
    expect(ends.map((ended) => ended())).toEqual([REFUSED('Failed'), REFUSED('Failed')]);
    expect(node.model.memory.record).toMatchObject({ holds: [], adminDenials: [] });
  });

  it('holds while a slot is asked for, and the slot goes back', () => {
    const world: Partial<World> = {};
    const released: number[] = [];
    const all = askedNode(
      {
        policy: { ...POLICY, hasLenders: true, slotPlaces: [LENDER] },
        acquire: () => world.acquire?.({ at: 0, stream: undefined }) ?? { kind: 'granted' },
        release: () => void released.push(all.node.steps),
      },
      { offered: '2', open: true, people: false },
    );
    world.acquire = () => {
      all.ask({ kind: 'hold', what: 'reboot', reason: '' });
      return { kind: 'granted' };
    };
    all.node.runUntil(({ record }) => record.holds.length === 1);
    const before = released.length;
    all.toRest('UpdateStaged');
    expect(released).toHaveLength(before + 1);
    all.node.runFor(60 * MINUTE);
    expect(all.node.reboots).toBe(0);
    expect(all.node.model.memory.record.slots).toEqual([]);
  });

  it.each(['save', 'finalize', 'survey'] as const)('holds when it comes right before %s', (kind) => {
    const { ask, node } = askedNode({}, { offered: '2', open: true, people: false });
    node.runUntil(
      ({ effect, model: { state } }) =>
        effect.kind === kind &&
        state.name === 'UpdateStaged' &&
        (kind !== 'survey' || state.step === 'confirm'),
    );
    ask({ kind: 'hold', what: 'reboot', reason: '' });
    node.runFor(60 * MINUTE);
    expect(node.reboots).toBe(0);
    expect(node.record.asked).toBeUndefined();
  });

  it.each<Wish>([
    { kind: 'hold', what: 'reboot', reason: '' },
    { kind: 'deny', release: '2', reason: '' },
    { kind: 'discard' },
    { kind: 'cancel' },
    { kind: 'check' },
    { kind: 'stage', ignoreRollout: false },
    { kind: 'reboot', overrides: [] },
  ])('comes too late after the finalization went out: $kind', (wish) => {
    const { ask, node } = askedNode(
      { rebootComes: () => false },
      { offered: '2', open: true, people: false },
    );
    node.runUntil(({ stateName }) => stateName === 'UpdateFinalized');
    expect(ask(wish)()).toEqual(REFUSED('TooLate'));
    node.runUntil(({ stateName }) => stateName === 'EndState');
    expect(ask(wish)()).toEqual(REFUSED('TooLate'));
  });

  it('is bounded, ends in the future, and has an id of its own', () => {
    const { ask, until, toRest, node } = askedNode();
    toRest('UpdateStaged');
    for (const untilAt of [node.at, 0.5, Number.POSITIVE_INFINITY]) {
      expect(ask({ kind: 'hold', what: 'reboot', untilAt, reason: '' })()).toEqual(REFUSED('Invalid'));
    }
    for (let n = 1; n <= MOST_HOLDS; n++) {
      const ended = ask({ kind: 'hold', what: 'stage', untilAt: node.at + 1, reason: '' });
      until(ended);
      expect(ended()).toMatchObject({ hold: `h${n}` });
    }
    expect(ask({ kind: 'hold', what: 'reboot', reason: '' })()).toEqual(REFUSED('LimitsExceeded'));
    expect(ask({ kind: 'release', hold: 'h99' })()).toEqual(REFUSED('NotFound'));
    node.pass(2);
    const fresh = ask({ kind: 'hold', what: 'reboot', reason: '' });
    until(fresh);
    expect(fresh()).toMatchObject({ hold: 'h1' });
    expect(node.record.holds).toHaveLength(1);
  });
});

describe('deny and allow', () => {
  it.each([['2'], [release('2').payload.value], [`quay.io/x@${release('2').payload.value}`]])(
    'drops what is staged, and takes it again once it is allowed: %s',
    (name) => {
      const { ask, until, toRest, node } = askedNode();
      toRest('UpdateStaged');
      const ended = ask({ kind: 'deny', release: name, reason: 'bad' }, 1000);
      until(ended);
      expect(ended()).toMatchObject({ kind: 'done', changed: true });
      toRest('NoNewUpdate');
      expect(node.staged).toBeUndefined();
      node.restart();
      node.runFor(30 * MINUTE);
      expect(node.staged).toBeUndefined();
      expect(ask({ kind: 'deny', release: name, reason: '' })()).toMatchObject({ changed: false });
      ask({ kind: 'allow', release: name });
      node.runUntil(({ staged: there }) => there?.version === '2');
    },
  );

  it('lifts what the agent itself denies, and says that the configuration denies', () => {
    const { ask, until, toRest, node } = askedNode({ policy: { ...POLICY, skip: ['7'] } });
    toRest('UpdateStaged');
    expect(ask({ kind: 'allow', release: '7' })()).toEqual({
      kind: 'refused',
      error: 'Blocked',
      text: '7 is denied by the configuration (updates.skip)',
      gates: ['configuration'],
    });
    expect(ask({ kind: 'allow', release: '8' })()).toEqual(REFUSED('NotFound'));
    node.record = {
      ...node.record,
      denials: [{ ...release('8'), reason: 'rolled-back', sinceAt: 0, strikes: 1 }],
    };
    node.restart();
    toRest('UpdateStaged');
    const outcome = ask({ kind: 'allow', release: '8' });
    until(outcome);
    expect(outcome()).toMatchObject({ kind: 'done', changed: true, text: '8 is no longer denied' });
    expect(node.record.denials).toEqual([]);
  });

  it('lifts what counts against a release whole, so that one missed reboot does not hold it for good again', () => {
    const { ask, until, toRest, node } = askedNode();
    toRest('UpdateStaged');
    const held = { ...release('8'), reason: 'boot-failed', sinceAt: 5, strikes: 2 } as const;
    const counted = { ...release('8'), stages: 0, reboots: 2, sinceAt: 5 };
    const other = { ...release('9'), stages: 3, reboots: 1, sinceAt: 5 };
    node.record = { ...node.record, denials: [held], attempts: [counted, other] };
    node.restart();
    toRest('UpdateStaged');
    until(ask({ kind: 'allow', release: '8' }));
    expect(node.record).toMatchObject({ denials: [], attempts: [other] });
    const again = rebootAsked(node.record, release('8'), 10, 'boot-7');
    expect(booted(again, release('1'), 'boot-8', 20).record.denials).toEqual([
      expect.objectContaining({ version: '8', strikes: 1, untilAt: expect.any(Number) as number }),
    ]);
  });

  it('takes an allowance back that cannot be written, with all that counts', () => {
    let isFull = false;
    const { ask, until, toRest, node } = askedNode({
      saveFault: () => (isFull ? new RecordError('the disk is full') : undefined),
    });
    toRest('UpdateStaged');
    const held = { ...release('8'), reason: 'boot-failed', sinceAt: 5, strikes: 2 } as const;
    const counted = { ...release('8'), stages: 0, reboots: 2, sinceAt: 5 };
    node.record = { ...node.record, denials: [held], attempts: [counted] };
    node.restart();
    toRest('UpdateStaged');
    isFull = true;
    const ended = ask({ kind: 'allow', release: '8' });
    until(ended);
    expect(ended()).toEqual(REFUSED('Failed'));
    expect(node.model.memory.record).toMatchObject({ denials: [held], attempts: [counted] });
  });

  it('lets a release be tried again that was given up, and drops what the last attempt left', () => {
    const { ask, until, toRest, node } = askedNode();
    toRest('UpdateStaged');
    const denials = [
      {
        ...release('2'),
        reason: 'abandoned',
        sinceAt: 5,
        untilAt: node.at + 60 * MINUTE,
        strikes: 1,
      } as const,
    ];
    node.record = { ...node.record, denials, staged: undefined };
    node.restart();
    node.effects.length = 0;
    until(ask({ kind: 'allow', release: '2' }));
    toRest('UpdateStaged');
    const kinds = node.effects.map(({ kind }) => kind);
    expect(kinds.indexOf('discard-staged')).toBeGreaterThan(-1);
    expect(kinds.indexOf('stage')).toBeGreaterThan(kinds.indexOf('discard-staged'));
    expect(node.record.attempts).toEqual([]);
  });

  it('refuses names that are none, and too many', () => {
    const { ask, until, toRest } = askedNode();
    toRest('UpdateStaged');
    for (const name of ['', 'a\u0007', 'x'.repeat(257), 'x@']) {
      expect(ask({ kind: 'deny', release: name, reason: '' })()).toEqual(REFUSED('Invalid'));
      expect(ask({ kind: 'allow', release: name })()).toEqual(REFUSED('Invalid'));
    }
    for (let n = 0; n < MOST_ADMIN_DENIALS; n++) {
      until(ask({ kind: 'deny', release: `v${n}`, reason: '' }));
    }
    expect(ask({ kind: 'deny', release: 'one more', reason: '' })()).toEqual(REFUSED('LimitsExceeded'));
    expect(ask({ kind: 'discard' })()).toEqual(REFUSED('LimitsExceeded'));
  });
});

describe('discard', () => {
  it('drops what is staged, and denies it', () => {
    const { ask, until, toRest, node } = askedNode();
    toRest('UpdateStaged');
    const ended = ask({ kind: 'discard' });
    until(ended);
    expect(ended()).toEqual(DONE('2 is no longer staged, and denied'));
    node.runFor(30 * MINUTE);
    expect(node.staged).toBeUndefined();
    expect(ask({ kind: 'discard' })()).toEqual(REFUSED('NotStaged'));
  });
});

describe('requests', () => {
  it('are refused while updates are switched off, those about the record are not', () => {
    const { ask, until, node } = askedNode({ policy: { ...POLICY, enabled: false } });
    node.runUntil(({ stateName }) => stateName === 'EndState');
    const off: readonly Wish[] = [
      { kind: 'check' },
      { kind: 'stage', ignoreRollout: false },
      { kind: 'reboot', overrides: [] },
    ];
    for (const wish of off) {
      expect(ask(wish)()).toEqual(REFUSED('Disabled'));
    }
    for (const wish of [
      { kind: 'hold', what: 'reboot', reason: '' },
      { kind: 'release', hold: 'h1' },
      { kind: 'deny', release: '2', reason: '' },
      { kind: 'allow', release: '2' },
    ] as const) {
      const ended = ask(wish);
      until(ended);
      expect(ended()).toMatchObject({ kind: 'done', changed: true });
    }
  });

  it('are bounded', () => {
    const { ask, node } = askedNode();
    const ends = Array.from({ length: MOST_REQUESTS + 1 }, () => ask({ kind: 'check' }));
    expect(ends.at(-1)?.()).toEqual(REFUSED('Busy'));
    node.runUntil(({ model }) => model.memory.requests.length === 0);
    expect(ends.slice(0, -1).map((ended) => ended()?.kind)).toEqual(Array(MOST_REQUESTS).fill('done'));
  });
});
