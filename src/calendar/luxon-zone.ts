/**
 * Instants as people in a time zone read them, and the runtime's own time zone data. The only file that knows luxon;
 * imported by whoever needs it at run time, so that a node without maintenance windows never loads it.
 */
import { DateTime, IANAZone, Zone } from 'luxon';

import { rememberingZone, type OffsetPeriod, type ZoneRules } from './zone-rules.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Zone rules as luxon wants them. */
class RulesZone extends Zone {
  readonly #rules: ZoneRules;

  constructor(rules: ZoneRules) {
    super();
    this.#rules = rules;
  }

  override get type(): string {
    return 'rules';
  }

  override get name(): string {
    return this.#rules.name;
  }

  override get isUniversal(): boolean {
    return false;
  }

  override get isValid(): boolean {
    return true;
  }

  override offset(ts: number): number {
    return this.#rules.periodAt(ts).offsetMs / MINUTE_MS;
  }

  override offsetName(ts: number): string {
    return this.#rules.periodAt(ts).abbreviation;
  }

  override formatOffset(ts: number): string {
    return this.offsetName(ts);
  }

  override equals(other: Zone): boolean {
    return other instanceof RulesZone && other.#rules === this.#rules;
  }
}

function at(zone: ZoneRules, instantMs: number): DateTime {
  return DateTime.fromMillis(instantMs, { zone: new RulesZone(zone), locale: 'en-US' });
}

/** `Sat 2026-11-28 03:00 CET`; with seconds where they are not 0. */
export function showInstant(zone: ZoneRules, instantMs: number): string {
  const local = at(zone, instantMs);
  return local.toFormat(`ccc yyyy-MM-dd ${local.second === 0 ? 'HH:mm' : 'HH:mm:ss'} ZZZZ`);
}

/** `2026-11-28`. */
export function showDate(zone: ZoneRules, instantMs: number): string {
  return at(zone, instantMs).toFormat('yyyy-MM-dd');
}

/** `today`, `tomorrow` or `in 5 days`, by the local calendar: the words change at most once a day. */
export function showDistance(zone: ZoneRules, fromMs: number, toMs: number): string {
  const midnight = (instantMs: number): DateTime => {
    const { year, month, day } = at(zone, instantMs);
    return DateTime.utc(year, month, day);
  };
  const days = midnight(toMs).diff(midnight(fromMs), 'days').days;
  if (days <= 0) return 'today';
  return days === 1 ? 'tomorrow' : `in ${days} days`;
}

/** Nothing changes its offset twice within six hours. */
const STEP_MS = 6 * HOUR_MS;
/** Periods need not be found whole; this much of one saves most lookups. */
const REACH_STEPS = 4 * 8;

/** A zone out of the data that the runtime brings along. Undefined: it has none of that name. */
export function builtInZone(name: string): ZoneRules | undefined {
  const zone = IANAZone.create(name);
  if (!zone.isValid) return undefined;
  const offsetMs = (instant: number): number => zone.offset(instant) * MINUTE_MS;
  return rememberingZone(name, (instant): OffsetPeriod => {
    const offset = offsetMs(instant);
    return {
      fromMs: edge(offsetMs, instant, -STEP_MS),
      untilMs: edge(offsetMs, instant, STEP_MS),
      offsetMs: offset,
      abbreviation: zone.offsetName(instant, { format: 'short', locale: 'en-US' }),
    };
  });
}

/** How far the offset at `instant` reaches into the direction of `step`: to the change of offset, or to where the look ends. */
function edge(offsetMs: (instant: number) => number, instant: number, step: number): number {
  const offset = offsetMs(instant);
  let same = instant;
  for (let count = 0; count < REACH_STEPS; count++) {
    let other = same + step;
    if (offsetMs(other) === offset) {
      same = other;
      continue;
    }
    while (Math.abs(other - same) > 1) {
      const middle = Math.trunc((same + other) / 2);
      if (offsetMs(middle) === offset) same = middle;
      else other = middle;
    }
    // The change is at the first instant of the later side.
    return step > 0 ? other : same;
  }
  return same;
}
