/**
 * Parses the rule in the footer of a time zone file, such as `CET-1CEST,M3.5.0,M10.5.0/3`. It applies after the last
 * transition that the file lists. The format is that of POSIX with the extensions of RFC 8536: hours from -167 to 167,
 * and names in angle brackets. Pure.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../text/units.ts';
import type { OffsetPeriod } from './zone-rules.ts';

/** The limits of RFC 8536 for offsets from UTC (24:59:59) and for times of change. */
const MOST_OFFSET_HOURS = 24;
const MOST_CHANGE_HOURS = 167;
/** A change may be up to a week before or after its date, and so in a neighbouring year. */
const YEARS_AROUND = 2;

/** When the change of `year` happens, in milliseconds of local time since the year began. */
type ChangeInYear = (year: number) => number;

interface Regime {
  readonly offsetMs: number;
  readonly abbreviation: string;
}

/** Returns a function that gives the period around an instant. Throws SyntaxError when `text` is not such a rule. */
export function parsePosixRule(text: string): (instant: number) => OffsetPeriod {
  const reader = new Reader(text);
  // POSIX counts offsets westwards. Subtracting from 0 avoids -0 for UTC.
  const standard: Regime = { abbreviation: reader.name(), offsetMs: 0 - reader.offset(MOST_OFFSET_HOURS) };
  if (reader.atEnd()) {
    const always = { fromAt: Number.NEGATIVE_INFINITY, untilAt: Number.POSITIVE_INFINITY, ...standard };
    return () => always;
  }
  const daylight: Regime = {
    abbreviation: reader.name(),
    offsetMs: reader.peek() === ',' ? standard.offsetMs + HOUR_MS : 0 - reader.offset(MOST_OFFSET_HOURS),
  };
  const start = reader.change();
  const end = reader.change();
  if (!reader.atEnd()) {
    throw new SyntaxError(`the time zone rule "${text}" must end after its second change`);
  }
  return (instant) => {
    const year = new Date(instant + standard.offsetMs).getUTCFullYear();
    const changes: { readonly at: number; readonly to: Regime }[] = [];
    for (let near = year - YEARS_AROUND; near <= year + YEARS_AROUND; near++) {
      const began = Date.UTC(near, 0, 1);
      changes.push(
        { at: began + end(near) - daylight.offsetMs, to: standard },
        { at: began + start(near) - standard.offsetMs, to: daylight },
      );
    }
    // Daylight time all year is written as an end at the same instant as the next start. The sort is stable, and the
    // start is pushed after the end, so the start applies.
    changes.sort((a, b) => a.at - b.at);
    const next = changes.findIndex((change) => change.at > instant);
    const since = changes[next - 1];
    const until = changes[next];
    return {
      fromAt: since?.at ?? Number.NEGATIVE_INFINITY,
      untilAt: until?.at ?? Number.POSITIVE_INFINITY,
      ...(since?.to ?? standard),
    };
  };
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  peek(): string {
    return this.#text[this.#at] ?? '';
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  #take(pattern: RegExp, what: string): RegExpExecArray {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = this.#at;
    const match = sticky.exec(this.#text);
    if (match === null) {
      return this.#refuse(what);
    }
    this.#at = sticky.lastIndex;
    return match;
  }

  #refuse(what: string): never {
    throw new SyntaxError(`the time zone rule "${this.#text}" must have ${what} at character ${this.#at}`);
  }

  name(): string {
    const [name] = this.#take(/<[A-Za-z0-9+-]+>|[A-Za-z]{3,}/, 'a name');
    return name.replaceAll(/[<>]/g, '');
  }

  /** Reads `[+-]h[h[h]][:mm[:ss]]`, in milliseconds. */
  offset(mostHours: number): number {
    const match = this.#take(/([+-]?)(\d{1,3})(?::(\d{1,2}))?(?::(\d{1,2}))?/, 'an offset');
    const [hours = 0, minutes = 0, seconds = 0] = match.slice(2).map((digits) => Number(digits || 0));
    if (hours > mostHours || minutes > 59 || seconds > 59) {
      this.#refuse(`at most ${mostHours} hours before`);
    }
    const size = hours * HOUR_MS + minutes * MINUTE_MS + seconds * SECOND_MS;
    return match[1] === '-' ? -size : size;
  }

  change(): ChangeInYear {
    const match = this.#take(/,(?:M(\d{1,2})\.(\d)\.(\d)|J(\d{1,3})|(\d{1,3}))/, 'a date of change');
    const [, month, week, weekday, julian, zeroBased] = match;
    let timeMs = 2 * HOUR_MS;
    if (this.peek() === '/') {
      this.#at++;
      timeMs = this.offset(MOST_CHANGE_HOURS);
    }
    if (month !== undefined) {
      const nth = { month: Number(month), week: Number(week), weekday: Number(weekday) };
      if (nth.month < 1 || nth.month > 12 || nth.week < 1 || nth.week > 5 || nth.weekday > 6) {
        this.#refuse('a date that exists before');
      }
      return (year) => nthWeekdayMs(year, nth) + timeMs;
    }
    const day = Number(julian ?? zeroBased);
    if (day > 365 || (julian !== undefined && day < 1)) {
      this.#refuse('a date that exists before');
    }
    // `J60` is the 1st of March in every year, because the 29th of February is never counted.
    return julian === undefined
      ? () => day * DAY_MS + timeMs
      : (year) => (day - 1 + (isLeap(year) && day >= 60 ? 1 : 0)) * DAY_MS + timeMs;
  }
}

/** In milliseconds since the year began. `week` 5 is the last one; `weekday` 0 is Sunday. */
function nthWeekdayMs(
  year: number,
  { month, week, weekday }: { month: number; week: number; weekday: number },
): number {
  const first = new Date(Date.UTC(year, month - 1, 1));
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
  let date = 1 + ((weekday - first.getUTCDay() + 7) % 7) + 7 * (week - 1);
  while (date > length) {
    date -= 7;
  }
  return Date.UTC(year, month - 1, date) - Date.UTC(year, 0, 1);
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}
