/** Small plans drawn from a number, with everything that a plan can have. */
import type { Plan, PlannedGroup, PlannedHours, PlannedRelease } from '../../../src/fleet/plan.ts';
import { draw } from '../../../src/simulate/chance.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/text/units.ts';
import { group, plan, release, UTC, zone } from './sample-plan.ts';

const DAYS = 10;
const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia'];
/** Long intervals, so that a run without skipping is short. They are not multiples of one another. */
const TIMING = 'steady_interval_secs = 1700\nretry_interval_secs = 1300';

const STRATEGIES = [
  'immediate',
  'periodic',
  'periodic',
  'fleet_lock',
  'fleet_lock',
  'both',
  'both',
  'manual',
  'off',
] as const;

class Draw {
  readonly #seed: number;
  #n = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** From 0 to below 1. */
  share(): number {
    this.#n += 1;
    return draw(this.#seed, 'plan', 'part', this.#n);
  }

  below(most: number): number {
    return Math.floor(this.share() * most);
  }

  chance(odds: number): boolean {
    return this.share() < odds;
  }

  of<T>(list: readonly T[]): T {
    const found = list[this.below(list.length)];
    if (found === undefined) {
      throw new Error('a list to draw from must not be empty');
    }
    return found;
  }
}

export function randomPlan(seed: number): Plan {
  const draws = new Draw(seed);
  const empty = plan({ groups: [] });
  const releases = releasesOf(draws, empty.fromAt);
  const locks = [
    { name: 'one', slots: 1 },
    { name: 'some', slots: 1 + draws.below(3) },
  ];
  const groups = Array.from({ length: 1 + draws.below(3) }, (_, index) =>
    groupOf(draws, `group ${index}`, releases.length),
  );
  return { ...empty, seed, untilAt: empty.fromAt + DAYS * DAY_MS, releases, locks, groups };
}

function releasesOf(draws: Draw, fromAt: number): PlannedRelease[] {
  const releases = [release(0), release(1, draws.chance(0.2) ? { barrier: 'all must pass here' } : {})];
  const count = 1 + draws.below(4);
  let publishedAt = fromAt + draws.below(2 * DAYS) * HOUR_MS;
  for (let index = 2; index < 2 + count; index++) {
    publishedAt += draws.below(4 * 24) * HOUR_MS + draws.below(HOUR_MS);
    const startEpoch = Math.ceil(publishedAt / SECOND_MS) + draws.below(7200);
    const isBad = draws.chance(0.3);
    releases.push(
      release(index, {
        publishedAt,
        isBad,
        ...(draws.chance(0.7) && {
          rollout: {
            startEpoch,
            startValue: draws.of([0, 0, 0.1]),
            durationMinutes: 60 * (1 + draws.below(60)),
          },
        }),
        ...(draws.chance(0.15) && { barrier: 'all must pass here' }),
        ...(draws.chance(0.1) && { deadend: 'nothing leads on from here' }),
        ...(isBad && { haltedAt: publishedAt + (1 + draws.below(48)) * HOUR_MS }),
      }),
    );
  }
  return releases;
}

function groupOf(draws: Draw, name: string, releases: number): PlannedGroup {
  const strategy = draws.of(STRATEGIES);
  const hasLock = strategy === 'fleet_lock' || strategy === 'both';
  return group(name, configOf(draws, strategy), {
    nodes: 1 + draws.below(8),
    ...(hasLock && { lock: draws.of(['one', 'some']) }),
    zones: draws.chance(0.5) ? [UTC] : [zone(draws.of(ZONES)), zone(draws.of(ZONES))],
    booted: draws.below(Math.min(releases, 2)),
    ...(draws.chance(0.4) && {
      logins: { ...hours(draws), perDay: draws.of([0.3, 2.5]), lengthMs: draws.of([7, 45, 600]) * MINUTE_MS },
    }),
    ...(draws.chance(0.25) && { power: hours(draws) }),
    rebootMs: draws.of([0, 40_000, 7 * MINUTE_MS, 2 * HOUR_MS]),
    stagingMs: draws.of([0, 90_000, 3 * HOUR_MS]),
    stagingFails: draws.of([0, 0, 0.4, 1]),
    rebootFails: draws.of([0, 0, 0.3]),
    rebootHangs: draws.of([0, 0, 0.2]),
    repairMs: draws.of([1, 30]) * HOUR_MS,
  });
}

function hours(draws: Draw): PlannedHours {
  const fromMinutes = draws.below(1000);
  return {
    fromMinutes,
    untilMinutes: fromMinutes + 1 + draws.below(1440 - fromMinutes),
    weekdays: new Set(draws.chance(0.5) ? [0, 1, 2, 3, 4, 5, 6] : [1, 2, 3, 4, 5]),
  };
}

function configOf(draws: Draw, strategy: string): string {
  const rows = ['[agent.timing]', TIMING, `jitter = ${draws.chance(0.8)}`];
  if (draws.chance(0.2)) {
    rows.push('[identity]', `rollout_wariness = ${draws.of(['0.0', '0.5', '1.0'])}`);
  }
  rows.push('[updates]');
  if (strategy === 'off') {
    return [...rows, 'enabled = false'].join('\n');
  }
  const names = strategy === 'both' ? ['periodic', 'fleet_lock'] : [strategy];
  rows.push(`strategy = ${JSON.stringify(names)}`, `catch_up = ${draws.chance(0.2)}`);
  if (draws.chance(0.1)) {
    rows.push('skip = ["44.2.0"]');
  }
  if (draws.chance(0.2)) {
    rows.push('[updates.reboot]', 'min_uptime_minutes = 90');
  }
  if (draws.chance(0.3)) {
    rows.push(
      '[updates.sessions]',
      draws.chance(0.5) ? 'never_while_logged_in = true' : 'grace_minutes = 30',
    );
  }
  if (names.includes('fleet_lock')) {
    rows.push('[updates.fleet_lock]', 'base_url = "https://lock.example"');
  }
  if (names.includes('periodic')) {
    rows.push('[updates.periodic]', `splay_minutes = ${draws.of([0, 0, 50])}`, ...windowRows(draws));
  }
  return rows.join('\n');
}

function windowRows(draws: Draw): string[] {
  const rows: string[] = [];
  for (let count = 1 + draws.below(2); count > 0; count--) {
    rows.push(
      '[[updates.periodic.window]]',
      `days = ${JSON.stringify(draws.of([['Mon'], ['Tue', 'Thu', 'Sat'], ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']]))}`,
      `start_time = "${draws.of(['02:30', '11:00', '23:30'])}"`,
      `length_minutes = ${draws.of([20, 90, 400])}`,
    );
  }
  if (draws.chance(0.3)) {
    rows.push(
      '[[updates.periodic.freeze]]',
      'from = "2026-12-03T12:00"',
      'until = "2026-12-06T00:00"',
      'reason = "inventory"',
    );
  }
  return rows;
}
