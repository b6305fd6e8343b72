/** How people read what a command prints: width, colour, and times of their own zone. Pure. */
import { openingInstant, type ZoneRules } from '../calendar/zone-rules.ts';
import { printable } from '../errors.ts';
import { DAY_MS, SECOND_MS } from '../text/units.ts';
import { describeDuration } from './duration.ts';
import { UsageError } from './usage-error.ts';
import type { Users } from './user-name.ts';

export interface Terms {
  /** Wall clock, milliseconds. */
  readonly now: number;
  /** The host's. */
  readonly zone: ZoneRules;
  /** Columns; undefined: lines are not broken, since nobody reads them on a terminal. */
  readonly width: number | undefined;
  readonly colour: boolean;
  /** Of the host. */
  readonly users: Users;
}

export type Tint = 'good' | 'warning' | 'bad' | 'faint' | 'strong';
const SGR: Readonly<Record<Tint, string>> = { good: '32', warning: '33', bad: '31', faint: '2', strong: '1' };

export function tinted(text: string, tint: Tint, { colour }: Pick<Terms, 'colour'>): string {
  return colour && text !== '' ? `\u001b[${SGR[tint]}m${text}\u001b[0m` : text;
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `Sat 28 Nov 02:00 CET`; with the year where it is another one. */
export function localTime(at: number, { now, zone }: Pick<Terms, 'now' | 'zone'>): string {
  const { offsetMs, abbreviation } = zone.periodAt(at);
  return `${shortDate(at + offsetMs, { now, zone })} ${printable(abbreviation)}`;
}

/** `Sat 28 Nov 02:00`, of what a clock on the wall shows, as milliseconds since 1970 began there. */
export function shortDate(shown: number, { now, zone }: Pick<Terms, 'now' | 'zone'>): string {
  const local = new Date(shown);
  const year = local.getUTCFullYear();
  const isThisYear = year === new Date(now + zone.periodAt(now).offsetMs).getUTCFullYear();
  const date = [
    WEEKDAYS[local.getUTCDay()] ?? '',
    String(local.getUTCDate()),
    MONTHS[local.getUTCMonth()] ?? '',
    ...(isThisYear ? [] : [String(year)]),
  ];
  return `${date.join(' ')} ${local.toISOString().slice(11, 16)}`;
}

/** `in 2 d 9 h`, `4 min ago`, `now`. */
export function distance(at: number, { now }: Pick<Terms, 'now'>): string {
  const ms = at - now;
  if (Math.abs(ms) < SECOND_MS) {
    return 'now';
  }
  return ms > 0 ? `in ${describeDuration(ms)}` : `${describeDuration(-ms)} ago`;
}

/** `Sat 28 Nov 02:00 CET (in 2 d 9 h)`. */
export function localTimeAndDistance(at: number, terms: Pick<Terms, 'now' | 'zone'>): string {
  return `${localTime(at, terms)} (${distance(at, terms)})`;
}

const CLOCK = /^(\d{2}):(\d{2})$/;
const LOCAL = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2}))?)?$/;
const ABSOLUTE = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * The instant that people mean by `18:00` (the next one), `2026-11-28` (its beginning), `2026-11-28 18:00` in their
 * zone, or by RFC 3339 with an offset. Throws UsageError. `of`: the option that has it, and its command.
 */
export function parseTime(
  text: string,
  { now, zone }: Pick<Terms, 'now' | 'zone'>,
  of: { readonly option: string; readonly command: string },
): number {
  if (ABSOLUTE.test(text)) {
    const at = Date.parse(text.replace(' ', 'T'));
    if (!Number.isNaN(at)) {
      return at;
    }
  }
  const clock = CLOCK.exec(text);
  if (clock !== null) {
    const today = Math.floor((now + zone.periodAt(now).offsetMs) / DAY_MS) * DAY_MS;
    const ofDay = timeOfDay(clock[1], clock[2], '00');
    if (ofDay !== undefined) {
      const at = openingInstant(zone, today + ofDay);
      return at > now ? at : openingInstant(zone, today + DAY_MS + ofDay);
    }
  }
  const local = LOCAL.exec(text);
  if (local !== null) {
    const [, year, month, day, hour = '00', minute = '00', second = '00'] = local;
    const midnight = Date.parse(`${year ?? ''}-${month ?? ''}-${day ?? ''}T00:00:00Z`);
    const ofDay = timeOfDay(hour, minute, second);
    // Date.parse takes 31 February for a day in March.
    if (new Date(midnight).getUTCDate() === Number(day) && ofDay !== undefined) {
      return openingInstant(zone, midnight + ofDay);
    }
  }
  const got = JSON.stringify(printable(text.slice(0, 100)));
  throw new UsageError(
    `--${of.option}: a time must be such as 18:00, 2026-11-28 or "2026-11-28 18:00", got ${got}`,
    of.command,
  );
}

function timeOfDay(hour = '', minute = '', second = ''): number | undefined {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    return undefined;
  }
  return ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * SECOND_MS;
}
