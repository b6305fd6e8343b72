/** A lock server within this process, on loopback, in front of a store that a test has spoiled or slowed down. */
import { once } from 'node:events';
import { createApp } from '../../../fleet/lockd/http-app.ts';
import { LockService } from '../../../fleet/lockd/lock-service.ts';
import type { LockStore } from '../../../fleet/lockd/lock-store.ts';
import { LockdMetrics } from '../../../fleet/lockd/metrics.ts';
import { serveNodes } from '../../../fleet/lockd/node-api.ts';
import { createLogger } from '../../../src/log/log.ts';

export type SpoiltStore = Pick<LockStore, 'read' | 'write'>;

export interface ServedStore extends AsyncDisposable {
  readonly url: string;
  /** Resolves when no connection is open. */
  readonly idle: () => Promise<void>;
  /** Resolves when all that was asked so far is decided. */
  readonly settled: () => Promise<void>;
}

class RecordedService extends LockService {
  readonly answers: ReturnType<LockService['ask']>[] = [];

  override ask(...all: Parameters<LockService['ask']>): ReturnType<LockService['ask']> {
    const answer = super.ask(...all);
    this.answers.push(answer);
    return answer;
  }
}

/** The store stays open at the end. */
export async function serveStore(group: string, slots: number, store: SpoiltStore): Promise<ServedStore> {
  const service = new RecordedService({
    store: {
      read: (name) => store.read(name),
      write: (name, write, revision) => store.write(name, write, revision),
      history: () => Promise.resolve([]),
      close: () => Promise.resolve(),
    },
    now: Date.now,
    mono: () => performance.now(),
    retryAfterMs: () => 1000,
    tooLong: () => undefined,
    pausedItself: () => undefined,
  });
  service.configure([{ name: group, slots, maxHoldMs: 3_600_000, tokenHashes: [], clientNames: [] }]);
  const faults: unknown[] = [];
  const { app, server } = createApp(undefined, (error) => faults.push(error));
  serveNodes(app, {
    service,
    metrics: new LockdMetrics(),
    log: createLogger({ level: 'error', format: 'auto', env: {} }),
    now: Date.now,
    retryAfterMs: () => 1000,
    isEnding: () => false,
  });
  const closing: Promise<unknown>[] = [];
  server.on('connection', (socket) => closing.push(once(socket, 'close')));
  return {
    url: await app.listen({ host: '127.0.0.1', port: 0 }),
    idle: async () => {
      await Promise.all(closing);
    },
    settled: async () => {
      await Promise.allSettled(service.answers);
    },
    [Symbol.asyncDispose]: async () => {
      await app.close();
      if (faults.length > 0) {
        throw new AggregateError(faults, 'the lock server has faults');
      }
    },
  };
}
