/** Whether a person wants nothing staged. Pure. */
import { holdsInForce } from '../../pending.ts';
import type { Turn } from '../../turn.ts';

/** Why a person wants nothing staged, one sentence; undefined: nobody does. */
export function stagingHeldBy({ memory, at }: Pick<Turn, 'memory' | 'at'>): string | undefined {
  const holds = holdsInForce(memory.record, 'stage', at);
  return holds.length === 0 ? undefined : `staging is held: ${holds.map(({ id }) => id).join(', ')}`;
}
