/** What is asked of the release and of the configuration: verdicts and instants of each gate, from models made by hand. */
import { describe, expect, it } from 'vitest';

import { LONGEST_DENIAL_MS } from '../../../src/agent/pacing.ts';
import {
  EMPTY_RECORD,
  MAX_REBOOTS_PER_TARGET,
  type AgentRecord,
  type Denial,
} from '../../../src/agent/record.ts';
import type { Hold } from '../../../src/agent/requests.ts';
import type { AgentState, Memory, Policy } from '../../../src/agent/state.ts';
import type { Candidate, Scene } from '../../../src/why/candidate.ts';
import { afterDenial, LEAST_STAGING_MS, releaseGates, subjectOf } from '../../../src/why/release-gates.ts';
import {
  atStaged,
  available,
  FINALIZED,
  memoryOf,
  POLLING,
  REBOOT_PENDING,
  SWITCHED_OFF,
} from '../../support/agent-states.ts';
import { deployment, host, payloadOf, POLICY, staged } from '../../support/samples.ts';

const NOW = { at: 1_000_000, mono: 500_000 };
const STAGED_2 = host([staged('2.0'), deployment('1.0', { booted: true })]);
const OURS = { staged: { version: '2.0', payload: payloadOf('2.0') } };

interface Scenery {
  readonly state?: AgentState;
  readonly memory?: Partial<Memory>;
  readonly record?: Partial<AgentRecord>;
  readonly policy?: Partial<Policy>;
  readonly holds?: readonly Hold[];
}

function sceneOf({ state = POLLING, memory, record, policy, holds = [] }: Scenery = {}): Scene {
  const model = { state, memory: memoryOf({ record: { ...EMPTY_RECORD, ...record }, ...memory }) };
  return { model, policy: { ...POLICY, ...policy }, now: NOW, overrides: [], holds };
}

function gatesOf(scenery: Scenery = {}): ReadonlyMap<string, Candidate> {
  const scene = sceneOf(scenery);
  return new Map(releaseGates(scene, subjectOf(scene.model)).map((one) => [one.shown.gate, one]));
}

/** Verdict, label and when it passes: at once, later, never. */
function told(gate: Candidate | undefined, at = NOW.at) {
  const pass = gate?.passAfter(at);
  return [gate?.shown.verdict, gate?.shown.label, pass === undefined ? 'never' : pass.fromAt - at];
}

const denial = (changes: Partial<Denial> = {}): Denial => ({
  version: '2.0',
  payload: payloadOf('2.0'),
  reason: 'rolled-back',
  sinceAt: 0,
  strikes: 1,
  ...changes,
});

const hold = (changes: Partial<Hold> = {}): Hold => ({
  id: 'h1',
  what: 'stage',
  by: { uid: 0 },
  reason: '',
  sinceAt: 0,
  ...changes,
});

describe('what the node would reboot into', () => {
  it.each([
    ['available', available(), '2.0'],
    ['staged', atStaged(), '2.0'],
    ['finalized', FINALIZED, '2.0'],
    ['finalized', REBOOT_PENDING, '2.0'],
    ['none', SWITCHED_OFF, undefined],
    ['none', POLLING, undefined],
  ] as const)('is %s', (stage, state, version) => {
    const { model } = sceneOf({ state });
    expect(subjectOf(model)).toMatchObject({ stage });
    expect(subjectOf(model).release?.version).toBe(version);
  });

  it.each(['ReportedSteady', 'NoNewUpdate'] as const)(
    'why-after-restart: is what this agent has staged, though no check has named it: %s',
    (name) => {
      const { model } = sceneOf({ state: { name, step: 'rest' }, memory: { host: STAGED_2 }, record: OURS });
      expect(subjectOf(model)).toEqual({
        stage: 'staged',
        release: { version: '2.0', payload: payloadOf('2.0') },
      });
    },
  );

  it('why-after-restart: is that also off the graph', () => {
    const state: AgentState = { name: 'OffGraph', step: 'rest', since: NOW };
    const { model } = sceneOf({ state, memory: { host: STAGED_2 }, record: OURS });
    expect(subjectOf(model).stage).toBe('staged');
  });

  it('is nothing while it is being dropped, and nothing that somebody else staged', () => {
    const dropping = sceneOf({
      state: { name: 'NoNewUpdate', step: 'discard' },
      memory: { host: STAGED_2 },
      record: OURS,
    });
    expect(subjectOf(dropping.model)).toEqual({ stage: 'none', release: undefined });
    const foreign = host([staged('9.0', { finalizationLocked: false }), deployment('1.0', { booted: true })]);
    expect(subjectOf(sceneOf({ memory: { host: foreign } }).model).stage).toBe('none');
  });
});

