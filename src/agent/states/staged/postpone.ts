/**
 * The reboot is put off for people who are logged in, or may be. Pure.
 *
 * Invariants:
 * - People put the reboot off as grace.ts counts, across closed windows.
 * - Sessions that cannot be listed count as somebody.
 */
import { isGraceOver, minutesLeft, spentGrace, wantsNotice } from '../../grace.ts';
import { POSTPONEMENT_MS } from '../../pacing.ts';
import type { Session } from '../../ports.ts';
import type { Model } from '../../state.ts';
import type { Turn } from '../../turn.ts';
import { held, type UpdateStaged } from './held.ts';
import { stepAfter } from './step-after.ts';

/** `sessions`: undefined where they could not be listed; nobody can say then that nobody is there. */
export function isSomebodyThere(sessions: readonly Session[] | undefined): boolean {
  return sessions === undefined || sessions.length > 0;
}

export function isWaitingFor({ holding, visitors }: UpdateStaged, sessions: readonly Session[]): boolean {
  return holding.by === 'sessions' && isSameCompany(visitors, sessions);
}

export function isSameCompany(known: readonly Session[], sessions: readonly Session[]): boolean {
  return (
    known.length === sessions.length &&
    known.every(({ user, tty }, index) => user === sessions[index]?.user && tty === sessions[index].tty)
  );
}

/** Somebody is logged in, or may be. */
export function postpone(state: UpdateStaged, turn: Turn): Model {
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
