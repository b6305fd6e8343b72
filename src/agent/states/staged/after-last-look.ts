/** The last look at who is logged in, right before the last survey and the finalization. Pure. */
import { isGraceOver } from '../../grace.ts';
import type { Failure } from '../../messages.ts';
import { isOverridden } from '../../pending.ts';
import type { Session } from '../../ports.ts';
import type { Model } from '../../state.ts';
import type { Turn } from '../../turn.ts';
import { afterNoLook } from './after-look.ts';
import type { UpdateStaged } from './held.ts';
import { isSameCompany, isSomebodyThere, postpone } from './postpone.ts';
import { stepAfter } from './step-after.ts';

/**
 * Right before the last survey. People who came since the first look get what is left of their grace. Where that
 * is over, they read a notice, once.
 */
export function afterLastLook(state: UpdateStaged, sessions: readonly Session[], turn: Turn): Model {
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

/** Where the grace is over nobody is waited for any more, seen or not. */
export function afterNoLastLook(state: UpdateStaged, failure: Failure, turn: Turn): Model {
  return isGraceOver(state, turn.policy.sessions) || isOverridden(turn.memory, 'people')
    ? confirming(state, turn)
    : afterNoLook(state, failure, turn);
}

function confirming(state: UpdateStaged, { policy, memory }: Turn): Model {
  return { state: { ...state, step: stepAfter('recheck', policy) }, memory };
}
