/**
 * UpdateAvailable: stage the release, verify what was staged, try again a bounded number of times. Pure.
 *
 * Invariants: a transaction of somebody else, or one that somebody else cancelled, is no failed attempt; between
 * attempts the graph is asked, when that is due, whether the release is still wanted; a release that was given up is denied for a
 * time that grows.
 */
import type { Deployment } from './ports.ts';
import type { Failure, Occurrence } from './messages.ts';
import { newGrace } from './grace.ts';
import { AFTER_FOLLOW_MS, MAX_DEPLOY_ATTEMPTS } from './pacing.ts';
import { abandon, attemptsOf, refuseStream, stageFailed, stageSucceeded } from './record.ts';
import { samePayload, type Release } from './release.ts';
import { isSkipped } from './skip.ts';
import { recorded, type AgentState, type Memory, type Model, type Policy } from './state.ts';
import {
  afterFailedCheck,
  checkDue,
  foreignStaged,
  pollNow,
  retryMs,
  steadyMs,
} from './transition-common.ts';

type UpdateAvailable = Extract<AgentState, { name: 'UpdateAvailable' }>;

/**
 * The graph names `release`: stage it, or go on with it where exactly that is staged already (by an agent before this
 * one, or by somebody). What somebody else staged is left alone, unless the policy says otherwise.
 */
export function selected(
  release: Release,
  memory: Memory,
  occurrence: Occurrence,
  policy: Policy,
  lastFailure = '',
): Model {
  const failedAttempts = attemptsOf(memory.record, release).stages;
  const state: UpdateAvailable = {
    name: 'UpdateAvailable',
    release,
    failedAttempts,
    lastFailure,
    step: 'stage',
    dueMono: 0,
  };
  const staged = memory.host?.staged;
  if (staged?.payload !== undefined && samePayload(staged.payload, release.payload)) {
    return afterStaging(state, memory, staged, occurrence, policy);
  }
  if (foreignStaged(memory) !== undefined && !policy.replaceForeignStaged) {
    return { state: { name: 'NoNewUpdate', step: 'rest' }, memory };
  }
  return { state, memory };
}

export function absorbAvailable(
  state: UpdateAvailable,
  memory: Memory,
  occurrence: Occurrence,
  policy: Policy,
): Model {
  const { event, mono } = occurrence;
  switch (event.kind) {
    case 'staged':
      return afterStaging(state, memory, event.deployment, occurrence, policy);
    case 'stage-failed':
      return afterFailure(state, memory, event.failure, occurrence, policy);
    case 'transaction-over':
    case 'transaction-running':
      // Then read what that transaction left, before staging over it.
      return rest(state, memory, mono + AFTER_FOLLOW_MS);
    case 'follow-failed':
      return rest(state, memory, mono + retryMs(occurrence, policy));
    case 'discarded':
    case 'discard-failed':
      // The release is denied already; what could not be dropped now is replaced by the next one staged.
      return pollNow(memory);
    case 'status-read':
      if (event.status.booted.payload === undefined) {
        return pollNow(memory);
      }
      if (event.status.activeTransaction !== undefined) {
        return { state: { ...state, step: 'follow' }, memory };
      }
      if (mono >= memory.check.dueMono) {
        return { state: { ...state, step: 'check' }, memory };
      }
      return selected(state.release, memory, occurrence, policy, state.lastFailure);
    case 'status-failed':
      return rest(state, memory, mono + retryMs(occurrence, policy));
    case 'checked': {
      const next = checkDue(memory, mono + steadyMs(occurrence, policy));
      const { outcome } = event.result;
      if (outcome.kind === 'off-graph') {
        return pollNow(next);
      }
      if (outcome.kind !== 'update') {
        return { state: { name: 'NoNewUpdate', step: 'rest' }, memory: next };
      }
      return selected(outcome.release, next, occurrence, policy, state.lastFailure);
    }
    case 'check-failed': {
      const next = afterFailedCheck(memory, event.failure, occurrence, policy);
      // The server is of no help just now; the release it named stays the one to stage, unless it was denied meanwhile.
      return isSkipped(policy.skip, state.release)
        ? { state: { name: 'NoNewUpdate', step: 'rest' }, memory: next }
        : { state: { ...state, step: 'stage' }, memory: next };
    }
    default:
      return mono >= state.dueMono
        ? { state: { ...state, step: 'refresh' }, memory }
        : rest(state, memory, state.dueMono);
  }
}

function afterStaging(
  state: UpdateAvailable,
  memory: Memory,
  staged: Deployment,
  occurrence: Occurrence,
  policy: Policy,
): Model {
  const { release } = state;
  const fault = stagingFault(release, staged);
  if (fault !== undefined) {
    return afterFailure(state, memory, { kind: 'staged_other', message: fault }, occurrence, policy);
  }
  const expected = policy.stream ?? memory.host?.booted.stream;
  if (expected !== undefined && staged.stream !== expected) {
    const record = refuseStream(memory.record, release, occurrence.at);
    return { state: { ...state, step: 'discard' }, memory: recorded(memory, record) };
  }
  return {
    state: {
      name: 'UpdateStaged',
      release,
      ...newGrace(policy.sessions),
      step: 'ask',
      dueMono: 0,
      holding: { by: 'nothing' },
      visitors: [],
      unlocked: staged.finalizationLocked === false,
    },
    memory: recorded(memory, stageSucceeded(memory.record, release, occurrence.at)),
  };
}

function stagingFault(release: Release, staged: Deployment): string | undefined {
  if (staged.payload === undefined || !samePayload(staged.payload, release.payload)) {
    return `cannot stage ${release.version}: the staged deployment must be ${release.payload.value}, got ${staged.payload?.value ?? staged.id}`;
  }
  if (staged.version !== release.version) {
    return `cannot stage ${release.version}: the staged deployment must carry that version, got ${staged.version}`;
  }
  return undefined;
}

function afterFailure(
  state: UpdateAvailable,
  memory: Memory,
  failure: Failure,
  occurrence: Occurrence,
  policy: Policy,
): Model {
  const { mono, at } = occurrence;
  // Neither counts as an attempt: nothing is wrong with the release.
  if (failure.kind === 'rpm_ostree_busy') {
    return { state: { ...state, step: 'follow' }, memory };
  }
  if (failure.kind === 'rpm_ostree_transaction_cancelled') {
    return rest(state, memory, mono + retryMs(occurrence, policy));
  }
  const failedAttempts = state.failedAttempts + 1;
  if (failedAttempts >= MAX_DEPLOY_ATTEMPTS) {
    return pollNow(recorded(memory, abandon(memory.record, state.release, at)));
  }
  const counted = recorded(memory, stageFailed(memory.record, state.release, at));
  return rest(
    { ...state, failedAttempts, lastFailure: failure.message },
    counted,
    mono + retryMs(occurrence, policy),
  );
}

function rest(state: UpdateAvailable, memory: Memory, dueMono: number): Model {
  return { state: { ...state, step: 'rest', dueMono }, memory };
}
