/**
 * Maintenance windows as intervals of absolute time, and the answer to "is it open, and until when?". Pure.
 *
 * Invariants:
 * - A window is half-open: `[opens, opens + length)`.
 * - It opens once on each of its dates, at the first instant that shows its start time.
 * - Where daylight saving skips the start time, it opens at the first instant after the gap.
 * - Its length is real time: a change of offset neither shortens nor stretches it.
 * - Windows that touch or overlap count as one.
 * - Answers depend on the instant alone. The last one is remembered, because it holds until the next edge.
 */
import { DAY_MS, MINUTE_MS } from '../text/units.ts';
import { opensOn, type DateSelector } from './opens-on.ts';
import { openingInstant, type ZoneRules } from './zone-rules.ts';

/** One window. Its selector names the dates on which it opens. */
export interface CalendarWindow extends DateSelector {
  /** Minutes after local midnight, 0 to 1439. */
  readonly startMinutes: number;
  readonly lengthMinutes: number;
  readonly zone: ZoneRules;
}

export interface OpenSpan {
  readonly fromAt: number;
  readonly untilAt: number;
}

/** A time in which no window is open. Half-open, in milliseconds since 1970 UTC. */
export interface FrozenSpan extends OpenSpan {
  readonly reason: string;
}

export type CalendarState =
  /** `untilAt` undefined: it stays open as far as the calendar looks ahead, at least 32 days. */
  | { readonly open: true; readonly untilAt: number | undefined; readonly nextAt?: undefined }
  /** `nextAt` undefined: it does not open within the years that the calendar looks ahead. */
  | { readonly open: false; readonly nextAt: number | undefined; readonly frozen: FrozenSpan | undefined };

/**
 * How far ahead the next opening is searched. The next 29th of February may be eight years away; on a given weekday,
 * forty.
 */
const FARTHEST_DAYS = 366 * 41;
/** Windows without a gap between them for this long count as always open. */
const LONGEST_LOOK_DAYS = 32;
const FIRST_LOOK_DAYS = 8;
/**
 * The dates to search around an interval. A window opens less than 26 hours before or after UTC shows its date and
 * time, because no offset or gap is larger. UTC shows that time less than a day after the date begins.
 */
const DAYS_BEFORE = 2;
const DAYS_AFTER = 2;

/** Open or not, and the next edge. It holds throughout `[fromAt, untilAt)`. */
interface Answer {
  readonly fromAt: number;
  readonly untilAt: number;
  readonly open: boolean;
  readonly edgeAt: number | undefined;
}

export class Calendar {
  readonly windows: readonly CalendarWindow[];
  readonly freezes: readonly FrozenSpan[];
  readonly #longestMs: number;
  #last: Answer | undefined;

  constructor(windows: readonly CalendarWindow[], freezes: readonly FrozenSpan[] = []) {
    this.windows = windows;
    this.freezes = freezes.filter((frozen) => frozen.fromAt < frozen.untilAt);
    this.#longestMs = Math.max(0, ...windows.map((window) => window.lengthMinutes * MINUTE_MS));
  }

  /** The state at an instant, in milliseconds since 1970 UTC. */
  stateAt(nowAt: number): CalendarState {
    let answer = this.#last;
    if (answer === undefined || nowAt < answer.fromAt || nowAt >= answer.untilAt) {
      answer = this.#answerAt(nowAt);
      this.#last = answer;
    }
    if (answer.open) {
      return { open: true, untilAt: answer.edgeAt };
    }
    return { open: false, nextAt: answer.edgeAt, frozen: this.frozenAt(nowAt) };
  }

  /** The freeze in force. Of several, the one that ends last. */
  frozenAt(nowAt: number): FrozenSpan | undefined {
    let longest: FrozenSpan | undefined;
    for (const frozen of this.freezes) {
      const inForce = frozen.fromAt <= nowAt && nowAt < frozen.untilAt;
      if (inForce && frozen.untilAt > (longest?.untilAt ?? 0)) {
        longest = frozen;
      }
    }
    return longest;
  }

