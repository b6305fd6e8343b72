/**
 * Everything that comes of one reading of the configuration: the policy, and the ports that the loop works with. It is
 * built anew for each reading, and taken into use whole.
 *
 * Invariant: building changes nothing that anybody sees. What is built may yet be thrown away.
 */
import type { Ports } from '../agent/perform.ts';
import type { Clock, UpdateSource } from '../agent/ports.ts';
import type { Policy } from '../agent/state.ts';
import { CincinnatiClient } from '../cincinnati/sources/cincinnati-client.ts';
import { connectPeer } from '../dbus/connect.ts';
import { printable } from '../errors.ts';
import { Survey } from '../gates/survey.ts';
import { historyFirst } from '../history/history-first.ts';
import { rebootNotice } from '../host/notice.ts';
import { LogindSessions } from '../host/sessions.ts';
import type { HttpClient } from '../http/http-client.ts';
import { resolveStream } from '../identity/stream.ts';
import { Lenders } from '../lenders/lenders.ts';
import { RpmOstreeClient } from '../rpmostree/client.ts';
import { buildGates, type BuiltGates } from './build-gates.ts';
import { policyOf, type Reading } from './configuration.ts';
import type { Lasting } from './lasting.ts';

export interface Configured {
  readonly reading: Reading;
  readonly policy: Policy;
  readonly ports: Ports;
  readonly gates: BuiltGates;
  /** Of all gates; it is the `gates` of the ports. */
  readonly survey: Survey;
}

/** `before`: what this one is to replace. Rejects with ConfigError when a gate cannot work with what is configured. */
export async function configure(
  reading: Reading,
  bootId: string,
  lasting: Lasting,
  before?: Configured,
): Promise<Configured> {
  const { root, log, metrics, clock, bus, http, records, history, reporter, lockServers } = lasting;
  const { settings, origins, identity } = reading;
  const gates = await buildGates({ settings, origins, identity, root, lockServers, bus, metrics, log });
  const survey = new Survey({ gates: gates.gates, clock });
  const lenders = new Lenders(gates.lenders, (place) => lockServers.formerAt(place));
  const ports: Ports = {
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
    updatesFor: sourcePerStream(reading, http, clock),
    gates: survey,
    lenders,
    boot: new Survey({ gates: [gates.bootComplete], clock }),
    sessions: new LogindSessions(bus, root, {
      ignoreUsers: settings.updates.sessions.ignoreUsers,
      onUntold: ({ user, tty }, reason) =>
        log.warn(`cannot tell ${printable(user)} on ${printable(tty)} about the reboot: ${reason}`),
    }),
    records: historyFirst(records, history),
    notice: (release, minutesLeft) => rebootNotice(release, minutesLeft, clock.now()),
    onProgress: (progress) => reporter.progress(progress),
  };
  return { reading, policy: policyOf(reading, bootId, before?.policy), ports, gates, survey };
}

/** One client for as long as the stream stays, so that its connection and its last graph are kept. */
function sourcePerStream(
  { settings, identity }: Reading,
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
