/** An explanation, gate by gate. What random worlds cannot say: words, order, and what is not known. */
import { describe, expect, it } from 'vitest';

import { begin } from '../../../src/agent/advance.ts';
import type { Override } from '../../../src/agent/overrides.ts';
import { LONGEST_DENIAL_MS } from '../../../src/agent/pacing.ts';
import type { ExplainedReport, Session } from '../../../src/agent/ports.ts';
import type { Hold } from '../../../src/agent/requests.ts';
import type { Denial } from '../../../src/agent/record.ts';
import type { Policy } from '../../../src/agent/state.ts';
import { OBSERVED, openFrom, openUntil, SHUT, type Timing } from '../../../src/gates/timing.ts';
import { block, pass, unknown } from '../../../src/gates/verdict.ts';
import { explain } from '../../../src/why/explain.ts';
import type { ExplainedGate, Explanation } from '../../../src/why/explanation.ts';
import { blockedAtLastLook, explainLastLook } from '../../../src/why/last-look.ts';
import { afterDenial, LEAST_STAGING_MS } from '../../../src/why/release-gates.ts';
import { HORIZON_DAYS } from '../../../src/gates/first-pass.ts';
import { MINUTE_MS } from '../../../src/text/units.ts';
import { blocking, checkResult, deployment, payloadOf, POLICY, release } from '../../support/samples.ts';
import { KindError, SimulatedNode, type World } from '../../support/simulated-node.ts';

const V2 = release('2.0', 2);
const FOUND = checkResult({ kind: 'update', release: V2 });
const CORE: Session = { user: 'core', tty: 'pts/0' };
const CALM_POLICY: Policy = { ...POLICY, jitter: false };
const LENDING: Policy = {
  ...CALM_POLICY,
  hasLenders: true,
  slotPlaces: [{ lender: 'fleet_lock', address: 'https://lock', group: 'g', id: 'n' }],
};

function nodeOf(world: Partial<World> = {}): SimulatedNode {
  return new SimulatedNode({ policy: CALM_POLICY, check: () => FOUND, ...world }, [
    deployment('1.0', { booted: true }),
  ]);
}

/** Rests in UpdateStaged, held by a gate that says nothing about later. */
function resting(world: Partial<World> = {}): SimulatedNode {
  const node = nodeOf({ survey: () => blocking('x'), ...world });
  node.runUntil(({ model }) => model.state.name === 'UpdateStaged' && model.state.step === 'rest');
  return node;
}

interface Asked {
  readonly gates?: readonly ExplainedReport[];
  readonly sessions?: readonly Session[] | undefined;
  readonly overrides?: readonly Override[];
  readonly policy?: Policy;
  readonly holds?: readonly Hold[];
}

function explained(node: SimulatedNode, asked: Asked = {}): Explanation {
  const { gates = [], overrides = [], policy = node.policy, holds = [] } = asked;
  const company = 'sessions' in asked ? { company: { sessions: asked.sessions } } : {};
  return explain(node.model, policy, gates, node, { overrides, holds, ...company });
}

function gateIn({ gates }: Explanation, name: string): ExplainedGate {
  const found = gates.find(({ gate }) => gate === name);
  expect(found?.gate).toBe(name);
  return found!;
}

const says = (report: ExplainedReport['report'], timing: Timing): ExplainedReport => ({
  report,
  ...timing,
});
const INHIBITED = says(block('inhibitors', 'inhibitor', 'blocked by backup'), OBSERVED);

