/**
 * What strategy `periodic` says at an instant, with time zones at hand. Pure: the same instant always gets the same
 * report.
 *
 * Invariants:
 * - A report that blocks names the exact instant at which the strategy will pass.
 * - Its words change only with that instant and with the local date, so that people read them once and not every five
 *   minutes.
 */
import type { Override } from '../agent/overrides.ts';
import type { GateReport } from '../agent/ports.ts';
import { Calendar, type FrozenSpan, type OpenSpan } from '../calendar/calendar.ts';
import { distinctWindows } from '../calendar/distinct-windows.ts';
import { lintCalendar } from '../calendar/lint.ts';
import { weeklyMinutes } from '../calendar/schedule-length.ts';
import { openingInstant, type ZoneRules } from '../calendar/zone-rules.ts';
import type { FreezeEdge } from '../calendar/freeze.ts';
import type { Settings } from '../config/settings.ts';
import { printable } from '../errors.ts';
import { DAY_MS } from '../text/units.ts';
import { placeOfNode, splayOffsetMs } from './splay.ts';
import { block, pass } from '../gates/verdict.ts';

const NAME = 'periodic';

export type PeriodicSettings = Settings['updates']['periodic'];

/** Writes local times for people. */
export interface LocalText {
  /** `Sat 2026-11-28 03:00 CET`. */
  showInstant(zone: ZoneRules, instant: number): string;
  /** `2026-11-28`. */
  showDate(zone: ZoneRules, instant: number): string;
  /** `today`, `tomorrow`, `in 5 days`. */
  showDistance(zone: ZoneRules, fromAt: number, toAt: number): string;
}

export interface ScheduleOptions {
  readonly settings: PeriodicSettings;
  readonly nodeUuid: string;
  /** The rules of a zone of the settings. */
  readonly zoneOf: (name: string) => ZoneRules;
  readonly text: LocalText;
}

/** A window that is open now or will open. */
export interface WindowTimes {
  readonly startAt: number;
  readonly endAt: number;
}

export class PeriodicSchedule {
  readonly calendar: Calendar;
  /** The same, for questions about later: it remembers other answers. */
  readonly ahead: Calendar;
  readonly #unfrozen: Calendar;
  readonly #freezes: readonly FrozenSpan[];
  readonly #zone: ZoneRules;
  readonly #options: ScheduleOptions;
  readonly #place: number;
  #lastSpan: OpenSpan | undefined;

