/**
 * A release that the graph names: staged, gone on with where it is staged already, or left alone. Pure.
 *
 * Invariants:
 * - What an attempt that failed left staged is never gone on with. It is dropped.
 * - Nor is a locked one that no agent saw succeed: rpm-ostree looks only after staging whether it works at all.
 * - The record says what is being staged before it is staged.
 * - What somebody else staged is left alone, unless the policy says otherwise.
 */
import { skippedBy } from '../../admin-lists.ts';
import { pendingOf, termsOf } from '../../pending.ts';
import type { Deployment } from '../../ports.ts';
import {
  attemptsOf,
  hasFailedStaging,
  isStagingUnfinished,
  stageBegun,
  type StageTerms,
} from '../../record.ts';
import { type Release, samePayload } from '../../release.ts';
import { isSkipped } from '../../skip.ts';
import { recorded, type Memory, type Model, type Policy } from '../../state.ts';
import type { Turn } from '../../turn.ts';
import { foreignStaged } from '../back-to-polling.ts';
import { afterStaging } from './after-staging.ts';
import type { UpdateAvailable } from './counted.ts';
import { stagingHeldBy } from './staging-held-by.ts';

/**
 * The graph names `release`: stage it, or go on with it where exactly that is staged already. What nobody locked is
 * somebody's word. What is locked goes on only where the record says that staging it succeeded. Otherwise it may be what
 * a failed attempt left: it is dropped and staged anew. What somebody else staged is left alone, unless the policy says
 * otherwise. `terms`: those on which the graph has named it.
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
  const isSuspect = isStaged && isLeftover(memory, release, staged, policy);
  if (isSuspect && (staged.finalizationLocked === true || policy.replaceForeignStaged)) {
    return { state: { ...state, step: 'discard' }, memory };
  }
  if (isStaged && !isSuspect) {
    return afterStaging(state, staged, turn);
  }
  const foreign = foreignStaged(memory);
  if (foreign !== undefined && !policy.replaceForeignStaged) {
    const how = staged === undefined ? { pending: true as const } : {};
    turn.tell({ kind: 'offer-left', release, staged: foreign.version, ...how, repeated: isSameAnswer(turn) });
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
  const record = stageBegun(memory.record, release, policy.bootId);
  return { state, memory: recorded(memory, record) };
}

/** Exported for its tests: goes on with the release as it was named, unless it was denied meanwhile or is adrift. */
export function goneOn(state: UpdateAvailable, turn: Turn): Model {
  const { memory, policy } = turn;
  return isAdrift(state, memory) || isSkipped(skippedBy(memory, policy), state.release)
    ? { state: { name: 'NoNewUpdate', step: 'rest' }, memory }
    : selected(state.release, turn, state.lastFailure, state.terms ?? {});
}

/** Exported for its tests: a person had it staged on terms of his own, and that request is over. The graph decides anew. */
export function isAdrift({ terms }: UpdateAvailable, memory: Memory): boolean {
  return terms !== undefined && pendingOf(memory, 'stage') === undefined;
}

/** What is dropped is the leftover of an attempt that failed or was not seen to end, not one of the wrong stream. */
export function isToBeStagedAnew({ record }: Memory, release: Release): boolean {
  return !record.denials.some(
    ({ reason, payload }) => reason === 'wrong-stream' && samePayload(payload, release.payload),
  );
}

/** Staging it was tried, and never succeeded since. */
export function hasFailed(memory: Memory, release: Release, policy: Policy): boolean {
  return !hasSucceeded(memory, release, policy) && hasFailedStaging(memory.record, release);
}

/** The record says so. An agent that was killed while rpm-ostree staged has not heard how that ended. */
export function hasSucceeded(
  { record }: Pick<Memory, 'record'>,
  release: Release,
  { bootId }: Pick<Policy, 'bootId'>,
): boolean {
  return (
    record.staged !== undefined &&
    samePayload(record.staged.payload, release.payload) &&
    !isStagingUnfinished(record, release, bootId)
  );
}

/** Locked, and no agent saw that staging it succeeded. Where nobody can say of a lock, what has failed or not ended counts. */
function isLeftover(
  memory: Memory,
  release: Release,
  { finalizationLocked }: Deployment,
  policy: Policy,
): boolean {
  if (finalizationLocked === true) {
    return !hasSucceeded(memory, release, policy);
  }
  const isUnfinished = isStagingUnfinished(memory.record, release, policy.bootId);
  return finalizationLocked === undefined && (isUnfinished || hasFailed(memory, release, policy));
}

function isSameAnswer({ was, memory }: Turn): boolean {
  return was.state.name === 'NoNewUpdate' && was.memory.check.answer === memory.check.answer;
}
