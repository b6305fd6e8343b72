/**
 * What outlives every configuration: connections, metrics, what people see, and lock servers that may have lent a slot.
 *
 * Invariants:
 * - Opening waits for nothing outside of the process but the state file.
 * - Everything that is opened here is closed by `closing`, in the reverse order.
 */
import { initialModel, type Model } from '../agent/state.ts';
import { readBootFacts } from '../host/boot-facts.ts';
import { SYSTEM_CLOCK } from '../host/clock.ts';
import { Motd } from '../host/motd.ts';
import type { Notifier } from '../host/notify.ts';
import type { Installation } from '../history/installation.ts';
import { cutOffRequests } from '../history/cut-off.ts';
import { HistoryLog } from '../history/history-log.ts';
import { FileRecordStore } from '../history/record-store.ts';
import { nodeUuid, readMachineId } from '../identity/node-uuid.ts';
import { HttpClient } from '../http/http-client.ts';
import { LockServers } from '../lenders/lock-servers.ts';
import type { LevelControl, Logger } from '../log/log.ts';
import { HeapWatch } from '../memory/heap-watch.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { MetricsServer } from '../metrics/server.ts';
import { Historian } from '../report/historian.ts';
import { Reporter } from '../report/reporter.ts';
import { agent1 } from '../service/agent1.ts';
import { AgentSurface } from './agent-surface.ts';
import { experimentalInterface, SERVICE_NAME } from '../service/experimental.ts';
import { peerInterface } from '../service/peer.ts';
import { Service } from '../service/service.ts';
import { SystemBus } from '../dbus/system-bus.ts';
import { messageOf } from '../errors.ts';
import { USER_AGENT } from '../version.ts';
import { systemBusAddress } from '../dbus/system-bus-address.ts';

export interface LastingOptions {
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger & LevelControl;
  readonly metrics: Metrics;
  readonly notifier: Notifier;
}

export interface Lasting {
  readonly root: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: typeof SYSTEM_CLOCK;
  readonly bus: SystemBus;
  readonly http: HttpClient;
  readonly records: FileRecordStore;
  readonly history: HistoryLog;
  readonly reporter: Reporter;
  readonly surface: AgentSurface;
  readonly lockServers: LockServers;
  readonly heap: HeapWatch;
  /** With the record that was found on disk. */
  readonly model: Model;
  /** Resolves when the metrics socket is bound and the D-Bus name owned, or either was tried in vain. */
  readonly listening: Promise<unknown>;
  /** Serves the metrics over TCP as well. */
  listenOn(address: { readonly host: string; readonly port: number }): void;
}

/** Until the configuration is read. */
const NOT_YET = { enabled: true, skip: [] };

/** What cannot be told leaves the record as it is. */
async function installationOf(root: string): Promise<Installation> {
  const [id, facts] = await Promise.allSettled([nodeUuid(root), readBootFacts(root)]);
  return {
    id: id.status === 'fulfilled' ? id.value : undefined,
    firstBoot: facts.status === 'fulfilled' && facts.value.firstBoot,
  };
}

export async function openLasting(options: LastingOptions, closing: AsyncDisposableStack): Promise<Lasting> {
  const { root, env, log, metrics, notifier } = options;
  const clock = SYSTEM_CLOCK;
  const toBus = {
    address: systemBusAddress(root, env),
    onFault: (error: unknown, count: number) =>
      log.warn(`D-Bus: ${messageOf(error)}${count > 1 ? ` (${count} times)` : ''}`),
  };
  const bus = new SystemBus(toBus);
  closing.defer(() => bus.close());
  // Whoever calls the agent waits in a queue of their own, and never before rpm-ostree and logind.
  const served: SystemBus = new SystemBus({
    ...toBus,
    guard: (caller, call) => operator.guard(caller, call),
  });
  closing.defer(() => served.close());
  const http = new HttpClient({ userAgent: USER_AGENT, env });
  closing.defer(() => http.close());
  const motd = new Motd(root, (text) => log.warn(text));
  closing.defer(() => motd.close());

  const records = new FileRecordStore(root, await installationOf(root));
  const loaded = await records.load();
  if (loaded.warning !== undefined) {
    log.error(loaded.warning);
  }
  const model = initialModel(loaded.record);
  const history = new HistoryLog({ root, warn: (text) => log.warn(text) });
  for (const entry of cutOffRequests(await history.open(), clock.now())) {
    log.warn(entry.text);
    history.append(entry);
  }
  closing.defer(() => history.close());
  const historian = new Historian(history, (update) => metrics.updated(update));
  const reporter = new Reporter({ historian, log, metrics, notifier, motd, policy: NOT_YET, model, clock });

  const heap = new HeapWatch();
  const scraped = {
    contentType: metrics.contentType,
    render: () => {
      heap.worked();
      return metrics.render();
    },
  };
  const server = new MetricsServer({ root, listen: undefined, metrics: scraped, clock, log });
  closing.defer(() => server.close());
  const bound = server.start();
  const surface = new AgentSurface({ reporter, history, clock });
  const operator = agent1({ port: surface, clock, log });
  closing.defer(() => operator.close());
  const service = new Service({
    bus: served,
    attach: operator.attach,
    name: SERVICE_NAME,
    interfaces: [
      experimentalInterface({ lastRefreshAt: () => reporter.lastRefreshAt }),
      peerInterface(() => readMachineId(root)),
      ...operator.interfaces,
    ],
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
      answered: (api, answer) => metrics.fleetLockAnswered(api, answer),
    },
  });
  closing.defer(() => lockServers.close());
  return {
    root,
    log,
    metrics,
    clock,
    bus,
    http,
    records,
    history,
    reporter,
    surface,
    lockServers,
    model,
    heap,
    listening: Promise.all([bound, service.tried]),
    listenOn: (address) => void server.listenOn(address),
  };
}
