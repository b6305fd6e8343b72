/**
 * Sentences of the agent as people of this host read them: its dates in the local form, names in place of numbers. Pure.
 *
 * The agent writes for the log: `Sat 2026-11-28 18:00:00 UTC`, `by uid 1000`.
 *
 * Invariant: what is not such a date or such a number stays as it is.
 */
import { openingInstant } from '../calendar/zone-rules.ts';
import { DAY_MS } from '../text/units.ts';
import { localTime, localTimeAndDistance, shortDate, type Terms } from './terms.ts';
import { userName } from './user-name.ts';

/** Of a log (to the second, UTC), or of a maintenance window (its zone, and perhaps how many days ahead). */
const DATE =
  /\b(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) (\d{4}-\d\d-\d\d) (\d\d):(\d\d)(?::(\d\d))? ([A-Z]{2,6}|[+-]\d\d(?:\d\d)?)(?: \((?:today|tomorrow|in \d+ days)\))?/g;
const USER = /\b(by|of) uid (\d{1,10})\b/g;

/** `far`: tell the distance of an instant that is ahead. */
export function inLocalTerms(text: string, terms: Terms, options: { readonly far: boolean }): string {
  return text
    .replaceAll(DATE, (whole, date: string, hour: string, minute: string, second = '00', zone: string) => {
      const local = Date.parse(`${date}T${hour}:${minute}:${second}Z`);
      if (Number.isNaN(local)) {
        return whole;
      }
      const at = zone === 'UTC' ? local : instantOf(local, zone, terms);
      if (at === undefined) {
        return `${shortDate(local, terms)} ${zone}`;
      }
      return options.far && at > terms.now ? localTimeAndDistance(at, terms) : localTime(at, terms);
    })
    .replaceAll(USER, (_, word: string, uid: string) => `${word} ${userName(Number(uid), terms.users)}`);
}

/** Of a local time of the host's own zone. Undefined: it is of another zone. */
function instantOf(local: number, zone: string, terms: Terms): number | undefined {
  const guess = openingInstant(terms.zone, local);
  // The hour that comes twice has two names.
  return [guess, guess - DAY_MS / 24, guess + DAY_MS / 24].find((at) => {
    const { offsetMs, abbreviation } = terms.zone.periodAt(at);
    return at + offsetMs === local && abbreviation === zone;
  });
}