describe('a node with nothing staged', () => {
  it('speaks of what the next check would find', () => {
    const node = nodeOf({ check: () => checkResult({ kind: 'no-update' }) });
    node.runUntil(({ model }) => model.state.name === 'NoNewUpdate' && !model.memory.steady.owed);
    const explanation = explained(node);
    const checkAt = node.at + node.model.memory.check.dueMono - node.mono;
    expect(explanation).toMatchObject({
      stage: 'none',
      release: undefined,
      lower: { kind: 'at', at: checkAt + LEAST_STAGING_MS },
      upper: { kind: 'open' },
      assumptions: ['the next check finds an update, and it can be staged'],
    });
    expect(gateIn(explanation, 'staged')).toMatchObject({ class: 'bounded', verdict: 'block', binds: true });
  });

  it('speaks of the release that it is about to stage', () => {
    const node = nodeOf({ stageFault: () => new KindError('rpm_ostree_failed') });
    node.runUntil(({ model }) => model.state.name === 'UpdateAvailable' && model.state.step === 'rest');
    expect(explained(node)).toMatchObject({
      stage: 'available',
      release: '2.0',
      lower: { kind: 'at', at: node.at + CALM_POLICY.retryIntervalMs + LEAST_STAGING_MS },
      assumptions: ['2.0 is staged by then'],
    });
  });

  it('waits for holds of people on staging, which count no more once it is staged', () => {
    const hold = {
      id: 'h1',
      what: 'stage',
      by: { uid: 0 },
      reason: 'release week',
      sinceAt: 0,
    } as const;
    const node = nodeOf({ check: () => checkResult({ kind: 'no-update' }) });
    node.runUntil(({ stateName }) => stateName === 'NoNewUpdate');
    const untilAt = node.at + 10 * CALM_POLICY.steadyIntervalMs;
    const held = explained(node, { holds: [{ ...hold, untilAt }] });
    expect(held.lower).toEqual({ kind: 'at', at: untilAt });
    expect(gateIn(held, 'stage_hold')).toMatchObject({
      reason: 'staging is held by a person: release week',
      earliestAt: untilAt,
      binds: true,
    });
    expect(explained(node, { holds: [hold] }).lower.kind).toBe('never-within');
    const over = explained(node, { holds: [{ ...hold, untilAt: node.at }] });
    expect(over.gates.map(({ gate }) => gate)).not.toContain('stage_hold');
    const later = explained(resting(), { holds: [hold] });
    expect(later.gates.map(({ gate }) => gate)).not.toContain('stage_hold');
  });

  it('says that updates are disabled', () => {
    const node = nodeOf({ policy: { ...CALM_POLICY, enabled: false } });
    node.runUntil(({ stateName }) => stateName === 'EndState');
    const explanation = explained(node);
    expect(explanation.lower).toEqual({ kind: 'never-within', days: HORIZON_DAYS });
    expect(explanation.upper).toEqual(explanation.lower);
    expect(gateIn(explanation, 'enabled')).toMatchObject({
      verdict: 'block',
      label: 'disabled',
      binds: true,
    });
  });

  it('names what somebody else staged', () => {
    const node = nodeOf();
    node.deployments = [
      deployment('9.0', { staged: true, finalizationLocked: false }),
      deployment('1.0', { booted: true }),
    ];
    node.runUntil(({ stateName }) => stateName === 'NoNewUpdate');
    const gate = gateIn(explained(node), 'foreign_staged');
    expect(gate).toMatchObject({ verdict: 'block', binds: true });
    expect(gate.reason).toContain('9.0');
  });
});

