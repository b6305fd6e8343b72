/** The first look at who is logged in, before lenders are asked. Pure. */
import type { Failure } from '../../messages.ts';
import { isOverridden } from '../../pending.ts';
import type { Session } from '../../ports.ts';
import type { Model } from '../../state.ts';
import type { Turn } from '../../turn.ts';
import type { UpdateStaged } from './held.ts';
import { isSomebodyThere, isWaitingFor, postpone } from './postpone.ts';
import { stepAfter } from './step-after.ts';

export function afterLook(state: UpdateStaged, sessions: readonly Session[], turn: Turn): Model {
  turn.tell({ kind: 'sessions-seen', sessions, repeated: isWaitingFor(state, sessions) });
  const next = { ...state, visitors: sessions };
  return isSomebodyThere(sessions) && !isOverridden(turn.memory, 'people')
    ? postpone(next, turn)
    : { state: { ...next, step: stepAfter('sessions', turn.policy) }, memory: turn.memory };
}

/** Treated as somebody, for as long as somebody would be waited for. */
export function afterNoLook(state: UpdateStaged, failure: Failure, turn: Turn): Model {
  turn.tell({ kind: 'sessions-untold', failure, repeated: isWaitingFor(state, []) });
  const next = { ...state, visitors: [] };
  return isSomebodyThere(undefined) && !isOverridden(turn.memory, 'people')
    ? postpone(next, turn)
    : { state: { ...next, step: stepAfter('sessions', turn.policy) }, memory: turn.memory };
}
