/**
 * UpdateAvailable: stage the release, verify what was staged, try again a bounded number of times. Pure. The steps stand
 * here; what they lead to is in available/.
 *
 * Invariants:
 * - A transaction of somebody else, or one that somebody else cancelled, is no failed attempt.
 * - Between attempts the graph is asked, when that is due, whether the release is still wanted.
 */
import { afterCheck, afterFailedCheck, checkDue, checkEffect, retryMs } from '../checking.ts';
import type { Failure } from '../messages.ts';
import { AFTER_FOLLOW_MS, FOLLOW_LIMIT_MS } from '../pacing.ts';
import { bootsNext } from '../next-boot.ts';
import { isAboutAnother } from '../pending.ts';
import type { CheckResult, HostStatus } from '../ports.ts';
import { resting } from '../rest.ts';
import type { AvailableStep, Model } from '../state.ts';
import { type Step, stepsOf, type Turn, withMemory } from '../turn.ts';
import { afterStaging } from './available/after-staging.ts';
import { counted, rest, type UpdateAvailable } from './available/counted.ts';
import { goneOn, hasFailed, isAdrift, isToBeStagedAnew, selected } from './available/selected.ts';
import { discardStaged, lookAgain, pollNow, STAGED_CHANGED } from './back-to-polling.ts';
import { READ_FRESH } from './reading.ts';
import { followed } from './transaction.ts';

export const step = stepsOf<UpdateAvailable>();

export const AVAILABLE_STEPS: Readonly<Record<AvailableStep, Step<UpdateAvailable>>> = {
  stage: step(
    ['stage'],
    ({ release }, { policy, memory }) => ({
      kind: 'stage',
      release,
      allowDowngrade: policy.allowDowngrade,
      expected: bootsNext(memory.host),
    }),
    {
      staged: (state, { deployment }, turn) => afterStaging(state, deployment, turn),
      'stage-failed': (state, { failure }, turn) => afterRefusal(state, failure, turn),
    },
  ),
  follow: step(
    ['follow-active'],
    () => ({ kind: 'follow-active', limitMs: FOLLOW_LIMIT_MS }),
    followed<UpdateAvailable>(
      // Then read what that transaction left, before staging over it.
      (state, turn) => rest(state, turn.memory, turn.mono + AFTER_FOLLOW_MS),
      (state, turn) => rest(state, turn.memory, turn.mono + retryMs(turn)),
    ),
  ),
  discard: step(['discard-staged'], (_state, view) => discardStaged(view), {
    discarded: (state, _event, turn) => {
      const { release } = state;
      if (isToBeStagedAnew(turn.memory, release)) {
        turn.tell({
          kind: 'failed-one-dropped',
          release,
          hasFailed: hasFailed(turn.memory, release, turn.policy),
        });
        return goneOn(state, turn);
      }
      turn.tell({ kind: 'blocked', release });
      return pollNow(turn.memory);
    },
    'discard-failed': (state, { failure }, turn) => {
      if (failure.kind === STAGED_CHANGED) {
        turn.tell({ kind: 'staged-changed', failure });
        return lookAgain(turn);
      }
      turn.tell({ kind: 'drop-failed', failure });
      // A denied release that could not be dropped now is replaced by the next one staged.
      return isToBeStagedAnew(turn.memory, state.release)
        ? rest(state, turn.memory, turn.mono + retryMs(turn))
        : pollNow(turn.memory);
    },
  }),
  rest: resting<UpdateAvailable>((state, { memory, mono }) =>
    mono >= state.dueMono
      ? {
          state: { ...state, step: 'refresh' },
          memory: isAdrift(state, memory) ? checkDue(memory, mono) : memory,
        }
      : { state, memory },
  ),
  refresh: step(['read-status'], () => READ_FRESH, {
    'status-read': (state, { status }, turn) => afterReading(state, status, turn),
    'status-failed': (state, _event, turn) => rest(state, turn.memory, turn.mono + retryMs(turn)),
  }),
  check: step(['check'], (_state, view) => checkEffect(view), {
    checked: (state, { result }, turn) => afterAnswer(state, result, turn),
    'check-failed': (state, { failure }, turn) => {
      const memory = afterFailedCheck(failure, turn);
      // The server is of no help just now; the release it named of its own stays the one to stage.
      return state.terms === undefined
        ? goneOn(state, withMemory(turn, memory))
        : { state: { name: 'NoNewUpdate', step: 'rest' }, memory };
    },
  }),
};

function afterReading(state: UpdateAvailable, status: HostStatus, turn: Turn): Model {
  const { memory, mono } = turn;
  if (status.booted.payload === undefined) {
    return pollNow(memory);
  }
  if (status.activeTransaction !== undefined) {
    return { state: { ...state, step: 'follow' }, memory };
  }
  if (mono >= memory.check.dueMono) {
    return { state: { ...state, step: 'check' }, memory };
  }
  return goneOn(state, turn);
}

function afterAnswer(state: UpdateAvailable, { outcome }: CheckResult, turn: Turn): Model {
  const memory = afterCheck(turn);
  switch (outcome.kind) {
    case 'update':
      return selected(outcome.release, withMemory(turn, memory), state.lastFailure);
    case 'off-graph':
      turn.tell({ kind: 'no-longer-offered', release: state.release });
      return pollNow(memory);
    case 'no-update':
    case 'downgrade-refused':
      if (isAboutAnother(memory) && state.terms === undefined) {
        return selected(state.release, withMemory(turn, memory), state.lastFailure, {});
      }
      turn.tell({ kind: 'no-longer-offered', release: state.release });
      return { state: { name: 'NoNewUpdate', step: 'rest' }, memory };
  }
}

function afterRefusal(state: UpdateAvailable, failure: Failure, turn: Turn): Model {
  if (failure.kind === 'cancelled') {
    // By a request, which is taken next.
    turn.tell({ kind: 'staging-cut-short', release: state.release });
    return {
      state: { ...state, step: 'rest', isCut: true, dueMono: turn.mono + retryMs(turn) },
      memory: turn.memory,
    };
  }
  // Neither counts as an attempt: nothing is wrong with the release.
  if (failure.kind === 'rpm_ostree_busy') {
    turn.tell({ kind: 'staging-busy', failure });
    return { state: { ...state, step: 'follow' }, memory: turn.memory };
  }
  if (failure.kind === STAGED_CHANGED) {
    turn.tell({ kind: 'staged-changed', failure });
    return rest(state, turn.memory, turn.mono + AFTER_FOLLOW_MS);
  }
  if (failure.kind === 'rpm_ostree_rebooting') {
    turn.tell({ kind: 'staging-busy', failure });
    return rest(state, turn.memory, turn.mono + retryMs(turn));
  }
  const repeated = state.lastFailure === failure.message;
  turn.tell({ kind: 'staging-failed', release: state.release, failure, repeated });
  if (failure.kind === 'rpm_ostree_transaction_cancelled') {
    return rest({ ...state, lastFailure: failure.message }, turn.memory, turn.mono + retryMs(turn));
  }
  return counted(state, failure.message, turn);
}
