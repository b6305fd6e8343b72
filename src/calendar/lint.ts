/**
 * Warns about windows and freezes that can hardly be intended. It does so at the start, since otherwise the mistake
 * shows only on the day on which a node should have rebooted. Pure.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../text/units.ts';
import type { MaintenanceWindow } from './maintenance-window.ts';
import type { Calendar, FrozenSpan, OpenSpan } from './calendar.ts';
import { countUpTo } from './count-up-to.ts';
import { describeWindow } from './describe-window.ts';
import { definitionOf } from './distinct-windows.ts';
import { everOpens } from './opens-on.ts';

/** A year and a month, so that it includes every yearly freeze. */
const LOOK_AHEAD_DAYS = 400;
/**
 * A month and a day: any such span includes a window that opens on a fixed day of each month. The nth weekdays of two
 * months are up to five weeks apart. They cause a warning, because an update can wait that long.
 */
export const MIN_HOURS_DAYS = 32;
const LONGEST_FREEZE_DAYS = 90;
/**
 * Looking ahead takes about a millisecond for each window, and delays the start. People configure about ten windows.
 */
export const MOST_WINDOWS_LOOKED_AT = 300;
/** A badly generated file has the same fault a thousand times. A few of them are enough to understand. */
const MOST_NAMED = 5;

export interface LintInput {
  /** As configured, in the same order as in the calendar. */
  readonly windows: readonly MaintenanceWindow[];
  readonly freezes: readonly FrozenSpan[];
  /** Made of both. */
  readonly calendar: Calendar;
  /** The fewest open hours in any 32 days; 0: no minimum. */
  readonly minHours: number;
  readonly nowAt: number;
  /** Shows a date to people. */
  readonly showDate: (instant: number) => string;
  /** The file that set each dotted key, as far as it is known. */
  readonly origins?: ReadonlyMap<string, string> | undefined;
  /** The table of windows and freezes, with list indexes; `updates.periodic` if it is left out. */
  readonly section?: string;
}

const SECTION = 'updates.periodic';

/** The warnings, one sentence each. */
export function lintCalendar(input: LintInput): string[] {
  const { nowAt, calendar, section = SECTION } = input;
  const entries = [...aboutWindows(input), ...aboutFreezes(input)];
  const { length } = calendar.windows;
  if (length > MOST_WINDOWS_LOOKED_AT) {
    const sentence = `[[${section}.window]] is there ${length} times: with more than ${MOST_WINDOWS_LOOKED_AT}, nobody looks ahead whether windows are rarer than ${section}.min_hours wants, or cut short by freezes`;
    return [...entries, sentence];
  }
  const spans = calendar.openSpans(nowAt, nowAt + LOOK_AHEAD_DAYS * DAY_MS);
  return [...entries, ...slivers(input, spans), ...tooLittle(input, spans)];
}

function aboutWindows({ windows, origins, section = SECTION }: LintInput): string[] {
  const seen = new Map<string, number>();
  const same: string[] = [];
  const never: string[] = [];
  windows.forEach((window, index) => {
    const key = `${section}.window[${index}]`;
    const name = `${fileOf(origins, key)}${key} (${describeWindow(window)})`;
    const definition = definitionOf(window);
    const first = seen.get(definition);
    if (first !== undefined) {
      same.push(`${name} is the same as ${section}.window[${first}]`);
      return;
    }
    seen.set(definition, index);
    const { days, months, daysOfMonth } = window;
    // Reading an empty list has caused a warning already.
    const isEmpty = [days, months, daysOfMonth].some((list) => list?.length === 0);
    if (!isEmpty && !everOpens(window)) {
      never.push(`${name} never opens: there is no such date`);
    }
  });
  return [
    ...atMost(never, (more) => `${more} more windows never open`),
    ...atMost(same, (more) => `${more} more windows are the same as others before them`),
  ];
}

function atMost(sentences: readonly string[], summary: (more: number) => string): readonly string[] {
  const more = sentences.length - MOST_NAMED;
  // A summary of one sentence would be as long as the sentence.
  return more <= 1 ? sentences : [...sentences.slice(0, MOST_NAMED), summary(more)];
}

function aboutFreezes({ freezes, nowAt, showDate, origins, section = SECTION }: LintInput): string[] {
  return freezes.flatMap(({ fromAt, untilAt, reason }, index) => {
    const key = `${section}.freeze[${index}]`;
    const name = `${fileOf(origins, key)}${key} (${reason})`;
    if (untilAt <= fromAt) {
      return [`${name} ends before it begins: it has no effect`];
    }
    if (untilAt <= nowAt) {
      return [`${name} ended on ${showDate(untilAt - 1)}: it can be removed`];
    }
    const days = Math.round((untilAt - fromAt) / DAY_MS);
    if (untilAt - fromAt <= LONGEST_FREEZE_DAYS * DAY_MS) {
      return [];
    }
    return [`${name} lasts for ${days} days: a node that takes no updates for so long is at risk`];
  });
}

