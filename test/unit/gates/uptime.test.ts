import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  judgeUptime,
  timeUptime,
  uptimeGate,
  type UptimeLimits,
  type UptimeReading,
} from '../../../src/gates/uptime.ts';
import { MINUTE_MS } from '../../../src/text/units.ts';
import { question } from '../../support/question.ts';
import { checkResult, deployment, POLICY, release } from '../../support/samples.ts';
import { SimulatedNode } from '../../support/simulated-node.ts';

const NOW = question(1_000 * MINUTE_MS);
const LIMITS = { minUptimeMs: 10 * MINUTE_MS, firstBootGraceMs: 30 * MINUTE_MS };
const signal = new AbortController().signal;

describe('uptime', () => {
  it('holds until the very instant at which the node is up for long enough', () => {
    expect(judgeUptime({ uptimeMs: 4 * MINUTE_MS, firstBoot: false }, NOW, LIMITS)).toEqual({
      gate: 'uptime',
      verdict: 'block',
      reason: 'up for less than 10 minutes',
      label: 'uptime',
      nextAt: NOW.at + 6 * MINUTE_MS,
      evidence: { uptimeMs: 4 * MINUTE_MS, neededMs: 10 * MINUTE_MS, firstBoot: false },
    });
    expect(judgeUptime({ uptimeMs: 10 * MINUTE_MS, firstBoot: false }, NOW, LIMITS)).toMatchObject({
      verdict: 'pass',
      evidence: { uptimeMs: 10 * MINUTE_MS, neededMs: 10 * MINUTE_MS, firstBoot: false },
    });
  });

  it('holds longer in the first boot of the machine', () => {
    expect(judgeUptime({ uptimeMs: MINUTE_MS, firstBoot: true }, NOW, LIMITS)).toEqual({
      gate: 'uptime',
      verdict: 'block',
      reason: 'first boot of this machine: no reboot in its first 30 minutes',
      label: 'first_boot',
      nextAt: NOW.at + 29 * MINUTE_MS,
      evidence: { uptimeMs: MINUTE_MS, neededMs: 30 * MINUTE_MS, firstBoot: true },
    });
    expect(judgeUptime({ uptimeMs: 30 * MINUTE_MS, firstBoot: true }, NOW, LIMITS).verdict).toBe('pass');
  });

  it('asks for the longer of the two', () => {
    const limits = { minUptimeMs: 60 * MINUTE_MS, firstBootGraceMs: 30 * MINUTE_MS };
    expect(judgeUptime({ uptimeMs: 45 * MINUTE_MS, firstBoot: true }, NOW, limits)).toMatchObject({
      label: 'uptime',
      nextAt: NOW.at + 15 * MINUTE_MS,
    });
  });

  it('names the uptime, not the first boot, where both ask for as long', () => {
    const limits = { minUptimeMs: 30 * MINUTE_MS, firstBootGraceMs: 30 * MINUTE_MS };
    expect(judgeUptime({ uptimeMs: 0, firstBoot: true }, NOW, limits).label).toBe('uptime');
  });

  it('looks at nothing when no limit is set', async () => {
    const none = { minUptimeMs: 0, firstBootGraceMs: 0 };
    let looks = 0;
    const gate = uptimeGate(none, () => {
      looks += 1;
      return Promise.reject(new Error('looked'));
    });
    const passing = { gate: 'uptime', verdict: 'pass', reason: 'no limit is set', label: 'uptime' };
    expect(await gate.ask(NOW, signal)).toEqual(passing);
    expect(looks).toBe(0);
    expect(judgeUptime({ uptimeMs: 0, firstBoot: true }, NOW, none)).toEqual(passing);
    expect(judgeUptime('unneeded', NOW, LIMITS)).toEqual(passing);
  });

  it('holds with one limit alone, whichever it is', async () => {
    const facts = { uptimeMs: 0, firstBoot: true };
    const least = uptimeGate({ minUptimeMs: 1, firstBootGraceMs: 0 }, () => Promise.resolve(facts));
    expect(await least.ask(NOW, signal)).toMatchObject({ verdict: 'block', label: 'uptime' });
    const grace = uptimeGate({ minUptimeMs: 0, firstBootGraceMs: 1 }, () => Promise.resolve(facts));
    expect(await grace.ask(NOW, signal)).toMatchObject({ verdict: 'block', label: 'first_boot' });
  });

  it('blocks when it cannot tell', async () => {
    const gate = uptimeGate(LIMITS, () => Promise.reject(new Error('no /proc')));
    expect(await gate.ask(NOW, signal)).toEqual({
      gate: 'uptime',
      verdict: 'block',
      reason: 'cannot tell for how long this node is up: no /proc',
      label: 'uptime',
    });
  });

  it('blocks up to nextAt and passes from there, whatever the limits', () => {
    const minutes = fc.integer({ min: 0, max: 2000 * MINUTE_MS });
    fc.assert(
      fc.property(minutes, minutes, minutes, fc.boolean(), (uptimeMs, minUptimeMs, graceMs, firstBoot) => {
        const limits = { minUptimeMs, firstBootGraceMs: graceMs };
        const after = (ms: number) =>
          judgeUptime({ uptimeMs: uptimeMs + ms, firstBoot }, question(NOW.at + ms), limits);
        const { verdict, nextAt } = after(0);
        if (verdict === 'pass') {
          expect(nextAt).toBeUndefined();
          return;
        }
        const leftMs = nextAt! - NOW.at;
        expect(after(leftMs - 1)).toMatchObject({ verdict: 'block', nextAt });
        expect(after(leftMs).verdict).toBe('pass');
      }),
    );
  });

  it('foretells when the node is up for long enough, if a limit is set and the uptime is known', () => {
    const young = { uptimeMs: 4 * MINUTE_MS, firstBoot: false };
    const passesFrom = (reading: UptimeReading, limits: UptimeLimits): unknown => {
      const { class: of, passAfter } = timeUptime(reading, NOW, limits);
      return { of, ...passAfter(NOW.at) };
    };
    const atOnce = { of: 'timed', fromAt: NOW.at };
    expect(passesFrom(young, LIMITS)).toEqual({ of: 'timed', fromAt: NOW.at + 6 * MINUTE_MS });
    expect(passesFrom({ ...young, uptimeMs: 11 * MINUTE_MS }, LIMITS)).toEqual(atOnce);
    expect(passesFrom('unneeded', LIMITS)).toEqual(atOnce);
    expect(passesFrom({ problem: 'no /proc' }, { minUptimeMs: 0, firstBootGraceMs: 0 })).toEqual(atOnce);
    expect(passesFrom({ problem: 'no /proc' }, LIMITS)).toEqual({ ...atOnce, of: 'observed' });
  });

  it('lets the agent of a new machine reboot at the end of its grace, not before and not later', () => {
    const node: SimulatedNode = new SimulatedNode(
      {
        policy: POLICY,
        check: () => checkResult({ kind: 'update', release: release('2.0', 2) }),
        survey: (asked) => [judgeUptime({ uptimeMs: node.mono, firstBoot: true }, asked, LIMITS)],
      },
      [deployment('1.0', { booted: true })],
    );
    node.pass(MINUTE_MS);
    node.runUntil((n) => n.effect.kind === 'finalize');
    expect(node.mono).toBe(30 * MINUTE_MS);
  });
});
