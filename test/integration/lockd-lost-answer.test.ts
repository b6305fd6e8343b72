/**
 * What a person has done is told to them, although an answer was lost on the way. It may be that of a store, of one member of
 * etcd, or of lockd. Both stores are real ones, and `zincati-fleet locks` is the built program.
 */
import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { request } from 'undici';

import { serveAdmins } from '../../fleet/lockd/admin-api.ts';
import { EtcdStore } from '../../fleet/lockd/etcd-store.ts';
import { createApp } from '../../fleet/lockd/http-app.ts';
import { LockService } from '../../fleet/lockd/lock-service.ts';
import { StoreError, type LockStore } from '../../fleet/lockd/lock-store.ts';
import { SqliteStore } from '../../fleet/lockd/sqlite-store.ts';
import { createLogger } from '../../src/log/log.ts';
import { EtcdCluster } from '../support/etcd.ts';
import { run, type Ended } from '../support/lockd-on-host.ts';

const GROUPS = ['release', 'pause', 'resume'] as const;
const BY = { at: Date.UTC(2026, 10, 26), by: 'somebody' };

let etcd: EtcdCluster;
let folder: string;
beforeAll(async () => {
  etcd = await EtcdCluster.start(1);
  folder = await mkdtemp(path.join(tmpdir(), 'lockd-lost-answer-'));
}, 60_000);
afterAll(async () => {
  await etcd[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const STORES: readonly (readonly [string, () => LockStore])[] = [
  ['SQLite', () => new SqliteStore(path.join(folder, 'locks.db'))],
  ['etcd', () => new EtcdStore({ endpoints: etcd.endpoints })],
];

/** How many more answers are lost, of each group. */
type Losses = Map<string, number>;

function loses(losses: Losses, group: string): boolean {
  const left = losses.get(group) ?? 0;
  losses.set(group, left - 1);
  return left > 0;
}

/** It writes, and says that nobody knows. */
function forgetting(store: LockStore, losses: Losses): LockStore {
  return {
    read: (name) => store.read(name),
    write: async (name, write, revision) => {
      const isDone = await store.write(name, write, revision);
      if (loses(losses, name)) {
        throw new StoreError('the answer was lost');
      }
      return isDone;
    },
    history: (name, most) => store.history(name, most),
    close: () => store.close(),
  };
}

interface Served {
  readonly locks: (action: string, ...words: string[]) => Promise<Ended>;
  /** Kinds, the latest last, without slots being set and taken. */
  readonly history: (group: string) => Promise<readonly string[]>;
}

/** A lock server in which `a` holds the slot of the first group, and the last one is paused. */
async function serve(store: LockStore, prefix: string, lost: Losses = new Map()): Promise<Served> {
  const service = new LockService({
    store,
    now: Date.now,
    mono: () => performance.now(),
    retryAfterMs: () => 1000,
    tooLong: () => undefined,
    pausedItself: () => undefined,
  });
  const nameOf = (group: string): string => `${prefix}-${group}`;
  service.configure(
    GROUPS.map((group) => ({
      name: nameOf(group),
      slots: 1,
      maxHoldMs: 3_600_000,
      tokenHashes: [],
      clientNames: [],
    })),
  );
  const log = createLogger({ level: 'error', format: 'auto', env: {} });
  const { app } = createApp(undefined, (error) => {
    throw error;
  });
  app.addHook('onSend', async (asked) => {
    const group = /groups\/([^/]+)\/(?:release|pause|resume)$/.exec(asked.url)?.[1];
    if (group !== undefined && loses(lost, group)) {
      asked.raw.socket.destroy();
    }
  });
  serveAdmins(app, { service, log, now: Date.now, mayEnter: () => true });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    await app.close();
    await store.close();
  });
  await service.ask(nameOf('release'), { kind: 'take', id: 'a', ...BY });
  await service.ask(nameOf('resume'), { kind: 'pause', reason: '', nonce: 'before', ...BY });
  return {
    locks: (action, ...words) => run('locks', action, nameOf(action), ...words, '--url', url),
    history: async (group) =>
      (await store.history(nameOf(group), 10))
        .toReversed()
        .map(({ kind }) => kind)
        .filter((kind) => kind !== 'taken'),
  };
}

async function expectDoneOnce({ locks, history }: Served): Promise<void> {
  const ends = [locks('release', 'a'), locks('pause', '--reason', 'disks'), locks('resume')];
  expect((await Promise.all(ends)).map(({ code, stdout, stderr }) => [code, stdout, stderr])).toEqual([
    [0, 'freed\n', ''],
    [0, 'paused\n', ''],
    [0, 'resumed\n', ''],
  ]);
  expect(await history('release')).toEqual(['released']);
  expect(await history('pause')).toEqual(['paused']);
  expect(await history('resume')).toEqual(['paused', 'resumed']);
}

describe.each(STORES)('an answer that is lost: %s', (name, open) => {
  it('by the store', async () => {
    const losses: Losses = new Map();
    const served = await serve(forgetting(open(), losses), `store-${name}`);
    GROUPS.forEach((group) => losses.set(`store-${name}-${group}`, 1));
    await expectDoneOnce(served);
  });

  it('by lockd, on its way to the person', async () => {
    const lost: Losses = new Map(GROUPS.map((group) => [`way-${name}-${group}`, 1]));
    await expectDoneOnce(await serve(open(), `way-${name}`, lost));
  });

  it('again and again: it is not known whether it was done, and they are told where to look', async () => {
    const lost: Losses = new Map([[`gone-${name}-release`, 100]]);
    const { locks, history } = await serve(open(), `gone-${name}`, lost);
    const { code, stderr } = await locks('release', 'a');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/; it may be done: locks history tells\n$/)]);
    expect(await history('release')).toEqual(['released']);
  });
});

it('the transaction that one member of etcd has done, and another one is asked for again, is known as done', async () => {
  const [member = ''] = etcd.endpoints;
  let lost = 0;
  let isLossy = false;
  const proxy = createServer((asked, reply) => {
    void (async () => {
      const answer = await request(`${member}${asked.url ?? ''}`, { method: 'POST', body: asked });
      const text = await answer.body.text();
      if (isLossy && text.includes('"succeeded":true') && text.includes('response_put')) {
        lost++;
        reply.destroy();
      } else {
        reply.writeHead(answer.statusCode, { 'content-type': 'application/json' }).end(text);
      }
    })();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.close().closeAllConnections();
  });
  const address = proxy.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const served = await serve(new EtcdStore({ endpoints: [`http://127.0.0.1:${port}`, member] }), 'member');
  isLossy = true;
  // It goes on with the member that has answered, so one loss is all there is.
  expect((await served.locks('release', 'a')).stdout).toBe('freed\n');
  expect(lost).toBe(1);
  expect(await served.history('release')).toEqual(['released']);
});