describe('a node with an update staged', () => {
  it('has its gates in the order in which the machine asks', () => {
    const gates = [says(pass('immediate', 'immediate', ''), OBSERVED), INHIBITED];
    const names = explained(resting({ policy: LENDING }), { gates }).gates.map(({ gate }) => gate);
    expect(names).toEqual([
      ...['enabled', 'staged', 'denied', 'reboot_brake', 'pacing', 'immediate', 'inhibitors', 'people'],
      ...['rpm_ostree', 'record', 'fleet_lock'],
    ]);
  });

  it('looks again after its own pause, and not before', () => {
    const node = resting();
    const lookAt = node.at + CALM_POLICY.retryIntervalMs;
    const explanation = explained(node);
    expect(explanation).toMatchObject({ stage: 'staged', release: '2.0', lower: { kind: 'at', at: lookAt } });
    expect(gateIn(explanation, 'pacing')).toMatchObject({
      verdict: 'block',
      label: 'resting',
      earliestAt: lookAt,
      binds: true,
    });
    // A person who asks is a look.
    expect(explained(node, { overrides: ['window'] }).lower).toEqual({ kind: 'at', at: node.at });
  });

  it('says what it takes for granted of gates that it can only look at', () => {
    const node = resting();
    const odd = says(unknown('odd', 'bus_closed', 'no answer'), OBSERVED);
    const explanation = explained(node, { gates: [INHIBITED, odd] });
    expect(explanation.assumptions).toEqual([
      'nobody inhibits a shutdown by then',
      'gate odd can tell by then, and lets the node pass',
    ]);
    expect(explanation.upper).toEqual({ kind: 'open' });
    const inhibitors = gateIn(explanation, 'inhibitors');
    expect(inhibitors).toMatchObject({ class: 'observed', verdict: 'block', binds: true });
    expect(inhibitors).not.toHaveProperty('earliestAt');
  });

  it('a pass that ends too early binds, although it does not block now', () => {
    const node = resting();
    const marker = says(pass('marker', 'marker', ''), openUntil(node.at + 1000));
    const explanation = explained(node, { gates: [marker] });
    expect(explanation.lower.kind).toBe('never-within');
    expect(gateIn(explanation, 'marker')).toMatchObject({
      verdict: 'pass',
      endsAt: node.at + 1000,
      binds: true,
    });
  });

  it('names the end of a pass only while it passes', () => {
    const node = resting();
    const ends = (report: ExplainedReport['report'], passAfter: Timing['passAfter']) =>
      gateIn(explained(node, { gates: [says(report, { class: 'observed', passAfter })] }), 'odd');
    const untilAt = node.at + 1000;
    const { passAfter: now } = openUntil(untilAt);
    expect(ends(pass('odd', 'periodic', ''), now)).toMatchObject({ endsAt: untilAt });
    expect(ends(block('odd', 'held', ''), now)).not.toHaveProperty('endsAt');
    const later: Timing['passAfter'] = (at) => now(Math.max(at, node.at + 500));
    expect(ends(pass('odd', 'periodic', ''), later)).not.toHaveProperty('endsAt');
    expect(ends(pass('odd', 'periodic', ''), SHUT.passAfter)).not.toHaveProperty('endsAt');
    expect(ends(pass('odd', 'periodic', ''), OBSERVED.passAfter)).not.toHaveProperty('endsAt');
  });

  it('has no upper bound before the deployments are read anew, after which a check must offer it', () => {
    const { memory } = resting().model;
    const model = { state: { name: 'Initialized' }, memory } as const;
    expect(explain(model, CALM_POLICY, [], resting())).toMatchObject({
      stage: 'staged',
      release: '2.0',
      upper: { kind: 'open' },
    });
  });

  it('knows the instant of a gate with one, and of one with none', () => {
    const node = resting();
    const at = node.at + 10 * CALM_POLICY.retryIntervalMs;
    const uptime = says(block('uptime', 'uptime', 'young', { nextAt: at }), openFrom(at));
    const explanation = explained(node, { gates: [uptime] });
    expect(explanation.lower).toEqual({ kind: 'at', at });
    expect(gateIn(explanation, 'uptime')).toMatchObject({ earliestAt: at, binds: true });
    const manual = says(block('manual', 'manual', 'by hand'), SHUT);
    expect(explained(node, { gates: [uptime, manual] }).lower.kind).toBe('never-within');
  });

  it('is denied by the administrator, or because of what it has lived through', () => {
    const node = resting();
    const skipping = { ...CALM_POLICY, skip: ['2.0'] };
    expect(gateIn(explained(node, { policy: skipping }), 'denied')).toMatchObject({
      verdict: 'block',
      label: 'skipped',
    });
    const untilAt = node.at + 1_000_000;
    deny(node, { reason: 'rolled-back', untilAt });
    expect(gateIn(explained(node), 'denied')).toMatchObject({ label: 'rolled-back', earliestAt: untilAt });
    expect(gateIn(explained(node), 'reboot_brake').verdict).toBe('pass');
    deny(node, { reason: 'boot-failed', strikes: 2 });
    const braked = explained(node);
    expect(gateIn(braked, 'denied').verdict).toBe('pass');
    expect(gateIn(braked, 'reboot_brake')).toMatchObject({ verdict: 'block', binds: true });
    expect(braked.lower.kind).toBe('never-within');
  });

  it('a release that is booted already can never be rebooted into', () => {
    const node = resting();
    const there = { ...deployment('2.0'), booted: false };
    const { model } = node;
    const host = { ...model.memory.host!, deployments: [...model.memory.host!.deployments, there] };
    node.machine = begin({ ...model, memory: { ...model.memory, host } }, node, node.policy);
    expect(gateIn(explained(node), 'denied')).toMatchObject({ verdict: 'block', label: 'on_disk' });
  });

  it('says that the record cannot be written', () => {
    const node = resting({ saveFault: () => new KindError('record_unwritable', 'full') });
    expect(gateIn(explained(node), 'record')).toMatchObject({
      verdict: 'block',
      label: 'record_unwritable',
      binds: true,
    });
  });

  it('is on its way once it was asked for', () => {
    const node = nodeOf({ rebootComes: () => false });
    node.runUntil(({ stateName }) => stateName === 'UpdateFinalized');
    expect(explained(node)).toMatchObject({
      stage: 'finalized',
      release: '2.0',
      lower: { kind: 'at', at: node.at },
      upper: { kind: 'open' },
      assumptions: ['the reboot that was asked for comes'],
      gates: [],
    });
  });
});

