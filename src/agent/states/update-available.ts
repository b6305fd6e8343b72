/**
 * UpdateAvailable: stage the release, verify what was staged, try again a bounded number of times. Pure.
 *
 * Invariants:
 * - A transaction of somebody else, or one that somebody else cancelled, is no failed attempt.
 * - Between attempts the graph is asked, when that is due, whether the release is still wanted.
 * - A release that was given up is denied for a time that grows.
 * - What an attempt that failed left staged is never gone on with. It is dropped.
 */
import { skippedBy } from '../admin-lists.ts';
import { afterCheck, afterFailedCheck, checkDue, checkEffect, retryMs } from '../checking.ts';
import { newGrace } from '../grace.ts';
import type { Failure } from '../messages.ts';
import { holdsInForce, isAboutAnother, pendingOf, termsOf } from '../pending.ts';
import { AFTER_FOLLOW_MS, FOLLOW_LIMIT_MS, MAX_DEPLOY_ATTEMPTS } from '../pacing.ts';
import type { CheckResult, Deployment, HostStatus } from '../ports.ts';
import {
  abandon,
  attemptsOf,
  hasFailedStaging,
  refuseStream,
  stageFailed,
  stageSucceeded,
  type AgentRecord,
  type StageTerms,
} from '../record.ts';
import { samePayload, type Release } from '../release.ts';
import { resting } from '../rest.ts';
import { isSkipped } from '../skip.ts';
import {
  recorded,
  type AgentState,
  type AvailableStep,
  type Memory,
  type Model,
  type Policy,
} from '../state.ts';
import { stepsOf, withMemory, type Step, type Turn } from '../turn.ts';
import { discardStaged, foreignStaged, lookAgain, pollNow, STAGED_CHANGED } from './back-to-polling.ts';
import { READ_FRESH } from './reading.ts';
import { followed } from './transaction.ts';

type UpdateAvailable = Extract<AgentState, { name: 'UpdateAvailable' }>;

const step = stepsOf<UpdateAvailable>();

