/** Counts what happens in a simulated fleet. Pure. */
import { DAY_MS, HOUR_MS } from '../text/units.ts';
import type { FleetNode } from './fleet-node.ts';
import { weekdayOf } from './local-hours.ts';
import type { GroupOutcome, Outcome, Sample, Stuck } from './outcome.ts';
import type { Plan, PlannedGroup } from './plan.ts';

const HOURS = 24;
const WEEKDAYS = 7;

class GroupTally {
  readonly group: PlannedGroup;
  /** Of each release: how long after its publication nodes were in it. */
  readonly afterMs: number[][];
  readonly week = Array.from({ length: WEEKDAYS }, () => new Array<number>(HOURS).fill(0));
  down = 0;
  mostDown = 0;
  mostDownSince = 0;
  reboots = 0;
  workdayReboots = 0;
  missedReboots = 0;
  failedStagings = 0;
  exposed = 0;

  constructor(group: PlannedGroup, releases: number) {
    this.group = group;
    this.afterMs = Array.from({ length: releases }, () => []);
  }
}

export class Tally {
  readonly #plan: Plan;
  readonly #groups = new Map<PlannedGroup, GroupTally>();
  readonly #places: ReadonlyMap<string, number>;
  /** Of each node: the place of the newest release that it has been in, and of the one that it is in. */
  readonly #newest: Int32Array;
  readonly #present: Int32Array;
  readonly #booted: number[];
  readonly #samples: Sample[] = [];
  #down = 0;
  #mostDown = 0;
  #mostDownSince = 0;

  constructor(plan: Plan, nodes: readonly FleetNode[]) {
    this.#plan = plan;
    this.#places = new Map(plan.releases.map(({ checksum }, place) => [checksum, place]));
    for (const group of plan.groups) {
      this.#groups.set(group, new GroupTally(group, plan.releases.length));
    }
    this.#newest = new Int32Array(nodes.length);
    this.#booted = new Array<number>(plan.releases.length).fill(0);
    for (const { number, group } of nodes) {
      this.#newest[number] = group.booted;
      this.#booted[group.booted] = (this.#booted[group.booted] ?? 0) + 1;
    }
    this.#present = this.#newest.slice();
  }

  wentDown({ group, zone }: FleetNode, at: number): void {
    const tally = this.#of(group);
    tally.reboots += 1;
    const local = at + zone.periodAt(at).offsetMs;
    const weekday = weekdayOf(Math.floor(local / DAY_MS));
    const hour = Math.floor((((local % DAY_MS) + DAY_MS) % DAY_MS) / HOUR_MS);
    const row = tally.week[weekday];
    if (row !== undefined) {
      row[hour] = (row[hour] ?? 0) + 1;
    }
    tally.workdayReboots += weekday >= 1 && weekday <= 5 ? 1 : 0;
    tally.down += 1;
    tally.mostDown = Math.max(tally.mostDown, tally.down);
    tally.mostDownSince = Math.max(tally.mostDownSince, tally.down);
    this.#down += 1;
    this.#mostDown = Math.max(this.#mostDown, this.#down);
    this.#mostDownSince = Math.max(this.#mostDownSince, this.#down);
  }

  /** It is up again, in the release that its deployments name. `wanted`: the checksum that it was rebooted for. */
  cameUp({ group, number, sim }: FleetNode, at: number, wanted: string): void {
    const tally = this.#of(group);
    tally.down -= 1;
    this.#down -= 1;
    const { baseChecksum } = sim.booted;
    const place = this.#places.get(baseChecksum) ?? 0;
    const before = this.#present[number] ?? 0;
    this.#booted[before] = (this.#booted[before] ?? 0) - 1;
    this.#booted[place] = (this.#booted[place] ?? 0) + 1;
    this.#present[number] = place;
    if (baseChecksum !== wanted) {
      tally.missedReboots += 1;
      return;
    }
    const newest = this.#newest[number] ?? 0;
    for (let reached = newest + 1; reached <= place; reached++) {
      const publishedAt = this.#plan.releases[reached]?.publishedAt ?? at;
      tally.afterMs[reached]?.push(at - publishedAt);
    }
    this.#newest[number] = Math.max(newest, place);
    const release = this.#plan.releases[place];
    if (
      release?.isBad === true &&
      place !== before &&
      !(at >= (release.haltedAt ?? Number.POSITIVE_INFINITY))
    ) {
      tally.exposed += 1;
    }
  }

  failedStaging({ group }: FleetNode): void {
    this.#of(group).failedStagings += 1;
  }

  isWhereItBegan({ group, number }: FleetNode): boolean {
    return this.#newest[number] === group.booted;
  }

  sample(at: number): void {
    const tallies = [...this.#groups.values()];
    this.#samples.push({
      at,
      booted: [...this.#booted],
      down: this.#mostDownSince,
      downByGroup: tallies.map(({ mostDownSince }) => mostDownSince),
    });
    this.#mostDownSince = this.#down;
    for (const tally of tallies) {
      tally.mostDownSince = tally.down;
    }
  }

  /** `stuck`: of each group. */
  outcome(stuck: ReadonlyMap<PlannedGroup, readonly Stuck[]>): Omit<Outcome, 'locks' | 'events'> {
    return {
      mostDown: this.#mostDown,
      samples: this.#samples,
      groups: [...this.#groups.values()].map((tally) =>
        this.#groupOutcome(tally, stuck.get(tally.group) ?? []),
      ),
    };
  }

  #groupOutcome(tally: GroupTally, stuck: readonly Stuck[]): GroupOutcome {
    const { group, mostDown, reboots, workdayReboots, week, missedReboots, failedStagings, exposed } = tally;
    const releases = this.#plan.releases.flatMap(({ version, isBad, publishedAt }, place) =>
      place <= group.booted || publishedAt >= this.#plan.untilAt
        ? []
        : [
            {
              version,
              isBad,
              publishedAt,
              afterMs: (tally.afterMs[place] ?? []).toSorted((a, b) => a - b),
            },
          ],
    );
    return {
      name: group.name,
      nodes: group.nodes,
      ...{ releases, mostDown, reboots, workdayReboots, week, missedReboots, failedStagings, exposed, stuck },
    };
  }

  #of(group: PlannedGroup): GroupTally {
    const tally = this.#groups.get(group);
    if (tally === undefined) {
      throw new Error(`group ${group.name} must be in the plan`);
    }
    return tally;
  }
}