  constructor(options: ScheduleOptions) {
    const { settings, nodeUuid, zoneOf } = options;
    this.#options = options;
    this.#zone = zoneOf(settings.timeZone);
    this.#place = placeOfNode(nodeUuid);
    this.#freezes = settings.freezes.map(({ from, until, reason }) => ({
      fromAt: instantOf(this.#zone, from),
      untilAt: instantOf(this.#zone, until),
      reason,
    }));
    const windows = distinctWindows(settings.windows).map((window) => ({
      ...window,
      zone: window.timeZone === undefined ? this.#zone : zoneOf(window.timeZone),
    }));
    this.calendar = new Calendar(windows, this.#freezes);
    this.ahead = new Calendar(windows, this.#freezes);
    // Stryker disable next-line ConditionalExpression: without freezes, both calendars are the same.
    this.#unfrozen = this.#freezes.length === 0 ? this.calendar : new Calendar(windows);
  }

  /** May the node reboot at `nowAt`? Milliseconds since 1970 UTC, as are all instants of the report. */
  reportAt(nowAt: number): GateReport {
    const state = this.calendar.stateAt(nowAt);
    if (!state.open) {
      return this.#closed(nowAt, state.nextAt, state.frozen);
    }
    const turnAt = this.turnAt(nowAt);
    if (turnAt === undefined || turnAt <= nowAt) {
      return pass(NAME, 'periodic', 'inside of a maintenance window', {
        evidence: this.#evidence({ closesAt: state.untilAt, turnAt }),
        passEndsAt: state.untilAt,
      });
    }
    return block(
      NAME,
      'splay',
      `inside of a maintenance window; the turn of this node is at ${this.#show(turnAt)}`,
      { evidence: this.#evidence({ closesAt: state.untilAt, turnAt }), nextAt: turnAt },
    );
  }

  /** The open window, or else the next one, regardless of splay. Undefined: none is in sight, or it has no end in sight. */
  windowAt(nowAt: number): WindowTimes | undefined {
    const state = this.calendar.stateAt(nowAt);
    if (state.open && state.untilAt === undefined) {
      return undefined;
    }
    const insideAt = state.open ? nowAt : state.nextAt;
    // Stryker disable next-line ConditionalExpression: around no instant there is no span.
    const span = insideAt === undefined ? undefined : this.calendar.spanAround(insideAt);
    return span === undefined ? undefined : { startAt: span.fromAt, endAt: span.untilAt };
  }

  /** Minutes of an average week in which a window is open, regardless of freezes. */
  weeklyMinutes(nowAt: number): number {
    return weeklyMinutes(this.calendar.windows, nowAt);
  }

  /** `total schedule length 120 minutes; next window at 3:00 on Sat, Sat 2026-11-28 03:00 CET (in 2 days)`. */
  summaryAt(nowAt: number): string {
    const state = this.calendar.stateAt(nowAt);
    const next = state.open
      ? 'a window is open now'
      : state.nextAt === undefined
        ? 'no window in sight'
        : `next window ${asZincati(this.#when(nowAt, state.nextAt))}`;
    return `total schedule length ${this.weeklyMinutes(nowAt)} minutes; ${next}`;
  }

  /**
   * What the operator can hardly have meant, one sentence each. `origins`: dotted key to the file that set it.
   * `section`: the table of windows and freezes, where it is not the agent's own.
   */
  warningsAt(nowAt: number, origins?: ReadonlyMap<string, string>, section?: string): string[] {
    const { settings, text } = this.#options;
    return lintCalendar({
      windows: settings.windows,
      freezes: this.#freezes,
      calendar: this.calendar,
      minHours: settings.minHours,
      nowAt,
      showDate: (instant) => text.showDate(this.#zone, instant),
      origins,
      ...(section !== undefined && { section }),
    });
  }

  /** When the turn of this node begins in the window around an instant. Undefined: without splay, or no window is open. */
  turnAt(insideAt: number): number | undefined {
    const { splayMinutes } = this.#options.settings;
    const span = splayMinutes > 0 ? this.#spanAround(insideAt) : undefined;
    return span === undefined
      ? undefined
      : span.fromAt + splayOffsetMs(this.#place, splayMinutes, span.untilAt - span.fromAt);
  }

  #spanAround(insideAt: number): OpenSpan | undefined {
    const known = this.#lastSpan;
    if (known !== undefined && known.fromAt <= insideAt && insideAt < known.untilAt) {
      return known;
    }
    const span = this.calendar.spanAround(insideAt);
    // One that is cut depends on where it is looked at from.
    const isWhole = span !== undefined && span.untilAt - span.fromAt <= DAY_MS;
    this.#lastSpan = isWhole ? span : known;
    return span;
  }

  /** The schedule without the freezes or the splay that are overridden. */
  overriding(overrides: readonly Override[]): PeriodicSchedule {
    const { settings } = this.#options;
    const noFreeze = overrides.includes('freeze') && settings.freezes.length > 0;
    const noSplay = overrides.includes('splay') && settings.splayMinutes > 0;
    if (!noFreeze && !noSplay) {
      return this;
    }
    const kept = {
      ...settings,
      ...(noFreeze && { freezes: [] }),
      ...(noSplay && { splayMinutes: 0 }),
    };
    return new PeriodicSchedule({ ...this.#options, settings: kept });
  }

  /** The zone of the settings, in which people read its instants. */
  get zone(): ZoneRules {
    return this.#zone;
  }

  #closed(nowAt: number, nextAt: number | undefined, frozen: FrozenSpan | undefined): GateReport {
    const label = frozen === undefined ? 'outside_window' : 'frozen';
    const because =
      frozen === undefined
        ? 'outside of maintenance windows'
        : `maintenance windows are frozen until ${this.#show(frozen.untilAt)}: ${frozen.reason}`;
    const freeze = { frozenUntilAt: frozen?.untilAt, freezeReason: frozen?.reason };
    if (nextAt === undefined) {
      const evidence = this.#evidence(freeze);
      return block(NAME, label, `${because}; no later one is in sight`, { evidence });
    }
    const skipped = frozen === undefined ? this.#freezeBefore(nowAt) : undefined;
    const parts = [because, `next one opens ${this.#when(nowAt, nextAt)}`];
    if (skipped !== undefined) {
      parts.push(`those before it are frozen: ${skipped.reason}`);
    }
    const turnAt = this.turnAt(nextAt);
    const passesAt = turnAt ?? nextAt;
    if (passesAt > nextAt) {
      parts.push(`the turn of this node is at ${this.#show(passesAt)}`);
    }
    return block(NAME, label, parts.join('; '), {
      evidence: this.#evidence({ ...freeze, opensAt: nextAt, turnAt, frozenBefore: skipped?.reason }),
      nextAt: passesAt,
    });
  }

  /** The freeze that takes away the window which would otherwise come next. `nowAt`: in no freeze. */
  #freezeBefore(nowAt: number): FrozenSpan | undefined {
    return this.calendar.frozenAt(this.#unfrozen.stateAt(nowAt).nextAt ?? nowAt);
  }

  /** The zone of the calendar, and those facts that are known. */
  #evidence(facts: Readonly<Record<string, string | number | undefined>>): Record<string, string | number> {
    const known: Record<string, string | number> = { timeZone: printable(this.#zone.name) };
    for (const [name, fact] of Object.entries(facts)) {
      if (fact !== undefined) {
        known[name] = fact;
      }
    }
    return known;
  }

  #show(instant: number): string {
    return this.#options.text.showInstant(this.#zone, instant);
  }

  #when(nowAt: number, instant: number): string {
    return `${this.#show(instant)} (${this.#options.text.showDistance(this.#zone, nowAt, instant)})`;
  }
}

function instantOf(zone: ZoneRules, edge: FreezeEdge): number {
  return edge.kind === 'instant' ? edge.ms : openingInstant(zone, edge.ms);
}

/** Zincati's `at 3:00 on Sat` before an instant like `Sat 2026-11-28 03:00 CET`. */
function asZincati(when: string): string {
  const match = /^(\w{3}) \S+ 0?(\d{1,2}:\d\d)/.exec(when);
  return match === null ? `opens ${when}` : `at ${match[2]} on ${match[1]}, ${when}`;
}
