/**
 * One life of lockd: store, servers, signals.
 *
 * Invariants:
 * - SIGHUP reads the configuration again. One that cannot be used changes nothing.
 * - SIGTERM lets requests under way end, for a bounded time.
 * - If it cannot listen everywhere, it listens nowhere, and ends.
 * - It starts without its store, and says in /readyz that it is not ready.
 */
import { chmod } from 'node:fs/promises';
import { Server as HttpsServer } from 'node:https';
import type { FastifyInstance } from 'fastify';
import { linesOf, messageOf } from '../../src/errors.ts';
import { createNotifier } from '../../src/host/notify.ts';
import { createLogger } from '../../src/log/log.ts';
import { SECOND_MS } from '../../src/text/units.ts';
import { serveAdmins } from './admin-api.ts';
import { clearSocket } from './admin-socket.ts';
import { readLockdConfig, type LockdConfig, type StoreConfig } from './config.ts';
import { hasToken } from './doors.ts';
import { EtcdStore } from './etcd-store.ts';
import { createApp, tlsOptions } from './http-app.ts';
import { LockService } from './lock-service.ts';
import type { LockStore } from './lock-store.ts';
import { LockdMetrics } from './metrics.ts';
import { serveNodes } from './node-api.ts';
import { SqliteStore } from './sqlite-store.ts';

const LOOK_EVERY_MS = 15 * SECOND_MS;
const DRAIN_LIMIT_MS = 10 * SECOND_MS;

function openStore(config: StoreConfig): LockStore {
  return config.kind === 'etcd' ? new EtcdStore(config.options) : new SqliteStore(config.file);
}

