/**
 * An instant as people type it for an option, or in a plan. Pure.
 *
 * Invariant: years have four digits, also those that come of it. Others would be printed and sorted wrongly.
 */
import { UsageError } from '../src/cli/usage-error.ts';
import { printable } from '../src/errors.ts';

const FIRST_AT = 0;
const LAST_AT = Date.parse('2999-12-31T23:59:59.999Z');
/** As errors have it. */
export const INSTANT_RANGE = 'from 1970 to 2999';

export function isInRange(at: number): boolean {
  return at >= FIRST_AT && at <= LAST_AT;
}

/** Milliseconds since 1970 UTC. Throws UsageError. */
export function instantOption(option: string, text: string): number {
  const isDated = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/.test(text);
  const at = isDated && isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new UsageError(
      `--${option} must be a date such as 2026-12-01, or 2026-12-01T00:00:00Z, got ${printable(JSON.stringify(text.slice(0, 100)))}`,
    );
  }
  if (!isInRange(at)) {
    throw new UsageError(
      `--${option} must be a date ${INSTANT_RANGE}, got ${printable(JSON.stringify(text))}`,
    );
  }
  return at;
}

/** `Date.parse` takes the 31st of February for the 3rd of March. */
function isDay(text: string): boolean {
  const at = Date.parse(text);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}
