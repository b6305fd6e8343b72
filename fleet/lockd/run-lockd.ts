/**
 * One life of lockd: store, servers, signals.
 *
 * Invariants:
 * - SIGHUP reads the configuration again. One that cannot be used changes nothing.
 * - Signals are heard before any port is open, so none ends a server that begins.
 * - SIGTERM lets requests under way end, for a bounded time. Then every connection is cut, whatever it waits for.
 * - A start that fails leaves nothing open: the process ends.
 * - It starts without its store, and says in /readyz that it is not ready.
 */
import { chmod } from 'node:fs/promises';
import { Server as HttpsServer } from 'node:https';
import type { FastifyInstance } from 'fastify';
import { linesOf, messageOf, printable } from '../../src/errors.ts';
import { createNotifier } from '../../src/host/notify.ts';
import { createLogger } from '../../src/log/log.ts';
import { SECOND_MS } from '../../src/text/units.ts';
import { counted } from '../counted.ts';
import { serveAdmins } from './admin-api.ts';
import { clearSocket } from './admin-socket.ts';
import { isLoopback, readLockdConfig, type LockdConfig, type StoreConfig } from './config.ts';
import { hasToken } from './doors.ts';
import { EtcdStore } from './etcd-store.ts';
import { createApp, tlsOptions, type App } from './http-app.ts';
import { LockService } from './lock-service.ts';
import type { LockStore } from './lock-store.ts';
import { LockdMetrics } from './metrics.ts';
import { serveNodes } from './node-api.ts';
import { servePage } from './serve-page.ts';
import { SqliteStore } from './sqlite-store.ts';

const LOOK_EVERY_MS = 15 * SECOND_MS;
const DRAIN_LIMIT_MS = 10 * SECOND_MS;

function openStore(config: StoreConfig): LockStore {
  return config.kind === 'etcd' ? new EtcdStore(config.options) : new SqliteStore(config.file);
}

