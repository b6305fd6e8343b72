/**
 * UpdateStaged: the way to the reboot, and every way off it. Pure. The steps stand here; what their answers lead to is in
 * staged/.
 *
 * Invariants:
 * - The staged deployment is compared with the release before each finalization.
 * - What lenders lend is asked for last.
 * - What may be held is on disk before a lender is asked.
 * - People are looked for and gates are surveyed again after lenders were asked.
 */
import { dropReason } from '../admin-lists.ts';
import { afterFailedCheck, checkDue, checkEffect, retryMs } from '../checking.ts';
import { minutesLeft } from '../grace.ts';
import { momentOf } from '../moment.ts';
import { AFTER_FOLLOW_MS, FOLLOW_LIMIT_MS } from '../pacing.ts';
import { isOverridden } from '../pending.ts';
import { isUnsettled } from '../rebooting.ts';
import { askAgainAt, releaseFormer, resting } from '../rest.ts';
import { streamOf } from '../slots.ts';
import type { Model, StagedStep } from '../state.ts';
import { type Step, stepsOf, type Turn, withMemory } from '../turn.ts';
import { discardStaged, lookAgain, pollNow, STAGED_CHANGED } from './back-to-polling.ts';
import { READ_CACHED, READ_FRESH } from './reading.ts';
import { afterAnswer, isCheckDue } from './staged/after-answer.ts';
import { afterLastLook, afterNoLastLook } from './staged/after-last-look.ts';
import { afterLender } from './staged/after-lender.ts';
import { afterLook, afterNoLook } from './staged/after-look.ts';
import { afterNoReading, afterRebooting, afterRefusal } from './staged/after-refusal.ts';
import { afterSurvey, survey } from './staged/after-survey.ts';
import { asking, mustSave, unsaved } from './staged/asking.ts';
import { compared } from './staged/compared.ts';
import { afterNoAnswer, heldByFailure, type UpdateStaged } from './staged/held.ts';
import { nothingLent } from './staged/owing-slot.ts';
import { afterNotice } from './staged/postpone.ts';
import { stepAfter } from './staged/step-after.ts';
import { followed } from './transaction.ts';

export const step = stepsOf<UpdateStaged>();

const stayHere = (state: UpdateStaged, _event: unknown, { memory }: Turn): Model => ({ state, memory });

