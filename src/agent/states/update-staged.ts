/**
 * UpdateStaged: the way to the reboot, and every way off it. Pure.
 *
 * Invariants:
 * - The staged deployment is compared with the release before each finalization. One that was unlocked, removed or
 *   replaced leads on within one tick.
 * - What lenders lend is asked for last, and owed back from then on; a clear refusal ends that.
 * - What may be held is on disk before a lender is asked.
 * - While nobody knows whether a slot is held, the lender is asked again, and nothing is given back.
 * - People who are logged in put the reboot off as grace.ts counts, across closed windows.
 * - No reboot is asked for before the record on disk says so.
 */
import { dropReason, skippedBy } from '../admin-lists.ts';
import { afterCheck, afterFailedCheck, checkDue, checkEffect, isWithdrawn, retryMs } from '../checking.ts';
import { deniedPayloads } from '../denylist.ts';
import { isGraceOver, minutesLeft, renewedGrace, spentGrace, wantsNotice } from '../grace.ts';
import { joinReports } from '../join-reports.ts';
import { rebootSubject } from '../gate-subject.ts';
import type { EventOf, Failure } from '../messages.ts';
import { lastedMs, momentOf, type Moment } from '../moment.ts';
import {
  AFTER_FOLLOW_MS,
  CONFIRM_WITHDRAWAL_MS,
  FOLLOW_LIMIT_MS,
  LONGEST_UNSURE_MS,
  POSTPONEMENT_MS,
} from '../pacing.ts';
import { isAboutAnother, isOverridden } from '../pending.ts';
import type { CheckResult, HostStatus, Session, SlotAnswer } from '../ports.ts';
import { held as heldInPursuit } from '../pursuit.ts';
import { rebootAsked, rebootRefused, type AgentRecord } from '../record.ts';
import { includesPayload, samePayload, type Release } from '../release.ts';
import { askAgainAt, releaseFormer, resting } from '../rest.ts';
import { isSkipped } from '../skip.ts';
import { placesNow, streamOf, withoutSlots, withSlotsAsked, withSlotsGranted } from '../slots.ts';
import {
  recorded,
  type AgentState,
  type Holding,
  type Memory,
  type Model,
  type Policy,
  type StagedStep,
} from '../state.ts';
import { stepsOf, withMemory, type Step, type Turn, type View } from '../turn.ts';
import {
  discardStaged,
  foreignStaged,
  lookAgain,
  pollNow,
  STAGED_CHANGED,
  startOver,
} from './back-to-polling.ts';
import { rebootPending } from './end-state.ts';
import { READ_CACHED, READ_FRESH } from './reading.ts';
import { stagedCondition } from './staged-condition.ts';
import { followed } from './transaction.ts';
import { selected, stagingHeldBy } from './update-available.ts';

export type UpdateStaged = Extract<AgentState, { name: 'UpdateStaged' }>;

const step = stepsOf<UpdateStaged>();

const stayHere = (state: UpdateStaged, _event: unknown, { memory }: Turn): Model => ({ state, memory });

