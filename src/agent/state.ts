/**
 * What the agent knows at any moment: the state it is in, and a memory that outlives a change of state. Data only.
 *
 *   StartState ──> Initialized ──> ReportedSteady ──┬──> NoNewUpdate <──> OffGraph
 *       │                                           │        │  ^
 *       │ (updates disabled)                        v        v  │ abandoned, withdrawn, wrong stream, staged one gone
 *       │                                        UpdateAvailable
 *       │                                               │ staged, finalization locked
 *       v                                               v
 *    EndState <────────── UpdateFinalized <────── UpdateStaged <── (the reboot never came: EndState asks again)
 *
 * Within a state, `step` says which effect comes next; `rest` waits for whatever is due first.
 *
 * Instants named `...Mono` are milliseconds of the monotonic clock, `...At` of the wall clock. The first pace the agent, whatever
 * is done to the wall clock. The second are told to people and kept.
 */
import type { Grace, GracePolicy } from './grace.ts';
import { momentOf, type Moment } from './moment.ts';
import type { Pending } from './pending-request.ts';
import type { Deadend, Foresight, GateReport, HostStatus, Session, SlotAnswer } from './ports.ts';
import { EMPTY_RECORD, type AgentRecord, type StageTerms } from './record.ts';
import type { Release, Target } from './release.ts';
import type { SlotPlace } from './slot-place.ts';

export type AgentState =
  | {
      readonly name: 'StartState';
      readonly step: 'register' | 'read' | 'follow' | 'rest';
      readonly dueMono: number;
    }
  | { readonly name: 'Initialized' }
  | { readonly name: 'ReportedSteady'; readonly step: PollStep }
  | { readonly name: 'NoNewUpdate'; readonly step: PollStep }
  | { readonly name: 'OffGraph'; readonly step: PollStep; readonly since: Moment }
  | {
      readonly name: 'UpdateAvailable';
      readonly release: Release;
      readonly failedAttempts: number;
      /** Of the last attempt, to tell a new one from the same one again; "" for none. */
      readonly lastFailure: string;
      /** On which terms a person has it staged. Left out: on those of the configuration. */
      readonly terms?: StageTerms;
      /** It rests because a request has just ended the staging, and that request is taken next. */
      readonly isCut?: true;
      readonly step: AvailableStep;
      readonly dueMono: number;
    }
  | (Grace & {
      readonly name: 'UpdateStaged';
      readonly release: Release;
      readonly step: StagedStep;
      readonly dueMono: number;
      /** Why it rests, for people. */
      readonly holding: Holding;
      /** Who was logged in at the last look. */
      readonly visitors: readonly Session[];
      /** The staged deployment is no longer locked: somebody unlocked it, or an earlier finalization did. */
      readonly unlocked: boolean;
    })
  | { readonly name: 'UpdateFinalized'; readonly release: Release; readonly finalized: Moment }
  | { readonly name: 'EndState'; readonly cause: 'disabled'; readonly dueMono: number }
  | {
      readonly name: 'EndState';
      readonly cause: 'reboot-pending';
      readonly release: Release;
      readonly finalized: Moment;
      readonly step: 'rest' | 'read';
      readonly dueMono: number;
    };

export type StateName = AgentState['name'];
/** `rest` until a check is due, `refresh` the deployments, `check` the graph, `discard` what is no longer offered. */
export type PollStep = 'rest' | 'refresh' | 'check' | 'discard';

/** `refresh` and `check` come between two attempts to stage; `discard` drops what is of the wrong stream. */
export type AvailableStep = 'stage' | 'follow' | 'discard' | 'rest' | 'refresh' | 'check';

/**
 * The way of one attempt to reboot:
 * - `refresh` what is deployed, and `check` the graph when that is due;
 * - `ask` the gates of this node, look at `sessions` and `warn` them;
 * - `verify` the staged deployment afresh, `acquire` what lenders lend, `confirm` with the gates once more;
 * - `recheck` who is logged in, since lenders may have taken long, and `finalize`.
 * Whatever says no leads to `rest`. `reconcile` reads the deployments after a finalization that was refused.
 * `discard` drops a release that the server withdrew. `follow` waits for a transaction of somebody else.
 */
