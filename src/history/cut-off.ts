/**
 * Requests of an agent before this one that nobody answered: it was killed, or the power failed. Pure.
 *
 * Invariants:
 * - A request is in the history twice: when it is taken, and with what came of it. One that is there once was cut off.
 * - What is made of it has an outcome. So it is told once, however often the agent starts.
 */
import type { Entry } from './entry.ts';

/** `entries`: of the lives before this one. `at`: wall clock, milliseconds. */
export function cutOffRequests(entries: readonly Entry[], at: number): readonly Entry[] {
  const open = new Map<string, Entry>();
  for (const entry of entries) {
    const { request, outcome } = entry.fields;
    if (entry.kind !== 'request' || typeof request !== 'string') {
      continue;
    }
    if (outcome === undefined) {
      open.set(request, entry);
    } else {
      open.delete(request);
    }
  }
  return [...open.values()].map(({ text, fields }) => ({
    at,
    kind: 'request',
    text: `${text}; cut off: the agent ended before it had answered, and what was begun may have been done`,
    fields: { ...fields, outcome: CUT_OFF },
  }));
}

/** Among the outcomes of a request. */
export const CUT_OFF = 'CutOff';