export const STAGED_STEPS: Readonly<Record<StagedStep, Step<UpdateStaged>>> = {
  rest: resting<UpdateStaged>((state, turn) => ({
    state: { ...state, step: isDue(state, turn) ? 'refresh' : 'rest' },
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
    // Where the grace is over nobody is waited for any more, seen or not.
    'sessions-failed': (state, { failure }, turn) =>
      isGraceOver(state, turn.policy.sessions) || isOverridden(turn.memory, 'people')
        ? confirming(state, turn)
        : afterNoLook(state, failure, turn),
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
    'status-failed': (state, { failure }, turn) => heldByFailure(state, failure, turn),
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

/** The way to the reboot: what comes after a step that spoke for it. */
export function stepAfter(
  passed: 'ask' | 'sessions' | 'verify' | 'acquire' | 'confirm' | 'recheck',
  { hasLenders }: Policy,
): StagedStep {
  switch (passed) {
    case 'ask':
      return 'sessions';
    case 'sessions':
      return 'verify';
    case 'verify':
      return hasLenders ? 'acquire' : 'recheck';
    case 'acquire':
      // Asking may have taken long: somebody may have logged in,
      return 'recheck';
    case 'recheck':
      // and the window may have closed.
      return 'confirm';
    case 'confirm':
      return 'finalize';
  }
}

function isDue({ dueMono, holding }: UpdateStaged, { at, mono }: Turn): boolean {
  const untilAt = askAgainAt(holding);
  return mono >= dueMono || (untilAt !== undefined && at >= untilAt);
}

/** Whether the graph is asked again about a release that is staged. */
export function isCheckDue({ check }: Memory, { booted }: HostStatus, mono: number): boolean {
  return mono >= check.dueMono && booted.payload !== undefined;
}

/** Somebody, or something, has ruled the release out since it was staged: it must not be booted. */
export function isRuledOut(
  release: Release,
  status: HostStatus,
  record: AgentRecord,
  policy: Policy,
  at: number,
): boolean {
  return (
    isSkipped(skippedBy({ record }, policy), release) ||
    includesPayload(deniedPayloads(status, record, at), release.payload)
  );
}

/** The deployments were read: `next` goes on where the staged one is still the release. */
function compared(
  state: UpdateStaged,
  status: HostStatus,
  turn: Turn,
  next: (unlocked: boolean) => UpdateStaged,
): Model {
  const { memory, policy, at } = turn;
  const condition = stagedCondition(state.release, status);
  if (condition === 'gone' || condition === 'replaced') {
    turn.tell({ kind: 'staged-lost', release: state.release, replacedBy: status.staged?.version });
    return startOver(turn);
  }
  if (isRuledOut(state.release, status, memory.record, policy, at)) {
    return dropping(state, turn, memory);
  }
  // What the daemon has called unlocked once stays so, whatever is read since.
  const after = next(state.unlocked || condition === 'unlocked');
  return { state: after, memory: after.step === 'acquire' ? owingSlot(turn) : memory };
}

/** From the moment that lenders are asked a slot may be held. */
export function owingSlot({ memory, policy, at }: Pick<Turn, 'memory' | 'policy' | 'at'>): Memory {
  const { steady } = memory;
  const fresh = !steady.owed || steady.fresh === true;
  return recorded(
    { ...memory, steady: { ...steady, owed: true, dueMono: 0, fresh } },
    withSlotsAsked(memory.record, placesNow(memory, policy), at),
  );
}

/** The lenders said clearly that this question got nothing. What was owed before it still is. */
export function nothingLent({ memory, policy }: Pick<Turn, 'memory' | 'policy'>): Memory {
  const { steady, record } = memory;
  return steady.fresh === true
    ? recorded(
        { ...memory, steady: { ...steady, owed: false, fresh: false } },
        withoutSlots(record, placesNow(memory, policy)),
      )
    : memory;
}

/** Something was lent, or may have been: it is owed back whatever comes. */
function lent({ memory }: Turn): Memory {
  return { ...memory, steady: { ...memory.steady, fresh: false } };
}

export type Fate =
  | { readonly kind: 'same' }
  | { readonly kind: 'replaced'; readonly by: Release }
  | { readonly kind: 'withdrawn' }
  /** A graph that does not know the booted release says nothing about what is staged. */
  | { readonly kind: 'untold' };

/** What the graph says of a release that is staged. */
export function fateOfStaged(release: Release, outcome: CheckResult['outcome']): Fate {
  if (outcome.kind === 'off-graph') {
    return { kind: 'untold' };
  }
  if (outcome.kind !== 'update') {
    return { kind: 'withdrawn' };
  }
  const isSame = samePayload(outcome.release.payload, release.payload);
  return isSame ? { kind: 'same' } : { kind: 'replaced', by: outcome.release };
}

function afterAnswer(state: UpdateStaged, { outcome }: CheckResult, turn: Turn): Model {
  const memory = afterCheck(turn);
  const fate = fateOfStaged(state.release, outcome);
  switch (fate.kind) {
    case 'same':
      return { state: { ...state, step: 'ask' }, memory };
    case 'untold':
      turn.tell({
        kind: 'staged-kept-off-graph',
        release: state.release,
        booted: memory.host?.booted.version ?? 'unknown',
        repeated: turn.was.memory.check.answer === memory.check.answer,
      });
      return { state: { ...state, step: 'ask' }, memory };
    case 'replaced': {
      const heldBy = stagingHeldBy(turn);
      if (heldBy === undefined) {
        return selected(fate.by, withMemory(turn, memory));
      }
      // What is staged stays, and may be booted.
      const repeated = turn.was.memory.check.answer === memory.check.answer;
      turn.tell({ kind: 'staging-held', release: fate.by, reason: heldBy, repeated });
      return { state: { ...state, step: 'ask' }, memory };
    }
    case 'withdrawn':
      if (isAboutAnother(memory)) {
        return { state: { ...state, step: 'ask' }, memory };
      }
      return isWithdrawn(memory) ? dropping(state, turn, memory) : unoffered(state, withMemory(turn, memory));
  }
}

/** What somebody else staged is not ours to drop, also where it is the release: it is left to them. */
function dropping(state: UpdateStaged, turn: Turn, memory: Memory): Model {
  return foreignStaged(memory) !== undefined && !turn.policy.replaceForeignStaged
    ? startOver(withMemory(turn, memory))
    : { state: { ...state, step: 'discard' }, memory };
}

/** The first answer without it: neither booted nor dropped, and asked again soon. */
function unoffered(state: UpdateStaged, turn: Turn): Model {
  const { release } = state;
  const memory = checkDue(turn.memory, turn.mono + CONFIRM_WITHDRAWAL_MS);
  turn.tell({ kind: 'staged-unoffered', release });
  const reason = `the update server no longer offers ${release.version}: asked again before it is dropped`;
  return held(state, memory, { by: 'strategy', reason }, memory.check.dueMono);
}

function survey({ memory }: View) {
  return { kind: 'survey', ...rebootSubject(memory) } as const;
}

/** Both surveys of an attempt are judged alike: before people are looked for, and after lenders were asked. */
function afterSurvey(
  state: UpdateStaged,
  { reports, foresight }: EventOf<'surveyed'>,
  turn: Turn,
  allowed: () => Model,
): Model {
  const joint = joinReports(reports, foresight);
  switch (joint.kind) {
    case 'pass':
      turn.tell({ kind: 'reboot-allowed', by: 'gates' });
      return allowed();
    case 'unknown':
      return afterNoAnswer(state, { kind: joint.label, message: joint.reason }, turn);
    case 'block':
      return heldBack({ ...state, ...renewedGrace(state, turn.policy.sessions) }, 'gates', joint, turn);
  }
}

function afterLender(state: UpdateStaged, answer: SlotAnswer, turn: Turn): Model {
  switch (answer.kind) {
    case 'refused':
      return heldBack(state, 'lenders', answer, withMemory(turn, nothingLent(turn)));
    case 'may-be-held':
      return unsure(state, answer, withMemory(turn, lent(turn)));
    case 'granted': {
      turn.tell({ kind: 'reboot-allowed', by: 'lenders' });
      const memory = lent(turn);
      const places = placesNow(memory, turn.policy);
      return {
        state: { ...state, step: stepAfter('acquire', turn.policy) },
        memory: recorded(memory, withSlotsGranted(memory.record, places, turn.at)),
      };
    }
  }
}

/** Nobody knows whether a slot is held: it is asked for again, for a day at most. */
function unsure(
  state: UpdateStaged,
  answer: Extract<SlotAnswer, { kind: 'may-be-held' }>,
  turn: Turn,
): Model {
  const { mono, memory } = turn;
  const { reason, label, askAgainMs, untilAt, errorKind } = answer;
  const before = state.holding.by === 'lender' ? state.holding : undefined;
  const repeated = before?.reason === reason;
  if (errorKind === undefined) {
    const cut = answer.cutShort === true ? { cutShort: true as const } : {};
    turn.tell({ kind: 'reboot-held', by: 'lenders', reason, label, repeated, ...cut });
  } else {
    turn.tell({ kind: 'asking-failed', failure: { kind: errorKind, message: reason }, repeated });
  }
  const since = before?.since ?? momentOf(turn);
  if (lastedMs(since, turn) >= LONGEST_UNSURE_MS) {
    turn.tell({ kind: 'slot-wait-over', of: 'answer', reason });
    return held(state, memory, { by: 'strategy', reason }, mono + retryMs(turn));
  }
  const holding: Holding = {
    by: 'lender',
    reason,
    since,
    ...(errorKind !== undefined && { errorKind }),
  };
  const pauseMs = untilAt === undefined ? Math.min(askAgainMs, retryMs(turn)) : askAgainMs;
  return held(state, memory, holding, mono + pauseMs);
}

/** A clear no. */
function heldBack(
  state: UpdateStaged,
  by: 'gates' | 'lenders',
  answer: { readonly reason: string; readonly label: string; readonly untilAt?: number },
  turn: Turn,
): Model {
  const { reason, label } = answer;
  const until = answer.untilAt === undefined ? {} : { untilAt: answer.untilAt };
  const repeated = state.holding.by === 'strategy' && state.holding.reason === reason;
  turn.tell({ kind: 'reboot-held', by, reason, label, ...until, repeated });
  const memory = heldInPursuit(turn.memory, label, answer.untilAt, turn);
  return held(state, memory, { by: 'strategy', reason, ...until }, turn.mono + retryMs(turn));
}

/** Neither yes nor no. */
function afterNoAnswer(state: UpdateStaged, failure: Failure, turn: Turn): Model {
  turn.tell({ kind: 'asking-failed', failure, repeated: isHeldBy(state, failure) });
  const pauseMs = Math.max(retryMs(turn), failure.retryAfterMs ?? 0);
  const holding: Holding = { ...failed(state, failure, turn), asking: true };
  return held(state, turn.memory, holding, turn.mono + pauseMs);
}

/** `sessions`: undefined where they could not be listed; nobody can say then that nobody is there. */
export function isSomebodyThere(sessions: readonly Session[] | undefined): boolean {
  return sessions === undefined || sessions.length > 0;
}

function afterLook(state: UpdateStaged, sessions: readonly Session[], turn: Turn): Model {
  turn.tell({ kind: 'sessions-seen', sessions, repeated: isWaitingFor(state, sessions) });
  const next = { ...state, visitors: sessions };
  return isSomebodyThere(sessions) && !isOverridden(turn.memory, 'people')
    ? postpone(next, turn)
    : { state: { ...next, step: stepAfter('sessions', turn.policy) }, memory: turn.memory };
}

/**
 * Right before the last survey. People who came since the first look get what is left of their grace. Where that
 * is over, they read a notice, once.
 */
function afterLastLook(state: UpdateStaged, sessions: readonly Session[], turn: Turn): Model {
  turn.tell({ kind: 'sessions-seen', sessions, repeated: isSameCompany(state.visitors, sessions) });
  if (!isSomebodyThere(sessions)) {
    return confirming({ ...state, visitors: [] }, turn);
  }
  if (isOverridden(turn.memory, 'people')) {
    return confirming({ ...state, visitors: sessions }, turn);
  }
  const isWarned = state.warned || isSameCompany(state.visitors, sessions);
  return isGraceOver(state, turn.policy.sessions) && isWarned
    ? confirming(state, turn)
    : postpone({ ...state, visitors: sessions }, turn);
}

function confirming(state: UpdateStaged, { policy, memory }: Turn): Model {
  return { state: { ...state, step: stepAfter('recheck', policy) }, memory };
}

/** Treated as somebody, for as long as somebody would be waited for. */
function afterNoLook(state: UpdateStaged, failure: Failure, turn: Turn): Model {
  turn.tell({ kind: 'sessions-untold', failure, repeated: isWaitingFor(state, []) });
  const next = { ...state, visitors: [] };
  return isSomebodyThere(undefined) && !isOverridden(turn.memory, 'people')
    ? postpone(next, turn)
    : { state: { ...next, step: stepAfter('sessions', turn.policy) }, memory: turn.memory };
}

function isWaitingFor({ holding, visitors }: UpdateStaged, sessions: readonly Session[]): boolean {
  return holding.by === 'sessions' && isSameCompany(visitors, sessions);
}

function isSameCompany(known: readonly Session[], sessions: readonly Session[]): boolean {
  return (
    known.length === sessions.length &&
    known.every(({ user, tty }, index) => user === sessions[index]?.user && tty === sessions[index].tty)
  );
}

/** Somebody is logged in, or may be. */
function postpone(state: UpdateStaged, turn: Turn): Model {
  return state.visitors.length > 0 && wantsNotice(state, turn.policy.sessions)
    ? { state: { ...state, step: 'warn' }, memory: turn.memory }
    : putOff(state, turn);
}

/** What Zincati says of a grace, at the instants at which it says so. */
export function afterNotice(state: UpdateStaged, turn: Turn): Model {
  const { sessions } = turn.policy;
  if (!isGraceOver(state, sessions)) {
    turn.tell(
      state.warned
        ? { kind: 'grace-ending' }
        : { kind: 'grace-begun', minutes: minutesLeft(state, sessions) },
    );
  }
  return putOff({ ...state, warned: true }, turn);
}

function putOff(state: UpdateStaged, turn: Turn): Model {
  const { memory, mono, policy } = turn;
  if (isGraceOver(state, policy.sessions)) {
    if (state.holding.by === 'sessions' && state.visitors.length > 0) {
      turn.tell({ kind: 'grace-over' });
    }
    return { state: { ...state, step: stepAfter('sessions', policy) }, memory };
  }
  const count = state.visitors.length;
  turn.tell({ kind: 'reboot-postponed', sessions: count });
  return held(
    { ...state, ...spentGrace(state, policy.sessions) },
    memory,
    { by: 'sessions', count, endless: policy.sessions.neverWhileLoggedIn },
    mono + POSTPONEMENT_MS,
  );
}

/** The record says what is being asked for before it is asked. */
function asking(state: UpdateStaged, turn: Turn): Model {
  const { memory, at, policy } = turn;
  // A clock that was set since the deployments were read may have brought a denial back into force.
  if (memory.host !== undefined && isRuledOut(state.release, memory.host, memory.record, policy, at)) {
    return dropping(state, turn, memory);
  }
  turn.tell({ kind: 'reboot-asked', release: state.release });
  const record = rebootAsked(memory.record, state.release, at, policy.bootId);
  return { state: { ...state, step: stepAfter('confirm', policy) }, memory: recorded(memory, record) };
}

/** Whether the record has to reach the disk before the reboot is asked for. */
export function mustSave({ save }: Memory): boolean {
  return save.due;
}

/** The record could not be written: without it a reboot could be asked for again and again, so none is asked for. */
export function unsaved(state: UpdateStaged, failure: Failure, turn: Turn): Model {
  const memory = takenBack(failure.message, turn);
  return heldByFailure(state, failure, withMemory(turn, memory));
}

function afterRefusal(state: UpdateStaged, failure: Failure, turn: Turn): Model {
  turn.tell({ kind: 'finalize-failed', failure, repeated: isHeldBy(state, failure) });
  if (failure.kind === REBOOTING) {
    return {
      state: { ...state, step: 'reconcile', holding: { ...failed(state, failure, turn), asked: true } },
      memory: turn.memory,
    };
  }
  const memory = isUncertain(failure) ? turn.memory : takenBack(failure.message, turn);
  if (failure.kind === 'rpm_ostree_busy') {
    return { state: { ...state, step: 'follow' }, memory };
  }
  const holding: Holding = { ...failed(state, failure, turn), asked: true };
  // The daemon knows best. With the lock gone there is another way to ask, which is tried at once.
  if (saysUnlocked(failure) && !state.unlocked) {
    return { state: { ...state, step: 'ask', unlocked: true, holding }, memory };
  }
  return TO_RECONCILE.has(failure.kind)
    ? { state: { ...state, step: 'reconcile', holding }, memory }
    : held(state, memory, holding, turn.mono + retryMs(turn));
}

/** The refusal itself says that the lock is gone, whatever was read before. */
export function saysUnlocked({ kind }: Failure): boolean {
  return kind === 'rpm_ostree_already_unlocked';
}

const REBOOTING = 'rpm_ostree_rebooting';

/**
 * Finalization was refused because a reboot is under way. Where the staged deployment has been unlocked, that reboot
 * leads into it. Otherwise it leads elsewhere, and none comes of what was asked for. Undefined: no such refusal.
 */
function afterRebooting(state: UpdateStaged, status: HostStatus, turn: Turn): Model | undefined {
  const { holding, release } = state;
  if (holding.by !== 'failure' || holding.kind !== REBOOTING) {
    return undefined;
  }
  if (stagedCondition(release, status) === 'unlocked') {
    return rebootPending(release, momentOf(turn), turn);
  }
  const memory = takenBack(holding.message, turn);
  return compared(state, status, withMemory(turn, memory), (unlocked) => ({
    ...state,
    unlocked,
    step: 'rest',
    dueMono: turn.mono + retryMs(turn),
  }));
}

/** Refusals that the deployments explain. */
const TO_RECONCILE: ReadonlySet<string> = new Set([
  'rpm_ostree_no_staged_deployment',
  'rpm_ostree_staged_mismatch',
  'rpm_ostree_already_unlocked',
]);

/** With a daemon that vanished in the middle nobody knows: the reboot may come. */
export function isUncertain({ kind }: Failure): boolean {
  return kind === 'rpm_ostree_transaction_lost' || kind === 'effect_timeout';
}

/** The record without the reboot that was asked for. */
function takenBack(why: string, turn: Turn): Memory {
  const { memory } = turn;
  if (memory.record.asked !== undefined) {
    turn.tell({ kind: 'reboot-refused', target: memory.record.asked, why });
  }
  return recorded(memory, rebootRefused(memory.record));
}

function heldByFailure(state: UpdateStaged, failure: Failure, turn: Turn): Model {
  return held(state, turn.memory, failed(state, failure, turn), turn.mono + retryMs(turn));
}

function isHeldBy({ holding }: UpdateStaged, { kind }: Failure): boolean {
  return holding.by === 'failure' && holding.kind === kind;
}

type Failed = Extract<Holding, { by: 'failure' }>;

/** A failure that goes on keeps the instant at which it began. */
function failed({ holding }: UpdateStaged, { kind, message }: Failure, now: Moment): Failed {
  const since = holding.by === 'failure' && holding.kind === kind ? holding.since : momentOf(now);
  return { by: 'failure', kind, message, since };
}

function held(state: UpdateStaged, memory: Memory, holding: Holding, dueMono: number): Model {
  return { state: { ...state, step: 'rest', holding, dueMono }, memory };
}
