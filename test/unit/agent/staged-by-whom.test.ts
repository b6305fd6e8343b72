/** Whose a staged deployment is, what a failed attempt left, and a reboot that is under way: the pure machine. */
import { describe, expect, it } from 'vitest';
import { healthOf } from '../../../src/agent/health.ts';
import { foreignStaged } from '../../../src/agent/states/back-to-polling.ts';
import type { CheckQuery, CheckResult } from '../../../src/agent/ports.ts';
import { stageFailed, stageSucceeded, EMPTY_RECORD } from '../../../src/agent/record.ts';
import { includesPayload, type Release } from '../../../src/agent/release.ts';
import { sameStaged } from '../../../src/agent/same-staged.ts';
import { statusText } from '../../../src/report/status-text.ts';
import {
  blocking,
  checkResult,
  deployment,
  host,
  PASSING,
  POLICY,
  release,
  staged,
} from '../../support/samples.ts';
import { KindError, SimulatedNode, type World } from '../../support/simulated-node.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const V2 = release('2.0', 2);
const THEIRS = staged('7.7', { finalizationLocked: false });

function offering(...releases: Release[]): (query: CheckQuery) => CheckResult {
  return ({ denied }) => {
    const best = releases.filter(({ payload }) => !includesPayload(denied, payload)).at(-1);
    return checkResult(best === undefined ? { kind: 'no-update' } : { kind: 'update', release: best });
  };
}

function node(world: Partial<World>, ...others: ReturnType<typeof deployment>[]): SimulatedNode {
  return new SimulatedNode(world, [...others, deployment('1.0', { booted: true })]);
}

function count(simulated: SimulatedNode, kind: string): number {
  return simulated.effects.filter((effect) => effect.kind === kind).length;
}

function told(simulated: SimulatedNode, kind: string): number {
  return simulated.happenings.filter((happening) => happening.kind === kind).length;
}

/** An administrator stages something, or adds to what is staged. */
function stageTheirs(simulated: SimulatedNode, theirs = THEIRS): void {
  simulated.deployments = [theirs, ...simulated.deployments.filter((d) => !d.staged)];
}

describe('F6: what an administrator staged', () => {
  it('is not staged over after a failed attempt, although the server does not answer', () => {
    let isDown = false;
    const simulated = node({
      check: (query) => (isDown ? new Error('down') : offering(V2)(query)),
      stageFault: () => (isDown ? undefined : new KindError('rpm_ostree_transaction_failed')),
    });
    simulated.runUntil((n) => count(n, 'stage') === 1 && n.effect.kind === 'wait');
    stageTheirs(simulated);
    isDown = true;
    simulated.runFor(DAY);
    expect(simulated.staged).toBe(THEIRS);
    expect(count(simulated, 'stage')).toBe(1);
  });

  it('is not staged over when it came while the graph was fetched', () => {
    const simulated: SimulatedNode = node({
      check: (query) => {
        stageTheirs(simulated);
        return offering(V2)(query);
      },
    });
    simulated.runFor(HOUR);
    expect(simulated.staged).toBe(THEIRS);
    expect(told(simulated, 'staged-changed')).toBe(1);
    expect(told(simulated, 'staging-failed')).toBe(0);
    expect(simulated.record.attempts).toEqual([]);
  });

  it('is not dropped when it takes the place of a release that is withdrawn', () => {
    let isWithdrawn = false;
    const simulated = node({
      survey: () => blocking('not yet'),
      check: (query) => (isWithdrawn ? checkResult({ kind: 'no-update' }) : offering(V2)(query)),
    });
    simulated.runUntil((n) => n.stateName === 'UpdateStaged' && n.effect.kind === 'wait');
    isWithdrawn = true;
    simulated.runUntil((n) => n.effect.kind === 'discard-staged');
    stageTheirs(simulated);
    simulated.runFor(HOUR);
    expect(simulated.staged).toBe(THEIRS);
    expect(told(simulated, 'staged-changed')).toBe(1);
    expect(simulated.stateName).toBe('NoNewUpdate');
  });

  it('is not dropped by a polling agent that knew of a leftover', () => {
    const simulated = node({ check: () => checkResult({ kind: 'no-update' }) }, staged('2.0'));
    simulated.runUntil((n) => n.effect.kind === 'discard-staged');
    stageTheirs(simulated);
    simulated.runFor(HOUR);
    expect(simulated.staged).toBe(THEIRS);
    expect(told(simulated, 'staged-changed')).toBe(1);
  });

  it('is told from what is ours by deployment and lock', () => {
    const ours = staged('2.0');
    expect(sameStaged(undefined, undefined)).toBe(true);
    expect(sameStaged(ours, { ...ours })).toBe(true);
    expect(sameStaged(ours, undefined)).toBe(false);
    expect(sameStaged(undefined, ours)).toBe(false);
    expect(sameStaged(ours, { ...ours, id: 'with a package' })).toBe(false);
    expect(sameStaged(ours, { ...ours, finalizationLocked: false })).toBe(false);
    expect(sameStaged(ours, { ...ours, finalizationLocked: undefined })).toBe(true);
  });
});

