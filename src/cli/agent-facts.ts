/**
 * What the agent says of itself over D-Bus, as commands use it. Types only; decode-agent.ts reads them.
 *
 * Invariants:
 * - What is not known is undefined, and so is an empty text that says nothing.
 * - Words are texts, not a closed list: an agent of another version may have more.
 * - Instants are milliseconds since 1970 UTC.
 */
export interface DeploymentFacts {
  readonly id: string | undefined;
  readonly version: string;
  readonly payload: string | undefined;
  readonly stream: string | undefined;
  readonly baseChecksum: string | undefined;
  readonly image: string | undefined;
  readonly locked: boolean | undefined;
  readonly layered: readonly string[];
  /** Since when it is booted, or staged. */
  readonly sinceAt: number | undefined;
}

export interface ReleaseFacts {
  readonly version: string;
  readonly payload: string | undefined;
  /** Its place on the way to the newest release, from 1. */
  readonly hop: number | undefined;
  readonly hops: number | undefined;
}

/** Who the node is, as its servers know it. */
export interface NodeFacts {
  readonly id: string | undefined;
  readonly group: string | undefined;
  readonly platform: string | undefined;
  readonly stream: string | undefined;
}

export interface ProgressFacts {
  readonly text: string | undefined;
  /** From 0 to 1. */
  readonly fraction: number | undefined;
  readonly bytesDone: number | undefined;
  readonly bytesTotal: number | undefined;
  /** For so long nothing has moved, milliseconds; undefined: it goes on. */
  readonly quietMs: number | undefined;
  /** Bytes a second. */
  readonly rate: number | undefined;
  readonly layersDone: number | undefined;
  readonly layersTotal: number | undefined;
}

export interface GateFacts {
  readonly gate: string;
  readonly class: string | undefined;
  /** `pass`, `block`, `unknown`. */
  readonly verdict: string;
  readonly label: string | undefined;
  readonly reason: string | undefined;
  readonly evidence: Readonly<Record<string, string | number | boolean>>;
  readonly earliestAt: number | undefined;
  readonly latestAt: number | undefined;
  /** When a present pass ends. */
  readonly endsAt: number | undefined;
  /** It decides the earliest reboot. Undefined: it does not, or the agent does not say. */
  readonly binds: boolean | undefined;
  readonly asOfAt: number | undefined;
}

export type BoundFacts =
  | { readonly kind: 'at'; readonly at: number }
  | { readonly kind: 'never-within'; readonly days: number }
  | { readonly kind: 'open' };

export interface HoldFacts {
  readonly id: string;
  readonly what: string;
  readonly uid: number | undefined;
  readonly reason: string | undefined;
  readonly sinceAt: number | undefined;
  readonly untilAt: number | undefined;
}

export interface DenialFacts {
  readonly release: string;
  readonly reason: string | undefined;
  readonly text: string | undefined;
  readonly file: string | undefined;
  readonly uid: number | undefined;
  readonly sinceAt: number | undefined;
  readonly untilAt: number | undefined;
}

export interface RebootFacts {
  readonly lower: BoundFacts;
  readonly upper: BoundFacts;
  readonly assumptions: readonly string[];
}

export interface AgentFacts {
  readonly version: string | undefined;
  readonly state: string;
  readonly statusText: string | undefined;
  readonly health: {
    /** `OK`, `DEGRADED`, `STUCK`. */
    readonly level: string;
    readonly cause: string | undefined;
    readonly sinceAt: number | undefined;
    readonly text: string | undefined;
  };
  readonly node: NodeFacts;
  readonly booted: DeploymentFacts | undefined;
  readonly staged: DeploymentFacts | undefined;
  readonly target: ReleaseFacts | undefined;
  readonly progress: ProgressFacts | undefined;
  readonly checks: {
    readonly lastAttemptAt: number | undefined;
    readonly lastSuccessAt: number | undefined;
    readonly nextAt: number | undefined;
  };
  readonly blocked: readonly GateFacts[];
  readonly reboot: RebootFacts;
  readonly holds: readonly HoldFacts[];
  readonly denied: readonly DenialFacts[];
  readonly configuration: {
    readonly current: boolean;
    readonly reason: string | undefined;
    readonly sinceAt: number | undefined;
  };
  readonly permissions: PermissionFacts;
}

/** Whether others than root may act, as far as polkit has them. */
export interface PermissionFacts {
  /** `known`, `unknown`, `absent`; undefined: the agent has not looked yet, or does not say. */
  readonly polkit: string | undefined;
  /** Actions that polkit does not know. */
  readonly missing: readonly string[];
  /** What is wrong, and what to do. */
  readonly text: string | undefined;
}

export interface ExplanationFacts extends RebootFacts {
  readonly asOfAt: number | undefined;
  readonly release: string | undefined;
  /** `none`, `available`, `staged`, `finalized`. */
  readonly stage: string;
  readonly gates: readonly GateFacts[];
}

export interface ResultFacts {
  readonly request: string | undefined;
  readonly text: string | undefined;
  readonly changed: boolean;
  /** Last part of the error's name; undefined: it went well. */
  readonly error: string | undefined;
  readonly gates: readonly string[];
  readonly release: string | undefined;
  /** Requests that a cancel has ended. */
  readonly cancelled: readonly RequestFacts[];
}

export interface RequestFacts {
  readonly request: string;
  readonly uid: number | undefined;
  /** `check`, `stage`, `reboot`. */
  readonly wish: string | undefined;
}

/** An entry of the history; docs/history.md has the kinds and their fields. */
export interface HappenedFacts {
  readonly at: number;
  readonly kind: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** A setting in force. */
export interface SpanFacts {
  readonly kind: string;
  readonly startAt: number;
  /** Left out: no end in sight. */
  readonly endAt?: number;
  readonly text: string;
}

export interface SettingFacts {
  readonly key: string;
  /** As TOML, on one line. */
  readonly value: string;
  /** "" for the built-in default. */
  readonly file: string;
  /** Files whose value this one replaced, weakest first. */
  readonly masked: readonly string[];
}