export const STAGED_STEPS: Readonly<Record<StagedStep, Step<UpdateStaged>>> = {
  rest: resting<UpdateStaged>((state, turn) => ({
    state: { ...state, step: isDue(state, turn) ? (isUnsettled(state) ? 'reconcile' : 'refresh') : 'rest' },
    memory: turn.memory,
  })),
  refresh: step(['read-status'], () => READ_CACHED, {
    'status-read': (state, { status }, turn) =>
      compared(state, status, turn, (unlocked) => ({
        ...state,
        unlocked,
        step: isCheckDue(turn.memory, status, turn.mono) ? 'check' : 'ask',
      })),
    'status-failed': (state, { failure }, turn) => heldByFailure(state, failure, turn),
  }),
  check: step(['check'], (_state, view) => checkEffect(view), {
    checked: (state, { result }, turn) => afterAnswer(state, result, turn),
    'check-failed': (state, { failure }, turn) => ({
      state: { ...state, step: 'ask' },
      memory: afterFailedCheck(failure, turn),
    }),
  }),
  ask: step(['survey'], (_state, view) => survey(view), {
    surveyed: (state, event, turn) =>
      afterSurvey(state, event, turn, () => ({
        state: { ...state, step: stepAfter('ask', turn.policy) },
        memory: turn.memory,
      })),
    'survey-failed': (state, { failure }, turn) => afterNoAnswer(state, failure, turn),
  }),
  sessions: step(['list-sessions'], () => ({ kind: 'list-sessions' }), {
    'sessions-listed': (state, { sessions }, turn) => afterLook(state, sessions, turn),
    'sessions-failed': (state, { failure }, turn) => afterNoLook(state, failure, turn),
  }),
  warn: step(
    ['warn-sessions'],
    (state, { policy }) => ({
      kind: 'warn-sessions',
      sessions: state.visitors,
      release: state.release,
      minutesLeft: minutesLeft(state, policy.sessions),
    }),
    { 'sessions-warned': (state, _event, turn) => afterNotice(state, turn) },
  ),
  verify: step(['read-status'], () => READ_FRESH, {
    'status-read': (state, { status }, turn) =>
      compared(state, status, turn, (unlocked) => ({
        ...state,
        unlocked,
        step: isOverridden(turn.memory, 'fleet-lock') ? 'recheck' : stepAfter('verify', turn.policy),
      })),
    'status-failed': (state, { failure }, turn) => heldByFailure(state, failure, turn),
  }),
  acquire: step(
    ['save', 'release-slot', 'acquire-slot'],
    (_state, view) => {
      const { memory, policy } = view;
      if (mustSave(memory)) {
        return { kind: 'save', record: memory.record };
      }
      return releaseFormer(view) ?? { kind: 'acquire-slot', stream: streamOf(memory, policy) };
    },
    {
      saved: stayHere,
      // A lender that is gone for good does not hold the node: it is tried again when the node rests.
      'slot-released': stayHere,
      'release-failed': stayHere,
      'slot-kept': stayHere,
      'save-failed': (state, { failure }, turn) =>
        heldByFailure(state, failure, withMemory(turn, nothingLent(turn))),
      'slot-answered': (state, { answer }, turn) => afterLender(state, answer, turn),
      'slot-failed': (state, { failure }, turn) =>
        afterNoAnswer(state, failure, withMemory(turn, nothingLent(turn))),
    },
  ),
  confirm: step(['survey'], (_state, view) => survey(view), {
    surveyed: (state, event, turn) => afterSurvey(state, event, turn, () => asking(state, turn)),
    'survey-failed': (state, { failure }, turn) => afterNoAnswer(state, failure, turn),
  }),
  recheck: step(['list-sessions'], () => ({ kind: 'list-sessions' }), {
    'sessions-listed': (state, { sessions }, turn) => afterLastLook(state, sessions, turn),
    'sessions-failed': (state, { failure }, turn) => afterNoLastLook(state, failure, turn),
  }),
  finalize: step(
    ['save', 'finalize'],
    ({ release, unlocked }, { memory }) =>
      // Never without the record on disk, even when writing it has just failed and is not due yet.
      mustSave(memory)
        ? { kind: 'save', record: memory.record }
        : { kind: 'finalize', release, allowUnlocked: unlocked },
    {
      saved: (state, _event, { memory }) => ({ state, memory }),
      'save-failed': (state, { failure }, turn) => unsaved(state, failure, turn),
      finalized: ({ release }, _event, turn) => {
        turn.tell({ kind: 'finalized', release });
        return {
          state: { name: 'UpdateFinalized', release, finalized: momentOf(turn) },
          memory: turn.memory,
        };
      },
      'finalize-failed': (state, { failure }, turn) => afterRefusal(state, failure, turn),
    },
  ),
  reconcile: step(['read-status'], () => READ_FRESH, {
    'status-read': (state, { status }, turn) =>
      afterRebooting(state, status, turn) ??
      compared(state, status, turn, (unlocked) =>
        // The refusal is explained by a lock that is gone: go on at once. Otherwise it stands, and time must pass.
        unlocked && !state.unlocked
          ? { ...state, unlocked, step: 'ask' }
          : { ...state, unlocked, step: 'rest', dueMono: turn.mono + retryMs(turn) },
      ),
    'status-failed': (state, { failure }, turn) => afterNoReading(state, failure, turn),
  }),
  discard: step(['discard-staged'], (_state, view) => discardStaged(view), {
    discarded: ({ release }, _event, turn) => {
      const why = dropReason(turn.memory, turn.policy, release);
      turn.tell({ kind: 'dropped', version: release.version, why });
      return pollNow(turn.memory);
    },
    'discard-failed': (state, { failure }, turn) => {
      if (failure.kind === STAGED_CHANGED) {
        turn.tell({ kind: 'staged-changed', failure });
        return lookAgain(turn);
      }
      turn.tell({ kind: 'drop-failed', failure });
      return heldByFailure(state, failure, withMemory(turn, checkDue(turn.memory, turn.mono)));
    },
  }),
  follow: step(
    ['follow-active'],
    () => ({ kind: 'follow-active', limitMs: FOLLOW_LIMIT_MS }),
    followed<UpdateStaged>((state, turn) => ({
      state: { ...state, step: 'rest', dueMono: turn.mono + AFTER_FOLLOW_MS },
      memory: turn.memory,
    })),
  ),
};

function isDue({ dueMono, holding }: UpdateStaged, { at, mono }: Turn): boolean {
  const untilAt = askAgainAt(holding);
  return mono >= dueMono || (untilAt !== undefined && at >= untilAt);
}
