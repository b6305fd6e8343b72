/** When the agent says what Zincati says: on a node without I/O, in virtual time. */
import { describe, expect, it } from 'vitest';
import { checkResult, checksumOf, deployment, POLICY, release, staged } from '../../support/samples.ts';
import { SimulatedNode, type World } from '../../support/simulated-node.ts';

const MINUTE = 60_000;
const V2 = release('2.0', 2);

function node(world: Partial<World> = {}): SimulatedNode {
  return new SimulatedNode(
    {
      policy: { ...POLICY, jitter: false },
      check: () => checkResult({ kind: 'update', release: V2 }),
      ...world,
    },
    [deployment('1.0', { booted: true })],
  );
}

describe("Zincati's lines", () => {
  it('diff 10: names what lies on disk and is no update target, each once', () => {
    const simulated = node({ check: () => checkResult({ kind: 'no-update' }) });
    simulated.deployments = [
      staged('3.0', { finalizationLocked: false }),
      deployment('1.0', { booted: true }),
      deployment('0.9'),
      deployment('0.9', { id: 'another' }),
      deployment('0.8'),
      deployment('1.0', { id: 'the same again' }),
      deployment('built here', { payload: undefined }),
    ];
    simulated.restart();
    simulated.runFor(MINUTE);
    expect(simulated.log.filter((line) => /other finalized|excluded/.test(line))).toEqual([
      'INFO  found 2 other finalized deployments',
      `INFO  deployment 0.9 (${checksumOf('0.9')}) will be excluded from being a future update target`,
      `INFO  deployment 0.8 (${checksumOf('0.8')}) will be excluded from being a future update target`,
    ]);
  });

  it('diff 10: says nothing where nothing else lies on disk', () => {
    const simulated = node({ check: () => checkResult({ kind: 'no-update' }) });
    simulated.runFor(MINUTE);
    expect(simulated.log.join('\n')).not.toMatch(/other finalized|excluded/);
  });

  it('diff 10: tells of a grace period when it begins, before its last minute, and at its end', () => {
    const simulated = node({ sessions: () => [{ user: 'core', tty: 'pts/0' }] });
    const at: string[] = [];
    let seen = 0;
    simulated.runUntil(({ log, mono, reboots }) => {
      for (const line of log.slice(seen)) {
        if (line.startsWith('WARN')) {
          at.push(`${mono / MINUTE}: ${line.slice('WARN  '.length)}`);
        }
      }
      seen = log.length;
      return reboots > 0;
    });
    expect(at).toEqual([
      '0: interactive sessions detected, entering grace period (maximum 10 minutes)',
      '9: last attempt to wait for the end of all interactive sessions',
      '10: reached end of grace period while waiting for interactive sessions',
    ]);
  });

  it('diff 10: tells of no end where nobody was waited for', () => {
    const sessions = { ...POLICY.sessions, graceMinutes: 0 };
    const simulated = node({
      policy: { ...POLICY, jitter: false, sessions },
      sessions: () => [{ user: 'core', tty: 'pts/0' }],
    });
    simulated.runUntil(({ reboots }) => reboots > 0);
    expect(simulated.log.filter((line) => line.startsWith('WARN'))).toEqual([]);
  });
});
