/** A node on 1 that people ask for something: 2 is offered to it, and one gate is shut. */
import { expect } from 'vitest';
import type { CheckQuery } from '../../src/agent/ports.ts';
import type { Outcome, Wish } from '../../src/agent/requests.ts';
import { isSkipped } from '../../src/agent/skip.ts';
import { judgeHold } from '../../src/gates/hold.ts';
import { isOverridden, overridden } from '../../src/gates/overridable.ts';
import { blocking, checkResult, deployment, PASSING, release } from './samples.ts';
import { SimulatedNode, type World } from './simulated-node.ts';

/** What the world is like just now. */
export interface Turns {
  offered: string | undefined;
  /** It is offered only to those who do not wait for the rollout. */
  rolling?: boolean;
  open: boolean;
  people: boolean;
}

/** `ask` gives a way to the outcome, which comes at most once. `until`: something is no longer undefined. */
export function askedNode(
  changes: Partial<World> = {},
  turns: Turns = { offered: '2', open: false, people: false },
) {
  const queries: CheckQuery[] = [];
  const node = new SimulatedNode(
    {
      check: (query) => {
        queries.push(query);
        const { offered, rolling = false } = turns;
        const isThere = offered !== undefined && (!rolling || query.ignoreRollout === true);
        const isDenied = isThere && isSkipped(query.skip, release(offered));
        const isFit = isThere && !isDenied && (query.to ?? offered) === offered;
        return checkResult(isFit ? { kind: 'update', release: release(offered) } : { kind: 'no-update' }, {
          skipped: isDenied ? [offered] : [],
        });
      },
      survey: (question) =>
        [...(turns.open ? PASSING : blocking('outside', 'outside_window')), judgeHold(question)].map(
          (report) => (isOverridden(report, question.overrides ?? []) ? overridden(report) : report),
        ),
      sessions: () => (turns.people ? [{ user: 'core', tty: 'pts/0' }] : []),
      ...changes,
    },
    [deployment('1', { booted: true })],
  );
  let count = 0;
  const ask = (wish: Wish, uid = 0): (() => Outcome | undefined) => {
    const id = `t-${++count}`;
    node.request({ id, by: { uid }, wish });
    return () => {
      const ends = node.happenings.filter(
        (happening) => happening.kind === 'request-ended' && happening.request.id === id,
      );
      expect(ends.length).toBeLessThanOrEqual(1);
      const [end] = ends;
      return end?.kind === 'request-ended' ? end.outcome : undefined;
    };
  };
  const until = (what: () => unknown): void => node.runUntil(() => what() !== undefined, 200);
  const toRest = (state: string): void =>
    node.runUntil(
      ({ stateName, effect }) => stateName === state && effect.kind === 'wait' && effect.forMs > 0,
    );
  return { node, turns, queries, ask, until, toRest };
}

export const REFUSED = (error: string, gates?: readonly string[]): unknown =>
  expect.objectContaining({ kind: 'refused', error, ...(gates !== undefined && { gates }) });
export const DONE = (text: string): unknown => expect.objectContaining({ kind: 'done', text });
