/**
 * What the agent needs from the world, as small interfaces. daemon/ hands in the real ones, tests their own. Types only.
 *
 * Invariants:
 * - Every method that waits takes an AbortSignal. Aborting it settles the promise with CancelledError within a second,
 *   and leaves nothing behind.
 * - Every method has its own bound as well.
 */
import type { AgentRecord } from './record.ts';
import type { Payload, Release } from './release.ts';
import type { Override } from './overrides.ts';
import type { Hold } from './requests.ts';
import type { MayHold, SlotPlace } from './slot-place.ts';

/** Time. Instants are milliseconds: `now` of the wall clock since 1970 UTC, `monotonic` of a clock that never steps. */
export interface Clock {
  now(): number;
  monotonic(): number;
  /** Resolves after `ms` milliseconds on the monotonic clock; rejects with CancelledError when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Chance: an integer in 0..10, as pacing's jitter wants it. */
export type Dice = () => number;

/** One deployment of this host, reduced to what the agent decides with. */
export interface Deployment {
  /** rpm-ostree's id, `OSNAME-CHECKSUM.SERIAL`. */
  readonly id: string;
  readonly version: string;
  /** What a graph knows it by: base checksum, or image with digest. Undefined: foreign, cannot be compared. */
  readonly payload: Payload | undefined;
  /** Base checksum (the layered commit's own one if there are no layers). */
  readonly baseChecksum: string;
  readonly stream: string | undefined;
  readonly booted: boolean;
  readonly staged: boolean;
  /** True: staged and locked until finalized. Undefined: a daemon too old to say. */
  readonly finalizationLocked: boolean | undefined;
  /** As rpm-ostree prints it, signature scheme and transport included; undefined when a ref is followed. */
  readonly imageReference: string | undefined;
  /** Packages layered on top. */
  readonly layeredPackages: readonly string[];
}

/** A transaction that runs in rpm-ostree, whoever started it. */
export interface ActiveTransaction {
  readonly method: string;
  readonly title: string;
  /** True when its title says that an agent of ours started it (perhaps one that was killed since). */
  readonly ours: boolean;
}

/** The deployments in boot order, and what runs. */
export interface HostStatus {
  readonly booted: Deployment;
  readonly staged: Deployment | undefined;
  /** All of them, booted and staged included. */
  readonly deployments: readonly Deployment[];
  readonly activeTransaction: ActiveTransaction | undefined;
}

/** Progress of a transaction. All parts optional: they come from whatever signals the daemon sends. */
export interface Progress {
  readonly text: string;
  readonly percent?: number;
  readonly bytesTransferred?: number;
  readonly bytesPerSecond?: number;
  /** How much there is to fetch. Left out: rpm-ostree tells it of static deltas alone. */
  readonly bytesTotal?: number;
  /** For so long nothing has moved: whole minutes, milliseconds. Left out: less than a minute. */
  readonly quietMs?: number;
  /** Of an image: layers that have arrived, and how many have to. */
  readonly layersDone?: number;
  readonly layersNeeded?: number;
}

/** rpm-ostree. All methods reject with RpmOstreeError (see its kinds) or CancelledError. */
export interface RpmOstree {
  /** Makes rpm-ostree's own CLI say that this agent drives updates. */
  registerDriver(signal: AbortSignal): Promise<void>;
  /** `cached` answers without D-Bus while the sysroot is as it was at the last read; `fresh` always asks. */
  status(mode: 'cached' | 'fresh', signal: AbortSignal): Promise<HostStatus>;
  /**
   * Stages `release` with finalization locked and returns the staged deployment as read back. When exactly that is
   * staged already, nothing is done. What a failed attempt leaves staged is dropped before the promise rejects.
   *
   * Kind `rpm_ostree_busy`: another transaction runs, see `followActive`. Kind `rpm_ostree_staged_changed`: something
   * else is staged than `expected`, and nothing was done.
   */
  stage(
    release: Release,
    options: { readonly allowDowngrade: boolean; readonly expected: Deployment | undefined },
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<Deployment>;
  /** Unlocks the staged deployment `release` and asks for the reboot, which follows a moment after the promise resolves. */
  finalize(release: Release, options: { allowUnlocked: boolean }, signal: AbortSignal): Promise<void>;
  /**
   * Drops the staged deployment (`rpm-ostree cleanup -p`). Kind `rpm_ostree_staged_changed`: something else is staged
   * than `expected`, and nothing was done.
   */
  discardStaged(expected: Deployment | undefined, signal: AbortSignal): Promise<void>;
  /**
   * Joins the transaction that runs now and waits for its end, at most `limitMs`; resolves at once when none runs.
   * A transaction of ours that makes no progress is cancelled. `succeeded` is said of ours alone: what it staged has passed
   * rpm-ostree's check.
   */
  followActive(
    limitMs: number,
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<FollowEnd>;
}

/** What became of a transaction that was joined. */
export type FollowEnd = 'succeeded' | 'ended' | 'still-running';

/** What the update server is asked about. */
export interface CheckQuery {
  readonly booted: Release;
  /** Payloads that must not be chosen. */
  readonly denied: readonly Payload[];
  /** What the administrator has ruled out, see skip.ts. */
  readonly skip: readonly string[];
  readonly allowDowngrade: boolean;
  /** Ask as the node that takes releases first, whatever is configured. */
  readonly ignoreRollout?: true;
  /** No other version may be chosen. */
  readonly to?: string;
}

export type Deadend = { readonly isDeadend: false } | { readonly isDeadend: true; readonly reason: string };

/** What the graph says. */
export interface CheckResult {
  readonly outcome:
    | { readonly kind: 'update'; readonly release: Release }
    | { readonly kind: 'no-update' }
    | { readonly kind: 'downgrade-refused'; readonly release: Release }
    | { readonly kind: 'off-graph' };
  /** Releases on the way to the end of what the graph has, the one that is named included. Left out: not known. */
  readonly hops?: number;
  readonly deadend: Deadend;
  /** Candidates left out because they are denied, by the administrator or otherwise. */
  readonly ignoredTargets: number;
  /** Versions of those that the administrator denies, at most ten. */
  readonly skipped: readonly string[];
  readonly nodes: number;
  readonly edges: number;
  /** Faults in the graph that did not spoil the answer, one sentence each, at most ten. */
  readonly warnings: readonly string[];
  /** The server said "not modified" (304): the answer comes from the graph it confirmed. */
  readonly notModified: boolean;
}

/** The update server. Rejects with CincinnatiError or CancelledError. */
export interface UpdateSource {
  check(query: CheckQuery, signal: AbortSignal): Promise<CheckResult>;
}

/** Interactive sessions of logged-in people; each with a terminal. */
export interface Session {
  readonly user: string;
  readonly tty: string;
}

export interface Sessions {
  /** Sessions that have a terminal. An empty list when the host has no login manager or the override file exists. */
  list(signal: AbortSignal): Promise<readonly Session[]>;
  /** Writes `text` to every session's terminal; never blocks on one, never rejects for a terminal that takes nothing. */
  broadcast(sessions: readonly Session[], text: string, signal: AbortSignal): Promise<void>;
}

/** Where the record lives. Rejects with AgentError (kind `record_unwritable`). */
export interface RecordStore {
  save(record: AgentRecord, signal: AbortSignal): Promise<void>;
}

/** What a gate is asked about: one instant, and the deployments as the machine last read them. */
export interface GateQuestion {
  /** Wall clock, milliseconds since 1970 UTC. */
  readonly at: number;
  readonly booted: Deployment | undefined;
  readonly staged: Deployment | undefined;
  /** Holds of people, those of staging included. Left out: none. */
  readonly holds?: readonly Hold[];
  /** What a person overrides for this one reboot. Left out: nothing. */
  readonly overrides?: readonly Override[];
}

/** `unknown`: the gate cannot tell. The machine then holds the reboot, as for `block`. */
export const GATE_VERDICTS = ['pass', 'block', 'unknown'] as const;
export type GateVerdict = (typeof GATE_VERDICTS)[number];

/** What one gate says to one question. */
export interface GateReport {
  /** The gate's name: `periodic`, `free_space` and so on. */
  readonly gate: string;
  readonly verdict: GateVerdict;
  /** One sentence for people, also for `pass`. */
  readonly reason: string;
  /** Bounded word, also a metric label; see gates/labels.ts. For `unknown` the error's kind. */
  readonly label: string;
  /** What the judgement rests on, as plain data for people and tools. */
  readonly evidence?: Readonly<Record<string, string | number | boolean>>;
  /** The earliest instant at which the verdict can become `pass` (wall clock, milliseconds). Only with `block`. */
  readonly nextAt?: number;
  /** The instant at which the present pass ends (wall clock, milliseconds). Only with `pass`. */
  readonly passEndsAt?: number;
}

/**
 * What is known of a gate's future:
 * - `timed`: every instant, exactly;
 * - `observed`: nothing; it is assumed to stay as it is, or to pass from now on where it blocks;
 * - `bounded`: the earliest instant at which it can pass, and perhaps the latest;
 * - `foreign`: somebody else decides, and is not asked for an explanation.
 */
export const GATE_CLASSES = ['timed', 'observed', 'bounded', 'foreign'] as const;
export type GateClass = (typeof GATE_CLASSES)[number];

/** A time during which a gate lets the node pass: `[fromAt, untilAt)`, wall clock, milliseconds. */
export interface Pass {
  readonly fromAt: number;
  /** Left out: no end is in sight. */
  readonly untilAt?: number;
}

/**
 * The first pass that is not over at `at`, cut to begin there. Undefined: none is in sight. Pure: the facts are those of
 * one look.
 */
export type PassAfter = (at: number) => Pass | undefined;

/** A report, and what the same look says about later. */
export interface ExplainedReport {
  readonly report: GateReport;
  readonly class: GateClass;
  readonly passAfter: PassAfter;
}

/** What all gates together say about later. */
export interface Foresight {
  /** Of each report, in their order. */
  readonly classes: readonly GateClass[];
  /** The earliest instant at which all gates can pass. Undefined: none within a year. */
  readonly clearAt: number | undefined;
}

/** One look at all gates. */
export interface Look {
  /** As of {@link Gates.survey}. */
  readonly reports: readonly GateReport[];
  readonly foresight: Foresight;
}

/** Everything on this node that can hold a reboot back. Never rejects but for the end of `signal`. */
export interface Gates {
  /** One report of each gate, in the order of the configuration. A gate that throws is one `unknown` report. */
  survey(question: GateQuestion, signal: AbortSignal): Promise<readonly GateReport[]>;
  /** A survey, with what follows from it for later. */
  look(question: GateQuestion, signal: AbortSignal): Promise<Look>;
}

/** Who asks for a slot, and when. */
export interface SlotRequest {
  /** Wall clock, milliseconds since 1970 UTC. */
  readonly at: number;
  /** The node's stream, for addresses that name it; undefined while it is not known. */
  readonly stream: string | undefined;
}

/**
 * What lenders answered. Refused: clearly nothing was lent by this question, so nothing has to be given back. May be
 * held: nobody knows, or a place is kept for this node. Then it is to be asked again.
 */
export type SlotAnswer =
  | { readonly kind: 'granted' }
  | {
      readonly kind: 'may-be-held';
      /** One sentence for people. */
      readonly reason: string;
      /** Bounded word, also a metric label. */
      readonly label: string;
      /** The pause until asking again makes sense, milliseconds. The node's own, where that is shorter. */
      readonly askAgainMs: number;
      /** As below; `askAgainMs` then leads there, and the node's own pause does not count. */
      readonly untilAt?: number;
      /** Nobody waited for the answer: a new configuration or a request came in. */
      readonly cutShort?: true;
      /** The kind of the error, where something went wrong. Undefined: the lender itself asks for patience. */
      readonly errorKind?: string;
    }
  | {
      readonly kind: 'refused';
      /** One sentence for people. */
      readonly reason: string;
      /** Bounded word, also a metric label. */
      readonly label: string;
      /** Asking again before this instant is in vain (wall clock, milliseconds). */
      readonly untilAt?: number;
    };

/** What is to be given back. */
export interface SlotReturn extends SlotRequest {
  /** Whether those that are configured now are told. */
  readonly configured: boolean;
  /** What may be held with lenders that are no longer configured. */
  readonly former: readonly MayHold[];
}

/** What could not be given back, and why. */
export interface SlotsLeft {
  readonly configured: boolean;
  readonly former: readonly SlotPlace[];
  /** The first failure. */
  readonly error: unknown;
}

/** All lenders of the node as one. Rejects with AgentError when one cannot be asked: then nothing was lent. */
export interface Lenders {
  /** Takes a slot of each; the first refusal ends the asking. Called only when everything else allows the reboot. */
  acquire(request: SlotRequest, signal: AbortSignal): Promise<SlotAnswer>;
  /** Gives back what may be held. Undefined: all of it is given back. Rejects: none of it is. */
  release(request: SlotReturn, signal: AbortSignal): Promise<SlotsLeft | undefined>;
}
