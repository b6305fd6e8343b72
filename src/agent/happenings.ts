/**
 * What happens to a node, as typed facts. A transition hands them out; log lines, counters, history, notices and the
 * simulator read them. Data only.
 *
 * Invariants:
 * - A fact is stated once, where it is decided. Nobody infers it again from two models.
 * - Texts from outside are as they came; whoever prints them makes them printable.
 * - `repeated` says that people have heard the same before, and nothing has changed since.
 */
import type { BootFinding } from './boot-finding.ts';
import type { EffectKind, Failure } from './messages.ts';
import type { CheckResult, Deployment, Session } from './ports.ts';
import type { Release, Target } from './release.ts';
import type { Outcome, Request } from './requests.ts';
import type { SlotPlace } from './slot-place.ts';
import type { StateName } from './state.ts';

/** What the agent does again and again, and what can fail for a while. */
export const ACTIVITIES = ['save', 'driver', 'status', 'steady', 'check'] as const;
export type Activity = (typeof ACTIVITIES)[number];

/** What is about to be done. Told by whoever performs the effect, right before it does so. */
export type Beginning =
  | { readonly kind: 'waiting'; readonly state: StateName; readonly forMs: number }
  | { readonly kind: 'registering'; readonly repeated: boolean }
  | { readonly kind: 'checking'; readonly state: StateName }
  | { readonly kind: 'staging'; readonly state: StateName; readonly release: Release }
  /** `title`: of the transaction that is followed, as rpm-ostree names it. */
  | { readonly kind: 'following'; readonly title: string | undefined }
  | { readonly kind: 'finalizing'; readonly release: Release; readonly repeated: boolean }
  | { readonly kind: 'working'; readonly state: StateName; readonly effect: EffectKind };

/** Of the agent's own work, whatever state it is in. */
type OfActivities =
  /** A run of failures began or went on; each new kind of failure is told once. */
  | {
      readonly kind: 'failing';
      readonly activity: Activity;
      readonly failure: Failure;
      readonly repeated: boolean;
    }
  /** A run of failures is over. */
  | {
      readonly kind: 'recovered';
      readonly activity: Activity;
      readonly failures: number;
      readonly lastedMs: number;
    }
  | { readonly kind: 'state-changed'; readonly to: StateName }
  /** A new configuration is in use. */
  | { readonly kind: 'reconfigured' };

/** Of the start, and of what the last reboot led to. */
type OfStart =
  | { readonly kind: 'initialized' }
  /** What is on disk beside the booted release and a staged one: none of it is an update target. */
  | { readonly kind: 'others-excluded'; readonly others: readonly Target[] }
  | { readonly kind: 'updates-disabled' }
  | { readonly kind: 'steady' }
  | BootFinding;

/** Of one answer of the update server. */
type OfChecks =
  | { readonly kind: 'checked'; readonly result: CheckResult }
  | { readonly kind: 'deadend'; readonly reason: string }
  | { readonly kind: 'no-deadend' }
  | { readonly kind: 'targets-ignored'; readonly count: number; readonly repeated: boolean }
  | { readonly kind: 'downgrade-refused'; readonly release: Release; readonly repeated: boolean }
  | { readonly kind: 'graph-warning'; readonly text: string; readonly repeated: boolean }
  /** Offered, and denied by the administrator. `stayingOn`: the booted version, where nothing else is offered. */
  | {
      readonly kind: 'offers-skipped';
      readonly versions: readonly string[];
      readonly stayingOn: string | undefined;
      readonly repeated: boolean;
      /** Some may be denied by request, and not by configuration. */
      readonly requests?: true;
    }
  /** Offered, and left alone because somebody staged something else, or had it boot next (`pending`). */
  | {
      readonly kind: 'offer-left';
      readonly release: Release;
      readonly staged: string;
      readonly pending?: true;
      readonly repeated: boolean;
    }
  /** The next check is further away than usual. */
  | { readonly kind: 'check-put-off'; readonly untilAt: number; readonly repeated: boolean }
  | { readonly kind: 'off-graph'; readonly booted: string }
  | { readonly kind: 'on-graph-again'; readonly booted: string };

/** Of a release on its way to the disk. */
type OfStaging =
  | { readonly kind: 'selected'; readonly release: Release }
  | { readonly kind: 'staged'; readonly release: Release }
  /** Another transaction runs; no attempt is counted. */
  | { readonly kind: 'staging-busy'; readonly failure: Failure }
  | {
      readonly kind: 'staging-failed';
      readonly release: Release;
      readonly failure: Failure;
      readonly repeated: boolean;
    }
  /** A request ended it before it was over: no failed attempt. */
  | { readonly kind: 'staging-cut-short'; readonly release: Release }
  /** Offered, and not staged because a person wants nothing staged. */
  | {
      readonly kind: 'staging-held';
      readonly release: Release;
      readonly reason: string;
      readonly repeated: boolean;
    }
  /** Somebody else staged a deployment: it is left as it is, and no release is staged. */
  | { readonly kind: 'foreign-staged'; readonly version: string; readonly pending?: true }
  | { readonly kind: 'foreign-gone'; readonly version: string }
  /** Somebody has changed what is staged since it was read: nothing was done, and everything is decided anew. */
  | { readonly kind: 'staged-changed'; readonly failure: Failure }
  /** What an attempt that failed left staged was dropped. */
  /** `hasFailed`: staging it did. Otherwise nobody knows how that ended. */
  | { readonly kind: 'failed-one-dropped'; readonly release: Release; readonly hasFailed: boolean }
  /** rpm-ostree staged something else than was asked for. */
  | { readonly kind: 'staged-other'; readonly release: Release; readonly found: Deployment }
  | {
      readonly kind: 'wrong-stream';
      readonly release: Release;
      readonly expected: string;
      readonly found: string | undefined;
    }
  /** Given up after so many attempts, and not tried again before `untilAt`. */
  | {
      readonly kind: 'abandoned';
      readonly release: Release;
      readonly attempts: number;
      readonly untilAt: number;
    }
  | { readonly kind: 'no-longer-offered'; readonly release: Release }
  | { readonly kind: 'transaction-over' }
  | { readonly kind: 'transaction-running' }
  | { readonly kind: 'transaction-lost'; readonly failure: Failure };