describe('people', () => {
  const somebody = (): SimulatedNode => resting({ survey: () => [], sessions: () => [CORE] });

  it('leave at once at best, and stay until their grace is spent at worst', () => {
    const node = somebody();
    const lookAt = node.at + MINUTE_MS;
    const explanation = explained(node, { sessions: [CORE] });
    expect(explanation.lower).toEqual({ kind: 'at', at: lookAt });
    // One of ten minutes is spent when it is asked.
    expect(explanation.upper).toEqual({ kind: 'at', at: lookAt + 9 * MINUTE_MS });
    expect(explanation.assumptions).toEqual(['everybody has logged out by then']);
    expect(gateIn(explanation, 'people')).toMatchObject({
      class: 'bounded',
      verdict: 'block',
      reason: '1 logged in: core on pts/0; waited for at most 9 min',
      earliestAt: node.at,
      latestAt: lookAt + 9 * MINUTE_MS,
    });
  });

  it('are waited for without end where that is configured', () => {
    const never = { ...CALM_POLICY.sessions, neverWhileLoggedIn: true };
    const node = resting({
      survey: () => [],
      sessions: () => [CORE],
      policy: { ...CALM_POLICY, sessions: never },
    });
    const explanation = explained(node, { sessions: [CORE] });
    expect(explanation.upper).toEqual({ kind: 'open' });
    expect(gateIn(explanation, 'people').reason).toContain('without end');
  });

  it('are those of the last look, where nobody has looked since', () => {
    const gate = gateIn(explained(somebody()), 'people');
    expect(gate.verdict).toBe('block');
    expect(gate.asOfAt).toBe(somebody().model.memory.look?.at);
  });

  it('may be there where nobody can tell', () => {
    const gate = gateIn(explained(somebody(), { sessions: undefined }), 'people');
    expect(gate).toMatchObject({ verdict: 'unknown', label: 'untold' });
  });

  it('can be overridden', () => {
    const node = somebody();
    const explanation = explained(node, { sessions: [CORE], overrides: ['people'] });
    expect(gateIn(explanation, 'people').verdict).toBe('pass');
    expect(explanation.upper).toEqual({ kind: 'at', at: node.at });
  });

  it('keep what is left of their grace until the next look, which is no new grace', () => {
    const sessions = { ...CALM_POLICY.sessions, maxDelayMinutes: 60 };
    const policy = { ...CALM_POLICY, sessions };
    const node = resting({ survey: () => [], sessions: () => [CORE], policy });
    const lookAt = node.at + MINUTE_MS;
    const upper = explained(node, { sessions: [CORE], policy }).upper;
    expect(upper).toEqual({ kind: 'at', at: lookAt + 9 * MINUTE_MS });
    // A person who asks for the reboot is a look.
    const asked = explained(node, { sessions: [CORE], policy, overrides: ['window'] });
    expect(asked.upper).toEqual({ kind: 'at', at: node.at + 9 * MINUTE_MS });
  });

  it('alone are said to hold the node at the latest until the upper bound, while there are any', () => {
    const node = somebody();
    const latest = (sessions: readonly Session[]) =>
      explained(node, { sessions })
        .gates.filter((gate) => 'latestAt' in gate)
        .map(({ gate }) => gate);
    expect(latest([CORE])).toEqual(['people']);
    expect(latest([])).toEqual([]);
    const withoutEnd = explained(node, { sessions: [CORE], gates: [INHIBITED] });
    expect(withoutEnd.upper.kind).toBe('open');
    expect(gateIn(withoutEnd, 'people')).not.toHaveProperty('latestAt');
  });

  it('are named up to three', () => {
    const many = Array.from({ length: 5 }, (_, index) => ({ user: `u${index}`, tty: 'pts/0' }));
    expect(gateIn(explained(somebody(), { sessions: many }), 'people').reason).toContain(
      '5 logged in: u0 on pts/0, u1 on pts/0, u2 on pts/0, and 2 more',
    );
  });
});

