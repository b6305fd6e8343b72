import { describe, expect, it } from 'vitest';
import type { CheckQuery, CheckResult } from '../../../src/agent/ports.ts';
import { includesPayload, type Release } from '../../../src/agent/release.ts';
import { isSkipped } from '../../../src/agent/skip.ts';
import { initialModel, type Policy } from '../../../src/agent/state.ts';
import { statusText } from '../../../src/report/status-text.ts';
import { advance } from '../../../src/agent/advance.ts';
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
const V3 = release('3.0', 3);
const CLOSED = blocking('outside', 'outside_window');
const DIGEST = `sha256:${'a'.repeat(64)}`;

const offering =
  (...releases: readonly Release[]) =>
  ({ denied, skip }: CheckQuery): CheckResult => {
    const skipped = releases.filter((each) => isSkipped(skip, each));
    const best = releases
      .filter((each) => !skipped.includes(each) && !includesPayload(denied, each.payload))
      .toSorted((a, b) => (b.ageIndex ?? 0) - (a.ageIndex ?? 0))[0];
    return checkResult(best === undefined ? { kind: 'no-update' } : { kind: 'update', release: best }, {
      ignoredTargets: skipped.length,
      skipped: skipped.map(({ version }) => version),
    });
  };

const skipping = (...skip: readonly string[]): Policy => ({ ...POLICY, skip });

function node(world: Partial<World>): SimulatedNode {
  return new SimulatedNode(world, [deployment('1.0', { booted: true })]);
}

/** The configuration is read again, between two effects. */
function reload(of: SimulatedNode, policy: Policy): void {
  of.reconfigure(policy);
}

describe('isSkipped', () => {
  const image: Release = { version: '4.0', payload: { scheme: 'oci', value: `quay.io/x@${DIGEST}` } };

  it.each([
    ['nothing', [], V2, false],
    ['its version', ['2.0'], V2, true],
    ['a part of its version', ['2'], V2, false],
    ['its checksum', [V2.payload.value], V2, true],
    ['another checksum', [V3.payload.value], V2, false],
    ['the version of an image', ['4.0'], image, true],
    ['the digest of an image', [DIGEST], image, true],
    ['another digest', [`sha256:${'b'.repeat(64)}`], image, false],
  ] as const)('by %s', (_, skip, target, expected) => {
    expect(isSkipped(skip, target)).toBe(expected);
  });
});