/** `skipped`: by configuration. `request`: by a person's denial. */
export type DropReason = 'skipped' | 'request' | 'denied-or-withdrawn';

/** Of a staged deployment, and of the way to the reboot. */
type OfRebooting =
  /** What was of the wrong stream is dropped, or could not be: it is denied either way. */
  | { readonly kind: 'blocked'; readonly release: Release }
  | { readonly kind: 'dropped'; readonly version: string; readonly why: DropReason }
  | { readonly kind: 'drop-failed'; readonly failure: Failure }
  /** Somebody took the staged deployment away. `replacedBy`: the version that is staged instead. */
  | { readonly kind: 'staged-lost'; readonly release: Release; readonly replacedBy: string | undefined }
  /** The graph does not know this node; what is staged is kept. */
  | {
      readonly kind: 'staged-kept-off-graph';
      readonly release: Release;
      readonly booted: string;
      readonly repeated: boolean;
    }
  /** The graph knows this node and does not offer what is staged: asked again before it is dropped. */
  | { readonly kind: 'staged-unoffered'; readonly release: Release }
  /** Nothing on this node, or no lender, speaks against the reboot. */
  | { readonly kind: 'reboot-allowed'; readonly by: 'gates' | 'lenders' }
  | {
      readonly kind: 'reboot-held';
      readonly by: 'gates' | 'lenders';
      readonly reason: string;
      readonly label: string;
      readonly untilAt?: number;
      readonly repeated: boolean;
      /** Nobody waited for the lender's answer. */
      readonly cutShort?: true;
    }
  /** Gates or lenders could not be asked, or could not tell. */
  | { readonly kind: 'asking-failed'; readonly failure: Failure; readonly repeated: boolean }
  /** A slot that was lent is given back. */
  | { readonly kind: 'slot-returned'; readonly heldMs: number }
  /** Whatever may be held is kept, since this boot is not complete. */
  | { readonly kind: 'slot-kept'; readonly reason: string; readonly repeated: boolean }
  /** It was kept for as long as it may be: until the boot is complete, or until a lender gives a clear answer. */
  | { readonly kind: 'slot-wait-over'; readonly of: 'boot' | 'answer'; readonly reason: string }
  /** A lender that is no longer configured could not be told for so long that it is forgotten. */
  | { readonly kind: 'slot-given-up'; readonly place: SlotPlace; readonly tries: number }
  | { readonly kind: 'sessions-seen'; readonly sessions: readonly Session[]; readonly repeated: boolean }
  | { readonly kind: 'sessions-untold'; readonly failure: Failure; readonly repeated: boolean }
  | { readonly kind: 'reboot-postponed'; readonly sessions: number }
  /** People get their first notice of this grace. `minutes`: the most that is waited; undefined: the wait has no end. */
  | { readonly kind: 'grace-begun'; readonly minutes: number | undefined }
  /** The last postponement of this grace begins. */
  | { readonly kind: 'grace-ending' }
  /** People were waited for, are still logged in, and are not waited for any more. */
  | { readonly kind: 'grace-over' }
  /** Everything allows it: finalization comes next, as soon as the record says so. */
  | { readonly kind: 'reboot-asked'; readonly release: Release }
  /** No reboot comes of what was asked for. */
  | { readonly kind: 'reboot-refused'; readonly target: Target; readonly why: string }
  | { readonly kind: 'finalize-failed'; readonly failure: Failure; readonly repeated: boolean }
  | { readonly kind: 'finalized'; readonly release: Release }
  | { readonly kind: 'waiting-for-reboot'; readonly release: Release }
  /** Noticed at `at`. */
  | {
      readonly kind: 'reboot-overdue';
      readonly release: Release;
      readonly finalizedAt: number;
      readonly at: number;
    };

/** Of what people ask for. Each request is taken once, and ends once. */
type OfRequests =
  | { readonly kind: 'request-taken'; readonly request: Request }
  | { readonly kind: 'request-ended'; readonly request: Request; readonly outcome: Outcome };

export type Happening = OfRequests | Beginning | OfActivities | OfStart | OfChecks | OfStaging | OfRebooting;
export type HappeningKind = Happening['kind'];
export type HappeningOf<K extends HappeningKind> = Extract<Happening, { kind: K }>;
