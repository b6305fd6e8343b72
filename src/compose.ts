/**
 * Builds the agent from its parts and runs it for one life. The only place that makes adapters and connects them.
 *
 * Invariants: READY is told as soon as the configuration is accepted, before anything outside is waited for; when the
 * signal is aborted everything that was opened is closed, in the reverse order, and nothing keeps the process alive.
 */
import { machine } from 'node:os';
import { initialModel, type Policy } from './agent/state.ts';
import { Runner } from './agent/runner.ts';
import { statusText } from './agent/status-text.ts';
import type { Clock, Deployment, UpdateSource } from './agent/ports.ts';
import { CincinnatiClient } from './cincinnati/client.ts';
import { loadSettings } from './config/load-settings.ts';
import type { Settings } from './config/settings.ts';
import { prefixAddress } from './dbus/address.ts';
import { connectPeer } from './dbus/connect.ts';
import { SystemBus } from './dbus/system-bus.ts';
import { messageOf, printable } from './errors.ts';
import { loadIdentity, type Identity } from './identity/identity.ts';
import { resolveStream } from './identity/stream.ts';
import { Metrics } from './metrics/metrics.ts';
import { MetricsServer } from './metrics/server.ts';
import { Reporter } from './report/reporter.ts';
import { RpmOstreeClient } from './rpmostree/client.ts';
import { experimentalInterface, SERVICE_NAME } from './service/experimental.ts';
import { Service } from './service/service.ts';
import { buildStrategies } from './strategies/build-strategies.ts';
import { Strategies } from './strategies/gatekeeper.ts';
import { readBootId } from './system/boot-id.ts';
import { SYSTEM_CLOCK } from './system/clock.ts';
import { HttpClient } from './system/http.ts';
import type { Logger } from './system/log.ts';
import { Motd } from './system/motd.ts';
import { rebootNotice } from './system/notice.ts';
import { createNotifier, watchdogIntervalMs } from './system/notify.ts';
import { FileRecordStore } from './system/record-store.ts';
import { LogindSessions } from './system/sessions.ts';
import { USER_AGENT, VERSION } from './version.ts';

/** Where clients look for the system bus, as the D-Bus specification has it. */
export const SYSTEM_BUS_ADDRESS = 'unix:path=/run/dbus/system_bus_socket';

export interface AgentOptions {
  /** Prefix of every path; "/" on a host. */
  readonly root: string;
  readonly log: Logger;
  /** NOTIFY_SOCKET and its like are taken out of it. */
  readonly env: Record<string, string | undefined>;
  readonly pid: number;
  readonly signal: AbortSignal;
}

/** Where the agent finds the system bus. */
export function systemBusAddress(root: string, env: Readonly<Record<string, string | undefined>>): string {
  return env['DBUS_SYSTEM_BUS_ADDRESS'] ?? prefixAddress(SYSTEM_BUS_ADDRESS, root);
}

