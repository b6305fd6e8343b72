/**
 * Which effect a model asks for. Pure, and total: every state and step has one.
 *
 * Invariant: whoever rests wakes for the first thing that is due: driver registration, giving back a slot, a check.
 */
import { deniedPayloads } from './denylist.ts';
import { minutesLeft } from './grace.ts';
import type { Effect } from './messages.ts';
import { FOLLOW_LIMIT_MS } from './pacing.ts';
import type { AgentState, Memory, Model, Policy } from './state.ts';

/** One moment on both clocks, milliseconds. */
export interface Moment {
  readonly at: number;
  readonly mono: number;
}

/** No wait is longer: whatever was computed wrongly is computed again within a day. */
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000;

/** Deployments are read afresh where the answer leads to a transaction, from the cache where it leads to a poll. */
const READ_FRESH: Effect = { kind: 'read-status', mode: 'fresh' };
const READ_CACHED: Effect = { kind: 'read-status', mode: 'cached' };

export function nextEffect({ state, memory }: Model, now: Moment, policy: Policy): Effect {
  const { mono } = now;
  // Written before anything else is done, so that whatever ends this life finds what led to it on disk.
  if (memory.save.due && mono >= memory.save.dueMono) {
    return { kind: 'save', record: memory.record };
  }
  switch (state.name) {
    case 'StartState':
      if (!policy.enabled) {
        return wait(0, mono);
      }
      switch (state.step) {
        case 'register':
          return { kind: 'register-driver' };
        case 'read':
          return READ_FRESH;
        case 'follow':
          return { kind: 'follow-active', limitMs: FOLLOW_LIMIT_MS };
        case 'rest':
          return wait(state.dueMono, mono);
      }
      break;
    case 'Initialized':
      // With `catchUp` a slot from before the reboot is kept for the next hop; the first rest gives it back.
      return policy.catchUp ? wait(mono, mono) : { kind: 'report-steady' };
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph':
      switch (state.step) {
        case 'refresh':
          return READ_CACHED;
        case 'check':
          return checkEffect(memory, policy, now.at);
        case 'discard':
          return { kind: 'discard-staged' };
        case 'rest':
          return dutyOrWait(memory, mono, memory.check.dueMono);
      }
      break;
    case 'UpdateAvailable':
      switch (state.step) {
        case 'stage':
          return { kind: 'stage', release: state.release, allowDowngrade: policy.allowDowngrade };
        case 'follow':
          return { kind: 'follow-active', limitMs: FOLLOW_LIMIT_MS };
        case 'discard':
          return { kind: 'discard-staged' };
        case 'refresh':
          return READ_FRESH;
        case 'check':
          return checkEffect(memory, policy, now.at);
        case 'rest':
          return dutyOrWait(memory, mono, state.dueMono);
      }
      break;
    case 'UpdateStaged':
      return nextWhileStaged(state, memory, policy, now);
    case 'UpdateFinalized':
      return wait(0, mono);
    case 'EndState':
      if (state.cause === 'disabled') {
        // Switched off by configuration: only a slot that may still be held is given back.
        const mayHold = policy.remoteStrategies && memory.steady.owed;
        if (mayHold && mono >= memory.steady.dueMono) {
          return { kind: 'report-steady' };
        }
        return wait(mayHold ? Math.min(state.dueMono, memory.steady.dueMono) : state.dueMono, mono);
      }
      return state.step === 'read' ? READ_FRESH : wait(state.dueMono, mono);
  }
}

function nextWhileStaged(
  state: Extract<AgentState, { name: 'UpdateStaged' }>,
  memory: Memory,
  policy: Policy,
  now: Moment,
): Effect {
  switch (state.step) {
    case 'refresh':
      return READ_CACHED;
    case 'check':
      return checkEffect(memory, policy, now.at);
    case 'ask':
    case 'confirm':
      return { kind: 'ask-local' };
    case 'sessions':
      return { kind: 'list-sessions' };
    case 'warn':
      return {
        kind: 'warn-sessions',
        sessions: state.visitors,
        release: state.release,
        minutesLeft: minutesLeft(state, policy.sessions),
      };
    case 'verify':
    case 'reconcile':
      return READ_FRESH;
    case 'acquire':
      return { kind: 'ask-remote' };
    case 'finalize':
      // Never without the record on disk, even when writing it has just failed and is not due yet.
      if (memory.save.due) {
        return { kind: 'save', record: memory.record };
      }
      return { kind: 'finalize', release: state.release, allowUnlocked: state.unlocked };
    case 'discard':
      return { kind: 'discard-staged' };
    case 'follow':
      return { kind: 'follow-active', limitMs: FOLLOW_LIMIT_MS };
    case 'rest': {
      const untilAt = state.holding.by === 'strategy' ? state.holding.untilAt : undefined;
      return dutyOrWait(memory, now.mono, state.dueMono, untilAt);
    }
  }
}

function checkEffect(memory: Memory, policy: Policy, at: number): Effect {
  const host = memory.host;
  const payload = host?.booted.payload;
  // The steps `check` are entered only with a booted deployment that can be compared.
  if (host === undefined || payload === undefined) {
    throw new Error('a check was asked for before the deployments were read');
  }
  return {
    kind: 'check',
    stream: policy.stream ?? host.booted.stream,
    query: {
      booted: { version: host.booted.version, payload },
      denied: deniedPayloads(host, memory.record, at),
      skip: policy.skip,
      allowDowngrade: policy.allowDowngrade,
    },
  };
}

function dutyOrWait(memory: Memory, mono: number, dueMono: number, untilAt?: number): Effect {
  const { driver, steady } = memory;
  if (steady.owed && mono >= steady.dueMono) {
    return { kind: 'report-steady' };
  }
  if (!driver.registered && mono >= driver.dueMono) {
    return { kind: 'register-driver' };
  }
  const dues = [dueMono];
  if (steady.owed) {
    dues.push(steady.dueMono);
  }
  if (!driver.registered) {
    dues.push(driver.dueMono);
  }
  return wait(Math.min(...dues), mono, untilAt);
}

function wait(dueMono: number, mono: number, untilAt?: number): Effect {
  const forMs = Math.min(Math.max(dueMono - mono, 0), LONGEST_WAIT_MS);
  return untilAt === undefined ? { kind: 'wait', forMs } : { kind: 'wait', forMs, untilAt };
}
