/**
 * The configuration of every node of a search: a lock, no jitter, and as few different pauses as there can be. Data.
 */
import type { Policy } from '../../agent/state.ts';
import { MINUTE_MS } from '../../text/units.ts';

export const SEARCH_POLICY: Policy = {
  enabled: true,
  allowDowngrade: false,
  skip: [],
  stream: undefined,
  hasLenders: true,
  // The lock tells nodes apart by their place in the state.
  slotPlaces: [{ lender: 'fleet_lock', address: 'https://lock.example', group: 'default', id: 'node' }],
  catchUp: false,
  sessions: { graceMinutes: 1, maxDelayMinutes: 1, neverWhileLoggedIn: false },
  steadyIntervalMs: 30 * MINUTE_MS,
  retryIntervalMs: 10 * MINUTE_MS,
  rebootOverdueMs: 15 * MINUTE_MS,
  jitter: false,
  replaceForeignStaged: false,
  bootId: '',
};
