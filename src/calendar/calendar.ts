/**
 * Maintenance windows as intervals of absolute time, and the answer to "is it open, and until when?". Pure.
 *
 * Invariants: a window is half-open, `[opens, opens + length)`; it opens once on each date it is meant for, at the first
 * instant that shows its start time or, where daylight saving skips that, at the first instant after the gap; its length
 * is real time, never shortened or stretched by a change of offset; windows that touch or overlap are one.
 */
import { openingInstant, type ZoneRules } from './zone-rules.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

/** Which days of the week, all of them or one of a month: `{ weekday: 7, nth: 1 }` is the first Sunday, -1 the last. */
export interface DaySelector {
  /** Monday is 1, Sunday 7. */
  readonly weekday: number;
  readonly nth?: number;
}

/** One window as configured; every list that is given must match, an empty one matches nothing. */
export interface CalendarWindow {
  readonly days?: readonly DaySelector[];
  /** 1 to 12. */
  readonly months?: readonly number[];
  /** 1 to 31, or -1 for the last day of the month, -2 for the one before, and so on. */
  readonly daysOfMonth?: readonly number[];
  /** After local midnight, 0 to 1439. */
  readonly startMinutes: number;
  readonly lengthMinutes: number;
  readonly zone: ZoneRules;
}

/** A time in which no window opens, in milliseconds since 1970 UTC, half-open. */
export interface FrozenSpan {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly reason: string;
}

export interface OpenSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}

export type CalendarState =
  /** `untilMs` undefined: it stays open as far as the calendar looks ahead. */
  | { readonly open: true; readonly untilMs: number | undefined }
  /** `nextMs` undefined: it does not open within the years the calendar looks ahead. */
  | { readonly open: false; readonly nextMs: number | undefined; readonly frozen: FrozenSpan | undefined };

/** How far the next opening is looked for: the 29th of February may be eight years away, on one weekday forty. */
const FARTHEST_DAYS = 366 * 41;
/** Windows that follow one another without a gap for so long count as always open. */
const LONGEST_LOOK_DAYS = 32;
const FIRST_LOOK_DAYS = 8;

export class Calendar {
  readonly windows: readonly CalendarWindow[];
  readonly freezes: readonly FrozenSpan[];
  readonly #longestMs: number;

  constructor(windows: readonly CalendarWindow[], freezes: readonly FrozenSpan[] = []) {
    this.windows = windows;
    this.freezes = freezes;
    this.#longestMs = Math.max(0, ...windows.map((window) => window.lengthMinutes * MINUTE_MS));
  }

  /** What holds at an instant, in milliseconds since 1970 UTC. */
  stateAt(nowMs: number): CalendarState {
    const near = this.openSpans(nowMs, nowMs + FIRST_LOOK_DAYS * DAY_MS);
    const [first] = near;
    if (first !== undefined && first.fromMs <= nowMs)
      return { open: true, untilMs: this.#closing(first, nowMs) };
    const frozen = this.freezes.find((span) => span.fromMs <= nowMs && nowMs < span.untilMs);
    if (first !== undefined) return { open: false, nextMs: first.fromMs, frozen };
    return { open: false, nextMs: this.#nextOpening(nowMs), frozen };
  }

  /** The open time within `[fromMs, untilMs)`, cut to it, in order, without overlaps. */
  openSpans(fromMs: number, untilMs: number): OpenSpan[] {
    const spans: OpenSpan[] = [];
    for (const window of this.windows) {
      // A window that opened a while ago may still be open, and local dates reach a day beyond UTC's.
      const firstDay = Math.floor((fromMs - this.#longestMs) / DAY_MS) - 2;
      const lastDay = Math.floor(untilMs / DAY_MS) + 2;
      for (let day = firstDay; day <= lastDay; day++) {
        if (!opensOn(window, day)) continue;
        const opens = openingInstant(window.zone, day * DAY_MS + window.startMinutes * MINUTE_MS);
        const closes = opens + window.lengthMinutes * MINUTE_MS;
        if (closes > fromMs && opens < untilMs)
          spans.push({ fromMs: Math.max(opens, fromMs), untilMs: Math.min(closes, untilMs) });
      }
    }
    return without(merged(spans), this.freezes);
  }

  #closing(first: OpenSpan, nowMs: number): number | undefined {
    if (first.untilMs < nowMs + FIRST_LOOK_DAYS * DAY_MS) return first.untilMs;
    const horizonMs = nowMs + LONGEST_LOOK_DAYS * DAY_MS;
    const [longer] = this.openSpans(nowMs, horizonMs);
    return longer === undefined || longer.untilMs >= horizonMs ? undefined : longer.untilMs;
  }

  #nextOpening(nowMs: number): number | undefined {
    if (this.windows.length === 0) return undefined;
    let fromMs = nowMs + FIRST_LOOK_DAYS * DAY_MS;
    const farthestMs = nowMs + FARTHEST_DAYS * DAY_MS;
    for (let days = 2 * FIRST_LOOK_DAYS; fromMs < farthestMs; days *= 2) {
      const untilMs = Math.min(fromMs + days * DAY_MS, farthestMs);
      const [first] = this.openSpans(fromMs, untilMs);
      if (first !== undefined) return first.fromMs;
      fromMs = untilMs;
    }
    return undefined;
  }
}

/** `day` counts local dates from 1970-01-01. */
function opensOn(window: CalendarWindow, day: number): boolean {
  const date = new Date(day * DAY_MS);
  const dayOfMonth = date.getUTCDate();
  if (window.months !== undefined && !window.months.includes(date.getUTCMonth() + 1)) return false;
  const fromEnd = dayOfMonth - monthLength(date) - 1;
  if (
    window.daysOfMonth !== undefined &&
    !window.daysOfMonth.includes(dayOfMonth) &&
    !window.daysOfMonth.includes(fromEnd)
  )
    return false;
  if (window.days === undefined) return true;
  const weekday = date.getUTCDay() === 0 ? 7 : date.getUTCDay();
  const nth = Math.ceil(dayOfMonth / 7);
  const nthFromEnd = -Math.ceil(-fromEnd / 7);
  return window.days.some(
    (selector) =>
      selector.weekday === weekday &&
      (selector.nth === undefined || selector.nth === nth || selector.nth === nthFromEnd),
  );
}

function monthLength(date: Date): number {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
}

function merged(spans: readonly OpenSpan[]): OpenSpan[] {
  const result: { fromMs: number; untilMs: number }[] = [];
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = result.at(-1);
    if (last !== undefined && span.fromMs <= last.untilMs)
      last.untilMs = Math.max(last.untilMs, span.untilMs);
    else result.push({ ...span });
  }
  return result;
}

function without(spans: readonly OpenSpan[], freezes: readonly FrozenSpan[]): OpenSpan[] {
  let left: OpenSpan[] = [...spans];
  for (const frozen of freezes) {
    left = left.flatMap((span) =>
      [
        { fromMs: span.fromMs, untilMs: Math.min(span.untilMs, frozen.fromMs) },
        { fromMs: Math.max(span.fromMs, frozen.untilMs), untilMs: span.untilMs },
      ].filter((part) => part.fromMs < part.untilMs),
    );
  }
  return left;
}
