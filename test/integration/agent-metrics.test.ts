/** The metrics of the built agent after it has done everything once, over TCP, as Prometheus reads them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { startLockServer } from '../../sandbox/lock-server.ts';
import { bootedDeployment, stagedDeployment } from '../../sandbox/stand-in.ts';
import { freePort } from '../support/loopback.ts';
import { ReleasedHost } from '../support/released-host.ts';

it('tell of a whole update, over HTTP as on the socket, in a text that promtool reads', async () => {
  const server = await startLockServer({ groups: { default: 1 }, clock: Date });
  onTestFinished(() => server.stop());
  const port = await freePort();
  const host = await ReleasedHost.start({
    booted: 'oldest',
    config: `updates.strategy = "fleet_lock"
updates.fleet_lock.base_url = "${server.baseUrl}"
# However long it takes, there is one check.
agent.timing.steady_interval_secs = 600
metrics.listen = "127.0.0.1:${port}"`,
  });
  onTestFinished(() => host[Symbol.asyncDispose]());
  const agent = host.startAgent();
  await agent.says(/^debug EndState: waiting/);
  const reply = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(reply.status).toBe(200);
  expect(reply.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const metrics = await reply.text();
  const booted = bootedDeployment(host.root).version;
  const target = stagedDeployment(host.root)!.version;
  const lines = metrics.split('\n');
  for (const line of [
    `zincati_identity_os_info{os_version="${booted}",basearch="x86_64",stream="stable",platform="metal"} 1`,
    'zincati_identity_rollout_wariness 0',
    'zincati_updates_strategy_mode{strategy="fleet_lock"} 1',
    'zincati_update_agent_updates_enabled 1',
    'zincati_update_agent_updates_allow_downgrade 0',
    `zincati_update_agent_info{state="EndState",target_version="${target}"} 1`,
    'zincati_update_agent_finalization_attempts 1',
    'zincati_update_agent_finalization_successes 1',
    'zincati_updates_strategy_can_finalize_responses{response="allow"} 1',
    'zincati_strategy_fleet_lock_requests_total{api="steady-state"} 1',
    'zincati_strategy_fleet_lock_requests_total{api="pre-reboot"} 1',
    'zincati_cincinnati_update_checks_total 1',
    'zincati_cincinnati_booted_release_is_deadend 0',
    'zincati_rpm_ostree_deploy_attempts_total 1',
    'zincati_rpm_ostree_deploy_failures_total 0',
    'zincati_rpm_ostree_finalize_attempts_total 1',
    'zincati_rpm_ostree_finalize_failures_total 0',
  ]) {
    expect(lines).toContain(line);
  }
  // Both ways give the same numbers; only the time of reading differs.
  const names = (of: string): string[] => of.split('\n').filter((line) => line.startsWith('# TYPE '));
  expect(names(await agent.metrics())).toEqual(names(metrics));
  const promtool = spawn('promtool', ['check', 'metrics'], { stdio: ['pipe', 'ignore', 'pipe'] });
  promtool.stdin.end(metrics);
  const [complaints] = await Promise.all([text(promtool.stderr), once(promtool, 'exit')]);
  // Its complaints about names concern Zincati's names. Unreadable text would be an error.
  expect(complaints).not.toMatch(/error while linting|parse/i);
  expect(await agent.stop()).toEqual([0, null]);
  await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
});

it('the server answers what it does not have as well, with what is left of its library in the bundle', async () => {
  const port = await freePort();
  const host = await ReleasedHost.start({ booted: 'newest', config: `metrics.listen = "127.0.0.1:${port}"` });
  onTestFinished(() => host[Symbol.asyncDispose]());
  await host.startAgent().says(/steady state/);
  const ask = async (path: string, options?: RequestInit) => {
    const reply = await fetch(`http://127.0.0.1:${port}${path}`, options);
    return [reply.status, await reply.text()] as const;
  };
  const [status, body] = await ask('/nothing?a=%20#b');
  expect([status, JSON.parse(body)]).toEqual([
    404,
    { message: 'Route GET:/nothing?a=%20 not found', error: 'Not Found', statusCode: 404 },
  ]);
  expect((await ask('/%'))[0]).toBe(400);
  const post = { method: 'POST', headers: { 'content-type': 'application/json' } };
  expect((await ask('/metrics', { ...post, body: '{}' }))[0]).toBe(404);
  expect((await ask('/metrics', { ...post, body: '{"__proto__":1}' }))[0]).toBe(400);
  expect(await ask('/metrics', { method: 'HEAD' })).toEqual([200, '']);
  expect((await ask('/metrics'))[0]).toBe(200);
});