/** Warns when freezes leave too little of a window for a reboot. */
function slivers({ nowAt, showDate }: LintInput, spans: readonly OpenSpan[]): string[] {
  const short = spans.filter((span) => span.untilAt - span.fromAt < MINUTE_MS && span.fromAt > nowAt);
  const [first] = short;
  if (first === undefined) {
    return [];
  }
  const seconds = Math.ceil((first.untilAt - first.fromAt) / SECOND_MS);
  return [
    `freezes leave less than a minute of ${short.length === 1 ? 'a window' : `${short.length} windows`}, ${seconds} seconds on ${showDate(first.fromAt)}`,
  ];
}

function tooLittle({ minHours, nowAt, showDate }: LintInput, spans: readonly OpenSpan[]): string[] {
  const endAt = nowAt + LOOK_AHEAD_DAYS * DAY_MS;
  const worst = leastOpen(spans, nowAt, endAt);
  if (worst.openMs >= minHours * HOUR_MS) {
    return [];
  }
  const open = inHours(Math.floor(worst.openMs / MINUTE_MS));
  const span = `the ${MIN_HOURS_DAYS} days from ${showDate(worst.fromAt)} until ${showDate(worst.fromAt + MIN_HOURS_DAYS * DAY_MS)}`;
  const wait = Math.ceil(longestWaitMs(spans, nowAt, endAt) / DAY_MS);
  return [
    `updates.periodic has windows of ${open} in ${span}, updates.periodic.min_hours wants ${inHours(60 * minHours)} in any ${MIN_HOURS_DAYS} days: an update can wait for a window for ${wait} ${wait === 1 ? 'day' : 'days'}; if that is meant, set updates.periodic.min_hours = 0`,
  ];
}

/** `25 minutes`, `1 hour`, `5 hours 10 minutes`. */
function inHours(minutes: number): string {
  const part = (count: number, unit: string): string[] =>
    count === 0 ? [] : [`${count} ${unit}${count === 1 ? '' : 's'}`];
  const words = [...part(Math.floor(minutes / 60), 'hour'), ...part(minutes % 60, 'minute')];
  return words.length === 0 ? '0 minutes' : words.join(' ');
}

/** The longest closed time within `[fromAt, untilAt)`. */
function longestWaitMs(spans: readonly OpenSpan[], fromAt: number, untilAt: number): number {
  let longest = 0;
  let closedAt = fromAt;
  for (const span of [...spans, { fromAt: untilAt, untilAt }]) {
    longest = Math.max(longest, span.fromAt - closedAt);
    closedAt = span.untilAt;
  }
  return longest;
}

/**
 * Finds the first {@link MIN_HOURS_DAYS} days with the least open time within `[fromAt, untilAt)`, at least that long.
 * Where those days are moved, their open time falls while they begin in an open span, and rises again. So it is least
 * at an end of a span, or at an end of the whole time.
 */
export function leastOpen(
  spans: readonly OpenSpan[],
  fromAt: number,
  untilAt: number,
): { readonly fromAt: number; readonly openMs: number } {
  const lengthMs = MIN_HOURS_DAYS * DAY_MS;
  const openBefore = cumulative(spans);
  const lastAt = untilAt - lengthMs;
  const ends = spans.map((span) => span.untilAt).filter((end) => end < lastAt);
  let least = { fromAt, openMs: Number.POSITIVE_INFINITY };
  for (const start of [fromAt, ...ends, lastAt]) {
    const openMs = openBefore(start + lengthMs) - openBefore(start);
    if (openMs < least.openMs) {
      least = { fromAt: start, openMs };
    }
  }
  return least;
}

/** Gives the open time before an instant, in milliseconds. */
function cumulative(spans: readonly OpenSpan[]): (instant: number) => number {
  let total = 0;
  const sums = spans.map((span) => {
    const before = total;
    total += span.untilAt - span.fromAt;
    return before;
  });
  const starts = spans.map((span) => span.fromAt);
  return (instant) => {
    const last = countUpTo(starts, instant) - 1;
    const span = spans[last];
    return span === undefined ? 0 : (sums[last] ?? 0) + Math.min(instant, span.untilAt) - span.fromAt;
  };
}

function fileOf(origins: ReadonlyMap<string, string> | undefined, key: string): string {
  const file = origins?.get(key);
  return file === undefined ? '' : `${file}: `;
}
