/** The order of nodes that wait, at the built lock server. */
import { afterEach, beforeEach, expect, it } from 'vitest';

import { LockdOnHost, run } from '../support/lockd-on-host.ts';

const LIMIT_MS = 30_000;

let lockd: LockdOnHost;
beforeEach(async () => {
  lockd = await LockdOnHost.create();
});
afterEach(() => lockd[Symbol.asyncDispose]());

const takes = async (id: string): Promise<string> => {
  const { status, kind } = await lockd.ask('pre-reboot', id);
  return `${status} ${kind}`;
};
const list = async (): Promise<string> => (await run('locks', 'list', ...lockd.socket)).stdout;

it('the node that waits for longest gets the slot, although another one asks first; a restart forgets the order', async () => {
  await lockd.configure('[[group]]\nname = "workers"\nslots = 1\n', 'retry_after_secs = 40');
  await lockd.start();
  expect([await takes('a'), await takes('b'), await takes('c')]).toEqual([
    '200 ',
    '423 all_slots_full',
    '423 all_slots_full',
  ]);
  expect(await list()).toMatch(/\n {2}2 wait, the first for .*: b, c\n/);
  expect(await lockd.metric('zincati_lockd_waiting')).toBe('zincati_lockd_waiting{group="workers"} 2');
  expect(await lockd.ask('steady-state', 'a')).toMatchObject({ status: 200 });
  const refused = await lockd.ask('pre-reboot', 'c');
  expect(refused).toMatchObject({ status: 423, kind: 'others_first' });
  expect(Number(refused.retryAfter)).toBeGreaterThan(0);
  expect(Number(refused.retryAfter)).toBeLessThanOrEqual(40);
  expect(await takes('b')).toBe('200 ');
  expect(await list()).toMatch(/\n {2}1 wait, the first for .*: c\n/);

  expect(await lockd.ask('steady-state', 'b')).toMatchObject({ status: 200 });
  expect(await takes('new')).toBe('423 others_first');
  lockd.signal('SIGTERM');
  expect(await lockd.ended()).toBe(0);
  await lockd.start();
  expect(await takes('new')).toBe('200 ');
});

it('a free slot is kept for a node that is gone for a short time alone', async () => {
  await lockd.configure('[[group]]\nname = "workers"\nslots = 1\n', 'retry_after_secs = 1');
  await lockd.start();
  expect([await takes('a'), await takes('gone')]).toEqual(['200 ', '423 all_slots_full']);
  expect(await lockd.ask('steady-state', 'a')).toMatchObject({ status: 200 });
  const beginMono = performance.now();
  let last = await takes('b');
  while (last !== '200 ') {
    expect(last).toBe('423 others_first');
    expect(performance.now() - beginMono).toBeLessThan(LIMIT_MS);
    last = await takes('b');
  }
  expect(performance.now() - beginMono).toBeGreaterThan(1000);
  expect(await list()).not.toContain('wait');
});
