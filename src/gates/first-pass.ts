/**
 * The first instant at which several gates pass at once. Pure.
 *
 * Invariants:
 * - It is a fixpoint: at that instant each gate passes. The latest of their instants alone is not: a window can close
 *   before a hold ends.
 * - No earlier instant, from the given one on, lets all of them pass.
 */
import type { Pass, PassAfter } from '../agent/ports.ts';
import { DAY_MS } from '../text/units.ts';
import { passOf } from './timing.ts';

/** Nothing is foretold beyond. */
export const HORIZON_DAYS = 366;

/** Two gates that never pass at once would be followed from window to window. */
const MOST_ROUNDS = 10_000;

export interface CommonPass {
  /** Undefined: none within the horizon. */
  readonly pass: Pass | undefined;
  /** Places of the gates that were waited for, and of one without a pass. */
  readonly binding: ReadonlySet<number>;
}

export function firstCommonPass(gates: readonly PassAfter[], fromAt: number): CommonPass {
  const lastAt = fromAt + HORIZON_DAYS * DAY_MS;
  const binding = new Set<number>();
  let at = fromAt;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const next = nextInstant(gates, at, binding);
    if (next === undefined || next > lastAt) {
      return { pass: undefined, binding };
    }
    if (next === at) {
      return { pass: passOf(at, endOfPass(gates, at)), binding };
    }
    at = next;
  }
  // Still no earlier than any true one.
  return { pass: { fromAt: at }, binding };
}

/** The latest instant of the next passes. Those that do not pass at `at` are added to `binding`. */
export function nextInstant(
  gates: readonly PassAfter[],
  at: number,
  binding: Set<number>,
): number | undefined {
  let next = at;
  for (const [index, passAfter] of gates.entries()) {
    const pass = passAfter(at);
    if (pass === undefined) {
      binding.add(index);
      return undefined;
    }
    if (pass.fromAt > at) {
      binding.add(index);
      next = Math.max(next, pass.fromAt);
    }
  }
  return next;
}

/** When the first of the passes at `at` ends. Undefined: no end is in sight. */
export function endOfPass(gates: readonly PassAfter[], at: number): number | undefined {
  const ends = gates.flatMap((passAfter) => passAfter(at)?.untilAt ?? []);
  return ends.length === 0 ? undefined : Math.min(...ends);
}
