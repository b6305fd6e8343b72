/**
 * Builds the agent from its parts and runs it for one life. The only place that makes adapters and connects them.
 *
 * Invariants: READY is told as soon as the configuration is accepted, before anything outside is waited for; when the
 * signal is aborted everything that was opened is closed, in the reverse order, and nothing keeps the process alive.
 */
import { initialModel, type Policy } from '../agent/state.ts';
import type { Ports } from '../agent/perform.ts';
import { Runner } from '../agent/runner.ts';
import { statusText } from '../report/status-text.ts';
import type { Clock, Deployment, UpdateSource } from '../agent/ports.ts';
import { CincinnatiClient } from '../cincinnati/sources/cincinnati-client.ts';
import type { Settings } from '../config/settings.ts';
import { isSameConfiguration, policyOf, readConfiguration, type Reading } from './configuration.ts';
import { connectPeer } from '../dbus/connect.ts';
import { SystemBus } from '../dbus/system-bus.ts';
import { systemBusAddress } from '../dbus/system-bus-address.ts';
import { ConfigError, linesOf, messageOf, printable } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import { resolveStream } from '../identity/stream.ts';
import { Metrics } from '../metrics/metrics.ts';
import { MetricsServer } from '../metrics/server.ts';
import { Reporter } from '../report/reporter.ts';
import { tellOs, tellReading, tellRestart, tellStrategies } from '../report/tell-configuration.ts';
import { RpmOstreeClient } from '../rpmostree/client.ts';
import { experimentalInterface, SERVICE_NAME } from '../service/experimental.ts';
import { Service } from '../service/service.ts';
import { buildStrategies, type BuiltStrategies } from './build-strategies.ts';
import { Strategies } from '../gates/gatekeeper.ts';
import { LockServers } from '../lenders/lock-servers.ts';
import { readBootId } from '../host/boot-id.ts';
import { SYSTEM_CLOCK } from '../host/clock.ts';
import type { Doorbell } from '../host/doorbell.ts';
import { HttpClient } from '../http/http-client.ts';
import type { Logger } from '../log/log.ts';
import { Motd } from '../host/motd.ts';
import { rebootNotice } from '../host/notice.ts';
import { createNotifier, watchdogIntervalMs } from '../host/notify.ts';
import { FileRecordStore } from '../history/record-store.ts';
import { LogindSessions } from '../host/sessions.ts';
import { USER_AGENT, VERSION } from '../version.ts';

export interface AgentOptions {
  /** Prefix of every path; "/" on a host. */
  readonly root: string;
  readonly log: Logger;
  /** NOTIFY_SOCKET and its like are taken out of it. */
  readonly env: Record<string, string | undefined>;
  readonly pid: number;
  readonly signal: AbortSignal;
  /** Rung when the configuration shall be read again. */
  readonly reloads: Doorbell;
}

