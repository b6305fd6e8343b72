/** What the machine does about slots that it holds, or may hold: on a node without I/O, in virtual time. */
import { describe, expect, it } from 'vitest';
import { healthOf } from '../../../src/agent/health.ts';
import { limitMsOf, perform, type Ports } from '../../../src/agent/perform.ts';
import type { CheckResult, GateReport, SlotAnswer } from '../../../src/agent/ports.ts';
import { readText, toText } from '../../../src/agent/record-text.ts';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import { remember } from '../../../src/agent/remember.ts';
import type { SlotPlace } from '../../../src/agent/slot-place.ts';
import { initialModel, type Policy } from '../../../src/agent/state.ts';
import { CancelledError } from '../../../src/errors.ts';
import { healthText, statusText } from '../../../src/report/status-text.ts';
import { blocking, checkResult, deployment, POLICY, release } from '../../support/samples.ts';
import { KindError, SimulatedNode, type World } from '../../support/simulated-node.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const V2 = release('2.0', 2);
const PLACE: SlotPlace = { lender: 'fleet_lock', address: 'https://lock', group: 'workers', id: 'n1' };
const LENDING: Policy = { ...POLICY, hasLenders: true, slotPlaces: [PLACE], jitter: false };
const REFUSED: SlotAnswer = { kind: 'refused', reason: 'all slots are taken', label: 'fleet_lock' };
const DRAINING: SlotAnswer = {
  kind: 'may-be-held',
  reason: 'the node is being drained',
  label: 'fleet_lock',
  askAgainMs: 15_000,
};
const BROKEN: SlotAnswer = {
  ...DRAINING,
  reason: 'the connection was reset',
  errorKind: 'fleet_lock_unreachable',
};

function offer(): CheckResult {
  return checkResult({ kind: 'update', release: V2 });
}

/** A node with a lender, and what it said to it: `take`, `give`. */
function lending(world: Partial<World> = {}): { readonly node: SimulatedNode; readonly said: string[] } {
  const said: string[] = [];
  const { acquire = () => ({ kind: 'granted' }), release: giveBack = () => undefined } = world;
  const node = new SimulatedNode(
    {
      policy: LENDING,
      check: offer,
      ...world,
      acquire: (request) => {
        said.push('take');
        return acquire(request);
      },
      release: (request) => {
        said.push('give');
        return giveBack(request);
      },
    },
    [deployment('1.0', { booted: true })],
  );
  return { node, said };
}

function times(said: readonly string[], word: string): number {
  return said.filter((one) => one === word).length;
}

describe('a clear refusal', () => {
  it('field 1, diff 1: is not followed by giving anything back, and leaves nothing in the record', () => {
    const { node, said } = lending({ acquire: () => REFUSED });
    node.runFor(DAY - HOUR);
    expect(said.slice(0, 3)).toEqual(['give', 'take', 'take']);
    expect(times(said, 'give')).toBe(1);
    expect(times(said, 'take')).toBeGreaterThan(200);
    expect(node.record.slots).toEqual([]);
    expect(healthOf(node.model, node).level).toBe('OK');
  });

  it('gives back all the same what was owed before', () => {
    const answers: SlotAnswer[] = [DRAINING, REFUSED];
    const { node, said } = lending({ acquire: () => answers.shift() ?? REFUSED });
    node.runUntil(() => said.length === 5);
    expect(said).toEqual(['give', 'take', 'take', 'give', 'take']);
    expect(node.record.slots).toHaveLength(1);
    node.runUntil((n) => n.effect.kind === 'wait');
    expect(node.record.slots).toEqual([]);
  });

  it('and an error after which nothing can be held are alike', () => {
    const { node, said } = lending({ acquire: () => new KindError('fleet_lock_unauthorized') });
    node.runFor(HOUR);
    expect(times(said, 'give')).toBe(1);
    expect(node.record.slots).toEqual([]);
  });
});

