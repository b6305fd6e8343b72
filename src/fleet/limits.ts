/**
 * How long the rounds of a waiting node stay the same: every instant at which one could be another. Pure; milliseconds
 * since 1970 UTC, Infinity for never.
 *
 * Invariants:
 * - Each reason has an entry of its own. A walk goes up to the first of them.
 * - An entry may name an instant that is too early. Then a round is run that could have been walked.
 * - None may name one that is too late. A test takes each entry away, and finds a plan with another outcome.
 */
import { WORTH_WRITING_MS } from '../agent/pursuit.ts';
import { endOfPass } from '../gates/first-pass.ts';
import type { FleetNode } from './fleet-node.ts';
import type { Rhythm } from './rhythm.ts';
import { nextChangeAt } from './update-server.ts';

/** A node that has just come to rest. */
export interface AtRest {
  readonly node: FleetNode;
  readonly rhythm: Rhythm;
  readonly powerUntilAt: number;
}

export type Limit = (rest: AtRest) => number;

const NEVER = Number.POSITIVE_INFINITY;

export const LIMITS = {
  /** The server offers something else. */
  graph: ({ node }) => nextChangeAt(node.view, node.sim.at),
  /** Most rounds do not ask the graph. What has changed since the last answer is heard at the next question. */
  answer: ({ node, rhythm }) => {
    const { at, mono, model } = node.sim;
    const { check, record } = model.memory;
    const askedAt = check.lastAttemptAt ?? Number.NEGATIVE_INFINITY;
    const isNews =
      nextChangeAt(node.view, askedAt) <= at ||
      record.denials.some(({ untilAt }) => untilAt !== undefined && untilAt > askedAt && untilAt <= at);
    return rhythm.kind === 'staged' && isNews ? at + check.dueMono - mono : NEVER;
  },
  /** A release that was given up may be tried again. */
  denials: ({ node }) => {
    const ends = node.sim.record.denials.map(({ untilAt = NEVER }) => untilAt);
    return first(ends.filter((endAt) => endAt > node.sim.at));
  },
  /** All gates pass, as they have foretold. A gate that names no instant stays as it is: a plan changes nothing there. */
  foretold: ({ node }) => {
    const { state } = node.sim.model;
    return state.name === 'UpdateStaged' && state.holding.by === 'strategy'
      ? (state.holding.untilAt ?? NEVER)
      : NEVER;
  },
  /** For how long the node has not got on is written down now and then. */
  pursuit: ({ node, rhythm }) =>
    rhythm.kind === 'staged' && rhythm.movesPursuit
      ? (node.sim.record.stalledSinceAt ?? node.sim.at) + WORTH_WRITING_MS
      : NEVER,
  /** A gate passes no longer. */
  closing: ({ node, rhythm }) => {
    const gates = rhythm.kind === 'staged' ? node.explain() : [];
    const passes = gates.map(({ passAfter }) => passAfter);
    return gates.every(({ report }) => report.verdict === 'pass')
      ? (endOfPass(passes, node.sim.at) ?? NEVER)
      : NEVER;
  },
  /** Somebody comes or goes. */
  people: ({ node, rhythm }) =>
    rhythm.kind === 'staged' && rhythm.looksForPeople ? node.people.nextChangeAt(node.sim.at) : NEVER,
  /** The node is switched off. */
  power: ({ powerUntilAt }) => powerUntilAt,
} as const satisfies Readonly<Record<string, Limit>>;

/** The first of all. */
export function limitOf(rest: AtRest, limits: readonly Limit[]): number {
  return first(limits.map((limit) => limit(rest)));
}

function first(instants: readonly number[]): number {
  return Math.min(...instants, NEVER);
}