/** Resolves when the signal is aborted and everything is closed. Rejects with ConfigError or IdentityError at the start. */
export async function runAgent({ root, log, env, pid, signal, reloads }: AgentOptions): Promise<void> {
  const clock = SYSTEM_CLOCK;
  const startedAt = clock.now();
  log.info(`starting update agent (version ${VERSION})`);
  let reading = await readConfiguration(root, log);
  const watchdogMs = watchdogIntervalMs(env, pid);
  const notifier = await createNotifier(env, pid, (text) => log.warn(text));
  const metrics = new Metrics(startedAt);
  tellReading(log, metrics, reading, startedAt);

  await using closing = new AsyncDisposableStack();
  closing.defer(() => notifier.close());
  closing.defer(() => notifier.stopping());

  let policy: Policy = policyOf(reading, await readBootId(root));
  notifier.ready(statusText(initialModel(), policy));

  const bus = new SystemBus({
    address: systemBusAddress(root, env),
    onFault: (error, count) => log.warn(`D-Bus: ${messageOf(error)}${count > 1 ? ` (${count} times)` : ''}`),
  });
  closing.defer(() => bus.close());
  const http = new HttpClient({ userAgent: USER_AGENT, env });
  closing.defer(() => http.close());
  const motd = new Motd(root, (text) => log.warn(text));
  closing.defer(() => motd.close());

  const records = new FileRecordStore(root);
  const loaded = await records.load();
  if (loaded.warning !== undefined) {
    log.error(loaded.warning);
  }
  let latest = initialModel(loaded.record);
  const reporter = new Reporter({ log, metrics, notifier, motd, policy, model: latest, clock });

  const { listen } = reading.settings.metrics;
  const server = new MetricsServer({ root, listen, metrics, clock, log });
  closing.defer(() => server.close());
  void server.start();
  const service = new Service({
    bus,
    name: SERVICE_NAME,
    interfaces: [experimentalInterface({ lastRefreshAt: () => reporter.lastRefreshAt })],
    clock,
    log,
  });
  closing.defer(() => service.close());
  service.start();
  const lockServers = new LockServers({
    root,
    userAgent: USER_AGENT,
    env,
    clock,
    observer: {
      requested: (api) => metrics.fleetLockRequested(api),
      failed: (api, kind) => metrics.fleetLockFailed(api, kind),
      returned: (heldMs) => metrics.fleetLockHeld(heldMs / 1000),
    },
  });
  closing.defer(() => lockServers.close());

  const build = ({ settings, origins, identity }: Reading): Promise<BuiltStrategies> =>
    buildStrategies({
      settings,
      origins,
      identity,
      stream: () => resolveStream(settings, latest.memory.host?.booted.stream),
      staged: (): Deployment | undefined => latest.memory.host?.staged,
      root,
      lockServers,
      bus,
      clock,
      metrics,
      log,
    });
  const portsFor = ({ settings, identity }: Reading, gatekeeper: Strategies): Ports => ({
    clock,
    rpmOstree: new RpmOstreeClient({
      bus,
      connectPeer,
      clock,
      root,
      stallLimitMs: settings.timing.transactionStallMs,
      observer: {
        onStatusAttempt: () => metrics.statusAttempted(),
        onStatusFailure: () => metrics.statusFailed(),
        onCacheRequest: () => metrics.statusCacheRequested(),
        onCacheMiss: () => metrics.statusCacheMissed(),
        onForeignDeployment: (warning) => log.warn(warning),
      },
    }),
    updatesFor: sourcePerStream(settings, identity, http, clock),
    gatekeeper,
    sessions: new LogindSessions(bus, root, {
      ignoreUsers: settings.updates.sessions.ignoreUsers,
      onUntold: ({ user, tty }, reason) =>
        log.warn(`cannot tell ${printable(user)} on ${printable(tty)} about the reboot: ${reason}`),
    }),
    records,
    notice: (release, minutesLeft) => rebootNotice(release, minutesLeft, clock.now()),
    onProgress: (progress) => reporter.progress(progress),
  });

  let strategies = await build(reading);
  let gatekeeper = new Strategies(strategies.list);
  await tellStrategies(log, reading, strategies, clock.now());
  const runner = new Runner({
    model: latest,
    policy,
    ports: portsFor(reading, gatekeeper),
    dice: () => Math.floor(Math.random() * 11),
    observer: {
      starting: (model, effect) => {
        latest = model;
        if (effect.kind !== 'wait') {
          void strategies.refresh(clock.now());
        }
        reporter.starting(model, effect);
      },
      happened: (before, asked, occurrence, after) => {
        latest = after;
        tellOs(metrics, reading, after.memory.host?.booted);
        reporter.happened(before, asked, occurrence, after);
      },
      reconfigured: (after, configuration) => {
        latest = after;
        reporter.reconfigured(after, configuration);
      },
    },
    signal,
  });

  const reload = async (): Promise<void> => {
    const next = await readConfiguration(root, log);
    const isSame = isSameConfiguration(reading, next);
    // Whatever can fail comes before anything is changed.
    const built = isSame ? strategies : await build(next);
    reporter.configurationAccepted();
    tellReading(log, metrics, next, clock.now(), isSame);
    if (isSame) {
      return;
    }
    tellRestart(log, reading, next);
    [reading, strategies] = [next, built];
    gatekeeper = new Strategies(built.list, gatekeeper);
    policy = policyOf(next, policy.bootId, policy);
    await tellStrategies(log, next, built, clock.now());
    runner.reconfigure({ policy, ports: portsFor(next, gatekeeper) });
  };
  reloads.onRing(async () => {
    notifier.reloading();
    try {
      await reload();
    } catch (error) {
      log.error(
        `the configuration was read again and is refused, the one before it stays in use: ${linesOf(error)}`,
      );
      if (error instanceof ConfigError) {
        for (const note of error.notes) {
          log.warn(note);
        }
      }
      reporter.configurationRefused();
    }
    notifier.ready(reporter.status);
  });
  closing.defer(() => reloads.close());

  if (watchdogMs !== undefined) {
    const timer = setInterval(() => {
      if (runner.isAlive()) {
        notifier.alive();
      }
    }, watchdogMs);
    closing.defer(() => clearInterval(timer));
  }
  await runner.run();
  log.info('stopping update agent');
}

/** One client for as long as the stream stays, so that its connection and its last graph are kept. */
function sourcePerStream(
  settings: Settings,
  identity: Identity,
  http: HttpClient,
  clock: Clock,
): (bootedStream: string | undefined) => UpdateSource {
  let known: { readonly stream: string; readonly source: UpdateSource } | undefined;
  return (bootedStream) => {
    const stream = resolveStream(settings, bootedStream);
    if (known?.stream !== stream) {
      const node = { ...identity, stream };
      known = {
        stream,
        source: new CincinnatiClient({ baseUrl: settings.cincinnati.baseUrl ?? '', node, http, clock }),
      };
    }
    return known.source;
  };
}
