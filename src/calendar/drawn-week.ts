/**
 * A week as text: a row for each date, a character for each half hour or hour of it. Pure.
 *
 * Invariants:
 * - Rows and columns are what clocks of the zone show. An hour that is skipped is blank; one that comes twice is one
 *   character.
 * - A character stands for its whole time: `#` open, `+` open for a part of it, `x` frozen, `.` closed.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../text/units.ts';
import { openingInstant, type ZoneRules } from './zone-rules.ts';

export interface DrawnSpan {
  readonly kind: 'window' | 'freeze';
  readonly startAt: number;
  /** Left out: no end in sight. */
  readonly endAt?: number;
}

const NAME_WIDTH = 11;
const HALF_HOURS = 48;
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `fromAt`: an instant of the first date. `width`: of the terminal, in characters. */
export function drawnWeek(
  spans: readonly DrawnSpan[],
  zone: ZoneRules,
  fromAt: number,
  width: number,
): readonly string[] {
  const cellMs = width >= NAME_WIDTH + 1 + HALF_HOURS ? 30 * MINUTE_MS : HOUR_MS;
  const localMs = fromAt + zone.periodAt(fromAt).offsetMs;
  const firstDay = Math.floor(localMs / DAY_MS);
  const hours = Array.from({ length: 4 }, (_, index) => String(index * 6).padEnd((6 * HOUR_MS) / cellMs));
  const rows = Array.from({ length: 7 }, (_, index) => {
    const day = firstDay + index;
    const cells = Array.from({ length: DAY_MS / cellMs }, (_unused, cell) => {
      const local = day * DAY_MS + cell * cellMs;
      return sign(spans, openingInstant(zone, local), openingInstant(zone, local + cellMs));
    });
    return `${dateName(day)} ${cells.join('')}`;
  });
  return [`${' '.repeat(NAME_WIDTH)}${hours.join('').trimEnd()}`, ...rows];
}

function sign(spans: readonly DrawnSpan[], startAt: number, endAt: number): string {
  if (startAt >= endAt) {
    return ' ';
  }
  const over = (kind: DrawnSpan['kind']): number =>
    spans
      .filter((span) => span.kind === kind)
      .reduce((sum, span) => {
        const until = Math.min(endAt, span.endAt ?? Number.POSITIVE_INFINITY);
        return sum + Math.max(0, until - Math.max(startAt, span.startAt));
      }, 0);
  const openMs = over('window');
  if (openMs > 0) {
    return openMs >= endAt - startAt ? '#' : '+';
  }
  return over('freeze') > 0 ? 'x' : '.';
}

/** `Sat 28 Nov`, for a day counted from 1970. */
function dateName(day: number): string {
  const date = new Date(day * DAY_MS);
  const weekday = WEEKDAYS[date.getUTCDay()] ?? '';
  return `${weekday} ${String(date.getUTCDate()).padStart(2)} ${MONTHS[date.getUTCMonth()] ?? ''}`;
}
