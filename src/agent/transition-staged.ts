/**
 * UpdateStaged: the way to the reboot, and every way off it. Pure.
 *
 * Invariants: the staged deployment is compared with the release before each finalization, so that one that was
 * unlocked, removed or replaced leads on within one tick; what remote strategies lend is asked for last and owed back
 * from then on; people who are logged in put the reboot off as grace.ts counts, across closed windows.
 */
import { isGraceOver, renewedGrace, spentGrace, wantsNotice } from './grace.ts';
import { deniedPayloads } from './denylist.ts';
import type { HostStatus } from './ports.ts';
import type { Failure, Occurrence } from './messages.ts';
import { AFTER_FOLLOW_MS, POSTPONEMENT_MS } from './pacing.ts';
import { rebootAsked, rebootRefused } from './record.ts';
import { includesPayload, samePayload, type Release } from './release.ts';
import { isSkipped } from './skip.ts';
import { recorded, type AgentState, type Holding, type Memory, type Model, type Policy } from './state.ts';
import { selected } from './transition-available.ts';
import { afterFailedCheck, checkDue, pollNow, retryMs, startOver, steadyMs } from './transition-common.ts';

export type UpdateStaged = Extract<AgentState, { name: 'UpdateStaged' }>;

/** What became of the staged deployment. */
export type StagedCondition = 'locked' | 'unlocked' | 'gone' | 'replaced';

export function stagedCondition(release: Release, status: HostStatus): StagedCondition {
  const { staged } = status;
  if (staged === undefined) {
    return 'gone';
  }
  if (staged.payload === undefined || !samePayload(staged.payload, release.payload)) {
    return 'replaced';
  }
  return staged.finalizationLocked === false ? 'unlocked' : 'locked';
}

export function absorbStaged(
  state: UpdateStaged,
  memory: Memory,
  occurrence: Occurrence,
  policy: Policy,
): Model {
  const { event, at, mono } = occurrence;
  switch (event.kind) {
    case 'status-read':
      return afterReading(state, memory, event.status, occurrence, policy);
    case 'status-failed':
      return held(state, memory, failed(state, event.failure, at), mono + retryMs(occurrence, policy));
    case 'checked': {
      const next = checkDue(memory, mono + steadyMs(occurrence, policy));
      const { outcome } = event.result;
      if (outcome.kind !== 'update') {
        return { state: { ...state, step: 'discard' }, memory: next };
      }
      if (samePayload(outcome.release.payload, state.release.payload)) {
        return { state: { ...state, step: 'ask' }, memory: next };
      }
      return selected(outcome.release, next, occurrence, policy);
    }
    case 'check-failed':
      return {
        state: { ...state, step: 'ask' },
        memory: afterFailedCheck(memory, event.failure, occurrence, policy),
      };
    case 'discarded':
      return pollNow(memory);
    case 'discard-failed':
      return held(
        state,
        checkDue(memory, mono),
        failed(state, event.failure, at),
        mono + retryMs(occurrence, policy),
      );
    case 'local-verdict': {
      const { verdict, reason, untilAt } = event.verdict;
      if (verdict === 'allow') {
        return state.step === 'confirm'
          ? asking(state, memory, occurrence, policy)
          : { state: { ...state, step: 'sessions' }, memory };
      }
      return held(
        { ...state, ...renewedGrace(state, policy.sessions) },
        memory,
        { by: 'strategy', reason, ...(untilAt === undefined ? {} : { untilAt }) },
        mono + retryMs(occurrence, policy),
      );
    }
    case 'remote-verdict': {
      const { verdict, reason, untilAt } = event.verdict;
      // Asking may have taken a minute: the window may have closed meanwhile.
      if (verdict === 'allow') {
        return { state: { ...state, step: 'confirm' }, memory };
      }
      return held(
        state,
        memory,
        { by: 'strategy', reason, ...(untilAt === undefined ? {} : { untilAt }) },
        mono + retryMs(occurrence, policy),
      );
    }
    case 'verdict-failed':
      return held(
        state,
        memory,
        failed(state, event.failure, at),
        mono + Math.max(retryMs(occurrence, policy), event.failure.retryAfterMs ?? 0),
      );
    case 'sessions-listed':
      return event.sessions.length === 0
        ? { state: { ...state, step: 'verify', visitors: [] }, memory }
        : postpone({ ...state, visitors: event.sessions }, memory, mono, policy);
    case 'sessions-failed':
      // Nobody can say that nobody is there: treat it as somebody, for as long as somebody would be waited for.
      return postpone({ ...state, visitors: [] }, memory, mono, policy);
    case 'sessions-warned':
      return putOff({ ...state, warned: true }, memory, mono, policy);
    case 'finalized':
      return {
        state: { name: 'UpdateFinalized', release: state.release, finalizedAt: occurrence.at },
        memory,
      };
    case 'finalize-failed':
      return afterRefusal(
        state,
        forgetAsking(memory, event.failure, occurrence.at),
        event.failure,
        occurrence,
        policy,
      );
    case 'transaction-over':
    case 'transaction-running':
    case 'follow-failed':
      return { state: { ...state, step: 'rest', dueMono: mono + AFTER_FOLLOW_MS }, memory };
    default:
      return isDue(state, occurrence)
        ? { state: { ...state, step: 'refresh' }, memory }
        : { state: { ...state, step: 'rest' }, memory };
  }
}

