/**
 * When a node with these drop-ins may reboot, as far as a calendar says it. Pure but for the runtime's time zones.
 *
 * Invariants:
 * - The agent's own schedule decides about windows, freezes and splay.
 * - What no calendar knows is assumed to allow the reboot, and `assumptions` says so.
 */
import type { RebootTime } from '../../src/cincinnati/review/walk-graph.ts';
import { builtInZone } from '../../src/calendar/luxon-zone.ts';
import type { ZoneRules } from '../../src/calendar/zone-rules.ts';
import type { Settings } from '../../src/config/settings.ts';
import { ConfigError, printable } from '../../src/errors.ts';
import { PeriodicSchedule, type LocalText } from '../../src/strategies/periodic-schedule.ts';
import { utcMinute } from './utc-text.ts';

export interface RebootTimes {
  readonly timeOf: (readyAt: number, bootedAt: number) => RebootTime;
  /** One sentence part each. */
  readonly assumptions: readonly string[];
}

/** Each window that is looked at leads further; more of them than this are no calendar. */
const MOST_LOOKS = 1000;

const TEXT: LocalText = {
  showInstant: (_zone, instant) => utcMinute(instant),
  showDate: (_zone, instant) => utcMinute(instant).slice(0, 10),
  showDistance: () => 'UTC',
};

/** Without drop-ins: at once. */
export const AT_ONCE: RebootTimes = { timeOf: (readyAt) => ({ at: readyAt }), assumptions: [] };

/** `localZone`: of the node. `nodeUuid`: for the splay; undefined where it is not known. Throws ConfigError. */
export function rebootTimes(
  { updates, identity }: Settings,
  localZone: string,
  nodeUuid: string | undefined = identity.nodeUuid,
): RebootTimes {
  if (!updates.enabled) {
    return { timeOf: () => ({ never: 'updates.enabled is false' }), assumptions: [] };
  }
  const { minUptimeMs } = updates.reboot;
  const schedule = updates.strategies.includes('periodic')
    ? new PeriodicSchedule({
        settings: updates.periodic,
        nodeUuid: nodeUuid ?? '',
        zoneOf: (name) => zoneNamed(name === 'localtime' ? localZone : name),
        text: TEXT,
      })
    : undefined;
  const asked = (name: Settings['updates']['strategies'][number]): boolean =>
    updates.strategies.includes(name);
  const assumptions = [
    ...(schedule !== undefined && updates.periodic.splayMinutes > 0 && nodeUuid === undefined
      ? ['the turn within a window is that of some node: --node says which']
      : []),
    ...(asked('fleet_lock') ? ['the lock server lends a slot at once'] : []),
    ...(asked('manual') ? ['somebody asks for each reboot as soon as it is possible'] : []),
    ...(asked('marker') ? ['the permission file is there'] : []),
    ...(updates.sessions.graceMinutes > 0 || updates.sessions.neverWhileLoggedIn
      ? ['nobody is logged in']
      : []),
  ];
  return {
    assumptions,
    timeOf: (readyAt, bootedAt) => passOf(schedule, Math.max(readyAt, bootedAt + minUptimeMs)),
  };
}

function passOf(schedule: PeriodicSchedule | undefined, readyAt: number): RebootTime {
  let at = readyAt;
  for (let look = 0; look < MOST_LOOKS; look++) {
    const report = schedule?.reportAt(at);
    if (report === undefined || report.verdict === 'pass') {
      return { at };
    }
    if (report.nextAt === undefined || report.nextAt <= at) {
      return { never: report.reason };
    }
    at = report.nextAt;
  }
  return { never: 'no maintenance window is in sight' };
}

function zoneNamed(name: string): ZoneRules {
  const zone = builtInZone(name);
  if (zone === undefined) {
    throw new ConfigError('config_invalid', `time zone ${printable(name)} must be known to this machine`);
  }
  return zone;
}
