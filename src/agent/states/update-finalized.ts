/** UpdateFinalized: rpm-ostree has asked for the reboot; from here on it is on its way. Pure. */
import type { AgentState, Policy } from '../state.ts';
import { stepsOf, type Step } from '../turn.ts';
import { waitUntil } from '../rest.ts';

type UpdateFinalized = Extract<AgentState, { name: 'UpdateFinalized' }>;

export const FINALIZED_STEP: Step<UpdateFinalized> = stepsOf<UpdateFinalized>()(
  ['wait'],
  (_state, view) => waitUntil(0, view),
  {
    woke: ({ release, finalized }, _event, turn) => {
      turn.tell({ kind: 'waiting-for-reboot', release });
      const dueMono = rebootOverdueMono(turn.mono, turn.policy);
      return {
        state: { name: 'EndState', cause: 'reboot-pending', release, finalized, step: 'rest', dueMono },
        memory: turn.memory,
      };
    },
  },
);

/** The monotonic instant, milliseconds, at which a reboot that has not come is noticed. */
export function rebootOverdueMono(mono: number, { rebootOverdueMs }: Policy): number {
  return mono + rebootOverdueMs;
}
