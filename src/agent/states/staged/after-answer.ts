/**
 * What the graph says, at a check, of a release that is staged. Pure.
 *
 * Invariants:
 * - A graph that does not know the booted release says nothing about what is staged.
 * - A release that is no longer offered is dropped at the second such answer, not at the first.
 */
import { afterCheck, checkDue, isWithdrawn } from '../../checking.ts';
import { CONFIRM_WITHDRAWAL_MS } from '../../pacing.ts';
import { isAboutAnother } from '../../pending.ts';
import type { CheckResult, HostStatus } from '../../ports.ts';
import { type Release, samePayload } from '../../release.ts';
import type { Memory, Model } from '../../state.ts';
import { type Turn, withMemory } from '../../turn.ts';
import { selected } from '../available/selected.ts';
import { stagingHeldBy } from '../available/staging-held-by.ts';
import { dropping } from './compared.ts';
import { held, type UpdateStaged } from './held.ts';

/** Whether the graph is asked again about a release that is staged. */
export function isCheckDue({ check }: Memory, { booted }: HostStatus, mono: number): boolean {
  return mono >= check.dueMono && booted.payload !== undefined;
}

export type Fate =
  | { readonly kind: 'same' }
  | { readonly kind: 'replaced'; readonly by: Release }
  | { readonly kind: 'withdrawn' }
  /** A graph that does not know the booted release says nothing about what is staged. */
  | { readonly kind: 'untold' };

/** What the graph says of a release that is staged. */
export function fateOfStaged(release: Release, outcome: CheckResult['outcome']): Fate {
  if (outcome.kind === 'off-graph') {
    return { kind: 'untold' };
  }
  if (outcome.kind !== 'update') {
    return { kind: 'withdrawn' };
  }
  const isSame = samePayload(outcome.release.payload, release.payload);
  return isSame ? { kind: 'same' } : { kind: 'replaced', by: outcome.release };
}

export function afterAnswer(state: UpdateStaged, { outcome }: CheckResult, turn: Turn): Model {
  const memory = afterCheck(turn);
  const fate = fateOfStaged(state.release, outcome);
  switch (fate.kind) {
    case 'same':
      return { state: { ...state, step: 'ask' }, memory };
    case 'untold':
      turn.tell({
        kind: 'staged-kept-off-graph',
        release: state.release,
        booted: memory.host?.booted.version ?? 'unknown',
        repeated: turn.was.memory.check.answer === memory.check.answer,
      });
      return { state: { ...state, step: 'ask' }, memory };
    case 'replaced': {
      const heldBy = stagingHeldBy(turn);
      if (heldBy === undefined) {
        return selected(fate.by, withMemory(turn, memory));
      }
      // What is staged stays, and may be booted.
      const repeated = turn.was.memory.check.answer === memory.check.answer;
      turn.tell({ kind: 'staging-held', release: fate.by, reason: heldBy, repeated });
      return { state: { ...state, step: 'ask' }, memory };
    }
    case 'withdrawn':
      if (isAboutAnother(memory)) {
        return { state: { ...state, step: 'ask' }, memory };
      }
      return isWithdrawn(memory) ? dropping(state, turn, memory) : unoffered(state, withMemory(turn, memory));
  }
}

/** The first answer without it: neither booted nor dropped, and asked again soon. */
function unoffered(state: UpdateStaged, turn: Turn): Model {
  const { release } = state;
  const memory = checkDue(turn.memory, turn.mono + CONFIRM_WITHDRAWAL_MS);
  turn.tell({ kind: 'staged-unoffered', release });
  const reason = `the update server no longer offers ${release.version}: asked again before it is dropped`;
  return held(state, memory, { by: 'strategy', reason }, memory.check.dueMono);
}
