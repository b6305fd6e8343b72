/** A group that pauses itself when a node does not come back: on one host, and with two servers on one etcd. */
import { expect, it } from 'vitest';
import { request } from 'undici';

import { EtcdCluster } from '../support/etcd.ts';
import { LockdProcess } from '../support/lockd/lockd-process.ts';
import { LockdOnHost, run } from '../support/lockd-on-host.ts';

const LIMIT_MS = 30_000;

/** Asks again and again until the answer is of that kind. Bounded. */
async function asksUntil(kind: string, ask: () => Promise<string>): Promise<void> {
  const deadlineMono = performance.now() + LIMIT_MS;
  for (let last = await ask(); last !== kind; last = await ask()) {
    expect(performance.now(), `still ${last}`).toBeLessThan(deadlineMono);
  }
}

it('lends nothing from then on, says which node it is, and goes on when a person resumes it', async () => {
  await using lockd = await LockdOnHost.create();
  await lockd.configure('[[group]]\nname = "workers"\nslots = 1\npause_if_held_secs = 1\n');
  await lockd.start();
  const locks = (command: string, ...args: string[]) => run('locks', command, ...args, ...lockd.socket);
  expect(await lockd.ask('pre-reboot', 'a')).toMatchObject({ status: 200 });
  await asksUntil('reboots_paused', async () => (await lockd.ask('pre-reboot', 'b')).kind);
  // A refusal writes nothing; the look of a reload writes the pause.
  lockd.signal('SIGHUP');
  await lockd.line('group workers has paused itself: node a took a slot at');
  expect(await lockd.metric('zincati_lockd_paused_itself')).toBe(
    'zincati_lockd_paused_itself{group="workers"} 1',
  );
  expect((await locks('list')).stdout).toMatch(
    /paused by lockd .* ago: node a took a slot at \S+ and has not come back within 1 s\n/,
  );

  // Neither its return nor a restart lifts the pause.
  expect(await lockd.ask('steady-state', 'a')).toMatchObject({ status: 200 });
  lockd.signal('SIGTERM');
  expect(await lockd.ended()).toBe(0);
  await lockd.start();
  await lockd.line('group workers has paused itself: node a');
  expect(await lockd.ask('pre-reboot', 'b')).toMatchObject({ status: 423, kind: 'reboots_paused' });
  expect(await locks('resume', 'workers')).toMatchObject({ code: 0 });
  expect(await lockd.ask('pre-reboot', 'b')).toMatchObject({ status: 200 });
  expect(await lockd.metric('zincati_lockd_paused_itself')).toBe(
    'zincati_lockd_paused_itself{group="workers"} 0',
  );
  const { stdout } = await locks('history', 'workers');
  expect(stdout.match(/paused {6}a {2}by lockd/g)).toHaveLength(1);
});

it('is one decision of all servers on one etcd, whichever of them lives', async () => {
  await using etcd = await EtcdCluster.start(1);
  const options = { endpoints: etcd.endpoints, groups: { workers: 2 }, keys: 'pause_if_held_secs = 1' };
  await using one = await LockdProcess.start(options);
  await using two = await LockdProcess.start(options);
  const ask = async ({ url }: LockdProcess, id: string, api = 'pre-reboot'): Promise<string> => {
    const reply = await request(`${url}/v1/${api}`, {
      method: 'POST',
      headers: { 'fleet-lock-protocol': 'true' },
      body: JSON.stringify({ client_params: { id, group: 'workers' } }),
    });
    const text = await reply.body.text();
    return /"kind":"(\w+)"/.exec(text)?.[1] ?? String(reply.statusCode);
  };
  expect([await ask(one, 'a'), await ask(one, 'b')]).toEqual(['200', '200']);
  await one.kill();
  await asksUntil('reboots_paused', () => ask(two, 'c'));
  const history = async (): Promise<string[]> => {
    const { stdout } = await run('locks', 'history', 'workers', '--socket', two.socket);
    return [...stdout.matchAll(/(paused|resumed|given-back) .*/g)].map(([line]) =>
      line.replace(/ took.*/, ''),
    );
  };
  // Both look at the same time.
  await one.revive();
  process.kill(one.pid, 'SIGHUP');
  process.kill(two.pid, 'SIGHUP');
  await asksUntil('1', async () => String((await history()).length));
  expect(await history()).toEqual([expect.stringMatching(/^paused +a +by lockd +node a$/)]);
  expect([await ask(one, 'c'), await ask(two, 'c')]).toEqual(['reboots_paused', 'reboots_paused']);
  expect([await ask(one, 'a'), await ask(two, 'b')]).toEqual(['200', '200']);

  // Both nodes are excused by then, at both servers.
  expect((await run('locks', 'resume', 'workers', '--socket', two.socket)).code).toBe(0);
  expect(await ask(one, 'b', 'steady-state')).toBe('200');
  expect(await ask(one, 'c')).toBe('200');
  expect((await history()).map((line) => line.split(' ')[0])).toEqual(['paused', 'resumed', 'given-back']);
});