describe('the gates of the release', () => {
  it('come in the order in which the machine asks, and those that say nothing are left out', () => {
    expect([...gatesOf().keys()]).toEqual(['enabled', 'staged', 'denied', 'reboot_brake']);
    const foreign = { id: 'x', version: '9.0', since: NOW };
    const all = gatesOf({ memory: { foreign }, holds: [hold()] });
    expect([...all.keys()]).toEqual([
      'enabled',
      'stage_hold',
      'staged',
      'foreign_staged',
      'denied',
      'reboot_brake',
    ]);
  });

  it('enabled: by the configuration alone', () => {
    expect(told(gatesOf().get('enabled'))).toEqual(['pass', 'enabled', 0]);
    const off = gatesOf({ policy: { enabled: false } }).get('enabled');
    expect(told(off)).toEqual(['block', 'disabled', 'never']);
    expect(off?.shown).toMatchObject({ class: 'timed', reason: 'updates are disabled by configuration' });
  });
});

describe('stage_hold', () => {
  const gateOf = (holds: readonly Hold[], state: AgentState = POLLING) =>
    gatesOf({ holds, state }).get('stage_hold');

  it('blocks until the last of the holds on staging ends, and names their reasons', () => {
    const holds = [
      hold({ untilAt: NOW.at + 5000, reason: 'A' }),
      hold({ id: 'h2', untilAt: NOW.at + 9000, reason: 'B' }),
      hold({ id: 'h3', untilAt: NOW.at + 7000 }),
    ];
    expect(told(gateOf(holds))).toEqual(['block', 'held', 9000]);
    expect(gateOf(holds)?.shown.reason).toBe('staging is held by a person: A: B');
  });

  it('without an end lasts for ever, and has no reason to tell', () => {
    expect(told(gateOf([hold()]))).toEqual(['block', 'held', 'never']);
    expect(gateOf([hold()])?.shown.reason).toBe('staging is held by a person');
  });

  it('does not count a hold on reboots, one that is over at this very instant, or any once it is staged', () => {
    expect(gateOf([hold({ what: 'reboot' })])).toBeUndefined();
    expect(gateOf([hold({ untilAt: NOW.at })])).toBeUndefined();
    expect(told(gateOf([hold({ untilAt: NOW.at + 1 })]))).toEqual(['block', 'held', 1]);
    expect(gateOf([hold()], atStaged())).toBeUndefined();
    expect(gateOf([hold()], available())).toBeDefined();
  });
});

it('why-staged-already: a hold on staging holds nothing that is staged already, and may be offered', () => {
  const foreign = host([staged('9.0', { finalizationLocked: false }), deployment('1.0', { booted: true })]);
  const gateOf = (memory: Partial<Memory>, state: AgentState = POLLING) =>
    told(gatesOf({ holds: [hold()], state, memory }).get('stage_hold'));
  expect(gateOf({ host: foreign })).toEqual(['block', 'held', 0]);
  expect(gateOf({ host: foreign }, available())).toEqual(['block', 'held', 0]);
  // Nobody knows yet what is there.
  expect(gateOf({ host: undefined })).toEqual(['block', 'held', 0]);
  const dropping: AgentState = { name: 'NoNewUpdate', step: 'discard' };
  expect(gateOf({ host: foreign }, dropping)).toEqual(['block', 'held', 'never']);
});

