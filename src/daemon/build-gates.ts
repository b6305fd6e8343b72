/**
 * Builds the gates and lenders of one node: those that its configuration names, and the holds that always apply.
 *
 * Invariant: building changes nothing that anybody sees. What is built may yet be thrown away.
 */
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
import { bootCompleteGate } from '../gates/boot-complete.ts';
import { freeSpaceGate } from '../gates/free-space.ts';
import type { Gate } from '../gates/gate.ts';
import { HOLD } from '../gates/hold.ts';
import { inhibitorGate } from '../gates/inhibitors.ts';
import { uptimeGate } from '../gates/uptime.ts';
import type { Lender } from '../lenders/lender.ts';
import type { LockServers } from '../lenders/lock-servers.ts';
import { IMMEDIATE } from '../strategies/immediate.ts';
import { MANUAL } from '../strategies/manual.ts';
import { markerGate } from '../strategies/marker.ts';
import { upcoming, type UpcomingSpan } from '../strategies/upcoming.ts';
import { createPeriodicGate, type PeriodicGate } from '../strategies/periodic.ts';

export interface GateNeeds {
  readonly settings: Settings;
  /** Dotted key to the file that set it, for warnings. */
  readonly origins: ReadonlyMap<string, string>;
  readonly identity: Identity;
  readonly root: string;
  readonly lockServers: LockServers;
  readonly bus: SystemBus;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface BuiltGates {
  /** In the order of the configuration, the holds that always apply last. */
  readonly gates: readonly Gate[];
  readonly lenders: readonly Lender[];
  /** Also among the gates: it is asked on its own before a slot is given back. */
  readonly bootComplete: Gate;
  /**
   * Called when these are taken into use: warnings go to the log, and their metrics replace those of the gates before.
   * Resolves with a summary for people. Rejects with ConfigError when a time zone cannot be used.
   */
  tell(nowMs: number): Promise<string>;
  /** Windows, freezes and turns that overlap `[fromAt, untilAt)`. Rejects as `tell` does. */
  upcoming(fromAt: number, untilAt: number): Promise<readonly UpcomingSpan[]>;
  /** Brings metrics about time up to date. Never rejects, never waits for long. */
  refresh(nowMs: number): Promise<void>;
}

/** Rejects with ConfigError when a gate cannot work with what is configured. */
export async function buildGates(needs: GateNeeds): Promise<BuiltGates> {
  const { metrics, log, origins } = needs;
  const gates: Gate[] = [];
  const lenders: Lender[] = [];
  const periodic: PeriodicGate[] = [];
  const bootComplete = bootCompleteGate((signal) => readBootState(needs.bus, needs.root, signal));
  for (const name of needs.settings.updates.strategies) {
    switch (name) {
      case 'fleet_lock':
        lenders.push(...buildFleetLock(needs));
        break;
      case 'periodic': {
        const gate = await buildPeriodic(needs);
        periodic.push(gate);
        gates.push(gate);
        break;
      }
      default:
        gates.push(buildNamed(name, needs));
    }
  }
  return {
    gates: [...gates, ...buildHolds(needs, bootComplete)],
    lenders,
    bootComplete,
    tell: async (nowMs) => {
      metrics.scheduleConfigured(undefined);
      const summaries: string[] = [];
      for (const gate of periodic) {
        const schedule = await gate.schedule();
        for (const warning of schedule.warningsAt(nowMs, origins)) {
          log.warn(warning);
        }
        metrics.scheduleConfigured(schedule.weeklyMinutes(nowMs));
        metrics.windowIs(schedule.windowAt(nowMs));
        summaries.push(schedule.summaryAt(nowMs));
      }
      return summaries.join('; ');
    },
    upcoming: async (fromAt, untilAt) => {
      const schedules = await Promise.all(periodic.map((gate) => gate.schedule()));
      return schedules.flatMap((schedule) => upcoming(schedule, fromAt, untilAt));
    },
    refresh: async (nowMs) => {
      for (const gate of periodic) {
        await gate.schedule().then(
          (schedule) => metrics.windowIs(schedule.windowAt(nowMs)),
          (error: unknown) => log.debug(`cannot tell the next window: ${messageOf(error)}`),
        );
      }
    },
  };
}

function buildNamed(
  name: Exclude<StrategyName, 'fleet_lock' | 'periodic'>,
  { settings, root }: GateNeeds,
): Gate {
  switch (name) {
    case 'immediate':
      return IMMEDIATE;
    case 'manual':
      return MANUAL;
    case 'marker': {
      const { path } = settings.updates.marker;
      return markerGate({ path, read: () => readMarkerFile(root, path) });
    }
  }
}

function buildPeriodic({ settings, identity, root, log }: GateNeeds): Promise<PeriodicGate> {
  return createPeriodicGate({
    settings: settings.updates.periodic,
    nodeUuid: identity.nodeUuid,
    root,
    warn: (text) => log.warn(text),
  });
}

/** None: updates are disabled, and it has no address. */
function buildFleetLock({ settings, identity, lockServers }: GateNeeds): readonly Lender[] {
  const { baseUrl, ...fleetLock } = settings.updates.fleetLock;
  return baseUrl === undefined ? [] : [lockServers.lender({ ...fleetLock, baseUrl }, identity)];
}

/** The gates that hold a reboot back whatever the strategy. */
function buildHolds({ settings, root, bus }: GateNeeds, bootComplete: Gate): Gate[] {
  const { minUptimeMs, firstBootGraceMs } = settings.updates.reboot;
  const holds = [
    HOLD,
    bootComplete,
    inhibitorGate(logindInhibitors(bus)),
    freeSpaceGate((staged) => readBootSpace(root, staged)),
  ];
  if (minUptimeMs > 0 || firstBootGraceMs > 0) {
    holds.unshift(uptimeGate({ minUptimeMs, firstBootGraceMs }, () => readBootFacts(root)));
  }
  return holds;
}