export const AVAILABLE_STEPS: Readonly<Record<AvailableStep, Step<UpdateAvailable>>> = {
  stage: step(
    ['stage'],
    ({ release }, { policy, memory }) => ({
      kind: 'stage',
      release,
      allowDowngrade: policy.allowDowngrade,
      expected: memory.host?.staged,
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
      if (isFailedOne(turn.memory, release)) {
        turn.tell({ kind: 'failed-one-dropped', release });
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
      return isFailedOne(turn.memory, state.release)
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
      : rest(state, memory, state.dueMono),
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

/** Exported for its tests: a person had it staged on terms of his own, and that request is over. The graph decides anew. */
export function isAdrift({ terms }: UpdateAvailable, memory: Memory): boolean {
  return terms !== undefined && pendingOf(memory, 'stage') === undefined;
}

/** Exported for its tests: goes on with the release as it was named, unless it was denied meanwhile or is adrift. */
export function goneOn(state: UpdateAvailable, turn: Turn): Model {
  const { memory, policy } = turn;
  return isAdrift(state, memory) || isSkipped(skippedBy(memory, policy), state.release)
    ? { state: { name: 'NoNewUpdate', step: 'rest' }, memory }
    : selected(state.release, turn, state.lastFailure, state.terms ?? {});
}

/** What is dropped is the leftover of an attempt that failed, not a release of the wrong stream. */
function isFailedOne(memory: Memory, release: Release): boolean {
  const isOfWrongStream = memory.record.denials.some(
    ({ reason, payload }) => reason === 'wrong-stream' && samePayload(payload, release.payload),
  );
  return !isOfWrongStream && hasFailed(memory, release);
}

/** Staging it was tried, and never succeeded since. */
function hasFailed({ record }: Memory, release: Release): boolean {
  const succeeded = record.staged !== undefined && samePayload(record.staged.payload, release.payload);
  return !succeeded && hasFailedStaging(record, release);
}

/**
 * The graph names `release`: stage it, or go on with it where exactly that is staged already. It does not matter who
 * staged it, but for what a failed attempt of this node left: that is dropped and staged anew. What somebody else staged
 * is left alone, unless the policy says otherwise. `terms`: those on which the graph has named it.
 */
export function selected(
  release: Release,
  turn: Turn,
  lastFailure = '',
  terms: StageTerms = termsOf(turn.memory),
): Model {
  const { memory, policy, was } = turn;
  const failedAttempts = attemptsOf(memory.record, release).stages;
  const state: UpdateAvailable = {
    name: 'UpdateAvailable',
    release,
    failedAttempts,
    lastFailure,
    ...(Object.keys(terms).length > 0 && { terms }),
    step: 'stage',
    dueMono: 0,
  };
  const staged = memory.host?.staged;
  const isStaged = staged?.payload !== undefined && samePayload(staged.payload, release.payload);
  const isSuspect = isStaged && hasFailed(memory, release) && staged.finalizationLocked !== false;
  if (isSuspect && (staged.finalizationLocked === true || policy.replaceForeignStaged)) {
    return { state: { ...state, step: 'discard' }, memory };
  }
  if (isStaged && !isSuspect) {
    return afterStaging(state, staged, turn);
  }
  const foreign = foreignStaged(memory);
  if (foreign !== undefined && !policy.replaceForeignStaged) {
    turn.tell({ kind: 'offer-left', release, staged: foreign.version, repeated: isSameAnswer(turn) });
    return { state: { name: 'NoNewUpdate', step: 'rest' }, memory };
  }
  const heldBy = stagingHeldBy(turn);
  if (heldBy !== undefined) {
    turn.tell({ kind: 'staging-held', release, reason: heldBy, repeated: isSameAnswer(turn) });
    return { state: { name: 'NoNewUpdate', step: 'rest' }, memory };
  }
  const isKnown =
    was.state.name === 'UpdateAvailable' && samePayload(was.state.release.payload, release.payload);
  if (!isKnown) {
    turn.tell({ kind: 'selected', release });
  }
  return { state, memory };
}

function isSameAnswer({ was, memory }: Turn): boolean {
  return was.state.name === 'NoNewUpdate' && was.memory.check.answer === memory.check.answer;
}

/** Why a person wants nothing staged, one sentence; undefined: nobody does. */
export function stagingHeldBy({ memory, at }: Pick<Turn, 'memory' | 'at'>): string | undefined {
  const holds = holdsInForce(memory.record, 'stage', at);
  return holds.length === 0 ? undefined : `staging is held: ${holds.map(({ id }) => id).join(', ')}`;
}

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

/** What somebody else staged stays theirs, also where it is the release. */
function stagedRecord(
  { host, record }: Memory,
  staged: Deployment,
  { release, terms }: UpdateAvailable,
  at: number,
): AgentRecord {
  return foreignStaged({ host, record }) === undefined
    ? stageSucceeded(record, release, terms, staged.id, at)
    : record;
}

function afterStaging(state: UpdateAvailable, staged: Deployment, turn: Turn): Model {
  const { release } = state;
  const { memory, policy, at } = turn;
  const fault = stagingFault(release, staged);
  if (fault !== undefined) {
    turn.tell({ kind: 'staged-other', release, found: staged });
    return counted(state, fault, turn);
  }
  const expected = memory.host?.booted.stream;
  if (isOfAnotherStream(staged, expected, policy)) {
    turn.tell({ kind: 'wrong-stream', release, expected: expected ?? '', found: staged.stream });
    const record = refuseStream(memory.record, release, at);
    return { state: { ...state, step: 'discard' }, memory: recorded(memory, record) };
  }
  turn.tell({ kind: 'staged', release });
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
    memory: recorded(memory, stagedRecord(memory, staged, state, at)),
  };
}

/**
 * A stream that the configuration names counts at both ends: labels are not compared then. A deployment that names no
 * stream is of none that could be wrong.
 */
export function isOfAnotherStream(
  staged: Deployment,
  expected: string | undefined,
  { stream }: Policy,
): boolean {
  return (
    stream === undefined &&
    expected !== undefined &&
    staged.stream !== undefined &&
    staged.stream !== expected
  );
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

function afterRefusal(state: UpdateAvailable, failure: Failure, turn: Turn): Model {
  if (failure.kind === 'cancelled') {
    // By a request, which is taken next.
    turn.tell({ kind: 'staging-cut-short', release: state.release });
    return rest(state, turn.memory, turn.mono + retryMs(turn));
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

/** A failed attempt: one of a bounded number. */
function counted(state: UpdateAvailable, message: string, turn: Turn): Model {
  const { release } = state;
  const { memory, at, mono } = turn;
  const failedAttempts = state.failedAttempts + 1;
  if (failedAttempts >= MAX_DEPLOY_ATTEMPTS) {
    const record = abandon(memory.record, release, at);
    const untilAt =
      record.denials.find(({ payload }) => samePayload(payload, release.payload))?.untilAt ?? at;
    turn.tell({ kind: 'abandoned', release, attempts: failedAttempts, untilAt });
    return pollNow(recorded(memory, record));
  }
  return rest(
    { ...state, failedAttempts, lastFailure: message },
    recorded(memory, stageFailed(memory.record, release, at)),
    mono + retryMs(turn),
  );
}

function rest(state: UpdateAvailable, memory: Memory, dueMono: number): Model {
  return { state: { ...state, step: 'rest', dueMono }, memory };
}
