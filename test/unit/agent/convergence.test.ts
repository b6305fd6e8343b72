/** Whole stretches of the pure machine on a simulated node: what happens over hours and days. */
import { describe, expect, it } from 'vitest';
import type { CheckQuery, CheckResult, Session } from '../../../src/agent/ports.ts';
import { includesPayload, type Release } from '../../../src/agent/release.ts';
import {
  blocking,
  checkResult,
  deployment,
  PASSING,
  POLICY,
  release,
  staged,
} from '../../support/samples.ts';
import { KindError, SimulatedNode, type World } from '../../support/simulated-node.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const V2 = release('2.0', 2);

/** A server that offers the best release of `releases` that is not denied. */
function offering(...releases: Release[]): (query: CheckQuery) => CheckResult {
  return (query) => {
    const good = releases.filter((r) => !includesPayload(query.denied, r.payload));
    const best = good.at(-1);
    return checkResult(best === undefined ? { kind: 'no-update' } : { kind: 'update', release: best }, {
      ignoredTargets: releases.length - good.length,
    });
  };
}

function node(world: Partial<World>, others: Parameters<typeof deployment>[0][] = []): SimulatedNode {
  const deployments = [deployment('1.0', { booted: true }), ...others.map((v) => deployment(v))];
  return new SimulatedNode(world, deployments);
}

function count(simulated: SimulatedNode, kind: string): number {
  return simulated.effects.filter((effect) => effect.kind === kind).length;
}

