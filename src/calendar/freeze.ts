/** A time without reboots as configured, before its time zone is looked up. */

/**
 * `instant`: milliseconds since 1970 UTC. `local`: the same, read off a clock in the calendar's time zone as if that
 * were UTC.
 */
export interface FreezeEdge {
  readonly kind: 'instant' | 'local';
  readonly ms: number;
}

/** Half-open: in force from `from` until just before `until`. */
export interface Freeze {
  readonly from: FreezeEdge;
  readonly until: FreezeEdge;
  /** For people. */
  readonly reason: string;
}