describe('staged', () => {
  const gateOf = (scenery: Scenery) => gatesOf(scenery).get('staged');
  const DUE = 40_000;
  const check = { ...memoryOf().check, dueMono: NOW.mono + DUE };

  it('passes for what is staged, by name', () => {
    expect(told(gateOf({ state: atStaged() }))).toEqual(['pass', 'staged', 0]);
    expect(gateOf({ state: atStaged() })?.shown.reason).toBe('2.0 is staged');
    expect(gateOf({ memory: { host: STAGED_2 }, record: OURS })?.shown.reason).toBe('2.0 is staged');
  });

  it('of a release on its way needs the least staging from the next look on', () => {
    const gate = gateOf({ state: available({ step: 'rest', dueMono: NOW.mono + DUE }) });
    expect(told(gate)).toEqual(['block', 'not_staged', DUE + LEAST_STAGING_MS]);
    expect(gate).toMatchObject({
      openEnded: true,
      assumption: '2.0 is staged by then',
      shown: { class: 'bounded', reason: '2.0 is not staged yet' },
    });
    expect(told(gateOf({ state: available({ step: 'stage' }) }))[2]).toBe(LEAST_STAGING_MS);
  });

  it('of a release that no check has found yet needs the next check as well', () => {
    const gate = gateOf({ memory: { check } });
    expect(told(gate)).toEqual(['block', 'nothing_offered', DUE + LEAST_STAGING_MS]);
    expect(gate).toMatchObject({
      openEnded: true,
      assumption: 'the next check finds an update, and it can be staged',
      shown: { reason: 'no update is known' },
    });
  });

  it('needs no staging where something may be staged already: of somebody, or not read yet', () => {
    const foreign = host([staged('9.0', { finalizationLocked: false }), deployment('1.0', { booted: true })]);
    expect(told(gateOf({ memory: { check, host: foreign } }))[2]).toBe(DUE);
    expect(told(gateOf({ memory: { check, host: undefined } }))[2]).toBe(DUE);
  });

  it('why-staged-already: also beside a release on its way, since the graph may name what is there instead', () => {
    const state = available({ step: 'rest', dueMono: NOW.mono + DUE });
    const there = host([staged('1.9'), deployment('1.0', { booted: true })]);
    expect(told(gateOf({ state, memory: { host: there } }))[2]).toBe(DUE);
  });

  it('counts the staging of what comes after that which is being dropped', () => {
    const state: AgentState = { name: 'NoNewUpdate', step: 'discard' };
    const memory = { check, host: STAGED_2 };
    expect(told(gateOf({ state, memory, record: OURS }))[2]).toBe(DUE + LEAST_STAGING_MS);
  });

  it('says that the graph does not have the booted release', () => {
    const gate = gateOf({ state: { name: 'OffGraph', step: 'rest', since: NOW } });
    expect(told(gate).slice(0, 2)).toEqual(['block', 'nothing_offered']);
    expect(gate?.shown.reason).toContain('not in the update graph');
  });
});

describe('foreign_staged', () => {
  const foreign = { id: 'x', version: '9.0', since: NOW };

  it('blocks while it is there, and passes from now on as far as anybody knows', () => {
    const gate = gatesOf({ memory: { foreign } }).get('foreign_staged');
    expect(told(gate)).toEqual(['block', 'foreign_staged', 0]);
    expect(gate).toMatchObject({
      openEnded: true,
      assumption: 'what somebody else staged is booted or dropped by then',
      shown: { class: 'observed', reason: 'somebody else staged 9.0, which is left alone' },
    });
  });

  it('is no gate where the configuration has it replaced', () => {
    expect(
      gatesOf({ memory: { foreign }, policy: { replaceForeignStaged: true } }).has('foreign_staged'),
    ).toBe(false);
  });
});

