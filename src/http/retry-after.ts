/** The header Retry-After: seconds, or a date. Pure. */
import { DAY_MS, SECOND_MS } from '../text/units.ts';

/** A server that wants to be left alone for more than a day has a wrong clock, or cannot be trusted with this. */
export const LONGEST_RETRY_AFTER_MS = DAY_MS;

const HTTP_DATE = /^[A-Z][a-z]{2,8}, \d{1,2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * How long to wait from `at` on, in milliseconds, at most a day. A past date gives 0. Undefined: the header says
 * nothing.
 */
export function parseRetryAfter(header: string | undefined, at: number): number | undefined {
  const text = header?.trim() ?? '';
  const ms = /^\d+$/.test(text)
    ? Number(text) * SECOND_MS
    : HTTP_DATE.test(text)
      ? Date.parse(text) - at
      : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
}
