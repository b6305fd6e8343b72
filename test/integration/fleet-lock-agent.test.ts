/** The whole agent with a lock server: when it asks, and that it gives back a slot that it does not use. */
import { describe, expect, it, onTestFinished } from 'vitest';

import { startLockServer, type LockServer } from '../../sandbox/lock-server.ts';
import { RpmOstreeError } from '../../src/errors.ts';

import { block, pass } from '../../src/gates/verdict.ts';
import { gateOf } from '../support/gate-of.ts';
import { LockAgent } from '../support/lock-agent.ts';
import { freePort } from '../support/loopback.ts';

const MINUTE = 60_000;
const OTHER = 'f'.repeat(32);

async function serve(): Promise<LockServer> {
  const server = await startLockServer({ groups: { workers: 1 }, clock: Date });
  onTestFinished(() => server.stop());
  return server;
}

/** The story in short: `steady 200`, `pre 409`, ... */
function story({ requests }: LockServer): string[] {
  return requests.map(
    ({ api, status, fault }) => `${api === 'pre-reboot' ? 'pre' : 'steady'} ${fault ?? status}`,
  );
}

describe('the agent and its lock server', () => {
  it('a node takes a slot for its reboot, keeps it, and gives it back after the boot', async () => {
    const server = await serve();
    const agent = new LockAgent(server);
    await agent.live(() => agent.finalized === 1);
    expect(story(server)).toEqual(['steady 200', 'pre 200']);
    expect(await server.holders('workers')).toEqual([agent.nodeUuid]);
    const booted = new LockAgent(server);
    await booted.live(() => server.requests.length === 3);
    expect(story(server)).toEqual(['steady 200', 'pre 200', 'steady 200']);
    expect(await server.holders('workers')).toEqual([]);
  });

  it('a node waits its turn', async () => {
    const server = await serve();
    const other = new LockAgent({ ...server, nodeUuid: OTHER });
    await other.live(() => other.finalized === 1);
    const agent = new LockAgent(server);
    await agent.live(() => agent.clock.monotonic() > 30 * MINUTE);
    expect(agent.finalized).toBe(0);
    expect(agent.model.state).toMatchObject({
      name: 'UpdateStaged',
      holding: {
        by: 'strategy',
        reason: expect.stringMatching(/^lock server says: failed_lock_semaphore_full: /) as string,
      },
    });
    expect(agent.count('acquire-slot')).toBeLessThanOrEqual(8);
    // Field 1: nothing was lent, so nothing is given back.
    expect(agent.count('release-slot')).toBe(1);
    await server.release('workers', OTHER);
    await agent.live(() => agent.finalized === 1);
    expect(await server.holders('workers')).toEqual([agent.nodeUuid]);
  });

  it('B4: a finalization that fails gives the slot back within seconds, so that others get it', async () => {
    const server = await serve();
    const sick = new LockAgent(server);
    sick.finalizeFault = new RpmOstreeError('rpm_ostree_failed', 'no space left on device');
    await sick.live(() => server.requests.length === 3);
    expect(story(server)).toEqual(['steady 200', 'pre 200', 'steady 200']);
    expect(await server.holders('workers')).toEqual([]);
    const began = (kind: string): number =>
      sick.effects.findLast((effect) => effect.kind === kind)?.mono ?? NaN;
    expect(began('release-slot') - began('finalize')).toBeLessThan(5000);
    const healthy = new LockAgent({ ...server, nodeUuid: OTHER });
    await healthy.live(() => healthy.finalized === 1);
  });

  it('B5: nothing is asked for while somebody is logged in', async () => {
    const server = await serve();
    const agent = new LockAgent(server);
    agent.sessions = [{ user: 'core', tty: 'pts/0' }];
    await agent.live(() => agent.clock.monotonic() >= 9 * MINUTE);
    expect(story(server)).toEqual(['steady 200']);
    agent.sessions = [];
    await agent.live(() => agent.finalized === 1);
    expect(story(server).filter((line) => line.startsWith('pre'))).toEqual(['pre 200']);
  });

  it('nothing is asked for while a gate says no', async () => {
    const server = await serve();
    let open = false;
    const window = gateOf('periodic', async () =>
      open ? pass('periodic', 'periodic', '') : block('periodic', 'outside_window', 'outside'),
    );
    const agent = new LockAgent({ ...server, gates: [window] });
    await agent.live(() => agent.clock.monotonic() > 60 * MINUTE);
    expect(story(server)).toEqual(['steady 200']);
    open = true;
    await agent.live(() => agent.finalized === 1);
    expect(story(server).filter((line) => line.startsWith('pre'))).toEqual(['pre 200']);
  });

  it('B24: with the lock server down from the start updates are staged all the same, and nothing reboots', async () => {
    const agent = new LockAgent({ baseUrl: `http://127.0.0.1:${await freePort()}` });
    await agent.live(() => agent.clock.monotonic() > 60 * MINUTE);
    expect(agent.stagedVersion).toBe('2.0');
    expect(agent.finalized).toBe(0);
    expect(agent.count('check')).toBeGreaterThan(5);
    expect(agent.model.state).toMatchObject({ holding: { kind: 'fleet_lock_unreachable' } });
  });

  it('B24: a lock server that comes up later is enough', async () => {
    const server = await serve();
    server.addFault({ kind: 'status', status: 503, remaining: 12 });
    const agent = new LockAgent(server);
    await agent.live(() => agent.finalized === 1);
    expect(agent.stagedVersion).toBe('2.0');
    expect(await server.holders('workers')).toEqual([agent.nodeUuid]);
  });

  it('field 1: a slot that was lent in an answer that never arrived is asked for again, and kept', async () => {
    const server = await serve();
    server.addFault({ kind: 'lost', api: 'pre-reboot', remaining: 2 });
    const agent = new LockAgent(server);
    await agent.live(() => agent.finalized === 1);
    expect(story(server)).toEqual(['steady 200', 'pre lost', 'pre lost', 'pre 200']);
    expect(await server.holders('workers')).toEqual([agent.nodeUuid]);
  });

  it('a slot that was lent to a process that died of it is given back by the next one', async () => {
    const server = await serve();
    // The second time because a connection that closes without a word is tried once more.
    server.addFault({ kind: 'lost', api: 'pre-reboot', remaining: 2 });
    const agent = new LockAgent(server);
    await agent.live(() => server.requests.some(({ fault }) => fault === 'lost'));
    expect(await server.holders('workers')).toEqual([agent.nodeUuid]);
    await agent.live(() => server.requests.length === 4);
    expect(story(server)).toEqual(['steady 200', 'pre lost', 'pre lost', 'steady 200']);
    expect(await server.holders('workers')).toEqual([]);
  });

  it('a Retry-After is kept to, in plain denials and in failures', async () => {
    for (const status of [409, 503]) {
      const server = await serve();
      server.addFault({ kind: 'status', api: 'pre-reboot', status, retryAfterSecs: 3600, remaining: 1 });
      const agent = new LockAgent(server);
      await agent.live(() => agent.clock.monotonic() >= 55 * MINUTE);
      expect(story(server).filter((line) => line.startsWith('pre'))).toHaveLength(1);
      await agent.live(() => agent.finalized === 1);
      expect(agent.finalized).toBe(1);
    }
  });
});