describe('denied and reboot_brake', () => {
  const both = (scenery: Scenery) => {
    const gates = gatesOf({ state: atStaged(), ...scenery });
    return { denied: gates.get('denied'), brake: gates.get('reboot_brake') };
  };

  it('pass where there is no release to speak of, and where nothing is against it', () => {
    const none = both({ state: POLLING });
    expect(told(none.denied)).toEqual(['pass', 'not_denied', 0]);
    expect(none.denied?.shown.reason).toBe('no release is known that could be');
    expect(told(none.brake)).toEqual(['pass', 'no_missed_reboots', 0]);
    expect(none.brake?.shown.reason).toBe('no release is known');
    const fine = both({});
    expect(told(fine.denied)).toEqual(['pass', 'not_denied', 0]);
    expect(fine.denied?.shown.reason).toBe('2.0 is not denied');
    expect(told(fine.brake)).toEqual(['pass', 'no_missed_reboots', 0]);
    expect(fine.brake?.shown.reason).toBe('no reboot has missed this release');
  });

  it('a denial for good never ends, and is no brake', () => {
    const { denied, brake } = both({ record: { denials: [denial()] } });
    expect(told(denied)).toEqual(['block', 'rolled-back', 'never']);
    expect(denied?.shown.reason).toBe('2.0 is denied: rolled-back');
    expect(told(brake)).toEqual(['pass', 'no_missed_reboots', 0]);
  });

  it('a denial for a while ends at its end', () => {
    const { denied } = both({
      record: { denials: [denial({ reason: 'abandoned', untilAt: NOW.at + 60_000 })] },
    });
    expect(told(denied)).toEqual(['block', 'abandoned', 60_000]);
    const over = both({ record: { denials: [denial({ reason: 'abandoned', untilAt: NOW.at })] } });
    expect(told(over.denied)).toEqual(['pass', 'not_denied', 0]);
    expect(over.denied?.shown.reason).toBe('2.0 is no longer denied');
  });

  it('a denial of another release does not count', () => {
    const other = denial({ version: '3.0', payload: payloadOf('3.0') });
    expect(told(both({ record: { denials: [other] } }).denied)).toEqual(['pass', 'not_denied', 0]);
  });

  it('the brake blocks by itself, with how often it was missed', () => {
    const record = { denials: [denial({ reason: 'boot-failed', strikes: 1, untilAt: NOW.at + 60_000 })] };
    const { denied, brake } = both({ record });
    expect(told(denied)).toEqual(['pass', 'not_denied', 0]);
    expect(told(brake)).toEqual(['block', 'missed_reboots', 60_000]);
    const missed = `1 of ${MAX_REBOOTS_PER_TARGET} reboots did not lead into this release`;
    expect(brake?.shown.reason).toBe(missed);
    const again = both({ record: { denials: [denial({ reason: 'boot-failed', untilAt: NOW.at - 1 })] } });
    expect(told(again.brake)).toEqual(['pass', 'missed_reboots', 0]);
    expect(again.brake?.shown.reason).toBe(`${missed}; it is tried again`);
    const forGood = both({ record: { denials: [denial({ reason: 'boot-failed', strikes: 2 })] } });
    expect(told(forGood.brake)).toEqual(['block', 'missed_reboots', 'never']);
  });

  it('the configuration comes before all that the agent knows', () => {
    const { denied } = both({ policy: { skip: ['2.0'] }, record: { denials: [denial()] } });
    expect(told(denied)).toEqual(['block', 'skipped', 'never']);
    expect(denied?.shown.reason).toContain('updates.skip');
  });

  it('what is on disk as a deployment to go back to is never booted by the agent', () => {
    const there = host([deployment('1.0', { booted: true }), deployment('2.0')]);
    const { denied } = both({
      memory: { host: there },
      record: { denials: [denial({ reason: 'abandoned', untilAt: 1 })] },
    });
    expect(told(denied)).toEqual(['block', 'on_disk', 'never']);
    // What is staged is on disk as well, and is meant to be booted.
    expect(told(both({ memory: { host: STAGED_2 } }).denied)).toEqual(['pass', 'not_denied', 0]);
  });
});

describe('after a denial', () => {
  it('passes from its end on, and for good', () => {
    const pass = afterDenial(denial({ untilAt: 5000 }));
    expect(pass(1000)).toEqual({ fromAt: 5000 });
    expect(pass(4999)).toEqual({ fromAt: 5000 });
    expect(pass(5000)).toEqual({ fromAt: 5000 });
    expect(pass(6000)).toEqual({ fromAt: 6000 });
    expect(afterDenial(denial())(1000)).toBeUndefined();
  });

  it('that seems longer than any is over until the clock comes closer to its end', () => {
    const untilAt = 2 * LONGEST_DENIAL_MS;
    const againAt = untilAt - LONGEST_DENIAL_MS;
    const pass = afterDenial(denial({ untilAt }));
    expect(pass(0)).toEqual({ fromAt: 0, untilAt: againAt });
    expect(pass(againAt - 1)).toEqual({ fromAt: againAt - 1, untilAt: againAt });
    expect(pass(againAt)).toEqual({ fromAt: untilAt });
  });
});
