/** Parses `[[updates.periodic.window]]`: maintenance windows. A lock server's groups have them too. Pure. */
import type { MaintenanceWindow } from '../calendar/maintenance-window.ts';
import type { DaySelector } from '../calendar/opens-on.ts';
import { MINUTE_MS, WEEK_MS } from '../text/units.ts';
import { type Checker, isList, isTable, REFUSED } from './checker.ts';
import { type Parser, timeZone, wholeNumber } from './checks.ts';
import { integer, matching, oneOrMany, TEXT } from './json-shapes.ts';
import { isKeyOf, readKeys, type Schema, type Written } from './read-keys.ts';
import type { TomlValue } from './toml.ts';

export const WEEK_MINUTES = WEEK_MS / MINUTE_MS;

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const ORDINALS: Readonly<Record<string, number>> = {
  '1st': 1,
  '2nd': 2,
  '3rd': 3,
  '4th': 4,
  '5th': 5,
  last: -1,
};
const SHORT_NAME = 3;

/** Zincati knows Tuesday by this name alone. What works there works here. */
const MISSPELT_TUESDAY = 'tuesady';

/** The number of a name in the list, from 1. Names may be cut to three letters; undefined for any other text. */
function numberOfName(names: readonly string[], name: string): number | undefined {
  const index = names.findIndex((full) => name === full || name === full.slice(0, SHORT_NAME));
  return index < 0 ? undefined : index + 1;
}

function daySelector(text: string): DaySelector | undefined {
  const [, ordinal, name = ''] = /^(?:(\S+) +)?(\S+)$/.exec(text.toLowerCase()) ?? [];
  const weekday = numberOfName(WEEKDAYS, name === MISSPELT_TUESDAY ? 'tuesday' : name);
  if (weekday === undefined) {
    return undefined;
  }
  if (ordinal === undefined) {
    return { weekday };
  }
  return isKeyOf(ORDINALS, ordinal) ? { weekday, nth: ORDINALS[ordinal] ?? 0 } : undefined;
}

const weekdays: Parser<readonly DaySelector[]> = (value, at) => {
  if (!isList(value)) {
    return at.refuse('a list of weekdays such as ["Sat", "1st Sun"]', value);
  }
  const days: DaySelector[] = [];
  const refused: TomlValue[] = [];
  value.forEach((entry, index) => {
    const day = typeof entry === 'string' ? daySelector(entry) : undefined;
    if (day === undefined) {
      at.inList(index).refuse('a weekday such as "Mon", "Monday" or "1st Mon"', entry);
      refused.push(entry);
    } else if (!days.some((other) => other.weekday === day.weekday && other.nth === day.nth)) {
      days.push(day);
    }
  });
  if (refused.length > 0) {
    return REFUSED;
  }
  warnIfEmpty(value, at);
  return days.sort((a, b) => a.weekday - b.weekday || (a.nth ?? 0) - (b.nth ?? 0));
};

/** One number or a list of them, each read by `parse`. The result is ascending, without repetitions. */
function numbers(
  parse: (value: TomlValue) => number | undefined,
  expected: string,
): Parser<readonly number[]> {
  return (value, at) => {
    const entries = isList(value) ? value : [value];
    const good = new Set<number>();
    const refused: TomlValue[] = [];
    entries.forEach((entry, index) => {
      const number = parse(entry);
      if (number === undefined) {
        (isList(value) ? at.inList(index) : at).refuse(expected, entry);
        refused.push(entry);
      } else {
        good.add(number);
      }
    });
    if (refused.length > 0) {
      return REFUSED;
    }
    warnIfEmpty(entries, at);
    return [...good].sort((a, b) => a - b);
  };
}

function warnIfEmpty(entries: readonly unknown[], at: Checker): void {
  if (entries.length === 0) {
    at.warn('is an empty list: this window never opens');
  }
}

function month(value: TomlValue): number | undefined {
  if (typeof value === 'string') {
    return numberOfName(MONTHS, value.toLowerCase());
  }
  return typeof value === 'bigint' && value >= 1n && value <= 12n ? Number(value) : undefined;
}

function dayOfMonth(value: TomlValue): number | undefined {
  const inRange = typeof value === 'bigint' && value >= -31n && value <= 31n && value !== 0n;
  return inRange ? Number(value) : undefined;
}

/** Each side is what Zincati reads as a number: with any zeros, and a plus. */
const CLOCK_TIME = /^\+?(\d+):\+?(\d+)$/;

export const clockTime: Parser<number> = (value, at) => {
  const match = typeof value === 'string' ? CLOCK_TIME.exec(value) : null;
  const hours = Number(match?.[1]);
  const minutes = Number(match?.[2]);
  return match !== null && hours < 24 && minutes < 60
    ? hours * 60 + minutes
    : at.refuse('a time of day from "0:00" to "23:59"', value);
};