export type StagedStep =
  | 'refresh'
  | 'check'
  | 'ask'
  | 'sessions'
  | 'warn'
  | 'verify'
  | 'acquire'
  | 'confirm'
  | 'recheck'
  | 'finalize'
  | 'reconcile'
  | 'discard'
  | 'follow'
  | 'rest';

export type Holding =
  | { readonly by: 'nothing' }
  | { readonly by: 'strategy'; readonly reason: string; readonly untilAt?: number }
  /** `endless`: until nobody is logged in, however long that is. */
  | { readonly by: 'sessions'; readonly count: number; readonly endless: boolean }
  /** A slot may be held, and is asked for again. `errorKind`: something went wrong. */
  | {
      readonly by: 'lender';
      readonly reason: string;
      readonly since: Moment;
      readonly errorKind?: string;
    }
  /**
   * `asked`: rpm-ostree was asked to finalize, and this came of it. `asking`: gates or lenders could not be asked, which
   * may be a hiccup. `unsettled`: the reboot may be on its way all the same.
   */
  | {
      readonly by: 'failure';
      readonly kind: string;
      readonly message: string;
      readonly since: Moment;
      readonly asked?: true;
      readonly asking?: true;
      readonly unsettled?: true;
    };

/** A run of failures of one activity: told once when it begins and once when it ends. */
export interface Streak {
  readonly count: number;
  readonly since: Moment;
  /** Of the last failure. */
  readonly kind: string;
  /** All kinds so far, the first {@link MOST_KINDS} of them: each is told once. */
  readonly kinds: readonly string[];
}

/** A server that names another kind in every answer is told so often, and then no more until it works. */
export const MOST_KINDS = 4;

/** What is to be given back, or told, to the lenders that are configured. Where slots may be held is in the record. */
export interface Steady {
  /** A slot of a lender may be held and is to be given back. */
  readonly owed: boolean;
  readonly dueMono: number;
  readonly streak: Streak | undefined;
  /** It is owed because of the present question alone: a clear refusal ends that. */
  readonly fresh?: boolean;
  /** This boot was seen to be complete, and is not asked about again. */
  readonly bootComplete?: boolean;
  /** Nothing is given back since then, because this boot is not complete. */
  readonly bootWait?: {
    readonly since: Moment;
    readonly looks: number;
    readonly reason: string;
  };
}

export interface Memory {
  /** The deployments as last read; undefined until the first successful reading. */
  readonly host: HostStatus | undefined;
  readonly hostStreak: Streak | undefined;
  /** What outlives the process. */
  readonly record: AgentRecord;
  readonly save: {
    /** The record is not on disk as it stands here. */
    readonly due: boolean;
    readonly dueMono: number;
    readonly streak: Streak | undefined;
  };
  readonly driver: {
    readonly registered: boolean;
    readonly dueMono: number;
    readonly streak: Streak | undefined;
  };
  readonly steady: Steady;
  readonly check: {
    readonly dueMono: number;
    readonly lastAttemptAt: number | undefined;
    readonly lastSuccessAt: number | undefined;
    readonly streak: Streak | undefined;
    /** Versions that the last answer offered and the administrator denies. */
    readonly skipped: readonly string[];
    /** The instant of the next check, while that is further away than the steady interval. */
    readonly putOffUntilAt: number | undefined;
    /** Until then the server wants no request: its Retry-After. Left out: it has not said so. */
    readonly notBefore?: Moment | undefined;
    /** Answers in a row that know the booted release and do not offer what is staged. */
    readonly unoffered: number;
    /** Releases on the way to the newest one, as the last answer had it. Left out: none, or not known. */
    readonly hops?: number | undefined;
    /** The last answer in short, to tell a new one from the same one again. */
    readonly answer: string;
  };
  readonly deadend: Deadend | undefined;
  /** The last survey of the gates. */
  readonly look: LastLook | undefined;
  /** What lenders answered last. */
  readonly loan: LastLoan | undefined;
  /** What somebody else staged and has not booted yet. While it is there, no release is staged. */
  readonly foreign: ForeignStaged | undefined;
  /** A release that the graph offers, or offered last, and that the node is not in. */
  readonly pursuit: Pursuit | undefined;
  /** Requests of people that have not ended, oldest first. */
  readonly requests: readonly Pending[];
}

