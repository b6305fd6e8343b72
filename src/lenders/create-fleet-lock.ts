/** Lender `fleet_lock` as configured: it has an HTTP client of its own, with the lock server's certificates and token. */
import type { Clock } from '../agent/ports.ts';
import type { Settings } from '../config/settings.ts';
import { readBearer } from '../http/bearer-file.ts';
import type { Environment } from '../http/proxy.ts';
import { HTTP_LIMITS, HttpClient } from '../http/http-client.ts';
import { TlsFiles } from '../http/tls-files.ts';
import { KIBIBYTE } from '../text/units.ts';
import { FleetLock, type FleetLockObserver, type FleetLockOptions } from './fleet-lock.ts';

export interface CreateFleetLockOptions {
  /** `updates.fleetLock` of the settings, with an address. */
  readonly settings: Settings['updates']['fleetLock'] & { readonly baseUrl: string };
  readonly node: FleetLockOptions['node'];
  /** Where the host's files are: `/`. */
  readonly root: string;
  readonly userAgent: string;
  /** Has the variables that name proxies. */
  readonly env: Environment;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly observer: FleetLockObserver;
}

/** An error document has a few hundred bytes; the error page of a proxy has tens of thousands. */
const MOST_ANSWER_BYTES = 256 * KIBIBYTE;

/** `close` ends all requests and connections. */
export function createFleetLock({
  settings,
  node,
  root,
  userAgent,
  env,
  clock,
  observer,
}: CreateFleetLockOptions): {
  readonly lender: FleetLock;
  readonly close: () => Promise<void>;
} {
  const { baseUrl, caFile, clientCertFile, clientKeyFile, bearerFile, timeoutMs } = settings;
  const tls = new TlsFiles(root, 'updates.fleet_lock', {
    ca: caFile,
    cert: clientCertFile,
    key: clientKeyFile,
  });
  const needsTls = caFile !== undefined || clientCertFile !== undefined;
  const http = new HttpClient({ userAgent, env, ...(needsTls && { tls: () => tls.context() }) });
  const lender = new FleetLock({
    baseUrl,
    node,
    http,
    limits: {
      connectMs: Math.min(HTTP_LIMITS.connectMs, timeoutMs),
      // A server that drains the node first says nothing until it has.
      idleMs: timeoutMs,
      totalMs: timeoutMs,
      bodyBytes: MOST_ANSWER_BYTES,
    },
    bearer:
      bearerFile === undefined
        ? undefined
        : () => readBearer(root, 'updates.fleet_lock.bearer_file', bearerFile),
    clock,
    observer,
  });
  return { lender, close: () => http.close() };
}