describe('what may be held', () => {
  it('is on disk with its place before the lender is asked', () => {
    const { node } = lending();
    let before: unknown;
    node.world.acquire = () => {
      before = node.record.slots;
      return { kind: 'granted' };
    };
    node.runUntil((n) => n.effect.kind === 'finalize');
    expect(before).toEqual([{ ...PLACE, sinceAt: expect.any(Number) as number }]);
    expect(node.record.slots).toEqual([
      { ...PLACE, sinceAt: expect.any(Number) as number, grantedAt: expect.any(Number) as number },
    ]);
  });

  it('is not asked for while the record cannot be written', () => {
    const { node, said } = lending({ saveFault: () => new KindError('record_unwritable') });
    node.runFor(HOUR);
    expect(said).toEqual(['give']);
  });

  it('field 1: is asked for again until the lender says yes, and not given back meanwhile', () => {
    let drained = false;
    const { node, said } = lending({ acquire: () => (drained ? { kind: 'granted' } : DRAINING) });
    node.runFor(20 * MINUTE);
    expect(times(said, 'give')).toBe(1);
    expect(times(said, 'take')).toBeGreaterThan(60);
    drained = true;
    node.runUntil((n) => n.reboots === 1);
    expect(times(said, 'give')).toBe(1);
  });

  it('field 1: is given back when the node no longer wants to reboot', () => {
    let isOpen = true;
    const { node, said } = lending({
      acquire: () => DRAINING,
      survey: () => (isOpen ? [] : blocking('outside')),
    });
    node.runFor(10 * MINUTE);
    isOpen = false;
    node.runFor(10 * MINUTE);
    expect(times(said, 'give')).toBe(2);
    expect(said.at(-1)).toBe('give');
    expect(node.record.slots).toEqual([]);
  });

  it('field 2: is given back after a day without a clear answer, told, and the attempt starts over', () => {
    const { node, said } = lending({ acquire: () => BROKEN });
    node.runFor(DAY - HOUR);
    expect(times(said, 'give')).toBe(1);
    node.runFor(2 * HOUR);
    expect(times(said, 'give')).toBe(2);
    expect(said.at(-1)).toBe('take');
    expect(node.log.filter((line) => line.includes('no clear answer has come'))).toHaveLength(1);
  });

  it('field 2: by a question that a new configuration cut short is asked for again by the same lenders', () => {
    const { node, said } = lending({ acquire: () => DRAINING });
    node.runUntil(() => times(said, 'take') === 2);
    node.reconfigure({ ...LENDING, steadyIntervalMs: 600_000 });
    node.runUntil(() => times(said, 'take') === 3);
    expect(times(said, 'give')).toBe(1);
  });

  it.each<[string, Policy]>([
    ['address', { ...LENDING, slotPlaces: [{ ...PLACE, address: 'https://other' }] }],
    ['group', { ...LENDING, slotPlaces: [{ ...PLACE, group: 'other' }] }],
    ['id of the node', { ...LENDING, slotPlaces: [{ ...PLACE, id: 'n2' }] }],
    ['strategy', { ...LENDING, slotPlaces: [], hasLenders: false }],
    ['switch of updates', { ...LENDING, enabled: false }],
  ])('F8: is given back where it was taken after a change of the %s', (what, policy) => {
    const reloaded = lending({ acquire: () => DRAINING });
    reloaded.node.runUntil(() => times(reloaded.said, 'take') === 2);
    reloaded.node.reconfigure(policy);
    const restarted = lending({ acquire: () => DRAINING });
    restarted.node.runUntil(() => times(restarted.said, 'take') === 2);
    restarted.node.world.policy = policy;
    restarted.node.restart();
    for (const { node } of [reloaded, restarted]) {
      node.runUntil((n) => n.effect.kind === 'release-slot');
      const { effect } = node;
      const slots = effect.kind === 'release-slot' ? [...effect.present, ...effect.former] : [];
      expect(slots).toMatchObject([PLACE]);
      const isFormer = what !== 'switch of updates';
      expect(effect).toMatchObject({ former: isFormer ? [PLACE] : [] });
      node.step();
      expect(node.model.memory.record.slots).toEqual([]);
    }
  });

  it('F8: is given back before another lender is asked, and that one is asked also when it cannot be', () => {
    for (const gone of [false, true]) {
      let isGone = false;
      const { node, said } = lending({
        acquire: () => DRAINING,
        rebootComes: () => false,
        release: () => (isGone ? new KindError('fleet_lock_unreachable') : undefined),
      });
      node.world.acquire = () => {
        said.push('take');
        return { kind: 'granted' };
      };
      node.runUntil((n) => n.model.state.name === 'UpdateFinalized');
      isGone = gone;
      // That reboot may still come, so its slot stays; then the attempt is made again.
      node.reconfigure({ ...LENDING, slotPlaces: [{ ...PLACE, address: 'https://other' }] });
      const before = said.length;
      node.runUntil(() => said.slice(before).includes('take'));
      expect(said.slice(before)).toEqual(['give', 'take']);
      expect(node.model.memory.steady.owed).toBe(true);
    }
  });

  it('F7: is given back while updates are off and no stream is known, where the address names none', () => {
    const { node, said } = lending({ policy: { ...LENDING, enabled: false, stream: undefined } });
    node.deployments = [deployment('1.0', { booted: true, stream: undefined })];
    node.record = { ...EMPTY_RECORD, slots: [{ ...PLACE, sinceAt: 0 }] };
    node.restart();
    node.runFor(HOUR);
    expect(said).toEqual(['give']);
    expect(node.effects.filter(({ kind }) => kind === 'release-slot')).toMatchObject([
      { configured: true, present: [PLACE], former: [], stream: undefined },
    ]);
  });

  it('F8: with a lender that is gone for good is forgotten after a week, and said', () => {
    let { memory } = initialModel({ ...EMPTY_RECORD, slots: [{ ...PLACE, sinceAt: 0 }] });
    const failure = { kind: 'fleet_lock_unreachable', message: 'no route' };
    const told: string[] = [];
    for (let tries = 1; memory.record.slots.length > 0; tries++) {
      const at = tries * 5 * MINUTE;
      const after = remember(memory, { kind: 'release-failed', failure, left: [PLACE] }, { at, mono: at });
      told.push(...after.happenings.map(({ kind }) => kind));
      ({ memory } = after);
    }
    expect(told).toHaveLength(2017);
    expect(told.at(-1)).toBe('slot-given-up');
  });
});

