/**
 * Strategy `periodic`: the node reboots only inside of maintenance windows. Keeps the schedule in step with the time
 * zones of the host, which can change while the agent runs.
 *
 * Unknown: only if the files of a time zone hang while they are looked at. Whatever else is wrong with them leaves the
 * last good rules in use. It holds the reboot until the files can be looked at again, however long that takes.
 */
import type { ExplainedReport, GateQuestion, GateReport } from '../agent/ports.ts';
import { HostZones, type ZoneSource } from '../calendar/zoneinfo.ts';
import type { ZoneRules } from '../calendar/zone-rules.ts';
import { PeriodicSchedule, type LocalText, type PeriodicSettings } from './periodic-schedule.ts';
import { explained, type Gate } from '../gates/gate.ts';
import { reportWith, timePeriodic } from './periodic-timing.ts';

export interface PeriodicOptions {
  readonly settings: PeriodicSettings;
  /** Decides the place of this node within `splay_minutes`. */
  readonly nodeUuid: string;
  /** Where the host's files are: `/`. */
  readonly root: string;
  /** Told about time zones that cannot be read. */
  readonly warn: (text: string) => void;
}

/** Rejects with ConfigError when nobody knows a time zone of the settings. */
export async function createPeriodicGate({
  settings,
  nodeUuid,
  root,
  warn,
}: PeriodicOptions): Promise<PeriodicGate> {
  // Loaded only here: a node without windows does not need it.
  const luxon = await import('../calendar/luxon-zone.ts');
  const zones = new HostZones({ root, builtIn: luxon.builtInZone, warn });
  const gate = new PeriodicGate({ settings, nodeUuid, zones, text: luxon });
  await gate.schedule();
  return gate;
}

export interface PeriodicParts {
  readonly settings: PeriodicSettings;
  readonly nodeUuid: string;
  readonly zones: ZoneSource;
  readonly text: LocalText;
}

/** `schedule` holds the facts for an instant; the rest of the answer depends on the question alone. */
export function judgePeriodic(schedule: PeriodicSchedule, { at, overrides }: GateQuestion): GateReport {
  return reportWith(schedule, at, overrides);
}

/** As `judgePeriodic`, with when it passes. */
export function explainPeriodic(schedule: PeriodicSchedule, question: GateQuestion): ExplainedReport {
  const timing = timePeriodic(schedule, question.overrides);
  return explained(judgePeriodic(schedule, question), timing, question);
}

export class PeriodicGate implements Gate {
  readonly name = 'periodic';
  readonly #parts: PeriodicParts;
  readonly #zoneNames: readonly string[];
  #latest:
    { readonly rules: ReadonlyMap<string, ZoneRules>; readonly schedule: PeriodicSchedule } | undefined;

  constructor(parts: PeriodicParts) {
    const { timeZone, windows } = parts.settings;
    this.#parts = parts;
    this.#zoneNames = [...new Set([timeZone, ...windows.map((window) => window.timeZone ?? timeZone)])];
  }

  async ask(question: GateQuestion): Promise<GateReport> {
    return judgePeriodic(await this.schedule(), question);
  }

  async explain(question: GateQuestion): Promise<ExplainedReport> {
    return explainPeriodic(await this.schedule(), question);
  }

  /** The schedule by the time zones as they are now. It stays the same object while those stay the same. */
  async schedule(): Promise<PeriodicSchedule> {
    const { settings, nodeUuid, zones, text } = this.#parts;
    const rules = new Map<string, ZoneRules>();
    for (const name of this.#zoneNames) {
      rules.set(name, await zones.load(name));
    }
    const latest = this.#latest;
    if (latest !== undefined && this.#zoneNames.every((name) => rules.get(name) === latest.rules.get(name))) {
      return latest.schedule;
    }
    const zoneOf = (name: string): ZoneRules => {
      const zone = rules.get(name);
      // Stryker disable next-line all: the zones of all windows are loaded above.
      if (zone === undefined) {
        // Stryker disable next-line all: as above.
        throw new Error(`time zone ${name} is loaded for no window`);
      }
      return zone;
    };
    const schedule = new PeriodicSchedule({ settings, nodeUuid, zoneOf, text });
    this.#latest = { rules, schedule };
    return schedule;
  }
}
