/**
 * A release that the graph names: staged, gone on with where it is staged already, or left alone. Pure.
 *
 * Invariants:
 * - What an attempt that failed left staged is never gone on with. It is dropped.
 * - What somebody else staged is left alone, unless the policy says otherwise.
 */
import { skippedBy } from '../../admin-lists.ts';
import { pendingOf, termsOf } from '../../pending.ts';
import { attemptsOf, hasFailedStaging, type StageTerms } from '../../record.ts';
import { type Release, samePayload } from '../../release.ts';
import { isSkipped } from '../../skip.ts';
import type { Memory, Model } from '../../state.ts';
import type { Turn } from '../../turn.ts';
import { foreignStaged } from '../back-to-polling.ts';
import { afterStaging } from './after-staging.ts';
import type { UpdateAvailable } from './counted.ts';
import { stagingHeldBy } from './staging-held-by.ts';

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

/** What is dropped is the leftover of an attempt that failed, not a release of the wrong stream. */
export function isFailedOne(memory: Memory, release: Release): boolean {
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

function isSameAnswer({ was, memory }: Turn): boolean {
  return was.state.name === 'NoNewUpdate' && was.memory.check.answer === memory.check.answer;
}
