/**
 * The answer to "why does this node not reboot, and when will it": types only. explain.ts makes it.
 *
 * Instants are wall clock, milliseconds since 1970 UTC.
 */
import type { GateClass, GateVerdict } from '../agent/ports.ts';

export { GATE_CLASSES, type GateClass } from '../agent/ports.ts';

export interface ExplainedGate {
  /** `enabled`, `denied`, `hold`, `periodic`, `boot_complete`, `people`, `fleet_lock` and so on. */
  readonly gate: string;
  readonly class: GateClass;
  readonly verdict: GateVerdict;
  /** Bounded word. */
  readonly label: string;
  /** One sentence for people. */
  readonly reason: string;
  readonly evidence?: Readonly<Record<string, string | number | boolean>>;
  /** The earliest instant at which it lets the node pass. Only where it does not now. */
  readonly earliestAt?: number;
  /** The latest one, of a bounded gate. */
  readonly latestAt?: number;
  /** When its present pass ends. Only where it lets the node pass. */
  readonly endsAt?: number;
  /** True: it holds the lower bound. It blocks now, or will before that instant. Left out: it does neither. */
  readonly binds?: true;
  /** When this was last seen; left out: just now. */
  readonly asOfAt?: number;
}

export type Bound =
  | { readonly kind: 'at'; readonly at: number }
  /** Not within the horizon. */
  | { readonly kind: 'never-within'; readonly days: number }
  /** No bound can be told. */
  | { readonly kind: 'open' };

export interface Explanation {
  readonly asOfAt: number;
  /** What the node would reboot into. */
  readonly release: string | undefined;
  /** `none`: no release is known; then the bounds speak of one that the next check would find. */
  readonly stage: 'none' | 'available' | 'staged' | 'finalized';
  readonly lower: Bound;
  readonly upper: Bound;
  /** One sentence each: `boot-complete.target is reached by then`. */
  readonly assumptions: readonly string[];
  /** In the order in which the machine asks. */
  readonly gates: readonly ExplainedGate[];
}
