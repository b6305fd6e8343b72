/**
 * The strategies of one node: those its configuration names, and what may hold any reboot back. Makes them, closes them.
 */
import type { Clock, Deployment } from '../agent/ports.ts';
import type { Settings } from '../config/settings.ts';
import type { StrategyName } from '../config/schema.ts';
import type { SystemBus } from '../dbus/types.ts';
import { messageOf } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { readBootFacts } from '../system/boot-facts.ts';
import { readBootState } from '../system/boot-state.ts';
import { readBootSpace } from '../system/boot-space.ts';
import { logindInhibitors } from '../system/inhibitors.ts';
import type { Logger } from '../system/log.ts';
import { readMarkerFile } from '../system/marker-file.ts';
import { USER_AGENT } from '../version.ts';
import { bootCompleteStrategy } from './boot-complete.ts';
import { createFleetLockStrategy } from './create-fleet-lock-strategy.ts';
import { freeSpaceStrategy } from './free-space.ts';
import { IMMEDIATE } from './immediate.ts';
import { inhibitorStrategy } from './inhibitors.ts';
import { MANUAL } from './manual.ts';
import { markerStrategy } from './marker.ts';
import { createPeriodicStrategy, type PeriodicStrategy } from './periodic.ts';
import type { Strategy } from './strategy.ts';
import { uptimeStrategy } from './uptime.ts';

export interface StrategyNeeds {
  readonly settings: Settings;
  /** Dotted key to the file that set it, for warnings. */
  readonly origins: ReadonlyMap<string, string>;
  readonly identity: Identity;
  /** The node's stream; throws IdentityError while it is not known. */
  readonly stream: () => string;
  readonly staged: () => Deployment | undefined;
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly bus: SystemBus;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface BuiltStrategies {
  readonly list: readonly Strategy[];
  /** More about the strategies for people, beyond their names; "" for nothing. */
  readonly summary: string;
  /** Brings metrics about time up to date. Never rejects, never waits for long. */
  refresh(nowMs: number): Promise<void>;
  close(): Promise<void>;
}

export async function buildStrategies(needs: StrategyNeeds): Promise<BuiltStrategies> {
  const closers: (() => Promise<void>)[] = [];
  const watchers: PeriodicStrategy[] = [];
  const named: Strategy[] = [];
  for (const name of needs.settings.updates.strategies)
    named.push(await buildNamed(name, needs, closers, watchers));
  return {
    list: [...named, ...holds(needs)],
    summary: (
      await Promise.all(
        watchers.map(async (watched) => (await watched.schedule()).summaryAt(needs.clock.now())),
      )
    ).join('; '),
    refresh: async (nowMs) => {
      for (const watched of watchers) {
        await watched.schedule().then(
          (schedule) => needs.metrics.windowIs(schedule.windowAt(nowMs)),
          (error: unknown) => needs.log.debug(`cannot tell the next window: ${messageOf(error)}`),
        );
      }
    },
    close: async () => {
      await Promise.all(closers.map((close) => close()));
    },
  };
}

async function buildNamed(
  name: StrategyName,
  needs: StrategyNeeds,
  closers: (() => Promise<void>)[],
  watchers: PeriodicStrategy[],
): Promise<Strategy> {
  const { settings, identity, stream, root, env, clock, metrics } = needs;
  switch (name) {
    case 'immediate':
      return IMMEDIATE;
    case 'manual':
      return MANUAL;
    case 'marker': {
      const { path } = settings.updates.marker;
      return markerStrategy({ path, read: () => readMarkerFile(root, path) });
    }
    case 'periodic':
      return buildPeriodic(needs, watchers);
    case 'fleet_lock': {
      const { fleetLock } = settings.updates;
      const { strategy, close } = createFleetLockStrategy({
        settings: { ...fleetLock, baseUrl: fleetLock.baseUrl ?? '' },
        node: () => ({ ...identity, stream: stream() }),
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
      closers.push(close);
      return strategy;
    }
  }
}

async function buildPeriodic(
  { settings, identity, root, clock, metrics, log, origins }: StrategyNeeds,
  watchers: PeriodicStrategy[],
): Promise<Strategy> {
  const strategy = await createPeriodicStrategy({
    settings: settings.updates.periodic,
    nodeUuid: identity.nodeUuid,
    root,
    warn: (text) => log.warn(text),
  });
  const schedule = await strategy.schedule();
  const now = clock.now();
  for (const warning of schedule.warningsAt(now, origins)) log.warn(warning);
  metrics.scheduleConfigured(schedule.weeklyMinutes(now));
  metrics.windowIs(schedule.windowAt(now));
  watchers.push(strategy);
  return strategy;
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
