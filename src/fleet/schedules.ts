/**
 * The maintenance windows of a group's nodes. Nodes of one time zone share one schedule, but for splay. Pure.
 *
 * Invariant: no text of a schedule depends on the instant of the question, so that a round that changes nothing leaves
 * the same words.
 */
import type { ZoneRules } from '../calendar/zone-rules.ts';
import { PeriodicSchedule, type LocalText } from '../strategies/periodic-schedule.ts';
import type { PlannedGroup } from './plan.ts';

const LOCAL = 'localtime';
const SHARED = '';

const TEXT: LocalText = {
  showInstant: (zone, instantMs) =>
    new Date(instantMs + zone.periodAt(instantMs).offsetMs).toISOString().slice(0, 16),
  showDate: (zone, instantMs) =>
    new Date(instantMs + zone.periodAt(instantMs).offsetMs).toISOString().slice(0, 10),
  showDistance: () => 'local time',
};

export class Schedules {
  readonly #group: PlannedGroup;
  readonly #known = new Map<string, PeriodicSchedule>();

  constructor(group: PlannedGroup) {
    this.#group = group;
  }

  /** Undefined: the group has no maintenance windows. `zone`: what the node calls `localtime`. */
  of(zone: ZoneRules, nodeUuid: string): PeriodicSchedule | undefined {
    const { updates } = this.#group.settings;
    if (!updates.strategies.includes('periodic')) {
      return undefined;
    }
    if (updates.periodic.splayMinutes > 0) {
      return this.#make(zone, nodeUuid);
    }
    const known = this.#known.get(zone.name) ?? this.#make(zone, SHARED);
    this.#known.set(zone.name, known);
    return known;
  }

  #make(zone: ZoneRules, nodeUuid: string): PeriodicSchedule {
    return new PeriodicSchedule({
      settings: this.#group.settings.updates.periodic,
      nodeUuid,
      zoneOf: (name) => (name === LOCAL ? zone : this.#group.zoneOf(name)),
      text: TEXT,
    });
  }
}
