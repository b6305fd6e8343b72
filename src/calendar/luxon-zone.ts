/**
 * Shows instants as people in a time zone read them, and gives access to the runtime's own time zone data. The only
 * file that knows luxon. It is imported dynamically, so that a node without maintenance windows never loads luxon.
 */
import { DateTime, IANAZone, Zone } from 'luxon';

import { DAY_MS, HOUR_MS, MINUTE_MS } from '../text/units.ts';
import { rememberingZone, type OffsetPeriod, type ZoneRules } from './zone-rules.ts';

/** Zone rules in luxon's form. */
class RulesZone extends Zone {
  readonly #rules: ZoneRules;

  constructor(rules: ZoneRules) {
    super();
    this.#rules = rules;
  }

  // Stryker disable all: luxon's form of a zone has these, and nothing here asks for them.
  override get type(): string {
    return 'rules';
  }

  override get name(): string {
    return this.#rules.name;
  }

  override get isUniversal(): boolean {
    return false;
  }

  // Stryker restore all

  override get isValid(): boolean {
    return true;
  }

  override offset(ts: number): number {
    return this.#rules.periodAt(ts).offsetMs / MINUTE_MS;
  }

  override offsetName(ts: number): string {
    return this.#rules.periodAt(ts).abbreviation;
  }

  // Stryker disable all: as above.
  override formatOffset(ts: number): string {
    return this.offsetName(ts);
  }

  override equals(other: Zone): boolean {
    return other instanceof RulesZone && other.#rules === this.#rules;
  }
  // Stryker restore all
}

function at(zone: ZoneRules, instant: number): DateTime {
  return DateTime.fromMillis(instant, { zone: new RulesZone(zone), locale: 'en-US' });
}

/** `Sat 2026-11-28 03:00 CET`; with seconds when they are not 0. */
export function showInstant(zone: ZoneRules, instant: number): string {
  const local = at(zone, instant);
  return local.toFormat(`ccc yyyy-MM-dd ${local.second === 0 ? 'HH:mm' : 'HH:mm:ss'} ZZZZ`);
}

/** `2026-11-28`. */
export function showDate(zone: ZoneRules, instant: number): string {
  return at(zone, instant).toFormat('yyyy-MM-dd');
}

/** `today`, `tomorrow` or `in 5 days`, by local dates, so that the words change at most once a day. */
export function showDistance(zone: ZoneRules, fromAt: number, toAt: number): string {
  const midnight = (instant: number): DateTime => {
    const { year, month, day } = at(zone, instant);
    return DateTime.utc(year, month, day);
  };
  const days = midnight(toAt).diff(midnight(fromAt), 'days').days;
  if (days <= 0) {
    return 'today';
  }
  return days === 1 ? 'tomorrow' : `in ${days} days`;
}

/** No zone changes its offset twice within half a day. */
const STEP_MS = 12 * HOUR_MS;
/** The span that is searched at once and kept, a multiple of a step, because a calendar looks weeks ahead again and again. */
const CHUNK_MS = 400 * DAY_MS;

/** A zone from the runtime's own data. Undefined when it has no zone of that name. */
export function builtInZone(name: string): ZoneRules | undefined {
  const zone = IANAZone.create(name);
  if (!zone.isValid) {
    return undefined;
  }
  const chunks = new Map<number, readonly OffsetPeriod[]>();
  return rememberingZone(name, (instant) => {
    const chunk = Math.floor(instant / CHUNK_MS);
    const periods = chunks.get(chunk) ?? periodsOf(zone, chunk * CHUNK_MS, (chunk + 1) * CHUNK_MS);
    // Stryker disable next-line CallExpression: what is not kept is searched again.
    chunks.set(chunk, periods);
    const period = periods.find(({ untilAt }) => instant < untilAt);
    // Stryker disable next-line all: the last period ends with the chunk.
    if (period === undefined) {
      // Stryker disable next-line all: as above.
      throw new RangeError(`time zone ${name} must be asked about a time, got ${instant}`);
    }
    return period;
  });
}

/** The periods between two instants, cut at both. */
function periodsOf(zone: IANAZone, fromAt: number, untilAt: number): OffsetPeriod[] {
  // Stryker disable next-line ArrayDeclaration: an entry without an end is never found.
  const periods: OffsetPeriod[] = [];
  const end = (at: number): void => {
    const since = periods.at(-1)?.untilAt ?? fromAt;
    const abbreviation = zone.offsetName(since, { format: 'short', locale: 'en-US' }) ?? zone.name;
    periods.push({ fromAt: since, untilAt: at, offsetMs: zone.offset(since) * MINUTE_MS, abbreviation });
  };
  // Stryker disable next-line EqualityOperator: a change in the step after the end is true as well.
  for (let at = fromAt; at < untilAt; at += STEP_MS) {
    if (zone.offset(at) !== zone.offset(at + STEP_MS)) {
      end(changeBetween(zone, at, at + STEP_MS));
    }
  }
  end(untilAt);
  return periods;
}

/** The first instant with the later offset, by bisection. */
function changeBetween(zone: IANAZone, before: number, after: number): number {
  const offset = zone.offset(after);
  let low = before;
  let high = after;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zone.offset(middle) === offset) {
      high = middle;
    } else {
      low = middle;
    }
  }
  return high;
}
