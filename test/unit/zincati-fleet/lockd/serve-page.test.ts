/** The page for people while its store fails, and while many ask. */
import { afterEach, expect, it } from 'vitest';

import { createApp } from '../../../../fleet/lockd/http-app.ts';
import { LockService } from '../../../../fleet/lockd/lock-service.ts';
import { servePage } from '../../../../fleet/lockd/serve-page.ts';
import { SqliteStore } from '../../../../fleet/lockd/sqlite-store.ts';

const AT = Date.UTC(2026, 10, 26);
let mono = 0;
let reads = 0;

class CountedStore extends SqliteStore {
  override read(...all: Parameters<SqliteStore['read']>): ReturnType<SqliteStore['read']> {
    reads++;
    return super.read(...all);
  }
}

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.map((close) => close()));
  closing = [];
});

function served(isLocal = true) {
  [mono, reads] = [0, 0];
  const store = new CountedStore(':memory:');
  const now = (): number => AT + mono;
  const service = new LockService({
    store,
    now,
    mono: () => mono,
    retryAfterMs: () => 60_000,
    tooLong: () => undefined,
    pausedItself: () => undefined,
  });
  service.configure([{ name: 'workers', slots: 1, maxHoldMs: 1000, tokenHashes: [], clientNames: [] }]);
  const faults: unknown[] = [];
  const { app } = createApp(undefined, (error) => faults.push(error));
  servePage(app, { service, now, mono: () => mono, tokenHashes: () => [], isLocal });
  closing.push(
    () => app.close(),
    () => store.close(),
  );
  const get = async () => {
    const { statusCode, body } = await app.inject({ url: '/', headers: { host: 'localhost' } });
    return { statusCode, body };
  };
  return { store, service, get, faults };
}

it('says that the store fails, and shows what was seen last', async () => {
  const { store, service, get, faults } = served();
  await service.ask('workers', { kind: 'take', id: 'node-7', at: AT, by: '192.0.2.1' });
  await store.close();
  const { statusCode, body } = await get();
  expect(statusCode).toBe(200);
  expect(body).toContain('The store does not answer.');
  expect(body).toContain('node-7');
  expect(body).not.toContain('What happened last');
  expect(faults).toEqual([]);
});

it('asks the store once for all who look within two seconds', async () => {
  const { service, get } = served();
  const pages = await Promise.all(Array.from({ length: 50 }, get));
  expect(new Set(pages.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
  expect(reads).toBe(1);
  await service.ask('workers', { kind: 'take', id: 'node-7', at: AT, by: '192.0.2.1' });
  mono = 2001;
  expect((await get()).body).toContain('node-7');
});

it('opens to nobody at an address that others reach, although a reload has dropped its tokens', async () => {
  const { get } = served(false);
  expect((await get()).statusCode).toBe(401);
  expect(reads).toBe(0);
});
