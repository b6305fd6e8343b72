/** The answers after somebody's transaction was followed, told the same way in every state. Pure. */
import type { AgentState, Model } from '../state.ts';
import type { Handlers, Turn } from '../turn.ts';

/** `next`: where to go on, whatever became of the transaction. `lost`: where that is another place after losing it. */
export function followed<S extends AgentState>(
  next: (state: S, turn: Turn) => Model,
  lost: (state: S, turn: Turn) => Model = next,
): Handlers<S, 'follow-active'> {
  return {
    'transaction-over': (state, _event, turn) => {
      turn.tell({ kind: 'transaction-over' });
      return next(state, turn);
    },
    'transaction-running': (state, _event, turn) => {
      turn.tell({ kind: 'transaction-running' });
      return next(state, turn);
    },
    'follow-failed': (state, { failure }, turn) => {
      turn.tell({ kind: 'transaction-lost', failure });
      return lost(state, turn);
    },
  };
}
