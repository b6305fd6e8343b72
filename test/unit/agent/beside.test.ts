/** Requests that come in the middle of an effect: which are taken at once, which end it, which wait. */
import { describe, expect, it } from 'vitest';
import { isBehind, isJoined, saveBeside, takenBeside } from '../../../src/agent/beside.ts';
import type { Effect, EffectKind } from '../../../src/agent/messages.ts';
import type { Outcome, Wish } from '../../../src/agent/requests.ts';
import { available, memoryOf } from '../../support/agent-states.ts';
import { askedNode, DONE, REFUSED } from '../../support/asked-node.ts';
import { POLICY, release } from '../../support/samples.ts';
import type { World } from '../../support/simulated-node.ts';

const CHECKING: Effect = {
  kind: 'check',
  query: { booted: release('1'), denied: [], skip: [], allowDowngrade: false },
  stream: undefined,
};
const MINUTE = 60_000;
const LENDER = { lender: 'fleet_lock', address: 'https://lock', group: 'g', id: 'n' };
const LENDING = { ...POLICY, hasLenders: true, slotPlaces: [LENDER] };

type Asked = ReturnType<typeof askedNode>;

/** A node to which something happens once, in the middle of `effect`. */
function amidst(
  effect: 'stage' | 'acquire',
  meanwhile: (asked: Asked) => void,
  changes: Partial<World> = {},
) {
  let isOver = false;
  const once = (): undefined => {
    if (!isOver) {
      isOver = true;
      meanwhile(asked);
    }
  };
  const asked: Asked = askedNode({
    ...(effect === 'stage'
      ? { stageFault: once }
      : {
          policy: LENDING,
          acquire: () => {
            once();
            return { kind: 'granted' } as const;
          },
        }),
    ...changes,
  });
  return asked;
}

describe('a cancel of one request', () => {
  it('ends the one request alone', () => {
    const { ask, toRest, node, until, turns } = askedNode(
      {},
      { offered: undefined, open: false, people: false },
    );
    toRest('NoNewUpdate');
    turns.offered = '2';
    const checking = ask({ kind: 'check' });
    const staging = ask({ kind: 'stage', ignoreRollout: false });
    const cancelling = ask({ kind: 'cancel', request: 't-1' });
    expect(checking()).toEqual(REFUSED('Cancelled'));
    expect(cancelling()).toEqual(DONE('the check is cancelled; what the node does by itself goes on'));
    until(staging);
    expect(staging()).toEqual(DONE('2 is staged'));
    expect(node.staged?.version).toBe('2');
  });

  it.each([
    ['that has ended', 't-1'],
    ['that nobody has made', 'x'],
  ])('%s is too late', (_, request) => {
    const { ask, toRest, until } = askedNode();
    toRest('UpdateStaged');
    until(ask({ kind: 'check' }));
    expect(ask({ kind: 'cancel', request })()).toEqual(REFUSED('TooLate'));
  });

  it('ends the staging that was asked for, and its transaction', () => {
    const ends: (() => Outcome | undefined)[] = [];
    const { ask, node, toRest, turns } = amidst('stage', (asked) => {
      ends.push(asked.ask({ kind: 'cancel', request: 't-1' }));
    });
    turns.offered = undefined;
    toRest('NoNewUpdate');
    turns.offered = '2';
    const staging = ask({ kind: 'stage', ignoreRollout: true });
    node.runUntil(() => staging() !== undefined, 200);
    expect(staging()).toEqual(REFUSED('Cancelled'));
    expect(ends[0]?.()).toEqual(DONE('2 is not being staged for now'));
    expect(node.staged).toBeUndefined();
  });

  it('leaves the staging alone that the node has begun by itself', () => {
    const ends: (() => Outcome | undefined)[] = [];
    const { toRest, node } = amidst('stage', (asked) => {
      ends.push(
        asked.ask({ kind: 'stage', ignoreRollout: false }),
        asked.ask({ kind: 'cancel', request: 't-1' }),
      );
      expect(ends[1]?.()).toEqual(DONE('the stage is cancelled; what the node does by itself goes on'));
    });
    toRest('UpdateStaged');
    expect(ends[0]?.()).toEqual(REFUSED('Cancelled'));
    expect(node.staged?.version).toBe('2');
  });

  it('ends a reboot that waits for a lender, and the slot goes back', () => {
    const released: number[] = [];
    const { ask, node, toRest } = amidst(
      'acquire',
      (asked) => {
        expect(asked.ask({ kind: 'cancel', request: 't-1' })()).toMatchObject({
          kind: 'done',
          changed: true,
        });
        expect(asked.node.goingOn).toBeUndefined();
      },
      {
        release: ({ at }) => {
          released.push(at);
          return undefined;
        },
      },
    );
    toRest('UpdateStaged');
    const before = released.length;
    const rebooting = ask({ kind: 'reboot', overrides: ['window'] });
    node.runFor(10 * MINUTE);
    expect(rebooting()).toEqual(REFUSED('Cancelled'));
    expect(node.reboots).toBe(0);
    expect(released.length).toBeGreaterThan(before);
  });
});

