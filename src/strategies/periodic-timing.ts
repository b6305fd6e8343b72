/**
 * When strategy `periodic` passes, with what a person overrides taken out of the schedule. Pure.
 *
 * Invariants:
 * - At an instant it passes exactly when its report of that instant does, under the same overrides.
 * - Without the windows, freezes still hold; so does the turn of this node while a window is open.
 */
import type { Override } from '../agent/overrides.ts';
import type { GateReport, Pass, PassAfter } from '../agent/ports.ts';
import { overridden } from '../gates/overridable.ts';
import { passOf, timed, type Timing } from '../gates/timing.ts';
import type { PeriodicSchedule } from './periodic-schedule.ts';

/** Milliseconds since 1970 UTC, as are all instants here. */
export function reportWith(
  schedule: PeriodicSchedule,
  at: number,
  overrides: readonly Override[] = [],
): GateReport {
  const kept = schedule.overriding(overrides);
  const report = kept.reportAt(at);
  if (report.verdict === 'pass' || !overrides.includes('window')) {
    return report;
  }
  if (report.label === 'outside_window') {
    return overridden(report);
  }
  // The instant of the report is that of a window.
  return { ...report, nextAt: outsideOfFreezes(kept, at).fromAt };
}

export function timePeriodic(schedule: PeriodicSchedule, overrides: readonly Override[] = []): Timing {
  const kept = schedule.overriding(overrides);
  return timed(
    remembering(
      overrides.includes('window') ? (at) => outsideOfFreezes(kept, at) : (at) => inWindow(kept, at),
    ),
  );
}

/** Within a window, from the turn of this node on. */
export function inWindow(schedule: PeriodicSchedule, at: number): Pass | undefined {
  const state = schedule.ahead.stateAt(at);
  if (state.open) {
    return passOf(Math.max(at, schedule.turnAt(at) ?? at), state.untilAt);
  }
  const { nextAt } = state;
  if (nextAt === undefined) {
    return undefined;
  }
  const opened = schedule.ahead.stateAt(nextAt);
  return passOf(schedule.turnAt(nextAt) ?? nextAt, opened.open ? opened.untilAt : undefined);
}

/** As if a window were open at all times. */
function outsideOfFreezes(schedule: PeriodicSchedule, at: number): Pass {
  const { ahead } = schedule;
  let fromAt = at;
  for (let frozen = ahead.frozenAt(fromAt); frozen !== undefined; frozen = ahead.frozenAt(fromAt)) {
    fromAt = frozen.untilAt;
  }
  const state = ahead.stateAt(fromAt);
  if (state.open) {
    return passOf(Math.max(fromAt, schedule.turnAt(fromAt) ?? fromAt), state.untilAt);
  }
  const edges = ahead.freezes.map((freeze) => freeze.fromAt).filter((edge) => edge > fromAt);
  const ends = state.nextAt === undefined ? edges : [...edges, state.nextAt];
  return passOf(fromAt, ends.length === 0 ? undefined : Math.min(...ends));
}

/** Searching a calendar takes long. Within one look the same windows are asked for again and again. */
function remembering(find: PassAfter): PassAfter {
  const known: { readonly askedAt: number; readonly pass: Pass }[] = [];
  return (at) => {
    for (const { askedAt, pass } of known) {
      const { fromAt, untilAt } = pass;
      // Of one without an end, only the beginning is certain.
      if (askedAt <= at && at < (untilAt ?? fromAt + 1)) {
        return passOf(Math.max(at, fromAt), untilAt);
      }
    }
    const pass = find(at);
    if (pass !== undefined) {
      known.push({ askedAt: at, pass });
    }
    return pass;
  };
}
