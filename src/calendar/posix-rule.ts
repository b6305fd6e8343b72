/**
 * The rule in a time zone file's footer (`CET-1CEST,M3.5.0,M10.5.0/3`, POSIX with the extensions of RFC 8536: hours from
 * -167 to 167, names in angle brackets): what holds after the last transition that the file lists. Pure.
 */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface Change {
  /** Local time, milliseconds since the year began, when this change happens in `year`. */
  localMs(year: number): number;
}

/** Gives the offset from UTC in milliseconds at an instant. Throws SyntaxError for what is no such rule. */
export function parsePosixRule(text: string): (instantMs: number) => number {
  const reader = new Reader(text);
  reader.name();
  const standard = -reader.offset();
  if (reader.atEnd()) return () => standard;
  reader.name();
  const daylight = reader.peek() === ',' ? standard + HOUR_MS : -reader.offset();
  const start = reader.change();
  const end = reader.change();
  if (!reader.atEnd()) throw new SyntaxError(`the time zone rule "${text}" must end after its second change`);
  return (instant) => {
    const year = new Date(instant + standard).getUTCFullYear();
    const jan1 = Date.UTC(year, 0, 1);
    const startsAt = jan1 + start.localMs(year) - standard;
    const endsAt = jan1 + end.localMs(year) - daylight;
    const isDaylight =
      startsAt < endsAt ? instant >= startsAt && instant < endsAt : instant >= startsAt || instant < endsAt;
    return isDaylight ? daylight : standard;
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
    if (match === null)
      throw new SyntaxError(`the time zone rule "${this.#text}" must have ${what} at character ${this.#at}`);
    this.#at = sticky.lastIndex;
    return match;
  }

  name(): void {
    this.#take(/<[A-Za-z0-9+-]+>|[A-Za-z]{3,}/, 'a name');
  }

  /** `[+-]h[h[h]][:mm[:ss]]`, milliseconds. */
  offset(): number {
    const match = this.#take(/([+-]?)(\d{1,3})(?::(\d{1,2}))?(?::(\d{1,2}))?/, 'an offset');
    const size =
      Number(match[2]) * HOUR_MS + Number(match[3] ?? 0) * MINUTE_MS + Number(match[4] ?? 0) * SECOND_MS;
    return match[1] === '-' ? -size : size;
  }

  change(): Change {
    const match = this.#take(/,(?:M(\d{1,2})\.(\d)\.(\d)|J(\d{1,3})|(\d{1,3}))/, 'a date of change');
    const timeMs = this.peek() === '/' ? (this.#at++, this.offset()) : 2 * HOUR_MS;
    const [, month, week, weekday, julian, zeroBased] = match;
    if (month !== undefined) {
      const nth = { month: Number(month), week: Number(week), weekday: Number(weekday) };
      return { localMs: (year) => nthWeekdayMs(year, nth) + timeMs };
    }
    if (julian !== undefined) {
      const day = Number(julian);
      // The 29th of February is never counted.
      return { localMs: (year) => (day - 1 + (isLeap(year) && day >= 60 ? 1 : 0)) * DAY_MS + timeMs };
    }
    const day = Number(zeroBased);
    return { localMs: () => day * DAY_MS + timeMs };
  }
}

/** `week` 5 is the last one; `weekday` 0 is Sunday. Milliseconds since the year began. */
function nthWeekdayMs(
  year: number,
  { month, week, weekday }: { month: number; week: number; weekday: number },
): number {
  const first = new Date(Date.UTC(year, month - 1, 1));
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
  let date = 1 + ((weekday - first.getUTCDay() + 7) % 7) + 7 * (week - 1);
  while (date > length) date -= 7;
  return Date.UTC(year, month - 1, date) - Date.UTC(year, 0, 1);
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}
