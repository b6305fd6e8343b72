/**
 * When may a staged update reboot the node? A strategy answers with a verdict, its reason and the earliest instant at
 * which the answer can change. Types only.
 */

export interface Verdict {
  readonly verdict: 'allow' | 'deny';
  /** One sentence for people, for example "outside of maintenance windows". */
  readonly reason: string;
  /** Milliseconds since 1970 UTC: before this instant the answer stays. Undefined: it can change at any time. */
  readonly until?: number;
  /** Bounded word for the metric label `reason`, for example `outside_window`. */
  readonly label: string;
}

export interface Strategy {
  /** As configured: `immediate`, `periodic`, `fleet_lock`, `manual`. */
  readonly name: string;
  /** True: answering may take something from others (a reboot slot), so it is asked last and given back. */
  readonly remote: boolean;
  /** May the node reboot now? Rejects with an AgentError when the strategy cannot tell. */
  canFinalize(nowMs: number, signal: AbortSignal): Promise<Verdict>;
  /** The node is up and steady: give back whatever a previous `canFinalize` took. Rejects when that failed. */
  reportSteady(signal: AbortSignal): Promise<void>;
}
