/** What became of the staged deployment. Pure. */
import type { HostStatus } from '../ports.ts';
import { samePayload, type Target } from '../release.ts';

export type StagedCondition = 'locked' | 'unlocked' | 'gone' | 'replaced';

export function stagedCondition(release: Target, { staged }: HostStatus): StagedCondition {
  if (staged === undefined) {
    return 'gone';
  }
  if (staged.payload === undefined || !samePayload(staged.payload, release.payload)) {
    return 'replaced';
  }
  return staged.finalizationLocked === false ? 'unlocked' : 'locked';
}
