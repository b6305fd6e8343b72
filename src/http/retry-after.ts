/** The header Retry-After: seconds, or a date. Pure. */
import { DAY_MS, SECOND_MS } from '../text/units.ts';

/** A server that wants to be left alone for longer than a day has a wrong clock, or is not to be trusted with this. */
export const LONGEST_RETRY_AFTER_MS = DAY_MS;

const HTTP_DATE = /^[A-Z][a-z]{2,8}, \d{1,2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT$/;

/** How long to wait from `nowMs` on, at most a day; undefined: the header says nothing. A date in the past is 0. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  const ms = /^\d+$/.test(text)
    ? Number(text) * SECOND_MS
    : HTTP_DATE.test(text)
      ? Date.parse(text) - nowMs
      : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
}
