/** A fleet as it is to be simulated: checked, complete, every value in its final unit. Types alone. */
import type { Policy } from '../agent/state.ts';
import type { ZoneRules } from '../calendar/zone-rules.ts';
import type { WireEdge } from '../cincinnati/policy/offered-edges.ts';
import type { Rollout } from '../cincinnati/policy/rollout.ts';
import type { Settings } from '../config/settings.ts';

export interface Plan {
  /** Wall clock, milliseconds since 1970 UTC, as are all instants here. The end is not simulated. */
  readonly fromAt: number;
  readonly untilAt: number;
  readonly seed: number;
  readonly releases: readonly PlannedRelease[];
  /** Of a whole graph that was loaded: places in `releases`. Undefined: those of Fedora CoreOS's policy. */
  readonly edges: readonly WireEdge[] | undefined;
  readonly groups: readonly PlannedGroup[];
  readonly locks: readonly PlannedLock[];
}

export interface PlannedRelease {
  readonly version: string;
  /** 64 lower-case hexadecimal digits. */
  readonly checksum: string;
  /** From then on it is in the graph; before the beginning for those that are there already. */
  readonly publishedAt: number;
  readonly rollout?: Rollout;
  readonly barrier?: string;
  readonly deadend?: string;
  /** It does harm on the nodes that boot it. */
  readonly isBad: boolean;
  /**
   * From then on no edge leads into it; the graph still has it. Left out: never. So Fedora CoreOS stops a rollout: pull
   * requests 105 and 110 of coreos/fedora-coreos-streams.
   */
  readonly haltedAt?: number;
}

/** Slots that lock servers lend to one group of their own. */
export interface PlannedLock {
  /** The address and the group, as the agent knows them. */
  readonly name: string;
  readonly slots: number;
}

export interface PlannedGroup {
  readonly name: string;
  readonly nodes: number;
  readonly settings: Settings;
  /** Of a node, by its number. All the same but for the node's id where a lock server is asked. */
  readonly policyOf: (nodeUuid: string) => Policy;
  /** The name of its lock. Undefined: it asks no lock server. */
  readonly lock: string | undefined;
  /** Local time of the nodes, which take turns. At least one. */
  readonly zones: readonly ZoneRules[];
  /** The rules of every zone that the settings name; `localtime` is that of the node. */
  readonly zoneOf: (name: string) => ZoneRules;
  /** The place in `releases` of what the nodes have booted at the beginning. */
  readonly booted: number;
  readonly logins: PlannedLogins | undefined;
  readonly power: PlannedHours | undefined;
  /** From the reboot until the agent runs again. */
  readonly rebootMs: number;
  /** To download and deploy a release. */
  readonly stagingMs: number;
  /** Chances from 0 to 1, of each attempt. */
  readonly stagingFails: number;
  /** The node comes up in the release that it came from. */
  readonly rebootFails: number;
  /** The node does not come up before somebody repairs it. */
  readonly rebootHangs: number;
  readonly repairMs: number;
}

/** Hours of each day in local time. */
export interface PlannedHours {
  /** Minutes after local midnight. The first is less than the second, which is at most 1440. */
  readonly fromMinutes: number;
  readonly untilMinutes: number;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
}

export interface PlannedLogins extends PlannedHours {
  /** Of one node, on average, on each of the weekdays. */
  readonly perDay: number;
  readonly lengthMs: number;
}
