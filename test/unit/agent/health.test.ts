import { describe, expect, it } from 'vitest';
import { healthOf, HEALTHY } from '../../../src/agent/health.ts';
import type { CheckQuery, CheckResult } from '../../../src/agent/ports.ts';
import { includesPayload } from '../../../src/agent/release.ts';
import { blocking, checkResult, deployment, PASSING, POLICY, release } from '../../support/samples.ts';
import { KindError, SimulatedNode, type World } from '../../support/simulated-node.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const V2 = release('2.0', 2);

const LOCKED = { ...POLICY, hasLenders: true };
const NO_SLOT = { kind: 'refused', reason: 'all slots are taken', label: 'fleet_lock' } as const;

function offer(query: CheckQuery): CheckResult {
  return checkResult(
    includesPayload(query.denied, V2.payload) ? { kind: 'no-update' } : { kind: 'update', release: V2 },
  );
}

function node(world: Partial<World>): SimulatedNode {
  return new SimulatedNode(world, [deployment('1.0', { booted: true })]);
}

function health(simulated: SimulatedNode): string {
  const { level, cause } = healthOf(simulated.model, simulated);
  return `${level} ${cause}`;
}

describe('healthOf', () => {
  it('is OK for a node that polls, and for one that waits for its window', () => {
    const steady = node({ check: () => checkResult({ kind: 'no-update' }) });
    steady.runFor(DAY);
    expect(healthOf(steady.model, steady)).toEqual(HEALTHY);
    const waiting = node({
      check: offer,
      survey: ({ at }) => blocking('outside', 'outside_window', at - (at % (7 * DAY)) + 7 * DAY),
    });
    waiting.runFor(30 * DAY);
    expect(health(waiting)).toBe('OK none');
    const manual = node({ check: offer, survey: () => blocking('by hand', 'manual') });
    manual.runFor(30 * DAY);
    expect(health(manual)).toBe('OK none');
  });

  it.each<[string, Partial<World>, RegExp]>([
    [
      'a gate without an instant',
      { survey: () => blocking('no room on /boot', 'boot_space') },
      /no room on \/boot$/,
    ],
    [
      'transactions that somebody cancels',
      { stageFault: () => new KindError('rpm_ostree_transaction_cancelled', 'Cancelled') },
      /it cannot be staged: Cancelled$/,
    ],
    [
      'a lock server whose slots are never free',
      { acquire: () => NO_SLOT, policy: LOCKED },
      /all slots are taken$/,
    ],
  ])('F5: not getting on is told whatever keeps the node: %s', (_what, world, reason) => {
    const simulated = node({ check: offer, ...world });
    simulated.runFor(DAY - HOUR);
    expect(health(simulated)).toBe('OK none');
    simulated.runFor(2 * HOUR);
    expect(health(simulated)).toBe('DEGRADED not_getting_on');
    expect(healthOf(simulated.model, simulated).text).toMatch(
      /^release 2\.0 is known, and the node does not get on: /,
    );
    expect(healthOf(simulated.model, simulated).text).toMatch(reason);
    simulated.runFor(2 * DAY);
    expect(health(simulated)).toBe('STUCK not_getting_on');
  });

  it('F5: not getting on outlives the agent, and is over when the release is booted', () => {
    let open = false;
    const simulated = node({ check: offer, survey: () => (open ? PASSING : blocking('held', 'inhibitor')) });
    simulated.runFor(20 * HOUR);
    simulated.restart();
    simulated.runFor(6 * HOUR);
    expect(health(simulated)).toBe('DEGRADED not_getting_on');
    open = true;
    simulated.runUntil((n) => n.booted.version === '2.0');
    simulated.runFor(2 * DAY);
    expect(health(simulated)).toBe('OK none');
    expect(simulated.record.stalledSinceAt).toBeUndefined();
  });

  it('field 14: a clock that is set makes no failure longer or shorter', () => {
    const simulated = node({ check: () => new KindError('generic_http_502') });
    simulated.runFor(60_000);
    simulated.at += 500 * DAY;
    simulated.runFor(60_000);
    expect(health(simulated)).toBe('OK none');
    simulated.at -= 1000 * DAY;
    simulated.runFor(2 * HOUR);
    expect(health(simulated)).toBe('DEGRADED checks_failing');
    const { sinceAt = 0 } = healthOf(simulated.model, simulated);
    expect(simulated.at - sinceAt).toBeLessThan(3 * HOUR);
    simulated.runFor(2 * DAY);
    expect(health(simulated)).toBe('STUCK checks_failing');
    simulated.world.check = () => checkResult({ kind: 'no-update' });
    simulated.at += 500 * DAY;
    simulated.runFor(2 * HOUR);
    const recovered = simulated.happenings.find(({ kind }) => kind === 'recovered');
    expect(recovered).toMatchObject({ activity: 'check' });
    expect(recovered?.kind === 'recovered' && recovered.lastedMs).toBeLessThan(3 * DAY);
  });

  it('forgives an hour of failing checks, is DEGRADED after it, STUCK after a day, and OK at once when they work', () => {
    let down = true;
    const simulated = node({
      check: () => (down ? new KindError('generic_http_502') : checkResult({ kind: 'no-update' })),
    });
    simulated.runFor(HOUR / 2);
    expect(health(simulated)).toBe('OK none');
    simulated.runFor(2 * HOUR);
    expect(health(simulated)).toBe('DEGRADED checks_failing');
    simulated.runFor(2 * DAY);
    expect(health(simulated)).toBe('STUCK checks_failing');
    expect(healthOf(simulated.model, simulated).text).toContain('generic_http_502');
    down = false;
    simulated.runFor(2 * HOUR);
    expect(health(simulated)).toBe('OK none');
  });

  it('tells three failed deploys within the tick of the third, and is OK after one that works', () => {
    let failures = 3;
    const simulated = node({
      check: offer,
      stageFault: () => (failures-- > 0 ? new KindError('rpm_ostree_transaction_failed') : undefined),
      survey: () => blocking('x'),
    });
    simulated.runUntil(() => failures === 0);
    expect(health(simulated)).toBe('DEGRADED staging_failing');
    simulated.runUntil((n) => n.stateName === 'UpdateStaged');
    expect(health(simulated)).toBe('OK none');
  });

  it('is STUCK when a target was abandoned, when a reboot failed for good, and off the graph for a day', () => {
    const failing = node({ check: offer, stageFault: () => new KindError('rpm_ostree_transaction_failed') });
    failing.runUntil((n) => n.stateName === 'NoNewUpdate' && n.model.memory.record.denials.length > 0);
    expect(health(failing)).toBe('STUCK target_abandoned');
    const looping = node({ check: offer, finalizationWorks: () => false });
    looping.runFor(3 * DAY);
    expect(health(looping)).toBe('STUCK reboot_failed');
    // The administrator has resolved it.
    expect(healthOf(looping.model, looping, undefined, [V2.version])).toEqual(HEALTHY);
    expect(healthOf(looping.model, looping, undefined, ['3.0']).level).toBe('STUCK');
    const off = node({ check: () => checkResult({ kind: 'off-graph' }) });
    off.runFor(HOUR / 2);
    expect(health(off)).toBe('OK none');
    off.runFor(HOUR);
    expect(health(off)).toBe('DEGRADED off_graph');
    off.runFor(DAY);
    expect(health(off)).toBe('STUCK off_graph');
  });

  it('names the failure of the finalization and since when', () => {
    const simulated = node({
      check: offer,
      finalizeFault: () => new KindError('rpm_ostree_inhibited', 'Held by: backup'),
    });
    simulated.runUntil((n) => n.effect.kind === 'finalize');
    const since = simulated.at;
    simulated.runFor(2 * HOUR);
    expect(healthOf(simulated.model, simulated)).toMatchObject({
      level: 'DEGRADED',
      cause: 'finalization_failing',
      sinceAt: since,
    });
    expect(healthOf(simulated.model, simulated).text).toContain('Held by: backup');
    simulated.runFor(DAY);
    expect(health(simulated)).toBe('STUCK finalization_failing');
  });

  it('says that the state file cannot be written', () => {
    const simulated = node({ check: offer, saveFault: () => new KindError('record_unwritable') });
    simulated.runFor(2 * DAY);
    expect(health(simulated)).toMatch(/^STUCK (record_unwritable|finalization_failing)$/);
  });
});
