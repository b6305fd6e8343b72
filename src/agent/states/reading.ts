/**
 * The two ways to read the deployments: afresh where the answer leads to a transaction, from the cache for a poll. And when
 * a reading that failed is tried again. Pure.
 */
import type { EffectOf } from '../messages.ts';
import { adapterRetryMs } from '../pacing.ts';
import type { Memory } from '../state.ts';

export const READ_FRESH: EffectOf<'read-status'> = { kind: 'read-status', mode: 'fresh' };
export const READ_CACHED: EffectOf<'read-status'> = { kind: 'read-status', mode: 'cached' };

/** The pause after a reading that failed, later each time. */
export function readAgainMs({ hostStreak }: Pick<Memory, 'hostStreak'>): number {
  return adapterRetryMs(hostStreak?.count ?? 1);
}