/** Resolves when the signal is aborted and everything is closed. Rejects with ConfigError or IdentityError at the start. */
export async function runAgent({ root, log, env, pid, signal }: AgentOptions): Promise<void> {
  const clock = SYSTEM_CLOCK;
  const startedAt = clock.now();
  log.info(`starting update agent (version ${VERSION})`);
  const { settings, warnings, notes, origins } = await loadSettings(root);
  for (const warning of warnings) log.warn(warning);
  for (const note of notes) log.info(note);
  const identity = await loadIdentity(root, settings, machine());
  const watchdogMs = watchdogIntervalMs(env, pid);
  const notifier = await createNotifier(env, pid, (text) => log.warn(text));
  const metrics = new Metrics(startedAt);
  tellIdentity(log, metrics, settings, identity, warnings.length);

  await using closing = new AsyncDisposableStack();
  closing.defer(() => notifier.close());
  closing.defer(() => notifier.stopping());

  const policy: Policy = await readPolicy(root, settings);
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
  const reporter = new Reporter({ log, metrics, notifier, motd, policy, clock });

  const records = new FileRecordStore(root);
  const loaded = await records.load();
  if (loaded.warning !== undefined) log.error(loaded.warning);

  const server = new MetricsServer({ root, listen: settings.metrics.listen, metrics, clock, log });
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

  let latest = initialModel(loaded.record);
  const nodeStream = (): string => resolveStream(settings, latest.memory.host?.booted.stream);
  const strategies = await buildStrategies({
    settings,
    origins,
    identity,
    stream: nodeStream,
    staged: (): Deployment | undefined => latest.memory.host?.staged,
    root,
    env,
    bus,
    clock,
    metrics,
    log,
  });
  closing.defer(() => strategies.close());
  const summary = strategies.summary === '' ? '' : `, ${strategies.summary}`;
  log.info(`update strategy: ${settings.updates.strategies.join(', ')}${summary}`);

  const runner = new Runner({
    model: latest,
    policy,
    ports: {
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
      gatekeeper: new Strategies(strategies.list),
      sessions: new LogindSessions(bus, root, {
        ignoreUsers: settings.updates.sessions.ignoreUsers,
        onUntold: ({ user, tty }, reason) =>
          log.warn(`cannot tell ${printable(user)} on ${printable(tty)} about the reboot: ${reason}`),
      }),
      records,
      notice: (release, minutesLeft) => rebootNotice(release, minutesLeft, clock.now()),
      onProgress: (progress) => reporter.progress(progress),
    },
    dice: () => Math.floor(Math.random() * 11),
    observer: {
      starting: (model, effect) => {
        latest = model;
        if (effect.kind !== 'wait') void strategies.refresh(clock.now());
        reporter.starting(model, effect);
      },
      happened: (before, asked, occurrence, after) => {
        latest = after;
        tellOs(metrics, identity, after.memory.host?.booted, settings);
        reporter.happened(before, asked, occurrence, after);
      },
    },
    signal,
  });
  if (watchdogMs !== undefined) {
    const timer = setInterval(() => {
      if (runner.isAlive()) notifier.alive();
    }, watchdogMs);
    closing.defer(() => clearInterval(timer));
  }
  await runner.run();
  log.info('stopping update agent');
}

async function readPolicy(root: string, { identity, timing, updates }: Settings): Promise<Policy> {
  return {
    enabled: updates.enabled,
    allowDowngrade: updates.allowDowngrade,
    stream: identity.stream,
    catchUp: updates.catchUp,
    remoteStrategies: updates.strategies.includes('fleet_lock'),
    sessions: updates.sessions,
    steadyIntervalMs: timing.steadyIntervalMs,
    retryIntervalMs: timing.retryIntervalMs,
    rebootOverdueMs: timing.rebootOverdueMs,
    jitter: timing.jitter,
    replaceForeignStaged: updates.replaceStagedByOthers,
    bootId: await readBootId(root),
  };
}

function tellIdentity(
  log: Logger,
  metrics: Metrics,
  settings: Settings,
  identity: Identity,
  warnings: number,
): void {
  log.info(`Cincinnati service: ${settings.cincinnati.baseUrl ?? 'none'}`);
  log.info(`agent running on node '${identity.nodeUuid}', in update group '${identity.group}'`);
  metrics.configurationRead(warnings);
  metrics.updatesConfigured(settings.updates);
  metrics.strategiesConfigured(settings.updates.strategies);
  if (identity.rolloutWariness !== undefined) metrics.rolloutWarinessConfigured(identity.rolloutWariness);
}

function tellOs(
  metrics: Metrics,
  identity: Identity,
  booted: Deployment | undefined,
  settings: Settings,
): void {
  if (booted === undefined) return;
  const stream = settings.identity.stream ?? booted.stream ?? '';
  metrics.identityKnown({
    osVersion: booted.version,
    basearch: identity.basearch,
    stream,
    platform: identity.platform,
  });
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
