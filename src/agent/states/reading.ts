/** The two ways to read the deployments: afresh where the answer leads to a transaction, from the cache for a poll. */
import type { EffectOf } from '../messages.ts';

export const READ_FRESH: EffectOf<'read-status'> = { kind: 'read-status', mode: 'fresh' };
export const READ_CACHED: EffectOf<'read-status'> = { kind: 'read-status', mode: 'cached' };
