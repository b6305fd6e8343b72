/**
 * Who is logged in on a simulated node, and until when that stays so. Pure.
 *
 * Invariant: the people of a day depend on the day alone, not on who asked before.
 */
import type { Session } from '../agent/ports.ts';
import type { ZoneRules } from '../calendar/zone-rules.ts';
import { DAY_MS, MINUTE_MS } from '../text/units.ts';
import { hoursOf, localDay, type Span } from './local-hours.ts';
import type { Luck } from './luck.ts';
import type { PlannedLogins } from './plan.ts';

const NOBODY: readonly Session[] = [];
const SOMEBODY: readonly Session[] = [{ user: 'somebody', tty: 'pts/0' }];

/** More would be a queue, not people. */
const MOST_A_DAY = 1000;

export class People {
  readonly #logins: PlannedLogins | undefined;
  readonly #zone: ZoneRules;
  readonly #luck: Luck;
  readonly #lastAt: number;
  #known: Span & { readonly sessions: readonly Session[] } = {
    fromAt: Number.NEGATIVE_INFINITY,
    untilAt: Number.NEGATIVE_INFINITY,
    sessions: NOBODY,
  };

  /** Nothing is told of later than `lastAt`. */
  constructor(logins: PlannedLogins | undefined, zone: ZoneRules, luck: Luck, lastAt: number) {
    this.#logins = logins;
    this.#zone = zone;
    this.#luck = luck;
    this.#lastAt = lastAt;
  }

  sessionsAt(at: number): readonly Session[] {
    return this.#around(at).sessions;
  }

  /** When somebody comes, or the last one goes. Infinity: not before the end of the plan. */
  nextChangeAt(at: number): number {
    return this.#around(at).untilAt;
  }

  #around(at: number): Span & { readonly sessions: readonly Session[] } {
    const logins = this.#logins;
    if (logins === undefined) {
      return { fromAt: Number.NEGATIVE_INFINITY, untilAt: Number.POSITIVE_INFINITY, sessions: NOBODY };
    }
    const known = this.#known;
    if (at < known.fromAt || at >= known.untilAt) {
      this.#known = this.#found(at, logins);
    }
    return this.#known;
  }

  #found(at: number, logins: PlannedLogins): Span & { readonly sessions: readonly Session[] } {
    const today = localDay(this.#zone, at);
    const earliest = today - Math.ceil(logins.lengthMs / DAY_MS) - 1;
    const lastDay = localDay(this.#zone, Math.max(this.#lastAt, at)) + 1;
    let present: number | undefined;
    for (let day = earliest; day <= lastDay; day++) {
      for (const { fromAt, untilAt } of this.#visits(day, logins)) {
        if (untilAt <= at) {
          continue;
        }
        if (present !== undefined) {
          // Somebody else is there before the last one goes.
          if (fromAt <= present) {
            present = Math.max(present, untilAt);
            continue;
          }
          return { fromAt: at, untilAt: present, sessions: SOMEBODY };
        }
        if (fromAt > at) {
          return { fromAt: at, untilAt: fromAt, sessions: NOBODY };
        }
        present = untilAt;
      }
    }
    return present === undefined
      ? { fromAt: at, untilAt: Number.POSITIVE_INFINITY, sessions: NOBODY }
      : { fromAt: at, untilAt: present, sessions: SOMEBODY };
  }

  /** Of a day, by their beginning. */
  #visits(day: number, logins: PlannedLogins): readonly Span[] {
    const hours = hoursOf(this.#zone, day, logins);
    if (hours === undefined) {
      return [];
    }
    const whole = Math.floor(logins.perDay);
    const more = this.#luck.draw('login', day * (MOST_A_DAY + 1)) < logins.perDay - whole ? 1 : 0;
    const lengthMs = hours.untilAt - hours.fromAt;
    return Array.from({ length: Math.min(whole + more, MOST_A_DAY) }, (_, n) => {
      const share = this.#luck.draw('login', day * (MOST_A_DAY + 1) + n + 1);
      const fromAt = hours.fromAt + Math.floor((share * lengthMs) / MINUTE_MS) * MINUTE_MS;
      return { fromAt, untilAt: fromAt + logins.lengthMs };
    }).toSorted((a, b) => a.fromAt - b.fromAt);
  }
}
