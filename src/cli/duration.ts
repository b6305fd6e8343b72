/** Durations as people type and read them. Pure. */
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, WEEK_MS } from '../text/units.ts';
import { UsageError } from './usage-error.ts';

const UNITS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: MINUTE_MS,
  min: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  w: WEEK_MS,
};
const WHOLE = /^\s*(?:\d+\s*(?:min|[smhdw])\s*)+$/;
/** Nobody means more, and no instant overflows. */
const LONGEST_MS = 3660 * DAY_MS;

/** Milliseconds of `90s`, `45m`, `"2d 12h"`. Throws UsageError; a length of nothing or of over ten years is refused. */
export function parseDuration(text: string): number {
  if (text.length > 100 || !WHOLE.test(text)) {
    throw new UsageError(
      `a duration must be such as 90s, 45m, 8h or 2d, got ${JSON.stringify(text.slice(0, 100))}`,
    );
  }
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+)\s*(min|[smhdw])/g)) {
    total += Number(number) * (UNITS[unit ?? ''] ?? 0);
  }
  if (!(total > 0 && total <= LONGEST_MS)) {
    throw new UsageError(
      `a duration must be longer than nothing and shorter than ten years, got ${JSON.stringify(text)}`,
    );
  }
  return total;
}

/** `2 d 9 h`, `4 min`, `30 s`: its two largest units, or one where the second is nothing. Rounded down. */
export function describeDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND_MS));
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) {
    return '0 s';
  }
  // Whole days say enough after a fortnight, and whole minutes after ten.
  const [count = 0, unit] = parts[first] ?? [];
  const isCoarse = (unit === 'd' && count >= 14) || (unit === 'min' && count >= 10);
  return parts
    .slice(first, first + (isCoarse ? 1 : 2))
    .filter(([one]) => one > 0)
    .map(([one, name]) => `${one} ${name}`)
    .join(' ');
}