describe('a boot that is not complete', () => {
  it('field 6: keeps the slot, is told once, and gives it back when it is complete', () => {
    let reason: string | undefined = 'boot-complete.target is inactive';
    const { node, said } = lending({ incomplete: () => reason, acquire: () => REFUSED });
    node.runFor(5 * MINUTE);
    expect(said).not.toContain('give');
    expect(node.log.filter((line) => line.startsWith('INFO  steady state is reported'))).toHaveLength(1);
    expect(healthOf(node.model, node).level).toBe('OK');
    node.runFor(10 * MINUTE);
    expect(healthOf(node.model, node)).toMatchObject({ level: 'DEGRADED', cause: 'boot_incomplete' });
    reason = undefined;
    node.runFor(2 * MINUTE);
    expect(times(said, 'give')).toBe(1);
    expect(healthOf(node.model, node).level).toBe('OK');
  });

  it('field 6: gives the slot back after a day all the same, and says so', () => {
    const { node, said } = lending({
      incomplete: () => 'boot-complete.target is failed',
      check: () => checkResult({ kind: 'no-update' }),
    });
    node.runFor(DAY - HOUR);
    expect(said).toEqual([]);
    node.runFor(2 * HOUR);
    expect(said).toEqual(['give']);
    expect(node.log.filter((line) => line.includes('still not complete after a day'))).toHaveLength(1);
  });

  it('field 6: is of no interest to a node without lenders', () => {
    const { node } = lending({ policy: POLICY, incomplete: () => 'never' });
    node.runUntil((n) => n.reboots === 1);
    expect(node.log.join('\n')).not.toContain('never');
  });

  it('field 6: is asked about before anything is given back, and counts when nobody can tell', async () => {
    for (const verdict of ['block', 'unknown', 'pass'] as const) {
      let returned = 0;
      const report: GateReport = { gate: 'boot_complete', verdict, reason: 'R', label: 'boot_complete' };
      const ports = {
        clock: new VirtualClock(),
        boot: { survey: async () => [report] },
        lenders: {
          acquire: async () => ({ kind: 'granted' }),
          release: async () => {
            returned++;
            return undefined;
          },
        },
      } as unknown as Ports;
      const event = await perform(
        {
          kind: 'release-slot',
          stream: undefined,
          configured: true,
          present: [],
          former: [],
          asksBoot: true,
        },
        ports,
        new AbortController().signal,
      );
      expect([event.kind, returned]).toEqual(verdict === 'pass' ? ['slot-released', 1] : ['slot-kept', 0]);
    }
  });
});

describe('asking', () => {
  it('field 2: may take longer than the half hour of a drain', () => {
    expect(limitMsOf('acquire-slot')).toBeGreaterThan(30 * MINUTE + MINUTE);
  });

  it.each(['interrupt', 'limit'] as const)(
    'field 2: that is cut short by its %s may be granted',
    async (by) => {
      const clock = new VirtualClock();
      const interrupt = new AbortController();
      const ports = {
        clock,
        lenders: {
          acquire: (_request: unknown, signal: AbortSignal) =>
            new Promise((_, reject) => {
              signal.addEventListener('abort', () => reject(new CancelledError('given up')), { once: true });
            }),
        },
      } as unknown as Ports;
      const asked = perform(
        { kind: 'acquire-slot', stream: undefined },
        ports,
        new AbortController().signal,
        interrupt.signal,
      );
      if (by === 'interrupt') {
        interrupt.abort();
      } else {
        await clock.advance(limitMsOf('acquire-slot'));
      }
      expect(await asked).toMatchObject({
        kind: 'slot-answered',
        answer: { kind: 'may-be-held', askAgainMs: 30_000 },
      });
    },
  );
});