describe('R3: what a failed attempt left staged', () => {
  /** A node on which staging leaves the deployment and fails, `failures` times; the driver could not drop it. */
  function leaving(failures: number, world: Partial<World> = {}): SimulatedNode {
    let left = failures;
    const simulated: SimulatedNode = node({
      check: offering(V2),
      survey: () => PASSING,
      stageFault: () => {
        if (left === 0) {
          return undefined;
        }
        left -= 1;
        stageTheirs(simulated, staged('2.0'));
        return new KindError('rpm_ostree_transaction_failed', 'Sanity-checking final rootfs: failed');
      },
      ...world,
    });
    return simulated;
  }

  it('is dropped and staged anew, never booted', () => {
    const simulated = leaving(2);
    simulated.runUntil((n) => n.reboots === 1);
    expect(count(simulated, 'stage')).toBe(3);
    expect(count(simulated, 'discard-staged')).toBe(2);
    expect(told(simulated, 'failed-one-dropped')).toBe(2);
    expect(simulated.booted.version).toBe('2.0');
  });

  it('is never booted by an agent that starts later, also not once the release was given up', () => {
    const simulated = leaving(Number.MAX_SAFE_INTEGER);
    for (let start = 0; start < 40; start += 1) {
      simulated.runFor(DAY / 2);
      simulated.restart();
    }
    expect(count(simulated, 'finalize')).toBe(0);
    expect(simulated.reboots).toBe(0);
    expect(simulated.record.denials).toMatchObject([{ reason: 'abandoned' }]);
  });

  it('R11: is staged anew by an agent that did not see how staging it ended', () => {
    const simulated = node({ check: offering(V2) }, staged('2.0'));
    simulated.runUntil((n) => n.reboots === 1);
    expect([count(simulated, 'discard-staged'), count(simulated, 'stage')]).toEqual([1, 1]);
    expect(simulated.happenings).toContainEqual({
      kind: 'failed-one-dropped',
      release: V2,
      hasFailed: false,
    });
  });

  it('R11: is gone on with by an agent that starts later, where staging it succeeded', () => {
    const simulated = node({ check: offering(V2), survey: () => blocking('not yet') });
    simulated.runUntil((n) => n.stateName === 'UpdateStaged' && n.effect.kind === 'wait');
    simulated.restart();
    simulated.runUntil((n) => n.stateName === 'UpdateStaged' && n.effect.kind === 'wait');
    expect([count(simulated, 'discard-staged'), count(simulated, 'stage')]).toEqual([0, 1]);
  });

  it('is left alone where nobody can say whether it is locked', () => {
    const simulated = leaving(1);
    simulated.runUntil((n) => count(n, 'stage') === 1 && n.effect.kind === 'wait');
    stageTheirs(simulated, staged('2.0', { finalizationLocked: undefined }));
    simulated.runFor(HOUR);
    expect(count(simulated, 'discard-staged') + count(simulated, 'finalize')).toBe(0);
    expect(simulated.model.memory.foreign?.version).toBe('2.0');
  });

  it('counts against what the record says was staged before', () => {
    const record = stageSucceeded(EMPTY_RECORD, V2);
    expect(stageFailed(record, V2, 1).staged).toBeUndefined();
    expect(stageFailed(record, release('3.0'), 1).staged).toEqual(record.staged);
  });

  it('is gone on with when somebody unlocked it: that is their word', () => {
    const simulated = leaving(1);
    simulated.runUntil((n) => count(n, 'stage') === 1 && n.effect.kind === 'wait');
    stageTheirs(simulated, staged('2.0', { finalizationLocked: false }));
    simulated.runUntil((n) => n.reboots === 1);
    expect(count(simulated, 'stage')).toBe(1);
  });
});

