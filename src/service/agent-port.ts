/**
 * All that the D-Bus interface sees of the agent. The daemon implements it; tests hand in a small one.
 *
 * Invariants:
 * - Reading takes no slot, wakes no daemon and writes nothing.
 * - `snapshot` is what the machine saw last. Only `explain` looks at the host, and reads alone.
 * - Texts are as they came from outside; the D-Bus side makes them printable and bounds them.
 */
import type { Health } from '../agent/health.ts';
import type { Override } from '../agent/overrides.ts';
import type { Deployment, Progress } from '../agent/ports.ts';
import type { Hold, Outcome, Request, Asker, Wish } from '../agent/requests.ts';
import type { Release } from '../agent/release.ts';
import type { StateName } from '../agent/state.ts';
import type { Bound, Explanation, ExplainedGate } from '../why/explanation.ts';

export interface Snapshot {
  readonly version: string;
  readonly state: StateName;
  readonly statusText: string;
  readonly health: Health;
  /** Who this node is, as its servers know it; what is not known yet is undefined. */
  readonly node: {
    readonly id: string | undefined;
    readonly group: string | undefined;
    readonly platform: string | undefined;
    readonly stream: string | undefined;
  };
  readonly booted: Deployment | undefined;
  /** Since when that release is booted, over reboots into the same one. Undefined: not known. */
  readonly bootedSinceAt: number | undefined;
  readonly staged: Deployment | undefined;
  /** Since when it is staged, or known to be. */
  readonly stagedSinceAt: number | undefined;
  readonly target: Release | undefined;
  /** The place of the next update on the way to the newest release, from 1. Undefined: none is offered. */
  readonly hop: { readonly number: number; readonly of: number } | undefined;
  /** Undefined: nothing is being staged. */
  readonly progress: Progress | undefined;
  readonly checks: {
    readonly lastAttemptAt: number | undefined;
    readonly lastSuccessAt: number | undefined;
    readonly nextAt: number | undefined;
  };
  /** Those that did not pass at the machine's last look. */
  readonly blocked: readonly ExplainedGate[];
  readonly reboot: {
    readonly lower: Bound;
    readonly upper: Bound;
    readonly assumptions: readonly string[];
    readonly asOfAt: number | undefined;
  };
  readonly holds: readonly Hold[];
  readonly denied: readonly DeniedRelease[];
  readonly configuration: {
    /** The files on disk are what is in use. */
    readonly current: boolean;
    /** Why they are not, one sentence; "" while they are. */
    readonly reason: string;
    readonly sinceAt: number | undefined;
  };
}

export interface DeniedRelease {
  readonly release: string;
  /** `administrator`, `configuration`, or a reason of the agent itself such as `rolled-back`. */
  readonly reason: string;
  readonly text: string;
  /** The file that denies it, for `configuration`. */
  readonly file?: string;
  readonly by?: Asker;
  readonly sinceAt?: number;
  readonly untilAt?: number;
}

/** One entry of the history; see docs/history.md for its kinds. */
export interface HistoryEntry {
  readonly at: number;
  readonly kind: string;
  readonly text: string;
  /** Whatever else is known, as plain data. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

export interface HistoryQuery {
  readonly newest: number;
  readonly sinceAt?: number;
}

export interface CalendarSpan {
  readonly kind: 'window' | 'freeze' | 'turn';
  readonly startAt: number;
  /** Left out: no end in sight. */
  readonly endAt?: number;
  readonly text: string;
}

export interface ShownSetting {
  readonly key: string;
  /** As TOML; an address without its password. */
  readonly value: string;
  /** "" for the built-in default. */
  readonly file: string;
  /** Files whose value this one replaced. */
  readonly masked: readonly string[];
}

export interface AgentPort {
  snapshot(): Snapshot;
  /** Called after each change of the snapshot; at most twice a second for progress alone. Returns the way to stop it. */
  onChange(listener: () => void): () => void;
  /** Called with each new entry of the history. */
  onHappened(listener: (entry: HistoryEntry) => void): () => void;
  /** Hands a wish to the machine. `ended` never rejects. */
  request(by: Asker, wish: Wish): { readonly request: Request; readonly ended: Promise<Outcome> };
  /**
   * A fresh survey, shared by all callers of one second. `by`: who would ask for the reboot, and passes holds of their
   * own. Rejects with CancelledError when `signal` is aborted, never otherwise.
   */
  explain(overrides: readonly Override[], signal: AbortSignal, by?: Asker): Promise<Explanation>;
  history(query: HistoryQuery): Promise<readonly HistoryEntry[]>;
  calendar(days: number): Promise<readonly CalendarSpan[]>;
  configuration(): readonly ShownSetting[];
  /** Resolves when the files are in use. Rejects with ConfigError, with all reasons. */
  reload(): Promise<void>;
}