/** Resolves when a signal has ended it. Rejects with ConfigError, StoreError or an error of listening. */
export async function runLockd(file: string): Promise<void> {
  let config = await readLockdConfig(file);
  const log = createLogger({ level: config.logLevel, format: 'auto', env: process.env });
  const warn = (sentences: readonly string[]): void => sentences.forEach((sentence) => log.warn(sentence));
  warn(config.warnings);
  const notifier = await createNotifier(process.env, process.pid, (text) => log.warn(text));
  const store = openStore(config.store);
  const metrics = new LockdMetrics();
  const service = new LockService({
    store,
    now: Date.now,
    tooLong: (group, { id, sinceAt }) =>
      log.warn(`slot held too long: group ${group} node ${id} since ${new Date(sinceAt).toISOString()}`),
  });
  service.configure(config.groups);
  let isEnding = false;
  let failures: readonly string[] = ['not looked yet'];
  const look = async (): Promise<void> => {
    const before = failures.length;
    failures = await service.look();
    if (failures.length > 0) {
      metrics.storeFailed();
      log.warn(`the store fails: ${failures.join('; ')}`);
    } else if (before > 0) {
      log.info('the store answers');
    }
  };

  const failed = (error: unknown): void => log.error(`a fault of the program: ${messageOf(error)}`);
  const nodes = createApp(config.tls, failed);
  serveNodes(nodes.app, {
    service,
    metrics,
    log,
    now: Date.now,
    retryAfterMs: () => config.retryAfterMs,
    isEnding: () => isEnding,
  });
  serveHealth(nodes.app, () => (isEnding ? ['about to end'] : failures));
  if (config.adminTokenHashes.length > 0) {
    const mayEnter = (authorization?: string): boolean => hasToken(authorization, config.adminTokenHashes);
    serveAdmins(nodes.app, { service, log, now: Date.now, mayEnter });
  }
  const apps: FastifyInstance[] = [nodes.app];
  const measured = config.metricsListen === undefined ? undefined : createApp(undefined, failed).app;
  if (measured !== undefined) {
    measured.get('/metrics', async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.render(service, Date.now())),
    );
    serveHealth(measured, () => (isEnding ? ['about to end'] : failures));
    apps.push(measured);
  }
  const admins = config.adminSocket === undefined ? undefined : createApp(undefined, failed).app;
  if (admins !== undefined) {
    serveAdmins(admins, { service, log, now: Date.now, mayEnter: () => true });
    apps.push(admins);
  }
  try {
    await listen(config, { nodes: nodes.app, measured, admins });
  } catch (error) {
    await Promise.allSettled([...apps.map((app) => app.close()), store.close(), notifier.close()]);
    throw error;
  }
  await look();
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, LOOK_EVERY_MS);
  log.info(`lockd serves ${config.groups.length} groups at ${config.listen.host}:${config.listen.port}`);
  notifier.ready(`serving ${config.groups.length} groups`);

  const reload = async (): Promise<void> => {
    notifier.reloading();
    try {
      const next = await readLockdConfig(file);
      warn(next.warnings);
      if (needsRestart(config, next)) {
        log.warn(
          'listen, tls (on or off), metrics, admin.socket and the store are changed by a restart alone',
        );
      }
      config = { ...next, listen: config.listen, store: config.store };
      log.setLevel(next.logLevel);
      service.configure(next.groups);
      if (next.tls !== undefined && nodes.server instanceof HttpsServer) {
        nodes.server.setSecureContext(tlsOptions(next.tls));
      }
      if (store instanceof EtcdStore && next.store.kind === 'etcd') {
        store.setLogin(next.store.options.login);
      }
      await look();
      log.info(`configuration read again: ${next.groups.length} groups`);
    } catch (error) {
      log.error(`the configuration cannot be used, the former one stays: ${linesOf(error)}`);
    }
    notifier.ready(`serving ${config.groups.length} groups`);
  };
  let reloads = Promise.resolve();
  const onHangup = (): void => {
    reloads = reloads.then(reload);
  };
  process.on('SIGHUP', onHangup);
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  isEnding = true;
  log.info('lockd ends');
  notifier.stopping();
  clearInterval(timer);
  const limit = setTimeout(() => {
    // Node ends no half request of a server that closes.
    apps.forEach((app) => app.server.closeAllConnections());
    void store.close();
  }, DRAIN_LIMIT_MS);
  await Promise.allSettled([...apps.map((app) => app.close()), looking, reloads]);
  clearTimeout(limit);
  await store.close();
  process.off('SIGHUP', onHangup);
  await notifier.close();
}

interface Apps {
  readonly nodes: FastifyInstance;
  readonly measured: FastifyInstance | undefined;
  readonly admins: FastifyInstance | undefined;
}

/** Nodes come last: they are served when all else is. */
async function listen(config: LockdConfig, { nodes, measured, admins }: Apps): Promise<void> {
  if (config.metricsListen !== undefined) {
    await measured?.listen(config.metricsListen);
  }
  if (config.adminSocket !== undefined) {
    await clearSocket(config.adminSocket);
    const mask = process.umask(0o177);
    try {
      await admins?.listen({ path: config.adminSocket });
    } finally {
      process.umask(mask);
    }
    await chmod(config.adminSocket, 0o600);
  }
  await nodes.listen(config.listen);
}

function serveHealth(app: FastifyInstance, failures: () => readonly string[]): void {
  app.get('/healthz', (_request, reply) => reply.send('ok\n'));
  app.get('/readyz', (_request, reply) => {
    const isReady = failures().length === 0;
    return reply.code(isReady ? 200 : 503).send(isReady ? 'ok\n' : 'the store does not answer\n');
  });
}

function needsRestart(before: LockdConfig, after: LockdConfig): boolean {
  const shape = ({ listen, tls, metricsListen, adminSocket, adminTokenHashes, store }: LockdConfig): string =>
    JSON.stringify([
      listen,
      tls === undefined,
      metricsListen,
      adminSocket,
      adminTokenHashes.length > 0,
      store.kind === 'etcd' ? store.options.endpoints : store.file,
    ]);
  return shape(before) !== shape(after);
}