describe('month-packages: a release of ours that somebody adds packages to', () => {
  const LAYERED = staged('2.0', {
    id: 'fedora-coreos-with-packages.0',
    layeredPackages: ['strace'],
    finalizationLocked: false,
  });

  it.each([
    ['replaced by a newer one', [V2, release('3.0', 3)]],
    ['dropped when it is withdrawn', []],
  ])('is not %s', (_, later) => {
    let offered: readonly Release[] = [V2];
    const simulated = node({
      check: (query) => offering(...offered)(query),
      survey: () => blocking('closed'),
    });
    simulated.runUntil((n) => n.staged !== undefined && n.effect.kind === 'wait');
    stageTheirs(simulated, LAYERED);
    offered = later;
    simulated.runFor(DAY);
    expect(simulated.staged).toBe(LAYERED);
    expect(simulated.model.memory.foreign?.id).toBe(LAYERED.id);
  });
});

describe('R2: a deployment that is pending', () => {
  it('is ours to replace when it is locked, whoever left it', () => {
    const simulated = node({ check: offering(V2) }, staged('1.5'));
    simulated.runUntil((n) => n.reboots === 1);
    expect(simulated.booted.version).toBe('2.0');
    expect(told(simulated, 'foreign-staged')).toBe(0);
  });

  it('is told in log, status and health while it is not locked, and once', () => {
    const simulated = node({ check: offering(V2) }, THEIRS);
    simulated.runFor(2 * DAY);
    const { model, world, at, mono } = simulated;
    expect(statusText(model, world.policy)).toMatch(
      /^periodically polling for updates \('7\.7' is staged by somebody and waits for a reboot; last checked /,
    );
    expect(healthOf(model, { at: at - 1.5 * DAY, mono: mono - 1.5 * DAY })).toMatchObject({
      level: 'DEGRADED',
      cause: 'foreign_staged',
      text: 'somebody staged 7.7 and has not booted it: no release is staged until it is booted or dropped',
    });
    expect(healthOf(model, { at, mono }).level).toBe('STUCK');
    expect(told(simulated, 'foreign-staged')).toBe(1);
    simulated.deployments = simulated.deployments.filter((d) => !d.staged);
    simulated.runUntil((n) => n.reboots === 1);
    expect(told(simulated, 'foreign-gone')).toBe(1);
    expect(simulated.booted.version).toBe('2.0');
  });

  it('P2: a package change over what this agent has staged is booted with it, and asked for once', () => {
    const simulated = node({ check: offering(V2), survey: () => blocking('not yet') });
    simulated.runUntil((n) => n.stateName === 'UpdateStaged' && n.effect.kind === 'wait');
    stageTheirs(
      simulated,
      staged('2.0', { id: 'with packages', finalizationLocked: false, layeredPackages: ['htop'] }),
    );
    simulated.runFor(HOUR);
    expect(simulated.staged?.id).toBe('with packages');
    simulated.world.survey = () => PASSING;
    simulated.runUntil((n) => n.reboots === 1);
    expect(simulated.booted).toMatchObject({ version: '2.0', layeredPackages: ['htop'] });
    expect([count(simulated, 'stage'), count(simulated, 'finalize')]).toEqual([1, 1]);
  });

  it('P3: a package change that waits for its reboot is told, although nothing is offered', () => {
    const change = staged('1.0', { id: 'with htop', finalizationLocked: false, layeredPackages: ['htop'] });
    const simulated = node({ check: () => checkResult({ kind: 'no-update' }) }, change);
    simulated.runFor(HOUR);
    expect(simulated.staged).toBe(change);
    expect(healthOf(simulated.model, simulated).cause).toBe('foreign_staged');
  });

  it('is no complaint where the configuration lets it be replaced, or when it is the release on offer', () => {
    const policy = { ...POLICY, replaceForeignStaged: true };
    const replacing = node({ check: () => checkResult({ kind: 'no-update' }), policy }, THEIRS);
    replacing.runFor(HOUR);
    expect(replacing.model.memory.foreign).toBeUndefined();
    const adopting = node(
      { check: offering(V2), survey: () => blocking('not yet') },
      staged('2.0', { finalizationLocked: false }),
    );
    adopting.runFor(HOUR);
    expect(adopting.stateName).toBe('UpdateStaged');
    expect(healthOf(adopting.model, adopting).level).toBe('OK');
  });
});

describe('R2: what a person had boot next', () => {
  const V1 = deployment('1.0', { booted: false });
  const rolledBack = (world: Partial<World>): SimulatedNode =>
    new SimulatedNode(world, [V1, deployment('2.0', { booted: true })]);

  it('rollback-1: is no longer replaced by a release on offer, and told once', () => {
    const simulated = rolledBack({ check: offering(release('3.0', 3)) });
    simulated.runFor(2 * DAY);
    expect(count(simulated, 'stage')).toBe(0);
    expect(simulated.deployments[0]).toBe(V1);
    const { model, world, at, mono } = simulated;
    expect(statusText(model, world.policy)).toMatch(
      /^periodically polling for updates \('1\.0' is set by somebody to boot next and waits for a reboot; /,
    );
    expect(healthOf(model, { at, mono })).toMatchObject({
      level: 'STUCK',
      cause: 'foreign_staged',
      text: 'somebody had 1.0 boot next and has not rebooted: no release is staged until that is done or undone',
    });
    expect(told(simulated, 'foreign-staged')).toBe(1);
    expect(simulated.log.filter((line) => line.includes("but somebody had '1.0' boot next"))).toHaveLength(1);
  });

  it('holds nothing up any more once it is undone', () => {
    const simulated = rolledBack({ check: offering(release('3.0', 3)) });
    simulated.runFor(HOUR);
    simulated.deployments = [...simulated.deployments].reverse();
    simulated.runUntil((n) => n.reboots === 1);
    expect(simulated.booted.version).toBe('3.0');
    expect(told(simulated, 'foreign-gone')).toBe(1);
  });

  it('holds nothing up any more once the node was rebooted into it', () => {
    const simulated = rolledBack({ check: offering(release('2.0', 2), release('3.0', 3)) });
    simulated.runFor(HOUR);
    simulated.reboot();
    expect(simulated.booted.version).toBe('1.0');
    simulated.runUntil((n) => n.reboots === 2);
    expect(simulated.booted.version).toBe('3.0');
  });

  it('may be replaced where the configuration says so', () => {
    const policy = { ...POLICY, replaceForeignStaged: true };
    const simulated = rolledBack({ check: offering(release('3.0', 3)), policy });
    simulated.runUntil((n) => n.reboots === 1);
    expect(simulated.booted.version).toBe('3.0');
    expect(told(simulated, 'foreign-staged')).toBe(0);
  });

  it('is not the release that this agent rebooted for, while somebody boots the older one by hand', () => {
    const simulated = node({ check: offering(V2), survey: () => blocking('not yet') });
    simulated.runUntil((n) => n.stateName === 'UpdateStaged' && n.effect.kind === 'wait');
    const { record } = simulated.model.memory;
    const booted = deployment('1.0', { booted: true });
    const next = deployment('2.0', { booted: false });
    const memory = { host: host([next, booted]), record };
    expect(foreignStaged(memory)).toBeUndefined();
    const denied = {
      ...EMPTY_RECORD,
      denials: [
        { payload: V2.payload, version: '2.0', reason: 'rolled-back' as const, sinceAt: 0, strikes: 1 },
      ],
    };
    expect(foreignStaged({ ...memory, record: denied })).toBeUndefined();
    expect(foreignStaged({ ...memory, record: EMPTY_RECORD })).toBe(next);
    expect(foreignStaged({ host: host([{ ...next, payload: undefined }, booted]), record })?.version).toBe(
      '2.0',
    );
  });
});

describe('R9: the status', () => {
  it('has the reason of the last failed attempt', () => {
    const text = 'cannot stage 2.0: min-free-space-percent 3% would be exceeded';
    const simulated = node({
      check: offering(V2),
      stageFault: () => new KindError('rpm_ostree_transaction_failed', text),
    });
    simulated.runUntil((n) => count(n, 'stage') === 2 && n.effect.kind === 'wait');
    expect(statusText(simulated.model, POLICY)).toBe(`trying to stage 2.0 (failed attempts: 2): ${text}`);
  });

  it('has as much of a long reason as a line has room for', () => {
    const simulated = node({
      check: offering(V2),
      stageFault: () => new KindError('rpm_ostree_transaction_failed', 'x'.repeat(10_000)),
    });
    simulated.runUntil((n) => count(n, 'stage') === 1 && n.effect.kind === 'wait');
    expect(statusText(simulated.model, POLICY).length).toBeLessThan(500);
  });
});

describe('F9: a reboot that is under way', () => {
  const lending: Partial<World> = { policy: { ...POLICY, hasLenders: true } };

  /** A node whose reboot was asked for `agoMs` ago, and whose agent starts anew. */
  function restarted(agoMs: number, world: Partial<World> = {}): SimulatedNode {
    const simulated = node({ check: offering(V2), rebootComes: () => false, ...lending, ...world });
    simulated.runUntil((n) => n.stateName === 'UpdateFinalized');
    simulated.pass(agoMs);
    simulated.effects.length = 0;
    simulated.restart();
    return simulated;
  }

  it('is waited for by an agent that starts anew: with its slot, and for the rest of the time', () => {
    const simulated = restarted(POLICY.rebootOverdueMs / 3);
    simulated.runUntil((n) => n.stateName === 'EndState');
    expect(count(simulated, 'release-slot') + count(simulated, 'check')).toBe(0);
    expect(simulated.record.asked).toMatchObject({ version: '2.0', bootId: 'boot-0' });
    const { at } = simulated;
    simulated.runUntil((n) => n.effect.kind === 'read-status');
    expect(simulated.at - at).toBeGreaterThan(POLICY.rebootOverdueMs / 2);
    expect(simulated.at - at).toBeLessThanOrEqual(POLICY.rebootOverdueMs);
    // The next boot remembers that it was asked for.
    simulated.reboot();
    simulated.runUntil((n) => n.stateName === 'ReportedSteady');
    expect(told(simulated, 'booted-as-asked')).toBe(1);
  });

  it('that never comes is asked for again, at once where the time is over', () => {
    const simulated = restarted(DAY);
    simulated.runUntil((n) => n.effect.kind === 'finalize', 100);
    expect(simulated.at).toBeLessThan(simulated.world.policy.rebootOverdueMs + Date.UTC(2026, 0, 3));
  });

  it('is not taken for one when the staged deployment is locked: nothing was finalized', () => {
    const simulated = restarted(0);
    stageTheirs(simulated, staged('2.0'));
    simulated.runUntil((n) => n.stateName === 'ReportedSteady');
    expect(count(simulated, 'release-slot')).toBe(1);
  });

  it('and was begun by somebody else into our release is waited for, with the slot', () => {
    const simulated: SimulatedNode = node({
      ...lending,
      check: offering(V2),
      finalizeFault: () => {
        stageTheirs(simulated, staged('2.0', { finalizationLocked: false }));
        return new KindError('rpm_ostree_rebooting', 'Reboot initiated, cannot start new transaction');
      },
    });
    simulated.runUntil((n) => n.effect.kind === 'finalize');
    const released = count(simulated, 'release-slot');
    simulated.runUntil((n) => n.stateName === 'EndState');
    expect(simulated.model.memory.record.asked?.version).toBe('2.0');
    simulated.step();
    expect(count(simulated, 'release-slot')).toBe(released);
  });

  it('and leads elsewhere is not counted as ours', () => {
    const simulated = node({
      ...lending,
      check: offering(V2),
      finalizeFault: () => new KindError('rpm_ostree_rebooting'),
    });
    simulated.runUntil((n) => n.effect.kind === 'finalize');
    simulated.runUntil((n) => n.effect.kind === 'wait');
    expect(simulated.stateName).toBe('UpdateStaged');
    expect(simulated.model.memory.record.asked).toBeUndefined();
    simulated.runFor(HOUR);
    expect(count(simulated, 'finalize')).toBeLessThan(20);
  });

  it('is no failed attempt to stage', () => {
    const simulated = node({
      check: offering(V2),
      stageFault: () => new KindError('rpm_ostree_rebooting'),
    });
    simulated.runFor(HOUR);
    expect(simulated.model.memory.record.attempts).toEqual([]);
    expect(count(simulated, 'stage')).toBeLessThan(20);
  });
});