describe('a release that the administrator denies', () => {
  it.each(['2.0', V2.payload.value])('is never staged and never booted: %s', (name) => {
    const at = node({ check: offering(V2), policy: skipping(name) });
    at.runFor(3 * DAY);
    expect(at.booted.version).toBe('1.0');
    expect(at.effects.map(({ kind }) => kind)).not.toContain('stage');
    expect(
      at.log.filter((line) => line.startsWith('WARN') && line.includes('denied by the administrator')),
    ).toEqual([
      "WARN  release '2.0' is offered, but denied by the administrator (updates.skip); nothing else is offered, the node stays on '1.0'",
    ]);
    expect(statusText(at.model, at.policy)).toMatch(
      /^periodically polling for updates \(last checked .* UTC; release '2\.0' is denied by the administrator\)$/,
    );
  });

  it('is gone around', () => {
    const at = node({ check: offering(V2, V3), policy: skipping('3.0') });
    at.runUntil(({ booted }) => booted.version === '2.0');
    expect(at.log.join('\n')).not.toContain('the node stays on');
  });

  it('is dropped when it is staged already, also while the server does not answer', () => {
    let answers = true;
    const at = node({
      check: (query) => (answers ? offering(V2)(query) : new KindError('generic_http_502')),
      survey: () => CLOSED,
    });
    at.runUntil(({ stateName }) => stateName === 'UpdateStaged');
    at.runFor(HOUR);
    answers = false;
    at.world.policy = skipping('2.0');
    at.restart();
    at.runFor(60_000);
    expect(at.staged).toBeUndefined();
    expect(at.log).toContain(
      "WARN  release '2.0' is denied by the administrator (updates.skip): dropped the staged deployment",
    );
  });

  it.each(['refresh', 'ask', 'sessions', 'verify', 'acquire', 'confirm', 'finalize'] as const)(
    'is dropped when a reload denies it while its reboot is at step %s, and the server no longer answers',
    (step) => {
      let answers = true;
      const at = node({
        check: (query) => (answers ? offering(V2)(query) : new KindError('generic_http_502')),
        policy: { ...POLICY, hasLenders: true },
      });
      at.runUntil(
        ({ model: { state } }) =>
          state.name === 'UpdateStaged' && (step === 'refresh' || state.step === step),
      );
      answers = false;
      reload(at, { ...at.world.policy, skip: ['2.0'] });
      at.runFor(DAY);
      expect(at.staged).toBeUndefined();
      expect(at.reboots).toBe(0);
      expect(at.effects.at(-1)?.kind).not.toBe('finalize');
      expect(at.model.memory.steady.owed).toBe(false);
    },
  );

  it('is not staged when a reload denies it between two attempts and the server no longer answers', () => {
    let answers = true;
    const at = node({
      check: (query) => (answers ? offering(V2)(query) : new KindError('generic_http_502')),
      stageFault: () => new KindError('rpm_ostree_transaction_failed'),
    });
    at.runUntil(({ model: { state } }) => state.name === 'UpdateAvailable' && state.failedAttempts === 2);
    answers = false;
    reload(at, skipping('2.0'));
    const tried = at.effects.filter(({ kind }) => kind === 'stage').length;
    at.runFor(DAY);
    expect(at.effects.filter(({ kind }) => kind === 'stage')).toHaveLength(tried);
    expect(at.stateName).toBe('NoNewUpdate');
  });

  it('is taken when the configuration no longer says so: nothing of it is in the record', () => {
    const at = node({ check: offering(V2), survey: () => CLOSED });
    at.runUntil(({ stateName }) => stateName === 'UpdateStaged');
    reload(at, skipping('2.0'));
    at.runFor(HOUR);
    expect(at.record.denials).toEqual([]);
    at.world.policy = POLICY;
    at.world.survey = () => PASSING;
    at.restart();
    at.runUntil(({ booted }) => booted.version === '2.0');
  });

  it('is left alone where somebody staged it by hand', () => {
    const at = new SimulatedNode({ check: offering(V2), policy: skipping('2.0') }, [
      staged('2.0', { finalizationLocked: false }),
      deployment('1.0', { booted: true }),
    ]);
    at.runFor(DAY);
    expect(at.staged?.version).toBe('2.0');
  });

  it('that cannot be dropped does not keep the agent from asking the server, nor busy', () => {
    const status = host([staged('2.0'), deployment('1.0', { booted: true })]);
    const failed = { kind: 'discard-failed', failure: { kind: 'rpm_ostree_busy', message: 'busy' } } as const;
    const now = { at: 1_000_000, mono: 500_000, roll: 0 };
    const model = {
      state: { name: 'NoNewUpdate', step: 'refresh' },
      memory: { ...initialModel().memory, driver: { registered: true, dueMono: 0, streak: undefined } },
    } as const;
    const policy = skipping('2.0');
    const read = advance(
      { model, effect: { kind: 'read-status', mode: 'cached' } },
      { event: { kind: 'status-read', status }, ...now },
      policy,
    );
    expect(read.effect.kind).toBe('discard-staged');
    const kept = advance(read, { event: failed, ...now }, policy);
    expect(kept.effect).toMatchObject({ kind: 'check', query: { skip: ['2.0'] } });
    const asked = advance(
      kept,
      { event: { kind: 'checked', result: checkResult({ kind: 'no-update' }) }, ...now },
      policy,
    );
    // The first answer without it is no proof; the second one is.
    expect(asked.effect.kind).toBe('release-slot');
    const later = { ...now, mono: asked.model.memory.check.dueMono };
    const released = advance(
      asked,
      { event: { kind: 'slot-released', configured: true, returned: [] }, ...later },
      policy,
    );
    const again = advance(released, { event: { kind: 'status-read', status }, ...later }, policy);
    const dropped = advance(again, { event: failed, ...later }, policy);
    const twice = advance(
      dropped,
      { event: { kind: 'checked', result: checkResult({ kind: 'no-update' }) }, ...later },
      policy,
    );
    expect(twice.effect.kind).toBe('discard-staged');
    const rests = advance(twice, { event: failed, ...now }, policy);
    expect(rests.model.state).toEqual({ name: 'NoNewUpdate', step: 'rest' });
    expect(rests.model.memory.check.dueMono).toBeGreaterThanOrEqual(now.mono + policy.steadyIntervalMs);
  });
});
