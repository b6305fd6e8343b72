/** On which dates a maintenance window opens. A date is the number of days since 1970-01-01, in any zone. Pure. */
import { DAY_MS } from '../text/units.ts';

/**
 * Every such weekday, or with `nth` one of a month: `{ weekday: 7, nth: 1 }` is the first Sunday, `nth: -1` the last.
 */
export interface DaySelector {
  /** Monday is 1, Sunday 7. */
  readonly weekday: number;
  readonly nth?: number;
}

/** Every list that is present must match. An empty list matches nothing. */
export interface DateSelector {
  readonly days?: readonly DaySelector[];
  /** 1 to 12. */
  readonly months?: readonly number[];
  /** 1 to 31, or -1 for the last day of the month, -2 for the one before, and so on. */
  readonly daysOfMonth?: readonly number[];
}

/** Weekdays and days of the month repeat after 28 years, unless a century year without a leap day is in between. */
export const CYCLE_START_AT = Date.UTC(2001, 0, 1);
const CYCLE_START_DAY = CYCLE_START_AT / DAY_MS;
/** 28 years: every combination of date and weekday occurs. */
export const CYCLE_WEEKS = 1461;

/** `day`: days since 1970-01-01. */
export function opensOn(selector: DateSelector, day: number): boolean {
  const { days, months, daysOfMonth } = selector;
  // 1970-01-01 was a Thursday.
  const weekday = ((((day + 3) % 7) + 7) % 7) + 1;
  if (days?.some((each) => each.weekday === weekday) === false) {
    return false;
  }
  if (isWeekly(selector)) {
    return true;
  }
  const date = new Date(day * DAY_MS);
  const month = date.getUTCMonth() + 1;
  if (months?.includes(month) === false) {
    return false;
  }
  const dayOfMonth = date.getUTCDate();
  const monthLength = new Date(Date.UTC(date.getUTCFullYear(), month, 0)).getUTCDate();
  const fromEnd = dayOfMonth - monthLength - 1;
  if (daysOfMonth?.some((each) => each === dayOfMonth || each === fromEnd) === false) {
    return false;
  }
  const nth = Math.ceil(dayOfMonth / 7);
  const nthFromEnd = -Math.ceil(-fromEnd / 7);
  return (
    days?.some(
      (each) =>
        each.weekday === weekday && (each.nth === undefined || each.nth === nth || each.nth === nthFromEnd),
    ) ?? true
  );
}

/** True when it opens on the same days of every week. */
export function isWeekly({ days, months, daysOfMonth }: DateSelector): boolean {
  const everyWeek = days?.every((each) => each.nth === undefined) ?? false;
  return everyWeek && months === undefined && daysOfMonth === undefined;
}

/** False for dates that never occur, such as the 30th of February, and for empty lists. */
export function everOpens(selector: DateSelector): boolean {
  for (let day = CYCLE_START_DAY; day < CYCLE_START_DAY + 7 * CYCLE_WEEKS; day++) {
    if (opensOn(selector, day)) {
      return true;
    }
  }
  return false;
}