describe('lenders', () => {
  const refusing = (): SimulatedNode =>
    resting({
      survey: () => [],
      policy: LENDING,
      acquire: () => ({ kind: 'refused', reason: 'all slots are taken', label: 'fleet_lock' }),
    });

  it('are not asked, and count as lending', () => {
    const node = refusing();
    const explanation = explained(node);
    expect(explanation.lower).toEqual({ kind: 'at', at: node.at + LENDING.retryIntervalMs });
    expect(explanation.upper).toEqual({ kind: 'open' });
    expect(explanation.assumptions).toEqual(['fleet_lock lends a slot when it is asked']);
    expect(gateIn(explanation, 'fleet_lock')).toMatchObject({
      class: 'foreign',
      verdict: 'unknown',
      reason: 'last answer: refused: all slots are taken; asked only when all else allows the reboot',
      evidence: { lastAnswer: 'refused', lastReason: 'all slots are taken' },
      asOfAt: node.at,
    });
    expect(gateIn(explanation, 'fleet_lock')).not.toHaveProperty('binds');
  });

  it.each<[string, World['acquire'], RegExp]>([
    [
      'is not sure',
      () => ({ kind: 'may-be-held', reason: 'draining', label: 'x', askAgainMs: 1 }),
      /^last answer: not decided: draining; /,
    ],
    [
      'does not answer',
      () => new KindError('fleet_lock_unreachable', 'no route'),
      /^no answer .*: no route; /,
    ],
  ])('one that %s', (_how, acquire, reason) => {
    const node = resting({ survey: () => [], policy: LENDING, acquire });
    expect(gateIn(explained(node), 'fleet_lock').reason).toMatch(reason);
  });

  it('can be overridden', () => {
    expect(gateIn(explained(refusing(), { overrides: ['fleet-lock'] }), 'fleet_lock').verdict).toBe('pass');
  });

  it('held the node at the last look when they were asked in it', () => {
    const node = refusing();
    const blocked = blockedAtLastLook(node.model, node.policy, node);
    expect(blocked.map(({ gate }) => gate)).toEqual(['fleet_lock']);
  });
});

