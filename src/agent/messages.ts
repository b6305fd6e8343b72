/**
 * What goes between the pure machine and the loop: effects out, events in. Data only.
 *
 * Every effect ends in exactly one of the events listed for it in {@link ANSWERS}, failures included.
 */
import type {
  CheckQuery,
  CheckResult,
  Deployment,
  Foresight,
  GateReport,
  HostStatus,
  Session,
  SlotAnswer,
} from './ports.ts';
import type { Override } from './overrides.ts';
import type { AgentRecord } from './record.ts';
import type { Release } from './release.ts';
import type { Hold } from './requests.ts';
import type { MayHold, SlotPlace } from './slot-place.ts';

export type Effect =
  /** Sleep `forMs` on the monotonic clock, or until the wall clock shows `untilAt`, whichever comes first. */
  | { readonly kind: 'wait'; readonly forMs: number; readonly untilAt?: number }
  /** Put the record on disk, atomically. */
  | { readonly kind: 'save'; readonly record: AgentRecord }
  | { readonly kind: 'register-driver' }
  | { readonly kind: 'read-status'; readonly mode: 'cached' | 'fresh' }
  | { readonly kind: 'follow-active'; readonly limitMs: number }
  /** Give back what lenders may have lent. */
  | {
      readonly kind: 'release-slot';
      /** For addresses that name it. */
      readonly stream: string | undefined;
      /** Whether the lenders that are configured now are told, and what is known to be taken of them. */
      readonly configured: boolean;
      readonly present: readonly MayHold[];
      readonly former: readonly MayHold[];
      /** Nothing is given back while this boot is not complete. */
      readonly asksBoot: boolean;
    }
  | { readonly kind: 'check'; readonly query: CheckQuery; readonly stream: string | undefined }
  /** `expected`, here and below: what is staged as far as the machine knows. Anything else is left as it is. */
  | {
      readonly kind: 'stage';
      readonly release: Release;
      readonly allowDowngrade: boolean;
      readonly expected: Deployment | undefined;
    }
  | { readonly kind: 'discard-staged'; readonly expected: Deployment | undefined }
  /** Ask every gate of this node about the deployments as they were last read. */
  | {
      readonly kind: 'survey';
      readonly booted: Deployment | undefined;
      readonly staged: Deployment | undefined;
      /** As of {@link GateQuestion}; left out where there are none. */
      readonly holds?: readonly Hold[];
      readonly overrides?: readonly Override[];
    }
  | { readonly kind: 'acquire-slot'; readonly stream: string | undefined }
  | { readonly kind: 'list-sessions' }
  | {
      readonly kind: 'warn-sessions';
      readonly sessions: readonly Session[];
      readonly release: Release;
      /** Undefined: the node waits until nobody is logged in. */
      readonly minutesLeft: number | undefined;
    }
  | { readonly kind: 'finalize'; readonly release: Release; readonly allowUnlocked: boolean };

export type EffectKind = Effect['kind'];
export type EffectOf<K extends EffectKind> = Extract<Effect, { kind: K }>;

/** Why an effect failed, as data: the error's kind and its one-line message. */
export interface Failure {
  readonly kind: string;
  readonly message: string;
  /** The server's Retry-After. */
  readonly retryAfterMs?: number;
}

export type Event =
  | { readonly kind: 'woke' }
  | { readonly kind: 'saved' }
  | { readonly kind: 'save-failed'; readonly failure: Failure }
  | { readonly kind: 'driver-registered' }
  | { readonly kind: 'driver-failed'; readonly failure: Failure }
  | { readonly kind: 'status-read'; readonly status: HostStatus }
  | { readonly kind: 'status-failed'; readonly failure: Failure }
  /** `succeeded`: it was ours, and did. */
  | { readonly kind: 'transaction-over'; readonly succeeded?: true }
  | { readonly kind: 'transaction-running' }
  | { readonly kind: 'follow-failed'; readonly failure: Failure }
  /** `configured`: those that are configured now were told. */
  | {
      readonly kind: 'slot-released';
      readonly configured: boolean;
      readonly returned: readonly MayHold[];
    }
  /** `left`: of lenders that are no longer configured. `configured`: those that are could be told. */
  | {
      readonly kind: 'release-failed';
      readonly failure: Failure;
      readonly configured?: boolean;
      readonly returned?: readonly MayHold[];
      readonly left?: readonly SlotPlace[];
    }
  /** Nothing was given back, since this boot is not complete. */
  | { readonly kind: 'slot-kept'; readonly reason: string }
  | { readonly kind: 'checked'; readonly result: CheckResult }
  | { readonly kind: 'check-failed'; readonly failure: Failure }
  | { readonly kind: 'staged'; readonly deployment: Deployment }
  | { readonly kind: 'stage-failed'; readonly failure: Failure }
  | { readonly kind: 'discarded' }
  | { readonly kind: 'discard-failed'; readonly failure: Failure }
  | {
      readonly kind: 'surveyed';
      readonly reports: readonly GateReport[];
      /** Left out: nothing is foretold. */
      readonly foresight?: Foresight;
    }
  | { readonly kind: 'survey-failed'; readonly failure: Failure }
  | { readonly kind: 'slot-answered'; readonly answer: SlotAnswer }
  | { readonly kind: 'slot-failed'; readonly failure: Failure }
  | { readonly kind: 'sessions-listed'; readonly sessions: readonly Session[] }
  | { readonly kind: 'sessions-failed'; readonly failure: Failure }
  | { readonly kind: 'sessions-warned' }
  | { readonly kind: 'finalized' }
  | { readonly kind: 'finalize-failed'; readonly failure: Failure };

export type EventKind = Event['kind'];
export type EventOf<K extends EventKind> = Extract<Event, { kind: K }>;

/** Which events can answer which effect. */
export const ANSWERS = {
  wait: ['woke'],
  save: ['saved', 'save-failed'],
  'register-driver': ['driver-registered', 'driver-failed'],
  'read-status': ['status-read', 'status-failed'],
  'follow-active': ['transaction-over', 'transaction-running', 'follow-failed'],
  'release-slot': ['slot-released', 'release-failed', 'slot-kept'],
  check: ['checked', 'check-failed'],
  stage: ['staged', 'stage-failed'],
  'discard-staged': ['discarded', 'discard-failed'],
  survey: ['surveyed', 'survey-failed'],
  'acquire-slot': ['slot-answered', 'slot-failed'],
  'list-sessions': ['sessions-listed', 'sessions-failed'],
  'warn-sessions': ['sessions-warned'],
  finalize: ['finalized', 'finalize-failed'],
} as const satisfies Record<EffectKind, readonly EventKind[]>;

/** The kinds of events that can answer effects of kind `E`. */
export type AnswerKind<E extends EffectKind> = (typeof ANSWERS)[E][number];

/** An event, when it happened on both clocks, and the roll (0..10) that jitter takes if it needs one. */
export interface Occurrence {
  readonly event: Event;
  /** Wall clock, milliseconds since 1970 UTC. */
  readonly at: number;
  /** Monotonic clock, milliseconds. */
  readonly mono: number;
  readonly roll: number;
}