interface WindowValues {
  days: readonly DaySelector[];
  start_time: number;
  length_minutes: number;
  months: readonly number[];
  day_of_month: readonly number[];
  time_zone: string;
}

export const WINDOW_FIELDS: Schema<WindowValues> = {
  days: {
    type: 'list of weekdays',
    parse: weekdays,
    json: { type: 'array', items: matching('^(\\S+ +)?[A-Za-z]+$') },
    fallback: [],
    doc: 'days on which it opens, any case, full or three letters; with `1st` to `5th` or `last` before it, that one of the month',
  },
  start_time: {
    type: 'text "h:mm"',
    parse: clockTime,
    json: matching('^\\+?\\d+:\\+?\\d+$'),
    fallback: 0,
    doc: 'when it opens, 24-hour clock',
  },
  length_minutes: {
    type: 'integer',
    parse: wholeNumber(1, WEEK_MINUTES, 'minutes'),
    json: integer(1, WEEK_MINUTES),
    fallback: 0,
    doc: `how long it stays open, 1 to ${WEEK_MINUTES}; it may cross midnight and the end of the week`,
  },
  months: {
    type: 'month or list of months',
    parse: numbers(month, 'a month from 1 to 12, or its name such as "Jan" or "January"'),
    json: oneOrMany({ anyOf: [integer(1, 12), matching('^[A-Za-z]{3,}$')] }),
    fallback: [],
    doc: 'months in which it opens, as names or numbers; without it, all of them',
  },
  day_of_month: {
    type: 'integer or list of integers',
    parse: numbers(dayOfMonth, 'a day of the month from 1 to 31, or from -1, the last one, to -31'),
    json: oneOrMany(integer(-31, 31)),
    fallback: [],
    doc: 'days of the month on which it opens, 1 to 31, or from the end: -1 is the last; with `days`, both must fit',
  },
  time_zone: {
    type: 'text',
    parse: timeZone,
    json: TEXT,
    fallback: '',
    doc: 'time zone of this window, in place of `updates.periodic.time_zone`',
  },
};

export const NEEDED_OF_WINDOW = ['start_time', 'length_minutes'] as const;

/** All windows of one file. One bad window makes the whole list refused. */
export const maintenanceWindows: Parser<readonly MaintenanceWindow[]> = (value, at) => {
  if (!isList(value)) {
    return at.refuse(`a list of tables, each opened by ${at.header}`, value);
  }
  const windows = value.map((entry, index) => maintenanceWindow(entry, at.inList(index)));
  const good = windows.filter((window) => window !== REFUSED);
  return good.length === windows.length ? good : REFUSED;
};

const maintenanceWindow: Parser<MaintenanceWindow> = (value, at) => {
  if (!isTable(value)) {
    return at.refuse('a table', value);
  }
  const fields = readKeys(WINDOW_FIELDS, value, at);
  for (const name of NEEDED_OF_WINDOW) {
    if (!value.has(name)) {
      at.inTable(name).refuseText(`must be given: ${WINDOW_FIELDS[name].doc}`);
    }
  }
  if (!value.has('days') && !value.has('day_of_month')) {
    at.inTable('days').refuseText(
      'must be given, or day_of_month: days on which it opens, for example days = ["Sat"]',
    );
  }
  return isComplete(fields, value) ? asWindow(fields) : REFUSED;
};

type Fields = Written<WindowValues>;

/** Everything written was accepted, and nothing is missing. */
function isComplete(
  fields: Fields,
  table: ReadonlyMap<string, unknown>,
): fields is Fields & Pick<WindowValues, 'start_time' | 'length_minutes'> {
  const names = Object.keys(WINDOW_FIELDS).filter((name) => isKeyOf(WINDOW_FIELDS, name));
  return (
    names.every((name) => table.has(name) === (fields[name] !== undefined)) &&
    NEEDED_OF_WINDOW.every((name) => fields[name] !== undefined) &&
    (fields.days !== undefined || fields.day_of_month !== undefined)
  );
}

function asWindow(fields: Fields & Pick<WindowValues, 'start_time' | 'length_minutes'>): MaintenanceWindow {
  return {
    ...(fields.days !== undefined && { days: fields.days }),
    ...(fields.months !== undefined && { months: fields.months }),
    ...(fields.day_of_month !== undefined && { daysOfMonth: fields.day_of_month }),
    startMinutes: fields.start_time,
    lengthMinutes: fields.length_minutes,
    // An empty text means "as if not set".
    ...(fields.time_zone !== undefined && fields.time_zone !== '' && { timeZone: fields.time_zone }),
  };
}
