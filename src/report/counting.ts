/** Which metric counts what: effects as they begin, events as they come. */
import type { Effect, Occurrence } from '../agent/messages.ts';
import type { Model } from '../agent/state.ts';
import type { Metrics } from '../metrics/metrics.ts';

export function countStart(metrics: Metrics, effect: Effect): void {
  switch (effect.kind) {
    case 'check':
      metrics.checkStarted();
      break;
    case 'stage':
      metrics.deployAttempted();
      break;
    case 'finalize':
      metrics.finalizationAttempted();
      metrics.finalizeAttempted();
      break;
    default:
  }
}

export function countEvent(metrics: Metrics, before: Model, { event, at }: Occurrence, after: Model): void {
  switch (event.kind) {
    case 'checked':
      metrics.checkAnswered(event.result, at);
      break;
    case 'check-failed':
      metrics.checkFailed(event.failure.kind);
      break;
    case 'staged':
      metrics.downloadEnded();
      break;
    case 'stage-failed':
      metrics.downloadEnded();
      // Somebody else's transaction is no failure of this one.
      if (event.failure.kind !== 'rpm_ostree_busy') {
        metrics.deployFailed();
      }
      break;
    case 'transaction-over':
    case 'transaction-running':
    case 'follow-failed':
      metrics.downloadEnded();
      break;
    case 'driver-failed':
      metrics.registerDriverFailed();
      break;
    case 'local-verdict':
    case 'remote-verdict':
      if (event.verdict.verdict === 'deny') {
        metrics.finalizeAnswered('deny');
        metrics.finalizationBlocked(event.verdict.label);
      }
      break;
    case 'verdict-failed':
      metrics.finalizeAnswered('error');
      break;
    case 'sessions-listed':
      metrics.activeUsersDetected(event.sessions.length);
      break;
    case 'finalized':
      metrics.finalizationSucceeded();
      break;
    case 'finalize-failed':
      metrics.finalizeFailed();
      break;
    default:
  }
  const was = before.state;
  const is = after.state;
  if (is.name !== 'UpdateStaged' || was.name !== 'UpdateStaged') {
    return;
  }
  if (was.step !== 'finalize' && is.step === 'finalize') {
    metrics.finalizeAnswered('allow');
  }
  if (was.step !== 'rest' && is.step === 'rest' && is.holding.by === 'sessions') {
    metrics.finalizationBlockedByUsers();
    metrics.finalizationPostponed();
  }
}