describe('in the middle of an effect', () => {
  it.each([
    [{ kind: 'hold', what: 'stage', reason: '' }, { holds: [expect.objectContaining({ id: 'h1' })] }],
    [
      { kind: 'deny', release: '9', reason: '' },
      { adminDenials: [expect.objectContaining({ release: '9' })] },
    ],
  ] as const)('%j is on disk while a lender drains the node, and the reboot goes on', (wish, kept) => {
    const { toRest, node, turns } = amidst('acquire', (asked) => {
      expect(asked.ask(wish)()).toMatchObject({ kind: 'done' });
      expect(asked.node.record).toMatchObject(kept);
    });
    toRest('UpdateStaged');
    turns.open = true;
    node.runUntil(({ reboots }) => reboots === 1, 300);
  });

  it.each([
    { kind: 'hold', what: 'reboot', reason: '' },
    { kind: 'deny', release: '2', reason: '' },
    { kind: 'cancel' },
  ] as const)('%j ends the question of a lender, and no reboot comes', (wish: Wish) => {
    const { toRest, node, turns } = amidst('acquire', (asked) => {
      asked.ask(wish);
      expect(asked.node.goingOn).toBeUndefined();
      asked.turns.open = false;
    });
    toRest('UpdateStaged');
    turns.open = true;
    node.runFor(60 * MINUTE);
    expect(node.reboots).toBe(0);
  });

  it('a reboot past the lender does not wait for a drain that goes on', () => {
    const ends: (() => Outcome | undefined)[] = [];
    const { toRest, node, turns } = amidst('acquire', (asked) => {
      ends.push(asked.ask({ kind: 'reboot', overrides: ['fleet-lock'] }));
      expect(asked.node.goingOn).toBeUndefined();
    });
    toRest('UpdateStaged');
    turns.open = true;
    node.runUntil(({ reboots }) => reboots === 1, 300);
    expect(ends[0]?.()).toEqual(DONE('the reboot into 2 is on its way'));
  });

  it('a reboot is refused at once while the release is still being fetched', () => {
    const ends: (() => Outcome | undefined)[] = [];
    const { toRest } = amidst('stage', (asked) => {
      ends.push(asked.ask({ kind: 'reboot', overrides: [] }));
      expect(ends[0]?.()).toEqual(REFUSED('NotStaged'));
    });
    toRest('UpdateStaged');
    expect(ends).toHaveLength(1);
  });

  it('keeps the order of what people say of one release', () => {
    const { node, toRest } = askedNode();
    toRest('UpdateStaged');
    const { model } = node;
    const queue = [
      { id: 'a', by: { uid: 0 }, wish: { kind: 'deny', release: '2', reason: '' } },
      { id: 'b', by: { uid: 0 }, wish: { kind: 'allow', release: '2' } },
      { id: 'c', by: { uid: 0 }, wish: { kind: 'cancel', request: 'a' } },
      { id: 'd', by: { uid: 0 }, wish: { kind: 'check' } },
    ] as const;
    const of = (effect: EffectKind, isStale = false) => {
      const { taken, left, isCut } = takenBeside(model, effect, queue, node, node.policy, isStale);
      return { taken: taken.length, left: left.map(({ id }) => id).join(''), isCut };
    };
    // The machine rests; only a denial of what is staged changes its course, and a check that makes it look.
    expect(of('read-status')).toEqual({ taken: 0, left: 'abcd', isCut: false });
    expect(of('release-slot')).toEqual({ taken: 0, left: 'abcd', isCut: true });
    expect(of('survey')).toEqual({ taken: 0, left: 'abcd', isCut: false });
    const later = queue.slice(1);
    expect(takenBeside(model, 'read-status', later, node, node.policy).taken).toHaveLength(2);
  });

  it('what the machine goes about waits for a configuration that is about to be taken', () => {
    const { node, toRest } = askedNode();
    toRest('UpdateStaged');
    const queue = [
      { id: 'a', by: { uid: 0 }, wish: { kind: 'stage', ignoreRollout: false } },
      { id: 'b', by: { uid: 0 }, wish: { kind: 'deny', release: '9', reason: '' } },
    ] as const;
    const { taken, left } = takenBeside(node.model, 'stage', queue, node, node.policy, true);
    expect([taken.length, left.map(({ id }) => id)]).toEqual([1, ['a']]);
    // It is not looked at yet, so it ends nothing either.
    const reboot = { id: 'c', by: { uid: 0 }, wish: { kind: 'reboot', overrides: [] } } as const;
    const waiting = takenBeside(node.model, 'stage', [reboot], node, node.policy, true);
    expect(waiting).toMatchObject({ taken: [], left: [reboot], isCut: false });
  });

  it('a cancel of one request ends what goes on only where that goes on for this request', () => {
    const pending = (id: string, wish: Wish) => ({ request: { id, by: { uid: 0 }, wish }, begun: true });
    const requests = [pending('s', { kind: 'stage', ignoreRollout: false }), pending('c', { kind: 'check' })];
    const model = { state: available({ step: 'stage' }), memory: memoryOf({ requests }) };
    const cut = (request: string) => {
      const queue = [{ id: 'x', by: { uid: 0 }, wish: { kind: 'cancel', request } }] as const;
      const { taken, isCut } = takenBeside(model, 'stage', queue, { at: 1, mono: 1 }, POLICY);
      expect(taken).toHaveLength(1);
      return isCut;
    };
    expect(cut('s')).toBe(true);
    expect(cut('c')).toBe(false);
    expect(cut('other')).toBe(false);
  });
});

