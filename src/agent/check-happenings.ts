/** What an answer of the update server tells: the dead end, what was left out and why, faults of the graph. Pure. */
import type { Happening } from './happenings.ts';
import type { CheckResult } from './ports.ts';
import type { Memory } from './state.ts';

/** `was`, `is`: the memory before and after `result` was taken in. */
export function toldOfCheck(was: Memory, is: Memory, result: CheckResult): Happening[] {
  const repeated = was.check.answer === is.check.answer;
  const happenings = ofDeadend(was, result);
  if (result.ignoredTargets > 0) {
    happenings.push({ kind: 'targets-ignored', count: result.ignoredTargets, repeated });
  }
  if (result.outcome.kind === 'downgrade-refused') {
    happenings.push({ kind: 'downgrade-refused', release: result.outcome.release, repeated });
  }
  for (const text of result.warnings) {
    happenings.push({ kind: 'graph-warning', text, repeated });
  }
  if (result.skipped.length > 0) {
    const stayingOn = result.outcome.kind === 'no-update' ? is.host?.booted.version : undefined;
    const requests = is.record.adminDenials.length > 0 ? { requests: true as const } : {};
    happenings.push({ kind: 'offers-skipped', versions: result.skipped, stayingOn, repeated, ...requests });
  }
  return happenings;
}

function ofDeadend({ deadend: was }: Memory, { deadend, outcome }: CheckResult): Happening[] {
  if (deadend.isDeadend) {
    const isKnown = was?.isDeadend === true && was.reason === deadend.reason;
    return isKnown ? [] : [{ kind: 'deadend', reason: deadend.reason }];
  }
  // A graph that does not know this node says nothing about it.
  return was?.isDeadend === false || outcome.kind === 'off-graph' ? [] : [{ kind: 'no-deadend' }];
}
