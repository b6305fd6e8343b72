/** An instant as people type it for an option. Pure. */
import { UsageError } from '../src/cli/usage-error.ts';
import { printable } from '../src/errors.ts';

/** Milliseconds since 1970 UTC. Throws UsageError. */
export function instantOption(option: string, text: string): number {
  const isDated = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/.test(text);
  const at = isDated ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new UsageError(
      `--${option} must be a date such as 2026-12-01, or 2026-12-01T00:00:00Z, got ${printable(JSON.stringify(text.slice(0, 100)))}`,
    );
  }
  return at;
}
