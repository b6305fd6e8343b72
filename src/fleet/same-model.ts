/**
 * Whether one round of polling has left a machine as it was, but for instants that every round moves. Pure.
 *
 * Invariants:
 * - The fields that may differ are named here, one by one. Any other difference counts.
 * - A counter that only grows is compared up to the largest value that a decision looks at.
 */
import type { LastLook, Memory, Model } from '../agent/state.ts';
import { ANSWERS_THAT_WITHDRAW } from '../agent/checking.ts';

export function isSameButInstants(a: Model, b: Model): boolean {
  return isSame(still(a), still(b));
}

/** The model without what moves. */
function still({ state, memory }: Model): object {
  return { state: 'dueMono' in state ? { ...state, dueMono: 0 } : state, memory: stillMemory(memory) };
}

function stillMemory(memory: Memory): object {
  const { check, look, loan, pursuit } = memory;
  return {
    ...memory,
    check: {
      ...check,
      dueMono: 0,
      lastAttemptAt: 0,
      lastSuccessAt: 0,
      unoffered: Math.min(check.unoffered, ANSWERS_THAT_WITHDRAW),
    },
    look: look === undefined ? undefined : lookedAt(look, 0),
    loan: loan === undefined ? undefined : { ...loan, at: 0 },
    pursuit: pursuit === undefined ? undefined : { ...pursuit, since: 0 },
  };
}

/** The same look, taken at another instant. Gates that all pass are foretold to pass right then. */
export function lookedAt(look: LastLook, at: number): LastLook {
  const { foresight } = look;
  return foresight?.clearAt === look.at
    ? { ...look, at, foresight: { ...foresight, clearAt: at } }
    : { ...look, at };
}

/** Structural. Plain objects, lists and primitives alone. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) {
    return true;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return false;
  }
  if (Array.isArray(a) !== Array.isArray(b)) {
    return false;
  }
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => {
      const other: unknown = Reflect.get(b, key);
      return (other !== undefined || key in b) && isSame(Reflect.get(a, key), other);
    })
  );
}