  /** The open time around an instant, cut where its ends are more than 32 days away. Undefined when it is closed. */
  spanAround(nowAt: number): OpenSpan | undefined {
    const reachMs = LONGEST_LOOK_DAYS * DAY_MS;
    return this.openSpans(nowAt - reachMs, nowAt + reachMs).find(
      (span) => span.fromAt <= nowAt && nowAt < span.untilAt,
    );
  }

  /** The open times within `[fromAt, untilAt)`, cut to it, in order, without overlaps. */
  openSpans(fromAt: number, untilAt: number): OpenSpan[] {
    const spans: OpenSpan[] = [];
    const firstDay = Math.floor((fromAt - this.#longestMs) / DAY_MS) - DAYS_BEFORE;
    const lastDay = Math.floor(untilAt / DAY_MS) + DAYS_AFTER;
    for (const window of this.windows) {
      for (let day = firstDay; day <= lastDay; day++) {
        if (!opensOn(window, day)) {
          continue;
        }
        const span = spanOn(window, day);
        if (span.untilAt > fromAt && span.fromAt < untilAt) {
          spans.push({
            fromAt: Math.max(span.fromAt, fromAt),
            untilAt: Math.min(span.untilAt, untilAt),
          });
        }
      }
    }
    return without(merged(spans), this.freezes);
  }

  #answerAt(nowAt: number): Answer {
    const nearAt = nowAt + FIRST_LOOK_DAYS * DAY_MS;
    const [first] = this.openSpans(nowAt, nearAt);
    const open = first !== undefined && first.fromAt <= nowAt;
    // The horizon depends on the day, not on the millisecond, so that "nothing in sight" holds for the whole day.
    const dayEndsAt = (Math.floor(nowAt / DAY_MS) + 1) * DAY_MS;
    const edgeAt = open
      ? this.#closing(first, nowAt, nearAt, dayEndsAt + LONGEST_LOOK_DAYS * DAY_MS)
      : (first?.fromAt ?? this.#nextOpening(nearAt, dayEndsAt + FARTHEST_DAYS * DAY_MS));
    return { fromAt: nowAt, untilAt: edgeAt ?? dayEndsAt, open, edgeAt };
  }

  #closing(first: OpenSpan, nowAt: number, nearAt: number, horizonAt: number): number | undefined {
    if (first.untilAt < nearAt) {
      return first.untilAt;
    }
    const [longer] = this.openSpans(nowAt, horizonAt);
    return longer === undefined || longer.untilAt >= horizonAt ? undefined : longer.untilAt;
  }

  #nextOpening(afterAt: number, farthestAt: number): number | undefined {
    let fromAt = afterAt;
    for (let days = FIRST_LOOK_DAYS; fromAt < farthestAt; days *= 2) {
      const untilAt = Math.min(fromAt + days * DAY_MS, farthestAt);
      const [first] = this.openSpans(fromAt, untilAt);
      if (first !== undefined) {
        return first.fromAt;
      }
      fromAt = untilAt;
    }
    return undefined;
  }
}

/** The open time of a window that opens on a date, in days since 1970. */
export function spanOn({ zone, startMinutes, lengthMinutes }: CalendarWindow, day: number): OpenSpan {
  const fromAt = openingInstant(zone, day * DAY_MS + startMinutes * MINUTE_MS);
  return { fromAt, untilAt: fromAt + lengthMinutes * MINUTE_MS };
}

function merged(spans: readonly OpenSpan[]): OpenSpan[] {
  const result: { fromAt: number; untilAt: number }[] = [];
  for (const span of spans.toSorted((a, b) => a.fromAt - b.fromAt)) {
    const last = result.at(-1);
    if (last !== undefined && span.fromAt <= last.untilAt) {
      last.untilAt = Math.max(last.untilAt, span.untilAt);
    } else {
      result.push({ ...span });
    }
  }
  return result;
}

function without(spans: readonly OpenSpan[], freezes: readonly FrozenSpan[]): OpenSpan[] {
  let left: OpenSpan[] = [...spans];
  for (const frozen of freezes) {
    left = left.flatMap((span) => {
      const before = { fromAt: span.fromAt, untilAt: Math.min(span.untilAt, frozen.fromAt) };
      const after = { fromAt: Math.max(span.fromAt, frozen.untilAt), untilAt: span.untilAt };
      return [before, after].filter((part) => part.fromAt < part.untilAt);
    });
  }
  return left;
}
