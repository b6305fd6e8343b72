/** An instant as people type it for an option. Pure. */
import { UsageError } from '../src/cli/usage-error.ts';
import { printable } from '../src/errors.ts';

/** Milliseconds since 1970 UTC. Throws UsageError. */
export function instantOption(option: string, text: string): number {
  const isDated = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/.test(text);
  const at = isDated && isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new UsageError(
      `--${option} must be a date such as 2026-12-01, or 2026-12-01T00:00:00Z, got ${printable(JSON.stringify(text.slice(0, 100)))}`,
    );
  }
  return at;
}

/** `Date.parse` takes the 31st of February for the 3rd of March. */
function isDay(text: string): boolean {
  const at = Date.parse(text);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}