describe('what people see', () => {
  it('field 7: for how long a slot was held, over the reboot', () => {
    const { node } = lending();
    node.runUntil((n) => n.reboots === 1);
    node.pass(5 * MINUTE);
    node.runUntil((n) => n.happenings.some(({ kind }) => kind === 'slot-returned'));
    const returned = node.happenings.find((happening) => happening.kind === 'slot-returned');
    expect(returned?.heldMs).toBeGreaterThanOrEqual(5 * MINUTE);
    expect(returned?.heldMs).toBeLessThan(10 * MINUTE);
    expect(node.record.slots.length + node.model.memory.record.slots.length).toBeLessThanOrEqual(1);
  });

  it.each([
    ['an error', () => new KindError('fleet_lock_unreachable')],
    ['a broken answer', () => BROKEN],
  ])('field 4: one hiccup is no alarm, and %s that goes on is', (_, acquire) => {
    const { node } = lending({ acquire });
    node.runUntil((n) => n.model.state.name === 'UpdateStaged' && n.effect.kind === 'wait');
    expect(healthOf(node.model, node).level).toBe('OK');
    node.runFor(20 * MINUTE);
    expect(healthOf(node.model, node)).toMatchObject({
      level: 'DEGRADED',
      cause: 'finalization_failing',
    });
  });

  it('field 4: a drain that goes on for hours is told by its own name', () => {
    const { node } = lending({ acquire: () => DRAINING });
    node.runFor(30 * MINUTE);
    expect(healthOf(node.model, node).level).toBe('OK');
    node.runFor(2 * HOUR);
    expect(healthOf(node.model, node)).toMatchObject({ level: 'DEGRADED', cause: 'slot_uncertain' });
    expect(statusText(node.model, LENDING)).toBe('update staged: 2.0; reboot pending due to update strategy');
  });

  it('field 20: no sentence stands twice in the status line', () => {
    const sentence = 'cannot take a reboot slot: the lock server must answer';
    const faults = [
      { acquire: () => new KindError('fleet_lock_refused', sentence) },
      { acquire: () => ({ ...BROKEN, reason: sentence }) as const },
      { finalizeFault: () => new KindError('rpm_ostree_failed', sentence) },
    ];
    for (const world of faults) {
      const { node } = lending(world);
      node.runFor(2 * HOUR);
      const said = statusText(node.model, LENDING);
      const line = `${said}${healthText(healthOf(node.model, node), said)}`;
      expect(line.split(sentence)).toHaveLength(2);
      expect(line).toContain('; updates are DEGRADED (finalization_failing) since ');
    }
  });
});

describe('a lender that is silent', () => {
  it('row 5: does not keep a new configuration waiting, and what is owed stays owed without a failure', async () => {
    const clock = new VirtualClock();
    const interrupt = new AbortController();
    const lenders = {
      acquire: () => Promise.reject(new Error('not asked')),
      release: (_request: unknown, signal: AbortSignal) =>
        new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('x')))),
    };
    const effect = {
      kind: 'release-slot',
      stream: 'stable',
      configured: true,
      present: [],
      former: [],
      asksBoot: false,
    } as const;
    const ports = { clock, lenders } as unknown as Ports;
    const asked = perform(effect, ports, new AbortController().signal, interrupt.signal);
    interrupt.abort();
    const event = await asked;
    expect(event).toEqual({
      kind: 'release-failed',
      failure: { kind: 'cancelled', message: 'a new configuration was read' },
    });
    const { memory } = initialModel();
    expect(remember(memory, event, { at: 1, mono: 1 })).toEqual({ memory, happenings: [] });
  });
});

describe('the record of slots', () => {
  it('F8: is read back as it was written, and files without it are read too', () => {
    const slots = [
      { ...PLACE, files: { ca: '/ca', bearer: '/token' }, sinceAt: 7, grantedAt: 9 },
      { ...PLACE, id: 'n2', sinceAt: 8 },
    ];
    expect(readText(toText({ ...EMPTY_RECORD, slots }))).toEqual({
      kind: 'record',
      record: { ...EMPTY_RECORD, slots },
      dropped: [],
    });
    expect(readText('{"format":1,"boots":[]}')).toEqual({
      kind: 'record',
      record: EMPTY_RECORD,
      dropped: [],
    });
    expect(readText('{"format":1,"slots":[{"lender":"x"}]}')).toMatchObject({ dropped: ['slots[0]'] });
    expect(initialModel({ ...EMPTY_RECORD, slots }).memory.steady.owed).toBe(true);
  });

  it('fills in the stream that an address names, and nothing else', () => {
    const named = { ...PLACE, address: 'https://lock/${stream}/x' };
    const { node } = lending({ policy: { ...LENDING, slotPlaces: [named] } });
    node.runUntil((n) => n.effect.kind === 'finalize');
    expect(node.record.slots).toMatchObject([{ address: 'https://lock/stable/x' }]);
  });
});
