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
  showInstant(zone: ZoneRules, instantMs: number): string;
  /** `2026-11-28`. */
  showDate(zone: ZoneRules, instantMs: number): string;
  /** `today`, `tomorrow`, `in 5 days`. */
  showDistance(zone: ZoneRules, fromMs: number, toMs: number): string;
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
      fromMs: instantOf(this.#zone, from),
      untilMs: instantOf(this.#zone, until),
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

  /** May the node reboot at `nowMs`? Milliseconds since 1970 UTC, as are all instants of the report. */
  reportAt(nowMs: number): GateReport {
    const state = this.calendar.stateAt(nowMs);
    if (!state.open) {
      return this.#closed(nowMs, state.nextMs, state.frozen);
    }
    const turnMs = this.turnAt(nowMs);
    if (turnMs === undefined || turnMs <= nowMs) {
      return pass(NAME, 'periodic', 'inside of a maintenance window', {
        evidence: this.#evidence({ closesAt: state.untilMs, turnAt: turnMs }),
        passEndsAt: state.untilMs,
      });
    }
    return block(
      NAME,
      'splay',
      `inside of a maintenance window; the turn of this node is at ${this.#show(turnMs)}`,
      { evidence: this.#evidence({ closesAt: state.untilMs, turnAt: turnMs }), nextAt: turnMs },
    );
  }

  /** The open window, or else the next one, regardless of splay. Undefined: none is in sight, or it has no end in sight. */
  windowAt(nowMs: number): WindowTimes | undefined {
    const state = this.calendar.stateAt(nowMs);
    if (state.open && state.untilMs === undefined) {
      return undefined;
    }
    const insideMs = state.open ? nowMs : state.nextMs;
    // Stryker disable next-line ConditionalExpression: around no instant there is no span.
    const span = insideMs === undefined ? undefined : this.calendar.spanAround(insideMs);
    return span === undefined ? undefined : { startAt: span.fromMs, endAt: span.untilMs };
  }

  /** Minutes of an average week in which a window is open, regardless of freezes. */
  weeklyMinutes(nowMs: number): number {
    return weeklyMinutes(this.calendar.windows, nowMs);
  }

  /** `total schedule length 120 minutes; next window at 3:00 on Sat, Sat 2026-11-28 03:00 CET (in 2 days)`. */
  summaryAt(nowMs: number): string {
    const state = this.calendar.stateAt(nowMs);
    const next = state.open
      ? 'a window is open now'
      : state.nextMs === undefined
        ? 'no window in sight'
        : `next window ${asZincati(this.#when(nowMs, state.nextMs))}`;
    return `total schedule length ${this.weeklyMinutes(nowMs)} minutes; ${next}`;
  }

  /** What the operator can hardly have meant, one sentence each. `origins`: dotted key to the file that set it. */
  warningsAt(nowMs: number, origins?: ReadonlyMap<string, string>): string[] {
    const { settings, text } = this.#options;
    return lintCalendar({
      windows: settings.windows,
      freezes: this.#freezes,
      calendar: this.calendar,
      minHours: settings.minHours,
      nowMs,
      showDate: (instantMs) => text.showDate(this.#zone, instantMs),
      origins,
    });
  }

  /** When the turn of this node begins in the window around an instant. Undefined: without splay, or no window is open. */
  turnAt(insideMs: number): number | undefined {
    const { splayMinutes } = this.#options.settings;
    const span = splayMinutes > 0 ? this.#spanAround(insideMs) : undefined;
    return span === undefined
      ? undefined
      : span.fromMs + splayOffsetMs(this.#place, splayMinutes, span.untilMs - span.fromMs);
  }

  #spanAround(insideMs: number): OpenSpan | undefined {
    const known = this.#lastSpan;
    if (known !== undefined && known.fromMs <= insideMs && insideMs < known.untilMs) {
      return known;
    }
    const span = this.calendar.spanAround(insideMs);
    // One that is cut depends on where it is looked at from.
    const isWhole = span !== undefined && span.untilMs - span.fromMs <= DAY_MS;
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

  #closed(nowMs: number, nextMs: number | undefined, frozen: FrozenSpan | undefined): GateReport {
    const label = frozen === undefined ? 'outside_window' : 'frozen';
    const because =
      frozen === undefined
        ? 'outside of maintenance windows'
        : `maintenance windows are frozen until ${this.#show(frozen.untilMs)}: ${frozen.reason}`;
    const freeze = { frozenUntilAt: frozen?.untilMs, freezeReason: frozen?.reason };
    if (nextMs === undefined) {
      const evidence = this.#evidence(freeze);
      return block(NAME, label, `${because}; no later one is in sight`, { evidence });
    }
    const skipped = frozen === undefined ? this.#freezeBefore(nowMs) : undefined;
    const parts = [because, `next one opens ${this.#when(nowMs, nextMs)}`];
    if (skipped !== undefined) {
      parts.push(`those before it are frozen: ${skipped.reason}`);
    }
    const turnMs = this.turnAt(nextMs);
    const passesMs = turnMs ?? nextMs;
    if (passesMs > nextMs) {
      parts.push(`the turn of this node is at ${this.#show(passesMs)}`);
    }
    return block(NAME, label, parts.join('; '), {
      evidence: this.#evidence({
        ...freeze,
        opensAt: nextMs,
        turnAt: turnMs,
        frozenBefore: skipped?.reason,
      }),
      nextAt: passesMs,
    });
  }

  /** The freeze that takes away the window which would otherwise come next. `nowMs`: in no freeze. */
  #freezeBefore(nowMs: number): FrozenSpan | undefined {
    return this.calendar.frozenAt(this.#unfrozen.stateAt(nowMs).nextMs ?? nowMs);
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

  #show(instantMs: number): string {
    return this.#options.text.showInstant(this.#zone, instantMs);
  }

  #when(nowMs: number, instantMs: number): string {
    return `${this.#show(instantMs)} (${this.#options.text.showDistance(this.#zone, nowMs, instantMs)})`;
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
