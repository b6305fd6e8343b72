/** Small and large plans in code, for tests and benchmarks of the simulated fleet. */
import { createHash } from 'node:crypto';
import { builtInZone } from '../../../src/calendar/luxon-zone.ts';
import { fixedZone, type ZoneRules } from '../../../src/calendar/zone-rules.ts';
import { readFragment } from '../../../src/config/fragment.ts';
import { mergeFragments } from '../../../src/config/merge.ts';
import { resolveSettings } from '../../../src/config/resolve-settings.ts';
import type { Settings } from '../../../src/config/settings.ts';
import { parseToml } from '../../../src/config/toml.ts';
import { policiesOf } from '../../../fleet/policies.ts';
import type { Plan, PlannedGroup, PlannedRelease } from '../../../src/fleet/plan.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/text/units.ts';

const FROM_AT = Date.UTC(2026, 11, 1);

export function settingsFrom(toml: string): Settings {
  const text = `[cincinnati]\nbase_url = "https://updates.example"\n${toml}`;
  const file = 'plan.toml';
  return resolveSettings(mergeFragments([readFragment(parseToml(Buffer.from(text), file), file)])).settings;
}

export function release(index: number, more: Partial<PlannedRelease> = {}): PlannedRelease {
  return {
    version: `44.${index}.0`,
    checksum: createHash('sha256').update(`plan ${index}`).digest('hex'),
    publishedAt: FROM_AT - DAY_MS,
    isBad: false,
    ...more,
  };
}

/** One every `everyDays`, from the second day on, each rolled out over `rolloutHours`. */
export function releasesEvery(everyDays: number, days: number, rolloutHours: number): PlannedRelease[] {
  const releases = [release(0)];
  for (let day = 1; day < days; day += everyDays) {
    const publishedAt = FROM_AT + day * DAY_MS + 14 * HOUR_MS;
    releases.push(
      release(releases.length, {
        publishedAt,
        rollout: { startEpoch: publishedAt / SECOND_MS, startValue: 0, durationMinutes: rolloutHours * 60 },
      }),
    );
  }
  return releases;
}

export const UTC: ZoneRules = fixedZone('UTC', 0);

export function zone(name: string): ZoneRules {
  const rules = builtInZone(name);
  if (rules === undefined) {
    throw new Error(`no time zone ${name}`);
  }
  return rules;
}

export function group(name: string, toml: string, more: Partial<PlannedGroup> = {}): PlannedGroup {
  const settings = settingsFrom(toml);
  return {
    name,
    nodes: 20,
    settings,
    policyOf: policiesOf(settings),
    lock: undefined,
    zones: [UTC],
    zoneOf: zone,
    booted: 0,
    logins: undefined,
    power: undefined,
    rebootMs: 3 * MINUTE_MS,
    stagingMs: 2 * MINUTE_MS,
    stagingFails: 0,
    rebootFails: 0,
    rebootHangs: 0,
    repairMs: DAY_MS,
    ...more,
  };
}

export function plan(more: Partial<Plan> & Pick<Plan, 'groups'>): Plan {
  const days = 10;
  return {
    fromAt: FROM_AT,
    untilAt: FROM_AT + days * DAY_MS,
    seed: 1,
    releases: releasesEvery(4, days, 24),
    edges: undefined,
    locks: [],
    ...more,
  };
}

export const PERIODIC = `
[updates]
strategy = "periodic"
[[updates.periodic.window]]
days = ["Sat", "Sun"]
start_time = "03:00"
length_minutes = 180
`;

export const LOCKED = `
[updates]
strategy = "fleet_lock"
[updates.fleet_lock]
base_url = "https://lock.example"
`;
