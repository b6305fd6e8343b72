/**
 * What the machine saw at its last look, explained. Pure: the model alone is read.
 *
 * Invariant: of later it knows only what the reports of that look say together. So its lower bound may be earlier than
 * that of a fresh explanation, and is never later than the reboot.
 */
import type { Moment } from '../agent/moment.ts';
import type { ExplainedReport, GateReport, PassAfter } from '../agent/ports.ts';
import type { Holding, LastLook, Model, Policy } from '../agent/state.ts';
import { OPEN, openFrom, passOf, SHUT } from '../gates/timing.ts';
import type { ExplainedGate, Explanation } from './explanation.ts';
import { explain } from './explain.ts';

/** Undefined: nothing is staged, or nothing has been looked at since. */
export function explainLastLook(model: Model, policy: Policy, now: Moment): Explanation | undefined {
  const seen = lookOf(model);
  return seen === undefined ? undefined : explained(model, policy, now, seen.look);
}

function explained(model: Model, policy: Policy, now: Moment, look: LastLook): Explanation {
  const { reports, foresight, at } = look;
  const gates = reports.map((report, place): ExplainedReport => ({
    report,
    class: foresight?.classes[place] ?? 'observed',
    passAfter: passAfterOf(report),
  }));
  return explain(model, policy, gates, now, { asOfAt: at, together: togetherOf(look) });
}

/**
 * Those that did not pass at the machine's last look, in the order in which it asked. They are gates of this node,
 * people, rpm-ostree, the record, and lenders. Empty: nothing is staged, or nothing held the node.
 */
export function blockedAtLastLook(model: Model, policy: Policy, now: Moment): readonly ExplainedGate[] {
  const seen = lookOf(model);
  if (seen === undefined) {
    return [];
  }
  const { look, holding } = seen;
  const { loan } = model.memory;
  const surveyed = new Set(look.reports.map(({ gate }) => gate));
  return explained(model, policy, now, look).gates.filter(({ gate, verdict, class: of }) => {
    if (surveyed.has(gate) || gate === 'record') {
      return verdict !== 'pass';
    }
    if (gate === 'people') {
      return holding.by === 'sessions';
    }
    if (gate === 'rpm_ostree') {
      return verdict !== 'pass' || (holding.by === 'failure' && holding.asked === true);
    }
    // Of what is left, lenders alone are foreign.
    return of === 'foreign' && loan !== undefined && loan.kind !== 'granted' && loan.at >= look.at;
  });
}

function lookOf({
  state,
  memory: { look },
}: Model): { readonly look: LastLook; readonly holding: Holding } | undefined {
  return state.name === 'UpdateStaged' && look !== undefined ? { look, holding: state.holding } : undefined;
}

/** What one report says of its own later. */
function passAfterOf({ verdict, nextAt, passEndsAt }: GateReport): PassAfter {
  if (verdict !== 'pass') {
    return nextAt === undefined ? OPEN.passAfter : openFrom(nextAt).passAfter;
  }
  return (at) => passOf(at, at < (passEndsAt ?? at) ? passEndsAt : undefined);
}

function togetherOf({ foresight }: LastLook): PassAfter {
  if (foresight === undefined) {
    return OPEN.passAfter;
  }
  return foresight.clearAt === undefined ? SHUT.passAfter : openFrom(foresight.clearAt).passAfter;
}
