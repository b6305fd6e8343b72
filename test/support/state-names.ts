/** The names of all states. A type has no values: the compiler asks for those that are missing here. */
import type { StateName } from '../../src/agent/state.ts';

export const STATE_NAMES: Readonly<Record<StateName, true>> = {
  StartState: true,
  Initialized: true,
  ReportedSteady: true,
  NoNewUpdate: true,
  OffGraph: true,
  UpdateAvailable: true,
  UpdateStaged: true,
  UpdateFinalized: true,
  EndState: true,
};