describe('the last look', () => {
  it('names those that did not pass, and when it was', () => {
    const node = resting({ survey: () => [...blocking('no', 'periodic', 5), ...blocking('no', 'marker')] });
    const blocked = blockedAtLastLook(node.model, node.policy, node);
    expect(blocked.map(({ gate, asOfAt }) => [gate, asOfAt])).toEqual([
      ['periodic', node.at],
      ['marker', node.at],
    ]);
  });

  it('names people who are waited for', () => {
    const node = resting({ survey: () => [], sessions: () => [CORE] });
    expect(blockedAtLastLook(node.model, node.policy, node).map(({ gate }) => gate)).toEqual(['people']);
  });

  it('names rpm-ostree where it refused', () => {
    const node = resting({ survey: () => [], finalizeFault: () => new KindError('rpm_ostree_failed', 'no') });
    expect(blockedAtLastLook(node.model, node.policy, node).map(({ gate }) => gate)).toEqual(['rpm_ostree']);
  });

  it('knows of later what all gates said together', () => {
    const node = resting();
    const { model } = node;
    const later = node.at + 3 * CALM_POLICY.retryIntervalMs;
    const lowerWith = (clearAt: number | undefined) => {
      const look = { ...model.memory.look!, foresight: { classes: ['timed' as const], clearAt } };
      return explainLastLook({ ...model, memory: { ...model.memory, look } }, node.policy, node)?.lower;
    };
    expect(lowerWith(later)).toEqual({ kind: 'at', at: later });
    expect(lowerWith(node.at)).toEqual({ kind: 'at', at: node.at + CALM_POLICY.retryIntervalMs });
    expect(lowerWith(undefined)).toEqual({ kind: 'never-within', days: HORIZON_DAYS });
  });

  it('why-endless-hold-ends-now: names no instant for a hold without an end', () => {
    const node = resting({ survey: () => [block('hold', 'held', 'until it is released')] });
    const { model } = node;
    const look = { ...model.memory.look!, foresight: { classes: ['timed' as const], clearAt: undefined } };
    const known = { ...model, memory: { ...model.memory, look } };
    const [hold] = blockedAtLastLook(known, node.policy, node);
    expect(hold).toMatchObject({ gate: 'hold', verdict: 'block', binds: true });
    expect(hold).not.toHaveProperty('earliestAt');
  });

  it('is of what is staged: without, there is none', () => {
    const node = nodeOf({ check: () => checkResult({ kind: 'no-update' }) });
    node.runUntil(({ stateName }) => stateName === 'NoNewUpdate');
    expect(explainLastLook(node.model, node.policy, node)).toBeUndefined();
    expect(blockedAtLastLook(node.model, node.policy, node)).toEqual([]);
  });
});

describe('a denial', () => {
  const of = (changes: Partial<Denial>): Denial => ({
    ...{ version: '2.0', payload: payloadOf('2.0'), reason: 'abandoned', sinceAt: 0, strikes: 1 },
    ...changes,
  });

  it('is over at its end, or never', () => {
    expect(afterDenial(of({ untilAt: 100 }))(5)).toEqual({ fromAt: 100 });
    expect(afterDenial(of({ untilAt: 100 }))(100)).toEqual({ fromAt: 100 });
    expect(afterDenial(of({}))(5)).toBeUndefined();
  });

  it('that seems longer than any counts when its end is near', () => {
    const untilAt = 1000 + LONGEST_DENIAL_MS;
    expect(afterDenial(of({ untilAt }))(5)).toEqual({ fromAt: 5, untilAt: 1000 });
    expect(afterDenial(of({ untilAt }))(1000)).toEqual({ fromAt: untilAt });
  });
});

function deny(node: SimulatedNode, denial: Partial<Denial>): void {
  const { model } = node;
  const entry: Denial = {
    ...{ version: '2.0', payload: payloadOf('2.0'), reason: 'abandoned', sinceAt: 0, strikes: 1 },
    ...denial,
  };
  const record = { ...model.memory.record, denials: [entry] };
  node.machine = begin({ ...model, memory: { ...model.memory, record } }, node, node.policy);
}
