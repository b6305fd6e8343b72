/**
 * Strategy `periodic`: the node reboots inside of maintenance windows only. Keeps the schedule in step with the time
 * zones of the host, which can change while the agent runs.
 */
import { HostZones, type ZoneSource } from '../calendar/zoneinfo.ts';
import type { ZoneRules } from '../calendar/zone-rules.ts';
import { PeriodicSchedule, type LocalText, type PeriodicSettings } from './periodic-schedule.ts';
import type { Strategy, Verdict } from '../gates/strategy.ts';

export interface PeriodicOptions {
  readonly settings: PeriodicSettings;
  /** Decides on the place of this node within `splay_minutes`. */
  readonly nodeUuid: string;
  /** Where the host's files are: `/`. */
  readonly root: string;
  /** Told about time zones that cannot be read. */
  readonly warn: (text: string) => void;
}

/** Rejects with ConfigError when nobody knows a time zone of the settings. */
export async function createPeriodicStrategy({
  settings,
  nodeUuid,
  root,
  warn,
}: PeriodicOptions): Promise<PeriodicStrategy> {
  // Loaded here, since a node without windows does without it.
  const luxon = await import('../calendar/luxon-zone.ts');
  const zones = new HostZones({ root, builtIn: luxon.builtInZone, warn });
  const strategy = new PeriodicStrategy({ settings, nodeUuid, zones, text: luxon });
  await strategy.schedule();
  return strategy;
}

export interface PeriodicParts {
  readonly settings: PeriodicSettings;
  readonly nodeUuid: string;
  readonly zones: ZoneSource;
  readonly text: LocalText;
}

export class PeriodicStrategy implements Strategy {
  readonly name = 'periodic';
  readonly remote = false;
  readonly #parts: PeriodicParts;
  readonly #zoneNames: readonly string[];
  #latest:
    { readonly rules: ReadonlyMap<string, ZoneRules>; readonly schedule: PeriodicSchedule } | undefined;

  constructor(parts: PeriodicParts) {
    const { timeZone, windows } = parts.settings;
    this.#parts = parts;
    this.#zoneNames = [...new Set([timeZone, ...windows.map((window) => window.timeZone ?? timeZone)])];
  }

  async canFinalize(nowMs: number): Promise<Verdict> {
    return (await this.schedule()).verdictAt(nowMs);
  }

  reportSteady(): Promise<void> {
    return Promise.resolve();
  }

  /** The schedule by the time zones as they are now; the same one for as long as those stay. */
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
      if (zone === undefined) {
        throw new Error(`time zone ${name} is loaded for no window`);
      }
      return zone;
    };
    const schedule = new PeriodicSchedule({ settings, nodeUuid, zoneOf, text });
    this.#latest = { rules, schedule };
    return schedule;
  }
}
