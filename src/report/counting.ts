/**
 * Which metric counts which happening. Pure but for the metrics it is handed.
 *
 * Invariant: each kind of happening is named here: a new one does not compile until it is decided what counts it.
 */
import type { Happening, HappeningKind, HappeningOf } from '../agent/happenings.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { SECOND_MS } from '../text/units.ts';

/** `at`: wall clock, milliseconds. */
export function count(metrics: Metrics, happening: Happening, at: number): void {
  // The table's types hold for each kind; here an entry is looked up by what came.
  const counted = COUNTED[happening.kind] as Counted<HappeningKind>;
  counted(metrics, happening, at);
}

type Counted<K extends HappeningKind> = (metrics: Metrics, happening: HappeningOf<K>, at: number) => void;

const nothing = (): void => undefined;
const downloadEnded = (metrics: Metrics): void => metrics.downloadEnded();

const COUNTED: { readonly [K in HappeningKind]: Counted<K> } = {
  waiting: nothing,
  registering: nothing,
  checking: (metrics) => metrics.checkStarted(),
  staging: (metrics) => metrics.deployAttempted(),
  following: nothing,
  finalizing: (metrics) => {
    metrics.finalizationAttempted();
    metrics.finalizeAttempted();
  },
  working: nothing,

  failing: (metrics, { activity, failure }) => {
    if (activity === 'check') {
      metrics.checkFailed(failure.kind);
    }
    if (activity === 'driver') {
      metrics.registerDriverFailed();
    }
  },
  recovered: nothing,
  'state-changed': nothing,
  reconfigured: nothing,
  'request-taken': nothing,
  'request-ended': nothing,

  initialized: nothing,
  'others-excluded': nothing,
  'updates-disabled': nothing,
  steady: nothing,
  'booted-as-asked': nothing,
  'reboot-missed': nothing,
  'rolled-back': nothing,

  checked: (metrics, { result }, at) => metrics.checkAnswered(result, at),
  deadend: nothing,
  'no-deadend': nothing,
  'targets-ignored': nothing,
  'downgrade-refused': nothing,
  'graph-warning': nothing,
  'offers-skipped': nothing,
  'offer-left': nothing,
  'check-put-off': nothing,
  'off-graph': nothing,
  'on-graph-again': nothing,

  selected: nothing,
  staged: downloadEnded,
  // Somebody else's transaction is no failure of this one.
  'staging-busy': downloadEnded,
  'staging-cut-short': downloadEnded,
  'staging-held': nothing,
  'staging-failed': (metrics) => {
    metrics.downloadEnded();
    metrics.deployFailed();
  },
  'foreign-staged': nothing,
  'foreign-gone': nothing,
  'staged-changed': downloadEnded,
  'failed-one-dropped': nothing,
  'staged-other': downloadEnded,
  'wrong-stream': downloadEnded,
  abandoned: nothing,
  'no-longer-offered': nothing,
  'transaction-over': downloadEnded,
  'transaction-running': downloadEnded,
  'transaction-lost': downloadEnded,

  blocked: nothing,
  dropped: nothing,
  'drop-failed': nothing,
  'staged-lost': nothing,
  'staged-kept-off-graph': nothing,
  'staged-unoffered': nothing,
  'reboot-allowed': nothing,
  'reboot-held': (metrics, { label }) => {
    metrics.finalizeAnswered('deny');
    metrics.finalizationBlocked(label);
  },
  'asking-failed': (metrics) => metrics.finalizeAnswered('error'),
  'slot-returned': (metrics, { heldMs }) => metrics.fleetLockHeld(heldMs / SECOND_MS),
  'slot-kept': nothing,
  'slot-wait-over': nothing,
  'slot-given-up': nothing,
  'sessions-seen': (metrics, { sessions }) => metrics.activeUsersDetected(sessions.length),
  'sessions-untold': nothing,
  'reboot-postponed': (metrics) => {
    metrics.finalizationBlockedByUsers();
    metrics.finalizationPostponed();
  },
  'grace-begun': nothing,
  'grace-ending': nothing,
  'grace-over': nothing,
  'reboot-asked': (metrics) => metrics.finalizeAnswered('allow'),
  'reboot-refused': nothing,
  'finalize-failed': (metrics) => metrics.finalizeFailed(),
  finalized: (metrics) => metrics.finalizationSucceeded(),
  'waiting-for-reboot': nothing,
  'reboot-overdue': nothing,
};
