/**
 * Maintenance windows as intervals of absolute time, and the answer to "is it open, and until when?". Pure.
 *
 * Invariants: a window is half-open, `[opens, opens + length)`; it opens once on each date it is meant for, at the first
 * instant that shows its start time or, where daylight saving skips that, at the first instant after the gap; its length
 * is real time, never shortened or stretched by a change of offset; windows that touch or overlap are one. Answers depend
 * on the instant alone; the last one is remembered, because it holds until the next edge.
 */
import { opensOn, type DateSelector } from './opens-on.ts';
import { openingInstant, type ZoneRules } from './zone-rules.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

/** One window, on the dates that its selector names. */
export interface CalendarWindow extends DateSelector {
  /** After local midnight, 0 to 1439. */
  readonly startMinutes: number;
  readonly lengthMinutes: number;
  readonly zone: ZoneRules;
}

export interface OpenSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A time in which no window is open, in milliseconds since 1970 UTC, half-open. */
export interface FrozenSpan extends OpenSpan {
  readonly reason: string;
}

export type CalendarState =
  /** `untilMs` undefined: it stays open as far as the calendar looks ahead, 32 days at least. */
  | { readonly open: true; readonly untilMs: number | undefined }
  /** `nextMs` undefined: it does not open within the years the calendar looks ahead. */
  | { readonly open: false; readonly nextMs: number | undefined; readonly frozen: FrozenSpan | undefined };

/** How far the next opening is looked for: the 29th of February may be eight years away, on one weekday forty. */
const FARTHEST_DAYS = 366 * 41;
/** Windows that follow one another without a gap for so long count as always open. */
const LONGEST_LOOK_DAYS = 32;
const FIRST_LOOK_DAYS = 8;
/**
 * A window opens less than 26 hours before or after the instant at which UTC shows its date and time: so far do offsets
 * reach, and local time that is skipped is never farther. That instant lies less than a day after the date begins in UTC.
 */
const DAYS_BEFORE = 2;
const DAYS_AFTER = 2;

/** Open or not, and the next edge; holds on all of `[fromMs, untilMs)`. */
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

  /** What holds at an instant, in milliseconds since 1970 UTC. */
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

  /** The freeze in force, of several the one that ends last. */
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

  /** The open time around an instant; its ends are cut where they lie more than 32 days away. Undefined: it is closed. */
  spanAround(nowMs: number): OpenSpan | undefined {
    const reachMs = LONGEST_LOOK_DAYS * DAY_MS;
    return this.openSpans(nowMs - reachMs, nowMs + reachMs).find(
      (span) => span.fromMs <= nowMs && nowMs < span.untilMs,
    );
  }

  /** The open time within `[fromMs, untilMs)`, cut to it, in order, without overlaps. */
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
    // How far is looked ahead depends on the day, not on the millisecond, so that "nothing in sight" holds for the day.
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
