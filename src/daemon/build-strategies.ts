/**
 * The strategies of one node: those its configuration names, and what may hold any reboot back.
 *
 * Invariant: building them changes nothing that anybody sees; they may yet be thrown away.
 */
import type { Clock, Deployment } from '../agent/ports.ts';
import type { Settings } from '../config/settings.ts';
import type { StrategyName } from '../config/strategy-names.ts';
import type { SystemBus } from '../dbus/types.ts';
import { messageOf } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { readBootFacts } from '../host/boot-facts.ts';
import { readBootState } from '../host/boot-state.ts';
import { readBootSpace } from '../host/boot-space.ts';
import { logindInhibitors } from '../host/inhibitors.ts';
import type { Logger } from '../log/log.ts';
import { readMarkerFile } from '../host/marker-file.ts';
import { bootCompleteStrategy } from '../gates/boot-complete.ts';
import { freeSpaceStrategy } from '../gates/free-space.ts';
import { IMMEDIATE } from '../strategies/immediate.ts';
import { inhibitorStrategy } from '../gates/inhibitors.ts';
import type { LockServers } from '../lenders/lock-servers.ts';
import { MANUAL } from '../strategies/manual.ts';
import { markerStrategy } from '../strategies/marker.ts';
import { createPeriodicStrategy, type PeriodicStrategy } from '../strategies/periodic.ts';
import type { Strategy } from '../gates/strategy.ts';
import { uptimeStrategy } from '../gates/uptime.ts';

export interface StrategyNeeds {
  readonly settings: Settings;
  /** Dotted key to the file that set it, for warnings. */
  readonly origins: ReadonlyMap<string, string>;
  readonly identity: Identity;
  /** The node's stream; throws IdentityError while it is not known. */
  readonly stream: () => string;
  readonly staged: () => Deployment | undefined;
  readonly root: string;
  readonly lockServers: LockServers;
  readonly bus: SystemBus;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface BuiltStrategies {
  readonly list: readonly Strategy[];
  /** They are in use now: warnings go to the log, their metrics replace those of others. Resolves with the summary for people. */
  tell(nowMs: number): Promise<string>;
  /** Brings metrics about time up to date. Never rejects, never waits for long. */
  refresh(nowMs: number): Promise<void>;
}

/** Rejects with ConfigError when a strategy cannot work with what is configured. */
export async function buildStrategies(needs: StrategyNeeds): Promise<BuiltStrategies> {
  const { metrics, log, origins } = needs;
  const watchers: PeriodicStrategy[] = [];
  const named: Strategy[] = [];
  for (const name of needs.settings.updates.strategies) {
    named.push(await buildNamed(name, needs, watchers));
  }
  return {
    list: [...named, ...holds(needs)],
    tell: async (nowMs) => {
      metrics.scheduleConfigured(undefined);
      const summaries: string[] = [];
      for (const watched of watchers) {
        const schedule = await watched.schedule();
        for (const warning of schedule.warningsAt(nowMs, origins)) {
          log.warn(warning);
        }
        metrics.scheduleConfigured(schedule.weeklyMinutes(nowMs));
        metrics.windowIs(schedule.windowAt(nowMs));
        summaries.push(schedule.summaryAt(nowMs));
      }
      return summaries.join('; ');
    },
    refresh: async (nowMs) => {
      for (const watched of watchers) {
        await watched.schedule().then(
          (schedule) => metrics.windowIs(schedule.windowAt(nowMs)),
          (error: unknown) => log.debug(`cannot tell the next window: ${messageOf(error)}`),
        );
      }
    },
  };
}

async function buildNamed(
  name: StrategyName,
  needs: StrategyNeeds,
  watchers: PeriodicStrategy[],
): Promise<Strategy> {
  const { settings, identity, stream, root, lockServers } = needs;
  switch (name) {
    case 'immediate':
      return IMMEDIATE;
    case 'manual':
      return MANUAL;
    case 'marker': {
      const { path } = settings.updates.marker;
      return markerStrategy({ path, read: () => readMarkerFile(root, path) });
    }
    case 'periodic': {
      const strategy = await buildPeriodic(needs);
      watchers.push(strategy);
      return strategy;
    }
    case 'fleet_lock': {
      const { fleetLock } = settings.updates;
      const server = { ...fleetLock, baseUrl: fleetLock.baseUrl ?? '' };
      return lockServers.strategy(server, identity, () => ({ ...identity, stream: stream() }));
    }
  }
}

function buildPeriodic({ settings, identity, root, log }: StrategyNeeds): Promise<PeriodicStrategy> {
  return createPeriodicStrategy({
    settings: settings.updates.periodic,
    nodeUuid: identity.nodeUuid,
    root,
    warn: (text) => log.warn(text),
  });
}

/** What holds a reboot back whatever the strategy. */
function holds({ settings, staged, root, bus }: StrategyNeeds): Strategy[] {
  const { minUptimeMs, firstBootGraceMs } = settings.updates.reboot;
  const list = [
    bootCompleteStrategy((signal) => readBootState(bus, signal)),
    inhibitorStrategy(logindInhibitors(bus)),
    freeSpaceStrategy(staged, (deployment) => readBootSpace(root, deployment)),
  ];
  if (minUptimeMs > 0 || firstBootGraceMs > 0) {
    list.unshift(uptimeStrategy({ minUptimeMs, firstBootGraceMs }, () => readBootFacts(root)));
  }
  return list;
}
