/**
 * The built agent, ended by SIGTERM while it rests or waits for others. killed.test.ts has the states of an
 * update under way. No time is measured: without SIGTERM the agent would wait longer than it may take to end.
 */
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startLockServer } from '../../sandbox/lock-server.ts';
import { setFaults, type Fault } from '../../sandbox/stand-in.ts';
import { readLastWords } from '../../src/history/last-words.ts';
import { METRICS_SOCKET } from '../../src/metrics/server.ts';
import { Loopback } from '../support/loopback.ts';
import { ReleasedHost, type ReleasedHostOptions } from '../support/released-host.ts';

interface Rest {
  readonly where: string;
  readonly booted: ReleasedHostOptions['booted'];
  readonly config: string;
  readonly faults?: readonly Fault[];
  readonly told: RegExp;
}

const RESTS: readonly Rest[] = [
  {
    where: 'NoNewUpdate',
    booted: 'newest',
    config: '',
    told: /^debug NoNewUpdate: waiting/,
  },
  {
    where: 'OffGraph',
    booted: 'unknown',
    config: '',
    told: /^debug OffGraph: waiting/,
  },
  {
    where: 'EndState, disabled',
    booted: 'oldest',
    config: 'updates.enabled = false',
    told: /^info initialization complete, auto-updates logic disabled by configuration/,
  },
  {
    where: 'EndState, with the reboot to come',
    booted: 'oldest',
    config: '',
    told: /^debug EndState: waiting/,
  },
  {
    where: 'UpdateStaged, held by a strategy',
    booted: 'oldest',
    config: 'updates.strategy = "manual"',
    told: /^debug UpdateStaged: waiting/,
  },
  {
    where: 'UpdateAvailable, after a deployment that failed',
    booted: 'oldest',
    config: '',
    faults: [{ kind: 'deploy-fails', remaining: 1000 }],
    told: /^error failed to stage deployment: /,
  },
  {
    where: 'StartState, registering with a daemon that is silent',
    booted: 'oldest',
    config: '',
    faults: [{ kind: 'hang', method: 'RegisterClient', remaining: 1000 }],
    told: /^info registering as the update driver/,
  },
];

/** Ends with the test, even if the test takes too long. */
async function hostOf(options: ReleasedHostOptions): Promise<ReleasedHost> {
  const host = await ReleasedHost.start(options);
  onTestFinished(() => host[Symbol.asyncDispose]());
  return host;
}

/** What the service manager and the next life of the agent find. */
async function expectCleanEnd(host: ReleasedHost): Promise<void> {
  await expect(access(join(host.root, METRICS_SOCKET))).rejects.toMatchObject({ code: 'ENOENT' });
  const folder = join(host.root, 'var/lib/zincati');
  const left: readonly string[] = await readdir(folder);
  const kept = ['state.json', 'history.log', 'last-words.json'];
  expect(left.filter((name) => !kept.includes(name))).toEqual([]);
  expect(String((await readLastWords(host.root))?.text)).toMatch(/^it was stopped; at last: ./);
  if (left.includes('state.json')) {
    JSON.parse(await readFile(join(folder, 'state.json'), 'utf8'));
  }
}

it.each(RESTS)('in $where it ends with 0 and leaves no socket', async ({ booted, config, faults, told }) => {
  const host = await hostOf({ booted, config });
  if (faults !== undefined) {
    setFaults(host.root, ...faults);
  }
  const agent = host.startAgent();
  await agent.says(told);
  expect(await agent.stop()).toEqual([0, null]);
  expect(agent.said.filter((line) => line.startsWith('stderr'))).toEqual([]);
  await expectCleanEnd(host);
});

it('last-words: leaves word of a configuration that it cannot start with, and takes that back when it starts', async () => {
  const host = await hostOf({ booted: 'newest', config: 'updates.strategy = "no such"' });
  const refused = host.startAgent();
  expect(await refused.exit()).toEqual([78, null]);
  expect(String((await readLastWords(host.root))?.text)).toMatch(/^it could not start: .*no such/);
  const file = join(host.root, 'etc/zincati/config.d/90-more.toml');
  await writeFile(file, (await readFile(file, 'utf8')).replace('no such', 'immediate'));
  const agent = host.startAgent();
  await agent.says(/^debug NoNewUpdate: waiting/);
  expect(await readLastWords(host.root)).toBeUndefined();
  expect(await agent.stop()).toEqual([0, null]);
});

it('with the lock server silent it ends with 0', async () => {
  const asked = Promise.withResolvers<undefined>();
  const server = await startLockServer({
    groups: { default: 1 },
    clock: Date,
    onRequest: ({ api }) => {
      if (api === 'pre-reboot') {
        asked.resolve(undefined);
      }
    },
  });
  onTestFinished(() => server.stop());
  server.addFault({ kind: 'hang', api: 'pre-reboot', remaining: 1 });
  const host = await hostOf({
    booted: 'oldest',
    config: `updates.strategy = "fleet_lock"
updates.fleet_lock.base_url = "${server.baseUrl}"
updates.fleet_lock.timeout_secs = 240`,
  });
  const agent = host.startAgent();
  await asked.promise;
  expect(await agent.stop()).toEqual([0, null]);
  await expectCleanEnd(host);
});

it('with the update server silent in the middle of a graph it ends with 0, and closes the connection', async () => {
  const stalled = Promise.withResolvers<undefined>();
  const loopback = new Loopback();
  onTestFinished(() => loopback.stop());
  const silent = await loopback.http((_request, reply) => {
    reply.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
    reply.write('{"nodes":', () => stalled.resolve(undefined));
  });
  const host = await hostOf({
    booted: 'newest',
    config: `cincinnati.base_url = "${silent.url}"`,
  });
  const agent = host.startAgent();
  await stalled.promise;
  expect(await agent.stop()).toEqual([0, null]);
  await silent.idle();
  await expectCleanEnd(host);
});
