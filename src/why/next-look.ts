/**
 * When the machine looks at things again by itself, as the wall clock will show it. Pure.
 *
 * Invariants:
 * - Whatever changes before that instant is seen then, and not earlier. Only a request or a new configuration looks at
 *   once.
 * - A machine that is at work looks now.
 */
import type { Moment } from '../agent/moment.ts';
import { askAgainAt } from '../agent/rest.ts';
import type { Model } from '../agent/state.ts';

/** Wall clock, milliseconds; the present instant where nothing is waited for. */
export function nextLookAt({ state, memory }: Model, now: Moment): number {
  const wall = (mono: number): number => now.at + Math.max(mono - now.mono, 0);
  switch (state.name) {
    case 'UpdateStaged': {
      if (state.step !== 'rest') {
        return now.at;
      }
      const askedAt = askAgainAt(state.holding) ?? Number.POSITIVE_INFINITY;
      return Math.max(Math.min(wall(state.dueMono), askedAt), now.at);
    }
    case 'UpdateAvailable':
    case 'StartState':
      return state.step === 'rest' ? wall(state.dueMono) : now.at;
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph':
      // What is dropped now is not asked about again before the next check.
      return state.step === 'rest' || state.step === 'discard' ? wall(memory.check.dueMono) : now.at;
    case 'Initialized':
    case 'UpdateFinalized':
      return now.at;
    case 'EndState':
      return wall(state.dueMono);
  }
}
