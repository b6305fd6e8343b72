/** Each request ends exactly once, within bounded time, whatever the machine is at and whatever fails from then on. */
import { describe, expect, it } from 'vitest';
import type { EffectKind } from '../../../src/agent/messages.ts';
import { OVERRIDES } from '../../../src/agent/overrides.ts';
import type { Wish } from '../../../src/agent/requests.ts';
import { askedNode } from '../../support/asked-node.ts';
import { POLICY } from '../../support/samples.ts';
import { KindError, type World } from '../../support/simulated-node.ts';

const HOUR = 3_600_000;
const LENDER = { lender: 'fleet_lock', address: 'https://lock', group: 'g', id: 'n' };

const WISHES: readonly Wish[] = [
  { kind: 'check' },
  { kind: 'stage', ignoreRollout: false },
  { kind: 'stage', ignoreRollout: true, to: '2' },
  { kind: 'stage', ignoreRollout: false, to: '9' },
  { kind: 'reboot', overrides: [] },
  { kind: 'reboot', overrides: OVERRIDES },
  { kind: 'cancel' },
  { kind: 'discard' },
  { kind: 'hold', what: 'reboot', reason: '' },
  { kind: 'hold', what: 'stage', reason: '' },
  { kind: 'release', hold: 'h1' },
  { kind: 'deny', release: '2', reason: '' },
  { kind: 'allow', release: '2' },
];

const fault = (kind: string) => (): Error => new KindError(kind, 'broken');

/** What goes wrong from the instant on at which somebody asks. */
const TROUBLES: Readonly<Record<string, Partial<World>>> = {
  nothing: {},
  save: { saveFault: fault('record_unwritable') },
  status: { statusFault: fault('rpm_ostree_unreachable') },
  check: { check: fault('client_failed_request') },
  stage: { stageFault: fault('rpm_ostree_transaction_failed') },
  busy: { stageFault: fault('rpm_ostree_busy'), finalizeFault: fault('rpm_ostree_busy') },
  finalize: { finalizeFault: fault('rpm_ostree_failed') },
  lender: { acquire: fault('fleet_lock_unreachable'), release: fault('fleet_lock_unreachable') },
  drain: {
    acquire: () => ({ kind: 'may-be-held', reason: 'drained', label: 'fleet_lock', askAgainMs: 15_000 }),
  },
  people: { sessions: fault('bus_call_timeout') },
};

/** What the node is at when somebody asks; each comes about on the way from the start to the reboot. */
const EFFECTS: readonly EffectKind[] = [
  'register-driver',
  'release-slot',
  'read-status',
  'check',
  'stage',
  'save',
  'survey',
  'list-sessions',
  'warn-sessions',
  'acquire-slot',
  'finalize',
];
const STATES = ['StartState', 'NoNewUpdate', 'UpdateAvailable', 'UpdateStaged', 'EndState'] as const;

/** A node that goes all the way, past people. The reboot never comes. */
function node() {
  const policy = { ...POLICY, hasLenders: true, slotPlaces: [LENDER] };
  return askedNode({ policy, rebootComes: () => false }, { offered: '2', open: true, people: true });
}

function expectEnd(asked: ReturnType<typeof node>, wish: Wish, trouble: Partial<World>): void {
  const ended = asked.ask(wish);
  Object.assign(asked.node.world, trouble);
  const end = asked.node.mono + HOUR;
  asked.node.runUntil(() => ended() !== undefined || asked.node.mono > end, 100_000);
  expect(ended()).toBeDefined();
  asked.node.runFor(HOUR);
  expect(ended()).toBeDefined();
  expect(asked.node.model.memory.requests).toEqual([]);
}

describe.each(Object.entries(TROUBLES))('with trouble of %s', (_name, trouble) => {
  it.each(EFFECTS)('right before %s', (kind) => {
    for (const wish of WISHES) {
      const asked = node();
      asked.node.runUntil(({ effect }) => effect.kind === kind);
      expectEnd(asked, wish, trouble);
    }
  });

  it.each(EFFECTS)('in the middle of %s', (kind) => {
    for (const wish of WISHES) {
      const asked = node();
      asked.node.runUntil(({ effect }) => effect.kind === kind);
      let ended: (() => unknown) | undefined;
      asked.node.world.durationMs = () => {
        if (ended === undefined) {
          ended = asked.ask(wish);
          Object.assign(asked.node.world, trouble);
        }
        return 0;
      };
      asked.node.step();
      asked.node.runFor(HOUR);
      expect(ended?.()).toBeDefined();
      expect(asked.node.model.memory.requests).toEqual([]);
    }
  });

  it.each(STATES)('at rest in %s', (state) => {
    for (const wish of WISHES) {
      const asked = node();
      if (state === 'NoNewUpdate') {
        asked.turns.offered = undefined;
      } else if (state === 'UpdateAvailable') {
        asked.node.world.stageFault = fault('rpm_ostree_transaction_failed');
      } else if (state === 'StartState') {
        asked.node.world.statusFault = fault('rpm_ostree_unreachable');
      }
      asked.toRest(state);
      expectEnd(asked, wish, trouble);
    }
  });
});
