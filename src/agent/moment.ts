/** One moment on both clocks, and how long ago it was. Pure; milliseconds. */
export interface Moment {
  /** Wall clock, since 1970 UTC. For people, and for what is kept across boots. */
  readonly at: number;
  /** Monotonic clock. Every duration within one life of the agent comes from it. */
  readonly mono: number;
}

/** How long `since` has lasted, whatever was done to the wall clock meanwhile. */
export function lastedMs(since: Moment, now: Moment): number {
  return now.mono - since.mono;
}

/** When `since` was, as the wall clock now has it. */
export function wallOf(since: Moment, now: Moment): number {
  return now.at - lastedMs(since, now);
}

/** Both clocks alone, of something that has more. */
export function momentOf({ at, mono }: Moment): Moment {
  return { at, mono };
}
