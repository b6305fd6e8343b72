/** Whether a reboot that was asked for is on its way, or may be. Pure. */
import type { AgentState } from './state.ts';

export type Rebooting = Extract<AgentState, { name: 'UpdateFinalized' } | { cause: 'reboot-pending' }>;

export function isRebooting(state: AgentState): state is Rebooting {
  switch (state.name) {
    case 'UpdateFinalized':
      return true;
    case 'EndState':
      return state.cause === 'reboot-pending';
    case 'StartState':
    case 'Initialized':
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph':
    case 'UpdateAvailable':
    case 'UpdateStaged':
      return false;
  }
}

/** A finalization has ended in a way that does not tell, and the deployments are not read yet. */
export function isUnsettled(state: AgentState): boolean {
  return state.name === 'UpdateStaged' && state.holding.by === 'failure' && state.holding.unsettled === true;
}
