/** What people see of the configuration that is in use: the lines after a start or a reload, and its metrics. */
import { isDeepStrictEqual } from 'node:util';
import type { Deployment } from '../agent/ports.ts';
import type { Reading } from './configuration.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { BuiltGates } from './build-gates.ts';
import type { Identity } from '../identity/identity.ts';
import { expandTemplate } from '../text/url-template.ts';
import type { Logger } from '../log/log.ts';
import { shownAddress } from '../text/shown-address.ts';

export function tellReading(
  log: Logger,
  metrics: Metrics,
  { settings, identity, warnings }: Reading,
  at: number,
  isSame?: boolean,
): void {
  if (isSame !== undefined) {
    log.info(
      isSame
        ? 'the configuration was read again: nothing has changed'
        : 'the configuration was read again: it is taken into use',
    );
  }
  if (isSame !== true) {
    log.info(`Cincinnati service: ${serviceOf(settings.cincinnati.baseUrl, identity)}`);
    log.info(`agent running on node '${identity.nodeUuid}', in update group '${identity.group}'`);
  }
  metrics.configurationRead(warnings.length, at);
  metrics.updatesConfigured(settings.updates);
  metrics.strategiesConfigured(settings.updates.strategies);
  metrics.rolloutWarinessConfigured(identity.rolloutWariness);
}

/** With what is known of its templates filled in; the stream may be that of the booted deployment. */
function serviceOf(baseUrl: string | undefined, { basearch, group, platform, stream }: Identity): string {
  return baseUrl === undefined
    ? 'none'
    : shownAddress(expandTemplate(baseUrl, { basearch, group, platform, stream: stream ?? '${stream}' }));
}

export async function tellStrategies(
  log: Logger,
  { settings }: Reading,
  strategies: BuiltGates,
  nowMs: number,
): Promise<void> {
  const summary = await strategies.tell(nowMs);
  log.info(
    `update strategy: ${settings.updates.strategies.join(', ')}${summary === '' ? '' : `, ${summary}`}`,
  );
}

/** What a reload cannot change. */
export function tellRestart(log: Logger, before: Reading, next: Reading): void {
  if (isDeepStrictEqual(before.settings.metrics, next.settings.metrics)) {
    return;
  }
  log.warn('metrics.listen has changed: it takes effect when the agent is restarted');
}

export function tellOs(
  metrics: Metrics,
  { settings, identity }: Reading,
  booted: Deployment | undefined,
): void {
  if (booted === undefined) {
    return;
  }
  const stream = settings.identity.stream ?? booted.stream ?? '';
  metrics.identityKnown({
    osVersion: booted.version,
    basearch: identity.basearch,
    stream,
    platform: identity.platform,
  });
}