describe('the agent, left alone', () => {
  it('stages, finalizes, reboots, and then polls at its steady pace', () => {
    const simulated = node({ check: offering(V2) });
    simulated.runUntil((n) => n.reboots === 1);
    expect(simulated.booted.version).toBe('2.0');
    const before = count(simulated, 'check');
    simulated.runFor(DAY);
    expect(count(simulated, 'check') - before).toBe(DAY / POLICY.steadyIntervalMs);
    expect(simulated.reboots).toBe(1);
  });

  it('B1: a staged deployment that somebody unlocked is finalized all the same', () => {
    let allowed = false;
    const simulated = node({
      check: offering(V2),
      survey: () => (allowed ? PASSING : blocking('not yet')),
    });
    simulated.runUntil((n) => n.stateName === 'UpdateStaged' && n.effect.kind === 'wait');
    simulated.deployments = simulated.deployments.map((d) =>
      d.staged ? { ...d, finalizationLocked: false } : d,
    );
    allowed = true;
    simulated.runUntil((n) => n.reboots === 1);
    expect(simulated.booted.version).toBe('2.0');
    // It was seen, so nothing had to be refused first.
    expect(count(simulated, 'finalize')).toBe(1);
  });

  it('B1: a daemon too old to say that it is unlocked refuses, and the agent goes on once it knows', () => {
    let refusals = 0;
    const simulated = node({
      check: offering(V2),
      finalizeFault: () =>
        refusals++ === 0
          ? new KindError('rpm_ostree_already_unlocked', 'Staged deployment already unlocked')
          : undefined,
    });
    simulated.runUntil((n) => n.effect.kind === 'finalize');
    simulated.deployments = simulated.deployments.map((d) =>
      d.staged ? { ...d, finalizationLocked: undefined } : d,
    );
    simulated.runUntil((n) => n.reboots === 1, 200);
    expect(simulated.booted.version).toBe('2.0');
  });

  it.each([true, undefined])(
    'R1: a refusal as unlocked counts as unlocked, although the deployments say locked: %s',
    (finalizationLocked) => {
      const allowing: boolean[] = [];
      const simulated = node({ check: offering(V2) });
      simulated.world.finalizeFault = () => {
        const { effect } = simulated;
        const isAllowed = effect.kind === 'finalize' && effect.allowUnlocked;
        allowing.push(isAllowed);
        return isAllowed ? undefined : new KindError('rpm_ostree_already_unlocked');
      };
      simulated.runUntil((n) => n.effect.kind === 'finalize');
      simulated.deployments = simulated.deployments.map((d) => (d.staged ? { ...d, finalizationLocked } : d));
      simulated.runUntil((n) => n.reboots === 1, 100);
      expect(allowing).toEqual([false, true]);
      expect(simulated.booted.version).toBe('2.0');
    },
  );

  it('R1: a daemon that calls it unlocked whatever is asked is not asked without pause', () => {
    const simulated = node({
      check: offering(V2),
      finalizeFault: () => new KindError('rpm_ostree_already_unlocked'),
    });
    simulated.runFor(HOUR);
    expect(count(simulated, 'finalize')).toBeLessThanOrEqual(HOUR / POLICY.retryIntervalMs + 2);
  });

  describe('R3: an agent that is killed while it stages', () => {
    function killed(): SimulatedNode {
      const simulated = node({ check: offering(V2) });
      simulated.runUntil((n) => n.effect.kind === 'stage');
      simulated.deployments = [staged('2.0'), ...simulated.deployments];
      simulated.effects.length = 0;
      simulated.restart();
      return simulated;
    }

    it('has it on disk, and drops what it then finds staged: nobody knows whether it passed its check', () => {
      const simulated = killed();
      simulated.runUntil((n) => n.reboots === 1);
      expect(count(simulated, 'discard-staged')).toBe(1);
      expect(count(simulated, 'stage')).toBe(1);
      expect(simulated.booted.version).toBe('2.0');
      expect(simulated.record.staging).toBeUndefined();
    });

    it('R3-killed: also drops it where it had seen an earlier staging of the same release succeed', () => {
      const simulated = node({ check: offering(V2), survey: () => blocking('not yet') });
      simulated.runUntil((n) => n.stateName === 'UpdateStaged' && n.effect.kind === 'wait');
      simulated.deployments = simulated.deployments.filter((d) => !d.staged);
      simulated.runUntil((n) => n.effect.kind === 'stage');
      simulated.deployments = [staged('2.0'), ...simulated.deployments];
      simulated.effects.length = 0;
      simulated.restart();
      simulated.runUntil((n) => n.stateName === 'UpdateStaged' && n.effect.kind === 'wait');
      expect(count(simulated, 'discard-staged')).toBe(1);
      expect(count(simulated, 'stage')).toBe(1);
    });

    it('R3-killed: leaves it alone where nobody can say whether it is locked', () => {
      const simulated = killed();
      simulated.deployments = simulated.deployments.map((d) =>
        d.staged ? { ...d, finalizationLocked: undefined } : d,
      );
      simulated.runFor(DAY);
      expect(simulated.reboots).toBe(0);
      expect(count(simulated, 'finalize')).toBe(0);
    });

    it('goes on with it when its transaction still ran, and succeeded', () => {
      const simulated = killed();
      const activeTransaction = { method: 'Deploy', title: 'zincati: stage 2.0', ours: true };
      const read = simulated.status.bind(simulated);
      simulated.status = () => ({ ...read(), activeTransaction });
      simulated.world.followed = () => {
        simulated.status = read;
        return 'succeeded';
      };
      simulated.runUntil((n) => n.reboots === 1);
      expect(count(simulated, 'follow-active')).toBe(1);
      expect(count(simulated, 'discard-staged') + count(simulated, 'stage')).toBe(0);
    });
  });

  it('B2: a staged deployment that somebody dropped leads back to polling within one tick', () => {
    const simulated = node({
      check: offering(V2),
      survey: () => blocking('no'),
    });
    simulated.runUntil((n) => n.stateName === 'UpdateStaged' && n.effect.kind === 'wait');
    simulated.deployments = simulated.deployments.filter((d) => !d.staged);
    const at = simulated.mono;
    simulated.runUntil((n) => n.stateName === 'NoNewUpdate');
    expect(simulated.mono - at).toBeLessThanOrEqual(1.1 * POLICY.retryIntervalMs);
    expect(simulated.log.join('\n')).toContain("the staged deployment '2.0' is gone");
  });

  it('B2: whoever drops the staged deployment again and again does not make it download without end', () => {
    const simulated = node({
      check: offering(V2),
      survey: () => blocking('no'),
    });
    const end = simulated.mono + DAY;
    simulated.runUntil((n) => {
      n.deployments = n.deployments.filter((d) => !d.staged);
      return n.mono >= end;
    }, 100_000);
    expect(count(simulated, 'stage')).toBeLessThan(200);
  });

  it('B3: a staged deployment that was replaced is never finalized', () => {
    let allowed = false;
    const simulated = node({
      check: offering(V2),
      survey: () => (allowed ? PASSING : blocking('no')),
    });
    simulated.runUntil((n) => n.stateName === 'UpdateStaged' && n.effect.kind === 'wait');
    simulated.deployments = [
      staged('7.7', { finalizationLocked: false }),
      ...simulated.deployments.filter((d) => !d.staged),
    ];
    allowed = true;
    simulated.step();
    simulated.runUntil((n) => n.stateName !== 'UpdateStaged');
    expect(simulated.stateName).toBe('NoNewUpdate');
    expect(count(simulated, 'finalize')).toBe(0);
  });

  it('B3: what somebody staged is left alone, and the agent says so once', () => {
    const simulated = node({ check: offering(V2) });
    simulated.deployments = [staged('7.7', { finalizationLocked: false }), ...simulated.deployments];
    simulated.runFor(DAY);
    expect(simulated.staged?.version).toBe('7.7');
    expect(count(simulated, 'stage') + count(simulated, 'discard-staged')).toBe(0);
    expect(simulated.log.filter((line) => line.includes("somebody staged '7.7'"))).toHaveLength(1);
    const replacing = node({ check: offering(V2), policy: { ...POLICY, replaceForeignStaged: true } });
    replacing.deployments = [staged('7.7', { finalizationLocked: false }), ...replacing.deployments];
    replacing.runUntil((n) => n.reboots === 1);
    expect(replacing.booted.version).toBe('2.0');
  });

  it('goes on with a release that is staged already, whoever staged it; a locked one is staged anew first', () => {
    for (const finalizationLocked of [true, false]) {
      const simulated = node({ check: offering(V2) });
      simulated.deployments = [staged('2.0', { finalizationLocked }), ...simulated.deployments];
      simulated.runUntil((n) => n.reboots === 1);
      expect(simulated.booted.version).toBe('2.0');
      // The lock says that nobody meant to boot it yet, and not that it works.
      expect(count(simulated, 'stage')).toBe(finalizationLocked ? 1 : 0);
    }
  });

  it('drops what an agent before it staged when that is no longer offered', () => {
    const simulated = node({ check: offering() });
    simulated.deployments = [staged('2.0'), ...simulated.deployments];
    simulated.runFor(HOUR);
    expect(simulated.staged).toBeUndefined();
    expect(count(simulated, 'discard-staged')).toBe(1);
  });

  it('B4: what a remote strategy lent is given back when the finalization fails', () => {
    const simulated = node({
      policy: { ...POLICY, hasLenders: true },
      check: offering(V2),
      finalizeFault: () => new KindError('rpm_ostree_failed', 'no'),
    });
    simulated.runUntil((n) => n.effect.kind === 'finalize');
    const at = simulated.mono;
    simulated.step();
    simulated.runUntil((n) => n.effect.kind === 'release-slot');
    expect(simulated.mono).toBe(at);
  });

  it('keeps the slot over several hops where it may catch up, and gives it back after the last', () => {
    const apis: string[] = [];
    const run = (catchUp: boolean): string => {
      apis.length = 0;
      const next: Record<string, Release> = { '1.0': V2, '2.0': release('3.0', 3) };
      const simulated = node({
        policy: { ...POLICY, hasLenders: true, catchUp },
        check: ({ booted }) => {
          const target = next[booted.version];
          return checkResult(
            target === undefined ? { kind: 'no-update' } : { kind: 'update', release: target },
          );
        },
        acquire: () => {
          apis.push('take');
          return { kind: 'granted' };
        },
        release: () => {
          apis.push('give');
          return undefined;
        },
      });
      simulated.runUntil(
        (n) => n.booted.version === '3.0' && n.stateName === 'NoNewUpdate' && n.effect.kind === 'wait',
      );
      return apis.join(' ');
    };
    expect(run(true)).toBe('take take give');
    expect(run(false)).toBe('give take give take give');
  });

  it('B5: nothing is asked of a remote strategy while somebody is logged in', () => {
    const simulated = node({
      policy: { ...POLICY, hasLenders: true },
      check: offering(V2),
      sessions: () => [{ user: 'core', tty: 'pts/0' }],
    });
    simulated.runFor(9 * 60_000);
    expect(count(simulated, 'list-sessions')).toBe(9);
    expect(count(simulated, 'acquire-slot')).toBe(0);
  });

  it('B6: a reboot that never comes is asked for again within 15 minutes, and said aloud', () => {
    let comes = false;
    const simulated = node({ check: offering(V2), rebootComes: () => comes });
    simulated.runUntil((n) => n.stateName === 'EndState');
    const finalizedAt = simulated.mono;
    comes = true;
    simulated.runUntil((n) => count(n, 'finalize') === 2);
    expect(simulated.mono - finalizedAt).toBeLessThanOrEqual(15 * 60_000);
    simulated.runUntil((n) => n.reboots === 1);
    expect(simulated.booted.version).toBe('2.0');
    expect(simulated.log.join('\n')).toContain("the reboot into '2.0'");
  });

  it('B7: a target that always fails costs a bounded number of attempts a day', () => {
    const simulated = node({
      check: offering(V2),
      stageFault: () => new KindError('rpm_ostree_transaction_failed', 'no space'),
    });
    simulated.runFor(DAY);
    const firstDay = count(simulated, 'stage');
    expect(firstDay).toBeLessThanOrEqual(48);
    simulated.runFor(9 * DAY);
    expect(count(simulated, 'stage') - firstDay).toBeLessThanOrEqual(48);
    expect(
      simulated.log.filter((line) => line.includes('persistent deploy failure detected')).length,
    ).toBeGreaterThan(2);
  });

  it('takes another target while the failing one is denied', () => {
    const simulated = node({
      check: offering(release('1.5', 1), V2),
      stageFault: (r) => (r.version === '2.0' ? new KindError('rpm_ostree_transaction_failed') : undefined),
    });
    simulated.runFor(3 * HOUR);
    expect(simulated.booted.version).toBe('1.5');
  });

  it('B9: a deployment on disk is denied by its payload, although it has no place in a graph', () => {
    const simulated = node({ check: offering(V2) }, ['2.0']);
    simulated.runFor(DAY);
    expect(count(simulated, 'stage')).toBe(0);
    expect(simulated.log.join('\n')).toContain(
      'Found 1 possible update target present in denylist; ignoring',
    );
  });

  it('B10: nothing is checked before the deployments could be read', () => {
    let failures = 5;
    const simulated = node(
      {
        check: offering(V2),
        statusFault: () => (failures-- > 0 ? new KindError('rpm_ostree_unreachable') : undefined),
      },
      ['2.0'],
    );
    simulated.runFor(2 * HOUR);
    const kinds = simulated.effects.map((effect) => effect.kind);
    expect(
      kinds.slice(0, kinds.indexOf('check')).filter((kind) => kind === 'read-status').length,
    ).toBeGreaterThanOrEqual(6);
    expect(count(simulated, 'stage')).toBe(0);
  });

  it('B10: a rollback sticks when its deployment is cleaned up and the agent restarted, and the next release is taken', () => {
    let offers = [V2];
    const simulated = node({ check: (query) => offering(...offers)(query) });
    simulated.runUntil((n) => n.booted.version === '2.0' && n.stateName === 'NoNewUpdate');
    simulated.deployments = [deployment('1.0', { booted: true }), deployment('2.0')];
    simulated.reboot();
    simulated.runFor(HOUR);
    simulated.deployments = [deployment('1.0', { booted: true })];
    simulated.restart();
    simulated.runFor(DAY);
    expect(simulated.booted.version).toBe('1.0');
    offers = [V2, release('3.0', 3)];
    simulated.runUntil((n) => n.booted.version === '3.0');
  });

  it('B10: a rollback that happens while the agent runs is seen before the next check', () => {
    const simulated = node({ check: offering(V2) });
    simulated.runUntil((n) => n.reboots === 1);
    simulated.deployments = [deployment('1.0', { booted: true }), deployment('2.0')];
    simulated.restart();
    simulated.runFor(DAY);
    expect(simulated.booted.version).toBe('1.0');
    expect(simulated.reboots).toBe(1);
  });

  it('says a failed attempt once, and the same one again only to who debugs', () => {
    const simulated = node({
      check: offering(V2),
      stageFault: () => new KindError('rpm_ostree_transaction_failed', 'no such commit'),
    });
    simulated.runFor(HOUR / 2);
    expect(count(simulated, 'stage')).toBeGreaterThan(4);
    expect(simulated.log.filter((line) => line.includes('failed to stage deployment'))).toHaveLength(1);
  });

  it('B8: a finalization that fails at shutdown costs two reboots, then the target is held', () => {
    const simulated = node({ check: offering(V2), finalizationWorks: () => false });
    simulated.runFor(30 * DAY);
    expect(simulated.reboots).toBe(2);
    expect(simulated.log.join('\n')).toContain(
      "asked for release '2.0', booted '1.0': it is held after 2 such reboots",
    );
  });

  it('B8: another release is taken after one that could not be booted', () => {
    let offers = [V2];
    const simulated = node({
      check: (query) => offering(...offers)(query),
      finalizationWorks: () => simulated.staged?.version !== '2.0',
    });
    simulated.runFor(DAY);
    offers = [V2, release('3.0', 3)];
    simulated.runFor(DAY);
    expect(simulated.booted.version).toBe('3.0');
  });

  it('a record that cannot be written holds reboots back, and nothing else', () => {
    let broken = true;
    const simulated = node({
      check: offering(V2),
      saveFault: () => (broken ? new KindError('record_unwritable', 'read-only file system') : undefined),
    });
    simulated.runFor(DAY);
    expect(simulated.reboots).toBe(0);
    expect(simulated.stateName).toBe('UpdateStaged');
    expect(count(simulated, 'finalize')).toBe(0);
    expect(count(simulated, 'check')).toBeGreaterThan(200);
    broken = false;
    simulated.runUntil((n) => n.reboots === 1);
    expect(simulated.booted.version).toBe('2.0');
  });

  it('a rollback sticks although the release it left is no longer on disk', () => {
    const simulated = node({ check: offering(V2) });
    simulated.runUntil((n) => n.reboots === 1);
    simulated.runFor(HOUR);
    simulated.deployments = [deployment('1.0', { booted: true })];
    simulated.reboot();
    simulated.runFor(30 * DAY);
    expect(simulated.booted.version).toBe('1.0');
    expect(simulated.log.join('\n')).toContain("release '2.0' was rolled back");
  });

  it('counts failed attempts across a restart of the agent', () => {
    const simulated = node({
      check: offering(V2),
      stageFault: () => new KindError('rpm_ostree_transaction_failed'),
    });
    for (let restarts = 0; restarts < 20; restarts++) {
      simulated.runFor(10 * 60_000);
      simulated.restart();
    }
    expect(simulated.log.join('\n')).toContain('persistent deploy failure detected');
  });

  it('B12: the count of postponements survives a window that closes', () => {
    let open = true;
    const simulated = node({
      check: offering(V2),
      sessions: () => [{ user: 'core', tty: 'pts/0' }],
      survey: () => (open ? PASSING : blocking('outside of maintenance windows', 'outside_window')),
    });
    for (let windows = 0; windows < 3 && simulated.reboots === 0; windows++) {
      open = true;
      simulated.runFor(5 * 60_000);
      open = false;
      simulated.runFor(HOUR);
    }
    expect(simulated.reboots).toBe(1);
  });

  it('B16: a driver registration that fails for ever holds nothing up', () => {
    const simulated = node({ check: offering(V2), driverFault: () => new KindError('rpm_ostree_busy') });
    simulated.runUntil((n) => n.reboots === 1);
    simulated.runFor(HOUR);
    const tries = simulated.effects.filter((effect) => effect.kind === 'register-driver').length;
    expect(tries).toBeGreaterThan(8);
    expect(tries).toBeLessThan(30);
  });

  it('B17: a check that fails leaves the time of the last success alone', () => {
    let down = false;
    const simulated = node({
      check: (query) => (down ? new KindError('client_failed_request') : offering()(query)),
    });
    simulated.runUntil((n) => n.stateName === 'NoNewUpdate');
    const success = simulated.model.memory.check.lastSuccessAt;
    down = true;
    simulated.runFor(HOUR);
    expect(simulated.model.memory.check.lastSuccessAt).toBe(success);
    expect(simulated.model.memory.check.lastAttemptAt).toBeGreaterThan(success!);
  });

  it('tells a run of failures once, and its end once', () => {
    let down = true;
    const simulated = node({
      check: (query) => (down ? new KindError('generic_http_502', 'server said 502') : offering()(query)),
    });
    simulated.runFor(2 * HOUR);
    down = false;
    simulated.runFor(2 * HOUR);
    const about = simulated.log.filter((line) => line.includes('heck') && line.includes('Cincinnati'));
    expect(about).toHaveLength(2);
    expect(about[0]).toBe('ERROR failed to check Cincinnati for updates: server said 502');
    expect(about[1]).toContain('checking Cincinnati for updates works again after');
  });

  it('B24: a lock server that is down stops neither polling nor staging', () => {
    const simulated = node({
      policy: { ...POLICY, hasLenders: true },
      check: offering(V2),
      release: () => new KindError('fleet_lock_unreachable'),
      acquire: () => new KindError('fleet_lock_unreachable'),
    });
    simulated.runFor(HOUR);
    expect(simulated.stateName).toBe('UpdateStaged');
    expect(count(simulated, 'check')).toBeGreaterThan(5);
    expect(simulated.reboots).toBe(0);
  });

  it('B26: a booted deployment that no graph can know is said, and the agent stays up', () => {
    const simulated = new SimulatedNode({ check: offering(V2) }, [
      deployment('1.0', { booted: true, payload: undefined }),
    ]);
    simulated.runFor(DAY);
    expect(simulated.stateName).toBe('OffGraph');
    expect(simulated.log.join('\n')).toContain('WARN  booted deployment 1.0 not found in the update graph');
  });

  it('B36: a start without network leaves nothing undone: everything is done once it is there', () => {
    let online = false;
    let offers: (typeof V2)[] = [];
    const done: string[] = [];
    const tried = (what: string): KindError | undefined => {
      if (!online) {
        return new KindError('http_unreachable');
      }
      done.push(what);
      return undefined;
    };
    const simulated = node({
      policy: { ...POLICY, hasLenders: true },
      check: (query) => tried('check') ?? offering(...offers)(query),
      driverFault: () => tried('driver'),
      release: () => tried('steady'),
    });
    simulated.runFor(2 * HOUR);
    online = true;
    simulated.runFor(2 * HOUR);
    expect(done.toSorted().filter((what) => what !== 'check')).toEqual(['driver', 'steady']);
    offers = [V2];
    simulated.runUntil((n) => n.reboots === 1);
    expect(simulated.booted.version).toBe('2.0');
  });

  it('B30: a booted release that is not in the graph is a state of its own, and is left when it appears', () => {
    let known = false;
    const simulated = node({
      check: (query) => (known ? offering()(query) : checkResult({ kind: 'off-graph' })),
    });
    simulated.runUntil((n) => n.stateName === 'OffGraph');
    simulated.runFor(DAY);
    expect(
      simulated.log.filter(
        (line) => line.startsWith('WARN') && line.includes('not found in the update graph'),
      ),
    ).toHaveLength(1);
    known = true;
    simulated.runFor(HOUR);
    expect(simulated.stateName).toBe('NoNewUpdate');
  });

  it('a foreign transaction of two hours is waited for and counts as no failure', () => {
    let busyUntil = 2 * HOUR;
    const simulated = node({
      check: offering(V2),
      stageFault: () =>
        simulated.mono < busyUntil
          ? new KindError('rpm_ostree_busy', 'Transaction in progress: upgrade')
          : undefined,
      durationMs: (effect) => (effect.kind === 'follow-active' ? 10 * 60_000 : 0),
    });
    simulated.runFor(2 * HOUR - 1);
    const { state } = simulated.model;
    expect(state.name === 'UpdateAvailable' && state.failedAttempts).toBe(0);
    busyUntil = 0;
    simulated.runUntil((n) => n.reboots === 1);
  });

  it('never spins when rpm-ostree says busy although nothing runs', () => {
    const simulated = node({
      check: offering(V2),
      finalizeFault: () => new KindError('rpm_ostree_busy', 'Reboot initiated'),
    });
    simulated.runFor(HOUR);
    expect(count(simulated, 'finalize')).toBeLessThan(400);
  });

  it('a newer release replaces the staged one, and a withdrawn one is dropped', () => {
    let offers = [V2];
    const simulated = node({
      check: (query) => offering(...offers)(query),
      survey: () => blocking('no'),
    });
    simulated.runFor(HOUR);
    expect(simulated.staged?.version).toBe('2.0');
    offers = [V2, release('3.0', 3)];
    simulated.runFor(HOUR);
    expect(simulated.staged?.version).toBe('3.0');
    offers = [];
    simulated.runFor(HOUR);
    expect(simulated.staged).toBeUndefined();
    expect(simulated.stateName).toBe('NoNewUpdate');
  });

  it('is idle, awake and harmless when updates are switched off', () => {
    const simulated = node({ policy: { ...POLICY, enabled: false }, check: offering(V2) });
    simulated.runFor(DAY);
    expect(new Set(simulated.effects.map((effect) => effect.kind))).toEqual(
      new Set(['wait', 'read-status', 'save']),
    );
    expect(simulated.effects.length).toBeLessThan(20);
  });

  it('blocks a release whose staged deployment turns out to be of another stream', () => {
    const simulated = node({
      check: offering(V2),
      // What was staged names another stream than what is booted.
      durationMs: (effect) => {
        if (effect.kind === 'stage') {
          simulated.deployments = simulated.deployments.map((each) => ({ ...each, stream: 'testing' }));
        }
        return 0;
      },
    });
    simulated.runFor(DAY);
    const log = simulated.log.join('\n');
    expect(log).toContain(
      "pending deployment 2.0 expected to be on stream 'stable', but found 'testing' instead",
    );
    expect(log).toContain("abandoned and blocked deployment '2.0'");
    expect(count(simulated, 'stage')).toBe(1);
    expect(simulated.staged).toBeUndefined();
  });

  it.each([
    ['the deployments name none', undefined],
    ['the image inherits the label of another one', 'stable'],
  ])('field 12: a configured stream counts at both ends, also where %s', (_what, label) => {
    const simulated = new SimulatedNode({ policy: { ...POLICY, stream: 'ours' }, check: offering(V2) }, [
      deployment('1.0', { booted: true, stream: label }),
    ]);
    simulated.runUntil((n) => n.reboots === 1);
    expect(simulated.booted.version).toBe('2.0');
  });

  it('field 12: a staged deployment that names no stream is of none that could be wrong', () => {
    const simulated = node({
      check: offering(V2),
      durationMs: (effect) => {
        if (effect.kind === 'stage') {
          simulated.deployments = simulated.deployments.map((each) => ({ ...each, stream: undefined }));
        }
        return 0;
      },
    });
    simulated.runUntil((n) => n.reboots === 1);
    expect(simulated.booted.version).toBe('2.0');
  });

  it('field 8: an answer that does not know the booted release throws nothing away', () => {
    let known = true;
    const simulated = node({
      check: (query) => (known ? offering(V2)(query) : checkResult({ kind: 'off-graph' })),
      survey: ({ at }) => blocking('outside', 'outside_window', at + DAY),
    });
    simulated.runUntil((n) => n.stateName === 'UpdateStaged' && n.effect.kind === 'wait');
    // A server that is of two minds from one minute to the next.
    for (let polls = 0; polls < 100; polls++) {
      known = !known;
      simulated.runFor(HOUR);
      expect(simulated.staged?.version).toBe('2.0');
    }
    expect(count(simulated, 'stage')).toBe(1);
  });

  it('field 8: a release is dropped when a graph that knows this node does not offer it, twice', () => {
    let offered = true;
    let checks = 0;
    const simulated = node({
      check: (query) => {
        checks += 1;
        return offered ? offering(V2)(query) : checkResult({ kind: 'no-update' });
      },
      survey: () => blocking('not yet'),
    });
    simulated.runUntil((n) => n.stateName === 'UpdateStaged' && n.effect.kind === 'wait');
    offered = false;
    const before = checks;
    simulated.runUntil(() => checks === before + 1);
    simulated.runUntil((n) => n.effect.kind === 'wait');
    expect(simulated.staged?.version).toBe('2.0');
    const since = simulated.mono;
    simulated.runUntil((n) => n.staged === undefined);
    expect(checks).toBe(before + 2);
    expect(simulated.mono - since).toBeLessThanOrEqual(2 * 60_000);
  });

  it('field 8: what is not offered is not booted while it is asked about again', () => {
    let offered = true;
    let open = false;
    const simulated = node({
      check: (query) => (offered ? offering(V2)(query) : checkResult({ kind: 'no-update' })),
      survey: () => (open ? PASSING : blocking('not yet')),
    });
    simulated.runUntil((n) => n.stateName === 'UpdateStaged' && n.effect.kind === 'wait');
    offered = false;
    open = true;
    simulated.runFor(DAY);
    expect(simulated.reboots).toBe(0);
  });

  it('F4: who logs in while the lock server is asked is told, and waited for; the slot goes back', () => {
    let sessions: Session[] = [];
    const simulated = node({
      policy: { ...POLICY, hasLenders: true },
      check: offering(V2),
      sessions: () => sessions,
      acquire: () => {
        sessions = [{ user: 'core', tty: 'pts/0' }];
        return { kind: 'granted' };
      },
    });
    simulated.runUntil((n) => n.effect.kind === 'wait' && n.stateName === 'UpdateStaged');
    expect(count(simulated, 'finalize')).toBe(0);
    expect(simulated.effects.some((effect) => effect.kind === 'warn-sessions')).toBe(true);
    expect(simulated.effects.at(-1)?.kind).toBe('release-slot');
    simulated.runUntil((n) => n.reboots === 1);
    const waits = simulated.effects.filter((effect) => effect.kind === 'wait' && effect.forMs === 60_000);
    expect(waits).toHaveLength(10);
  });

  it('F4: who logs in meanwhile and cannot be told of holds the reboot as somebody', () => {
    let asked = false;
    const simulated = node({
      policy: { ...POLICY, hasLenders: true, sessions: { ...POLICY.sessions, neverWhileLoggedIn: true } },
      check: offering(V2),
      sessions: () => (asked ? new KindError('bus_remote_error') : []),
      acquire: () => {
        asked = true;
        return { kind: 'granted' };
      },
    });
    simulated.runFor(DAY);
    expect(simulated.reboots).toBe(0);
  });

  it('walk 2: the first rollback after the migration sticks, although no agent saw that boot', () => {
    const simulated = new SimulatedNode({ check: offering(V2) }, [
      deployment('2.0', { booted: true }),
      deployment('1.0'),
    ]);
    simulated.runFor(HOUR);
    simulated.deployments = [deployment('1.0', { booted: true }), deployment('2.0')];
    simulated.reboot();
    simulated.runFor(HOUR);
    // Also when the release that was left is gone from the disk.
    simulated.deployments = [deployment('1.0', { booted: true })];
    simulated.runFor(30 * DAY);
    expect(simulated.booted.version).toBe('1.0');
    expect(simulated.record.denials).toMatchObject([{ version: '2.0', reason: 'rolled-back' }]);
  });
});
