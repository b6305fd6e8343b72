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
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A time in which no window is open. Half-open, in milliseconds since 1970 UTC. */
export interface FrozenSpan extends OpenSpan {
  readonly reason: string;
}

export type CalendarState =
  /** `untilMs` undefined: it stays open as far as the calendar looks ahead, at least 32 days. */
  | { readonly open: true; readonly untilMs: number | undefined; readonly nextMs?: undefined }
  /** `nextMs` undefined: it does not open within the years that the calendar looks ahead. */
  | { readonly open: false; readonly nextMs: number | undefined; readonly frozen: FrozenSpan | undefined };

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

/** Open or not, and the next edge. It holds throughout `[fromMs, untilMs)`. */
interface Answer {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly open: boolean;
  readonly edgeMs: number | undefined;
}

export class Calendar {
  readonly windows: readonly CalendarWindow[];
  readonly freezes: readonly FrozenSpan[];
  readonly #longestMs: number;
  #last: Answer | undefined;

  constructor(windows: readonly CalendarWindow[], freezes: readonly FrozenSpan[] = []) {
    this.windows = windows;
    this.freezes = freezes.filter((frozen) => frozen.fromMs < frozen.untilMs);
    this.#longestMs = Math.max(0, ...windows.map((window) => window.lengthMinutes * MINUTE_MS));
  }

  /** The state at an instant, in milliseconds since 1970 UTC. */
  stateAt(nowMs: number): CalendarState {
    let answer = this.#last;
    if (answer === undefined || nowMs < answer.fromMs || nowMs >= answer.untilMs) {
      answer = this.#answerAt(nowMs);
      this.#last = answer;
    }
    if (answer.open) {
      return { open: true, untilMs: answer.edgeMs };
    }
    return { open: false, nextMs: answer.edgeMs, frozen: this.frozenAt(nowMs) };
  }

  /** The freeze in force. Of several, the one that ends last. */
  frozenAt(nowMs: number): FrozenSpan | undefined {
    let longest: FrozenSpan | undefined;
    for (const frozen of this.freezes) {
      const inForce = frozen.fromMs <= nowMs && nowMs < frozen.untilMs;
      if (inForce && frozen.untilMs > (longest?.untilMs ?? 0)) {
        longest = frozen;
      }
    }
    return longest;
  }

  /** The open time around an instant, cut where its ends are more than 32 days away. Undefined when it is closed. */
  spanAround(nowMs: number): OpenSpan | undefined {
    const reachMs = LONGEST_LOOK_DAYS * DAY_MS;
    return this.openSpans(nowMs - reachMs, nowMs + reachMs).find(
      (span) => span.fromMs <= nowMs && nowMs < span.untilMs,
    );
  }

  /** The open times within `[fromMs, untilMs)`, cut to it, in order, without overlaps. */
  openSpans(fromMs: number, untilMs: number): OpenSpan[] {
    const spans: OpenSpan[] = [];
    const firstDay = Math.floor((fromMs - this.#longestMs) / DAY_MS) - DAYS_BEFORE;
    const lastDay = Math.floor(untilMs / DAY_MS) + DAYS_AFTER;
    for (const window of this.windows) {
      for (let day = firstDay; day <= lastDay; day++) {
        if (!opensOn(window, day)) {
          continue;
        }
        const span = spanOn(window, day);
        if (span.untilMs > fromMs && span.fromMs < untilMs) {
          spans.push({
            fromMs: Math.max(span.fromMs, fromMs),
            untilMs: Math.min(span.untilMs, untilMs),
          });
        }
      }
    }
    return without(merged(spans), this.freezes);
  }

  #answerAt(nowMs: number): Answer {
    const nearMs = nowMs + FIRST_LOOK_DAYS * DAY_MS;
    const [first] = this.openSpans(nowMs, nearMs);
    const open = first !== undefined && first.fromMs <= nowMs;
    // The horizon depends on the day, not on the millisecond, so that "nothing in sight" holds for the whole day.
    const dayEndsMs = (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS;
    const edgeMs = open
      ? this.#closing(first, nowMs, nearMs, dayEndsMs + LONGEST_LOOK_DAYS * DAY_MS)
      : (first?.fromMs ?? this.#nextOpening(nearMs, dayEndsMs + FARTHEST_DAYS * DAY_MS));
    return { fromMs: nowMs, untilMs: edgeMs ?? dayEndsMs, open, edgeMs };
  }

  #closing(first: OpenSpan, nowMs: number, nearMs: number, horizonMs: number): number | undefined {
    if (first.untilMs < nearMs) {
      return first.untilMs;
    }
    const [longer] = this.openSpans(nowMs, horizonMs);
    return longer === undefined || longer.untilMs >= horizonMs ? undefined : longer.untilMs;
  }

  #nextOpening(afterMs: number, farthestMs: number): number | undefined {
    if (this.windows.length === 0) {
      return undefined;
    }
    let fromMs = afterMs;
    for (let days = 2 * FIRST_LOOK_DAYS; fromMs < farthestMs; days *= 2) {
      const untilMs = Math.min(fromMs + days * DAY_MS, farthestMs);
      const [first] = this.openSpans(fromMs, untilMs);
      if (first !== undefined) {
        return first.fromMs;
      }
      fromMs = untilMs;
    }
    return undefined;
  }
}

/** The open time of a window that opens on a date, in days since 1970. */
export function spanOn({ zone, startMinutes, lengthMinutes }: CalendarWindow, day: number): OpenSpan {
  const fromMs = openingInstant(zone, day * DAY_MS + startMinutes * MINUTE_MS);
  return { fromMs, untilMs: fromMs + lengthMinutes * MINUTE_MS };
}

function merged(spans: readonly OpenSpan[]): OpenSpan[] {
  const result: { fromMs: number; untilMs: number }[] = [];
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = result.at(-1);
    if (last !== undefined && span.fromMs <= last.untilMs) {
      last.untilMs = Math.max(last.untilMs, span.untilMs);
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
      if (frozen.untilMs <= span.fromMs || frozen.fromMs >= span.untilMs) {
        return [span];
      }
      return [
        { fromMs: span.fromMs, untilMs: frozen.fromMs },
        { fromMs: frozen.untilMs, untilMs: span.untilMs },
      ].filter((part) => part.fromMs < part.untilMs);
    });
  }
  return left;
}