function isDue(state: UpdateStaged, { at, mono }: Occurrence): boolean {
  const untilAt = state.holding.by === 'strategy' ? state.holding.untilAt : undefined;
  return mono >= state.dueMono || (untilAt !== undefined && at >= untilAt);
}

function afterReading(
  state: UpdateStaged,
  memory: Memory,
  status: HostStatus,
  occurrence: Occurrence,
  policy: Policy,
): Model {
  const { mono } = occurrence;
  const condition = stagedCondition(state.release, status);
  if (condition === 'gone' || condition === 'replaced') {
    return startOver(memory, occurrence, policy);
  }
  // It may have been denied since it was staged: by the administrator, by a rollback, or by a clock that was set.
  const denied = deniedPayloads(status, memory.record, occurrence.at);
  if (isSkipped(policy.skip, state.release) || includesPayload(denied, state.release.payload)) {
    return { state: { ...state, step: 'discard' }, memory };
  }
  const unlocked = condition === 'unlocked';
  switch (state.step) {
    case 'verify':
      return policy.remoteStrategies
        ? {
            state: { ...state, unlocked, step: 'acquire' },
            memory: { ...memory, steady: { ...memory.steady, owed: true, dueMono: 0 } },
          }
        : { state: { ...state, unlocked, step: 'confirm' }, memory };
    case 'reconcile':
      // The refusal is explained by a lock that is gone: go on at once. Otherwise it stands, and time must pass.
      if (unlocked && !state.unlocked) {
        return { state: { ...state, unlocked, step: 'ask' }, memory };
      }
      return {
        state: { ...state, unlocked, step: 'rest', dueMono: mono + retryMs(occurrence, policy) },
        memory,
      };
    default: {
      const checkIsDue = mono >= memory.check.dueMono && status.booted.payload !== undefined;
      return { state: { ...state, unlocked, step: checkIsDue ? 'check' : 'ask' }, memory };
    }
  }
}

/** The record says what is being asked for before it is asked. */
function asking(state: UpdateStaged, memory: Memory, occurrence: Occurrence, policy: Policy): Model {
  const record = rebootAsked(memory.record, state.release, occurrence.at, policy.bootId);
  return { state: { ...state, step: 'finalize' }, memory: recorded(memory, record) };
}

/** The record could not be written: without it a reboot could be asked for again and again, so none is asked for. */
export function withoutRecord(
  state: UpdateStaged,
  memory: Memory,
  failure: Failure,
  occurrence: Occurrence,
  policy: Policy,
): Model {
  const record = rebootRefused(memory.record, occurrence.at, failure.message);
  return held(
    state,
    recorded(memory, record),
    failed(state, failure, occurrence.at),
    occurrence.mono + retryMs(occurrence, policy),
  );
}

function afterRefusal(
  state: UpdateStaged,
  memory: Memory,
  failure: Failure,
  occurrence: Occurrence,
  policy: Policy,
): Model {
  switch (failure.kind) {
    case 'rpm_ostree_busy':
      return { state: { ...state, step: 'follow' }, memory };
    case 'rpm_ostree_no_staged_deployment':
    case 'rpm_ostree_staged_mismatch':
    case 'rpm_ostree_already_unlocked':
      return {
        state: { ...state, step: 'reconcile', holding: failed(state, failure, occurrence.at) },
        memory,
      };
    default:
      return held(
        state,
        memory,
        failed(state, failure, occurrence.at),
        occurrence.mono + retryMs(occurrence, policy),
      );
  }
}

/** With a daemon that vanished in the middle nobody knows: the reboot may come. */
function forgetAsking(memory: Memory, failure: Failure, at: number): Memory {
  if (failure.kind === 'rpm_ostree_transaction_lost' || failure.kind === 'effect_timeout') {
    return memory;
  }
  return recorded(memory, rebootRefused(memory.record, at, failure.message));
}

/** Somebody is logged in, or may be. */
function postpone(state: UpdateStaged, memory: Memory, mono: number, policy: Policy): Model {
  return state.visitors.length > 0 && wantsNotice(state, policy.sessions)
    ? { state: { ...state, step: 'warn' }, memory }
    : putOff(state, memory, mono, policy);
}

function putOff(state: UpdateStaged, memory: Memory, mono: number, { sessions }: Policy): Model {
  if (isGraceOver(state, sessions)) {
    return { state: { ...state, step: 'verify' }, memory };
  }
  return held(
    { ...state, ...spentGrace(state, sessions) },
    memory,
    { by: 'sessions', count: state.visitors.length, endless: sessions.neverWhileLoggedIn },
    mono + POSTPONEMENT_MS,
  );
}

/** A failure that goes on keeps the instant at which it began. */
function failed({ holding }: UpdateStaged, { kind, message }: Failure, at: number): Holding {
  const sinceAt = holding.by === 'failure' && holding.kind === kind ? holding.sinceAt : at;
  return { by: 'failure', kind, message, sinceAt };
}

function held(state: UpdateStaged, memory: Memory, holding: Holding, dueMono: number): Model {
  return { state: { ...state, step: 'rest', holding, dueMono }, memory };
}
