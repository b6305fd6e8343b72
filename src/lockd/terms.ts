/** On which terms a group lends now: what the configuration and the calendar say. Pure. */

/** The group is outside of its windows, or frozen. */
export interface Closed {
  /** Wall clock, milliseconds. Undefined: it does not open in sight. */
  readonly opensAt: number | undefined;
  /** Why it is frozen; undefined: it is not. */
  readonly frozen: string | undefined;
}

export interface Terms {
  /** As this server is configured. */
  readonly slots: number;
  /** Undefined: open. */
  readonly closed?: Closed | undefined;
  /** A node that holds a slot for longer pauses the group. Undefined: none does. */
  readonly pauseIfHeldMs?: number | undefined;
  /**
   * Milliseconds for which the free slots are kept for those who wait for longer; 0: one is this node's. `free`: how
   * many, at least one. Undefined: first come, first served.
   */
  readonly keptMs?: ((id: string, free: number, holders: readonly string[]) => number) | undefined;
}