describe('what goes behind what', () => {
  const request = (wish: Wish, id: string) => ({ id, wish, by: { uid: 0 } });
  const check = request({ kind: 'check' }, 'c');
  const hold = request({ kind: 'hold', what: 'reboot', reason: '' }, 'h');

  it('a cancel of everything goes behind all, and that of one request behind that one alone', () => {
    expect(isBehind(request({ kind: 'cancel' }, 'x'), check)).toBe(true);
    expect(isBehind(request({ kind: 'cancel', request: 'c' }, 'x'), check)).toBe(true);
    expect(isBehind(request({ kind: 'cancel', request: 'c' }, 'x'), hold)).toBe(false);
  });

  it('what people keep goes in their order, and behind nothing else', () => {
    expect(isBehind(request({ kind: 'allow', release: '9' }, 'a'), hold)).toBe(true);
    expect(isBehind(hold, check)).toBe(false);
    expect(isBehind(check, hold)).toBe(false);
  });

  it('what is due is written beside an effect, as soon as it may be tried again', () => {
    const { node, toRest } = askedNode();
    toRest('UpdateStaged');
    const { model, mono } = node;
    const saving = (due: boolean, dueMono: number) =>
      saveBeside({ ...model, memory: { ...model.memory, save: { due, dueMono, streak: undefined } } }, node);
    expect(saving(true, mono)).toEqual({ kind: 'save', record: model.memory.record });
    expect(saving(true, mono + 1)).toBeUndefined();
    expect(saving(false, mono)).toBeUndefined();
  });

  it('only a check joins a check', () => {
    expect(isJoined(check, CHECKING)).toBe(true);
    expect(isJoined(hold, CHECKING)).toBe(false);
  });
});
