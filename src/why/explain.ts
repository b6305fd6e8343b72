/**
 * Why the node does not reboot, and when it can: the machine's own gates, those of the node, people and lenders as one
 * answer. Pure.
 *
 * Invariants:
 * - Nothing here runs the machine forward. Each gate says when it passes, and a fixpoint joins them.
 * - The lower bound is never later than the first reboot, barring what nobody foretells. Such are a request, another
 *   configuration, a clock that is set, a newer release, and a permission file that is written anew.
 * - A gate that binds is one that blocks, or that will before the lower bound.
 * - The upper bound takes for granted that what is observed stays as it is. The work itself takes no time.
 */
import type { Moment } from '../agent/moment.ts';
import type { Override } from '../agent/overrides.ts';
import type { ExplainedReport, GateClass, Pass, PassAfter } from '../agent/ports.ts';
import type { Hold } from '../agent/requests.ts';
import type { Model, Policy } from '../agent/state.ts';
import { firstCommonPass, HORIZON_DAYS } from '../gates/first-pass.ts';
import { lenderGates, pacing, recordGate, rpmOstreeGate } from './attempt-gates.ts';
import { ofGate, type Candidate, type Scene } from './candidate.ts';
import type { Bound, ExplainedGate, Explanation } from './explanation.ts';
import { nextLookAt } from './next-look.ts';
import { latestReboot, PEOPLE, peopleGate, type Company } from './people.ts';
import { releaseGates, subjectOf, type Subject } from './release-gates.ts';

export interface ExplainOptions {
  /** As in the question that the gates were asked. */
  readonly overrides?: readonly Override[];
  /** As in that question, too. */
  readonly holds?: readonly Hold[];
  /** Who is logged in now. Left out: who was at the machine's last look. */
  readonly company?: Company;
  /** When the gates were looked at. Left out: just now. */
  readonly asOfAt?: number;
  /** What the gates say together, where each of them no longer can. */
  readonly together?: PassAfter;
}

/** `gates`: of one look, in the order of the configuration. */
export function explain(
  model: Model,
  policy: Policy,
  gates: readonly ExplainedReport[],
  now: Moment,
  options: ExplainOptions = {},
): Explanation {
  const { overrides = [], holds = [] } = options;
  const scene: Scene = { model, policy, now, overrides, holds };
  const subject = subjectOf(model);
  const common = {
    asOfAt: options.asOfAt ?? now.at,
    release: subject.release?.version,
    stage: subject.stage,
  };
  if (subject.stage === 'finalized') {
    const assumptions = ['the reboot that was asked for comes'];
    return { ...common, lower: { kind: 'at', at: now.at }, upper: { kind: 'open' }, assumptions, gates: [] };
  }
  const candidates = inOrder(scene, subject, gates, options);
  const passes = candidates.map(({ passAfter }) => passAfter);
  const all = options.together === undefined ? passes : [...passes, options.together];
  const { pass, binding } = firstCommonPass(all, now.at);
  const upper = pass === undefined ? NEVER : upperOf(scene, candidates, all, pass.fromAt);
  return {
    ...common,
    lower: pass === undefined ? NEVER : { kind: 'at', at: pass.fromAt },
    upper,
    assumptions: candidates.flatMap(({ assumption }) => (assumption === undefined ? [] : [assumption])),
    gates: candidates.map((candidate, place) =>
      withLatest(shownOf(candidate, now.at, binding.has(place)), upper),
    ),
  };
}

const NEVER: Bound = { kind: 'never-within', days: HORIZON_DAYS };

/** In the order in which the machine asks. */
function inOrder(
  scene: Scene,
  subject: Subject,
  gates: readonly ExplainedReport[],
  { company, asOfAt }: ExplainOptions,
): readonly Candidate[] {
  return [
    ...releaseGates(scene, subject),
    ...(subject.stage === 'staged' ? [pacing(scene)] : []),
    ...gates.map((gate) => ofGate(gate, asOfAt)),
    peopleGate(scene, company),
    rpmOstreeGate(scene),
    recordGate(scene),
    ...lenderGates(scene),
  ];
}

/** `firstAt`: when all of them pass at the earliest. */
function upperOf(
  { model, policy, now, overrides }: Scene,
  candidates: readonly Candidate[],
  passes: readonly PassAfter[],
  firstAt: number,
): Bound {
  if (model.state.name !== 'UpdateStaged' || candidates.some(({ openEnded }) => openEnded)) {
    return { kind: 'open' };
  }
  if (overrides.includes('people')) {
    return { kind: 'at', at: firstAt };
  }
  const lookAt = overrides.length > 0 ? now.at : nextLookAt(model, now);
  return latestReboot({ passes, grace: model.state, policy: policy.sessions, lookAt });
}

function shownOf({ shown, passAfter }: Candidate, at: number, isBinding: boolean): ExplainedGate {
  const { verdict, class: of } = shown;
  const passes = verdict === 'pass';
  const pass = passAfter(at);
  const isKnown = of === 'timed' || of === 'bounded';
  const earliestAt = passes || !isKnown || isContradiction(of, pass, at) ? undefined : pass?.fromAt;
  const endsAt = passes && pass?.fromAt === at ? pass.untilAt : undefined;
  const blocks = !passes && of !== 'foreign';
  return {
    ...shown,
    ...(earliestAt !== undefined && { earliestAt }),
    ...(endsAt !== undefined && { endsAt }),
    ...((blocks || isBinding) && { binds: true as const }),
  };
}

/**
 * A timed gate that blocks cannot pass now. It is a last look that does not know when it passes, such as at a hold
 * without an end. Exported, so that a test can show what is told without it.
 */
export function isContradiction(of: GateClass, pass: Pass | undefined, at: number): boolean {
  return of === 'timed' && pass?.fromAt === at;
}

/** Whoever is logged in holds the node until the upper bound at worst. */
function withLatest(shown: ExplainedGate, upper: Bound): ExplainedGate {
  const isHolding = shown.gate === PEOPLE && shown.verdict !== 'pass';
  return isHolding && upper.kind === 'at' ? { ...shown, latestAt: upper.at } : shown;
}
