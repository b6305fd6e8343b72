/** Strategy `fleet_lock` as configured: an HTTP client of its own, with the lock server's certificates and token. */
import type { Clock } from '../agent/ports.ts';
import type { Settings } from '../config/settings.ts';
import { readBearer } from '../http/bearer-file.ts';
import type { Environment } from '../http/proxy.ts';
import { HTTP_LIMITS, HttpClient } from '../http/http-client.ts';
import { TlsFiles } from '../http/tls-files.ts';
import { FleetLockStrategy, type FleetLockObserver, type FleetLockOptions } from './fleet-lock.ts';
import type { Strategy } from '../gates/strategy.ts';

export interface CreateFleetLockOptions {
  /** `updates.fleetLock` of the settings, with an address. */
  readonly settings: Settings['updates']['fleetLock'] & { readonly baseUrl: string };
  readonly node: FleetLockOptions['node'];
  /** Where the host's files are: `/`. */
  readonly root: string;
  readonly userAgent: string;
  /** Where the proxy variables are looked up. */
  readonly env: Environment;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly observer: FleetLockObserver;
}

/** An error document has a few hundred bytes, a proxy's page a few ten thousand. */
const MOST_ANSWER_BYTES = 1024 * 1024;

/** `close` ends all requests and connections, when the agent's life ends. */
export function createFleetLockStrategy({
  settings,
  node,
  root,
  userAgent,
  env,
  clock,
  observer,
}: CreateFleetLockOptions): {
  readonly strategy: Strategy;
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
  const strategy = new FleetLockStrategy({
    baseUrl,
    node,
    http,
    limits: {
      connectMs: Math.min(HTTP_LIMITS.connectMs, timeoutMs),
      idleMs: Math.min(HTTP_LIMITS.idleMs, timeoutMs),
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
  return { strategy, close: () => http.close() };
}