/** Resolves when a signal has ended it. Rejects with ConfigError, StoreError or an error of listening. */
export async function runLockd(file: string): Promise<void> {
  const log = createLogger({ level: 'info', format: 'auto', env: process.env });
  // Windows follow the time zones of the host for as long as it serves.
  const warnOfZone = (text: string): void => log.warn(text);
  const started = await readLockdConfig(file, warnOfZone);
  let config = started;
  log.setLevel(config.logLevel);
  const warn = (sentences: readonly string[]): void => sentences.forEach((sentence) => log.warn(sentence));
  warn(config.warnings);
  const notifier = await createNotifier(process.env, process.pid, (text) => log.warn(text));
  const store = openStore(config.store);
  const metrics = new LockdMetrics();
  const service = new LockService({
    store,
    now: Date.now,
    mono: () => performance.now(),
    retryAfterMs: () => config.retryAfterMs,
    tooLong: (group, { id, sinceAt }) =>
      log.warn(`slot held too long: group ${group} node ${id} since ${new Date(sinceAt).toISOString()}`),
    pausedItself: (group, { reason }) => log.warn(printable(`group ${group} has paused itself: ${reason}`)),
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
  const apps: App[] = [nodes];
  const metered = config.metricsListen === undefined ? undefined : createApp(undefined, failed);
  if (metered !== undefined) {
    const { app } = metered;
    app.get('/metrics', async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.render(service, Date.now())),
    );
    serveHealth(app, () => (isEnding ? ['about to end'] : failures));
    apps.push(metered);
  }
  const page = config.pageListen === undefined ? undefined : createApp(config.tls, failed);
  if (page !== undefined && started.pageListen !== undefined) {
    servePage(page.app, {
      service,
      now: Date.now,
      mono: () => performance.now(),
      tokenHashes: () => config.pageTokenHashes,
      isLocal: isLoopback(started.pageListen),
    });
    apps.push(page);
  }
  const admins = config.adminSocket === undefined ? undefined : createApp(undefined, failed);
  if (admins !== undefined) {
    serveAdmins(admins.app, { service, log, now: Date.now, mayEnter: () => true });
    apps.push(admins);
  }
  const reload = async (): Promise<void> => {
    notifier.reloading();
    try {
      const next = await readLockdConfig(file, warnOfZone);
      warn(next.warnings);
      if (needsRestart(started, next)) {
        log.warn(
          'listen, tls and client certificates (on or off), metrics, page.listen, admin.socket and the store are changed by a restart alone',
        );
      }
      config = { ...next, listen: config.listen, store: config.store };
      log.setLevel(next.logLevel);
      service.configure(next.groups);
      // Whether clients need a certificate is settled when the server begins: other authorities would let in all, or none.
      const isSameDoor = (next.tls?.clientCa === undefined) === (started.tls?.clientCa === undefined);
      for (const { server } of isSameDoor ? apps : []) {
        if (next.tls !== undefined && server instanceof HttpsServer) {
          server.setSecureContext(tlsOptions(next.tls));
        }
      }
      if (store instanceof EtcdStore && next.store.kind === 'etcd') {
        store.setLogin(next.store.options.login);
      }
      await look();
      log.info(`configuration read again: ${counted(next.groups.length, 'group')}`);
    } catch (error) {
      log.error(`the configuration cannot be used, the former one stays: ${linesOf(error)}`);
    }
    notifier.ready(`serving ${counted(config.groups.length, 'group')}`);
  };
  let reloads = Promise.resolve();
  const onHangup = (): void => {
    reloads = reloads.then(reload);
  };
  process.on('SIGHUP', onHangup);
  const ended = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  try {
    await metered?.app.listen(config.metricsListen);
    await page?.app.listen(config.pageListen);
    if (admins !== undefined && config.adminSocket !== undefined) {
      await listenForRoot(admins.app, config.adminSocket);
    }
    // Nodes come last: they are served when all else is.
    await nodes.app.listen(config.listen);
  } catch (error) {
    await Promise.allSettled([...apps.map(({ app }) => app.close()), store.close(), notifier.close()]);
    process.off('SIGHUP', onHangup);
    throw error;
  }
  let looking = look();
  // A store that does not answer does not hold the end.
  await Promise.race([looking, ended]);
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, LOOK_EVERY_MS);
  log.info(
    `lockd serves ${counted(config.groups.length, 'group')} at ${config.listen.host}:${config.listen.port}`,
  );
  notifier.ready(`serving ${counted(config.groups.length, 'group')}`);

  await ended;
  isEnding = true;
  log.info('lockd ends');
  notifier.stopping();
  clearInterval(timer);
  const limit = setTimeout(() => {
    apps.forEach(({ cut }) => cut());
    void store.close();
  }, DRAIN_LIMIT_MS);
  await Promise.allSettled([...apps.map(({ app }) => app.close()), looking, reloads]);
  clearTimeout(limit);
  await store.close();
  process.off('SIGHUP', onHangup);
  await notifier.close();
}

/** Replaces a socket that a former life has left there, and nothing else. */
async function listenForRoot(app: FastifyInstance, socket: string): Promise<void> {
  await clearSocket(socket);
  const mask = process.umask(0o177);
  try {
    await app.listen({ path: socket });
  } finally {
    process.umask(mask);
  }
  await chmod(socket, 0o600);
}

function serveHealth(app: FastifyInstance, failures: () => readonly string[]): void {
  app.get('/healthz', (_request, reply) => reply.send('ok\n'));
  app.get('/readyz', (_request, reply) => {
    const isReady = failures().length === 0;
    return reply.code(isReady ? 200 : 503).send(isReady ? 'ok\n' : 'the store does not answer\n');
  });
}

function needsRestart(before: LockdConfig, after: LockdConfig): boolean {
  const shape = ({
    listen,
    tls,
    metricsListen,
    pageListen,
    adminSocket,
    adminTokenHashes,
    store,
  }: LockdConfig): string =>
    JSON.stringify([
      listen,
      tls === undefined,
      tls?.clientCa === undefined,
      metricsListen,
      pageListen,
      adminSocket,
      adminTokenHashes.length > 0,
      store.kind === 'etcd' ? [store.options.endpoints, store.options.tls] : store.file,
    ]);
  return shape(before) !== shape(after);
}
