/** `[[updates.periodic.window]]`: one weekly maintenance window as written. Pure. */
import { REFUSED, isList, isTable } from './checker.ts';
import type { Checker } from './checker.ts';
import { wholeNumber } from './checks.ts';
import type { Parser } from './checks.ts';
import { isKeyOf, readKeys } from './read-keys.ts';
import type { Schema } from './read-keys.ts';

/** Monday is 1, Sunday 7. */
export type IsoWeekday = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** Lasts from `startMinutes` on each of `days` for `lengthMinutes`, perhaps over midnight and the week's end. */
export interface WeeklyWindow {
  /** Ascending, without repetitions; empty: the window never opens. */
  readonly days: readonly IsoWeekday[];
  /** After midnight, local to the calendar's time zone: 0..1439. */
  readonly startMinutes: number;
  readonly lengthMinutes: number;
}

const DAY_MINUTES = 24 * 60;
export const WEEK_MINUTES = 7 * DAY_MINUTES;

const WEEKDAYS: readonly (readonly [IsoWeekday, string])[] = [
  [1, 'monday'],
  [2, 'tuesday'],
  [3, 'wednesday'],
  [4, 'thursday'],
  [5, 'friday'],
  [6, 'saturday'],
  [7, 'sunday'],
];
const SHORT_NAME = 3;

const weekdays: Parser<readonly IsoWeekday[]> = (value, at) => {
  if (!isList(value)) return at.refuse('a list of weekdays such as ["Sat", "Sun"]', value);
  const days = new Set<IsoWeekday>();
  const refused: unknown[] = [];
  value.forEach((entry, index) => {
    const name = typeof entry === 'string' ? entry.toLowerCase() : '';
    const day = WEEKDAYS.find(([, full]) => name === full || name === full.slice(0, SHORT_NAME));
    if (day === undefined) {
      at.inList(index).refuse('a weekday such as "Mon" or "Monday"', entry);
      refused.push(entry);
    } else days.add(day[0]);
  });
  if (value.length === 0) at.warn('is an empty list: this window never opens');
  return refused.length > 0 ? REFUSED : [...days].sort((a, b) => a - b);
};

const CLOCK_TIME = /^(\d{1,2}):(\d{2})$/;

const clockTime: Parser<number> = (value, at) => {
  const match = typeof value === 'string' ? CLOCK_TIME.exec(value) : null;
  const hours = Number(match?.[1]);
  const minutes = Number(match?.[2]);
  return match !== null && hours < 24 && minutes < 60
    ? hours * 60 + minutes
    : at.refuse('a time of day from "0:00" to "23:59"', value);
};

interface WindowValues {
  days: readonly IsoWeekday[];
  start_time: number;
  length_minutes: number;
}

export const WINDOW_FIELDS: Schema<WindowValues> = {
  days: {
    type: 'list of weekdays',
    parse: weekdays,
    fallback: [],
    doc: 'days on which it opens, any case, full or three letters',
  },
  start_time: { type: 'text "h:mm"', parse: clockTime, fallback: 0, doc: 'when it opens, 24-hour clock' },
  length_minutes: {
    type: 'integer',
    parse: wholeNumber(1, WEEK_MINUTES, 'minutes'),
    fallback: 0,
    doc: `how long it stays open, 1 to ${WEEK_MINUTES}; it may cross midnight and the end of the week`,
  },
};

/** The whole list of one file. A window with a fault is refused, and so is the list. */
export const weeklyWindows: Parser<readonly WeeklyWindow[]> = (value, at) => {
  if (!isList(value)) return at.refuse('a list of tables, each opened by [[updates.periodic.window]]', value);
  const windows = value.map((entry, index) => weeklyWindow(entry, at.inList(index)));
  const good = windows.filter((window) => window !== REFUSED);
  return good.length === windows.length ? good : REFUSED;
};

const weeklyWindow: Parser<WeeklyWindow> = (value, at) => {
  if (!isTable(value)) return at.refuse('a table', value);
  const { days, start_time, length_minutes } = readKeys(WINDOW_FIELDS, value, at);
  requireFields(value, at);
  if (days === undefined || start_time === undefined || length_minutes === undefined) return REFUSED;
  return { days, startMinutes: start_time, lengthMinutes: length_minutes };
};

function requireFields(table: ReadonlyMap<string, unknown>, at: Checker): void {
  for (const name of Object.keys(WINDOW_FIELDS)) {
    if (isKeyOf(WINDOW_FIELDS, name) && !table.has(name)) {
      at.inTable(name).refuseText(`must be given: ${WINDOW_FIELDS[name].doc}`);
    }
  }
}