export interface LastLook {
  /** Wall clock, milliseconds, as below. */
  readonly at: number;
  readonly reports: readonly GateReport[];
  readonly foresight?: Foresight;
}

export interface LastLoan {
  readonly at: number;
  /** `failed`: they could not be asked. */
  readonly kind: SlotAnswer['kind'] | 'failed';
  /** One sentence for people; "" for a slot that was granted. */
  readonly reason: string;
}

export interface ForeignStaged {
  /** Of the deployment. */
  readonly id: string;
  readonly version: string;
  /** It is not staged: somebody has set it as the default, as `rpm-ostree rollback` does. */
  readonly pending?: true;
  /** Since when it is known. */
  readonly since: Moment;
}

export interface Pursuit {
  readonly release: Target;
  /** Since when the node has not got on. While a gate names the instant at which it lets pass, that instant. */
  readonly since: Moment;
}

export interface Model {
  readonly state: AgentState;
  readonly memory: Memory;
}

/** What the configuration asks of the machine. Frozen for one life of the agent. */
export interface Policy {
  readonly enabled: boolean;
  readonly allowDowngrade: boolean;
  /** Releases that the administrator denies, see skip.ts. */
  readonly skip: readonly string[];
  /** `identity.stream` where configured; otherwise the booted deployment's own stream counts. */
  readonly stream: string | undefined;
  /** Somebody is configured who lends this node the right to reboot, and has to get it back. */
  readonly hasLenders: boolean;
  /** They, as they are asked; see slots.ts. */
  readonly slotPlaces: readonly SlotPlace[];
  /** Keep what lenders lent until the last of several hops: a node that is behind catches up in one go. */
  readonly catchUp: boolean;
  readonly sessions: GracePolicy;
  readonly steadyIntervalMs: number;
  readonly retryIntervalMs: number;
  readonly rebootOverdueMs: number;
  readonly jitter: boolean;
  /** A deployment that somebody else staged may be replaced by an update. */
  readonly replaceForeignStaged: boolean;
  /** Names this boot of the machine: a new one after every reboot. */
  readonly bootId: string;
}

export function initialModel(record: AgentRecord = EMPTY_RECORD): Model {
  return {
    state: { name: 'StartState', step: 'register', dueMono: 0 },
    memory: {
      host: undefined,
      hostStreak: undefined,
      record,
      save: { due: false, dueMono: 0, streak: undefined },
      driver: { registered: false, dueMono: 0, streak: undefined },
      steady: { owed: true, dueMono: 0, streak: undefined },
      check: {
        dueMono: 0,
        lastAttemptAt: undefined,
        lastSuccessAt: undefined,
        streak: undefined,
        skipped: [],
        putOffUntilAt: undefined,
        unoffered: 0,
        answer: '',
      },
      deadend: undefined,
      look: undefined,
      loan: undefined,
      foreign: undefined,
      pursuit: undefined,
      requests: [],
    },
  };
}

export function lengthened(streak: Streak | undefined, kind: string, now: Moment): Streak {
  const known = streak?.kinds ?? [];
  const kinds = known.includes(kind) || known.length >= MOST_KINDS ? known : [...known, kind];
  return { count: (streak?.count ?? 0) + 1, since: streak?.since ?? momentOf(now), kind, kinds };
}

/** `memory` with a record that is yet to be written. */
export function recorded(memory: Memory, record: AgentRecord): Memory {
  return record === memory.record ? memory : { ...memory, record, save: { ...memory.save, due: true } };
}
