/** What a simulated fleet did. Types alone; instants in milliseconds since 1970 UTC, lengths in milliseconds. */

export interface Outcome {
  readonly groups: readonly GroupOutcome[];
  readonly locks: readonly LockOutcome[];
  /** One each hour, the first at the beginning. */
  readonly samples: readonly Sample[];
  /** Of the whole fleet. */
  readonly mostDown: number;
  /** Visits of the machine that were run, for those who look after the simulator. */
  readonly events: number;
}

export interface Sample {
  readonly at: number;
  /** Nodes by the place of what they have booted. */
  readonly booted: readonly number[];
  /** The most that were down at once since the sample before; then of each group. */
  readonly down: number;
  readonly downByGroup: readonly number[];
}

export interface GroupOutcome {
  readonly name: string;
  readonly nodes: number;
  /** Of each release that is newer than what the group begins with. */
  readonly releases: readonly Arrival[];
  readonly mostDown: number;
  readonly reboots: number;
  /** From Monday to Friday, local time. */
  readonly workdayReboots: number;
  /** Reboots by local weekday (0 is Sunday) and hour: 7 times 24. */
  readonly week: readonly (readonly number[])[];
  /** Reboots that did not lead into the release. */
  readonly missedReboots: number;
  readonly failedStagings: number;
  /** Nodes that booted a bad release before it was halted, if it ever was. */
  readonly exposed: number;
  /** Nodes that have not left the release of the beginning, by what holds them, the most first. */
  readonly stuck: readonly Stuck[];
}

export interface Arrival {
  readonly version: string;
  readonly isBad: boolean;
  readonly publishedAt: number;
  /** Of each node that booted it, or a newer one: how long after the publication. Ascending. */
  readonly afterMs: readonly number[];
}

export interface Stuck {
  /** The gate, or one word for what is no gate. */
  readonly by: string;
  /** One sentence, of one of the nodes. */
  readonly reason: string;
  readonly nodes: number;
}

export interface LockOutcome {
  readonly name: string;
  readonly slots: number;
  readonly mostHolders: number;
  /** Of the time of all slots: lent. */
  readonly heldMs: number;
  /** Free, while a node that had been refused waited. */
  readonly idleMs: number;
}
