/** Instants that are over, as people type them. Pure. */
import { DAY_MS } from '../text/units.ts';
import { parseDuration } from './duration.ts';
import { parseTime, type Terms } from './terms.ts';
import { UsageError } from './usage-error.ts';

/** Nothing else takes an instant that is over. */
const OF = { option: 'since', command: 'history' };

const LENGTH = /^\s*\d+\s*(?:min|[smhdw])/;

/**
 * The instant that people mean by `18:00` (the last one), `2026-11-28`, `2d` (two days ago), or RFC 3339 with an offset.
 * Throws UsageError, also for an instant that is still to come.
 */
export function parsePast(text: string, terms: Pick<Terms, 'now' | 'zone'>): number {
  const { now, zone } = terms;
  if (LENGTH.test(text)) {
    return now - parseDuration(text);
  }
  // parseTime takes a time of day for the next one. A day with a change of clocks has other than 24 hours.
  const at = [1, 2]
    .map((days) => parseTime(text, { now: now - days * DAY_MS, zone }, OF))
    .find((one) => one <= now);
  if (at === undefined) {
    throw new UsageError(`--${OF.option}: a time must be over, got ${JSON.stringify(text)}`, OF.command);
  }
  return at;
}
