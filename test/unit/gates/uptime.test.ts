import { describe, expect, it } from 'vitest';

import { joinVerdicts } from '../../../src/gates/gatekeeper.ts';
import { judgeUptime, uptimeStrategy } from '../../../src/gates/uptime.ts';
import { checkResult, deployment, POLICY, release } from '../../support/samples.ts';
import { SimulatedNode } from '../../support/simulated-node.ts';

const MINUTE = 60_000;
const NOW = 1_000 * MINUTE;
const LIMITS = { minUptimeMs: 10 * MINUTE, firstBootGraceMs: 30 * MINUTE };
const signal = new AbortController().signal;

describe('uptime', () => {
  it('holds until the very instant at which the node is up for long enough', () => {
    expect(judgeUptime({ uptimeMs: 4 * MINUTE, firstBoot: false }, LIMITS, NOW)).toEqual({
      verdict: 'deny',
      reason: 'up for less than 10 minutes',
      label: 'uptime',
      until: NOW + 6 * MINUTE,
    });
    expect(judgeUptime({ uptimeMs: 10 * MINUTE, firstBoot: false }, LIMITS, NOW).verdict).toBe('allow');
  });

  it('holds longer in the first boot of the machine', () => {
    expect(judgeUptime({ uptimeMs: MINUTE, firstBoot: true }, LIMITS, NOW)).toEqual({
      verdict: 'deny',
      reason: 'first boot of this machine: no reboot in its first 30 minutes',
      label: 'first_boot',
      until: NOW + 29 * MINUTE,
    });
    expect(judgeUptime({ uptimeMs: 30 * MINUTE, firstBoot: true }, LIMITS, NOW).verdict).toBe('allow');
  });

  it('asks for the longer of the two', () => {
    const limits = { minUptimeMs: 60 * MINUTE, firstBootGraceMs: 30 * MINUTE };
    expect(judgeUptime({ uptimeMs: 45 * MINUTE, firstBoot: true }, limits, NOW)).toMatchObject({
      label: 'uptime',
      until: NOW + 15 * MINUTE,
    });
  });

  it('looks at nothing when no limit is set', async () => {
    const gate = uptimeStrategy({ minUptimeMs: 0, firstBootGraceMs: 0 }, () => {
      throw new Error('looked');
    });
    expect((await gate.canFinalize(NOW, signal)).verdict).toBe('allow');
  });

  it('denies when it cannot tell', async () => {
    const gate = uptimeStrategy(LIMITS, () => Promise.reject(new Error('no /proc')));
    expect(await gate.canFinalize(NOW, signal)).toEqual({
      verdict: 'deny',
      reason: 'cannot tell for how long this node is up: no /proc',
      label: 'uptime',
    });
  });

  it('lets the agent of a new machine reboot at the end of its grace, not before and not later', () => {
    const node: SimulatedNode = new SimulatedNode(
      {
        policy: POLICY,
        check: () => checkResult({ kind: 'update', release: release('2.0', 2) }),
        localVerdict: (at) =>
          joinVerdicts([judgeUptime({ uptimeMs: node.mono, firstBoot: true }, LIMITS, at)]),
      },
      [deployment('1.0', { booted: true })],
    );
    node.pass(MINUTE);
    node.runUntil((n) => n.effect.kind === 'finalize');
    expect(node.mono).toBe(30 * MINUTE);
  });
});
