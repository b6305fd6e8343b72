/** The maintenance windows of a plan as iCalendar: one event for each window of each group and time zone. Pure. */
import { icalendar, type IcalEvent } from '../src/calendar/icalendar.ts';
import type { Plan, PlannedGroup } from '../src/fleet/plan.ts';
import { Schedules } from '../src/fleet/schedules.ts';
import { upcoming } from '../src/strategies/upcoming.ts';
import type { ZoneRules } from '../src/calendar/zone-rules.ts';

/** Groups without windows have no events. The same plan gives the same bytes. */
export function calendarOf(plan: Plan): string {
  const events = plan.groups.flatMap((group) => {
    const zones = new Map(group.zones.map((zone) => [zone.name, zone]));
    return [...zones.values()].flatMap((zone) => eventsOf(plan, group, zone));
  });
  return icalendar(events, plan.fromAt);
}

function eventsOf({ fromAt, untilAt }: Plan, group: PlannedGroup, zone: ZoneRules): IcalEvent[] {
  const schedule = new Schedules(group).of(zone, '');
  if (schedule === undefined) {
    return [];
  }
  return upcoming(schedule, fromAt, untilAt)
    .filter(({ kind }) => kind !== 'turn')
    .map(({ kind, startAt, endAt = untilAt, text }) => ({
      uid: `${kind}-${startAt}-${group.name}-${zone.name}@zincati-fleet`,
      startAt,
      endAt,
      summary: `${group.name}: ${text} (${zone.name})`,
      isBusy: kind === 'window',
    }));
}
