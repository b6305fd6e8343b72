/** The agent's own machine in a small fleet, in every state that it can get into. `zincati-fleet search` goes further. */
import { describe, expect, it } from 'vitest';

import { DEFAULT_SEARCHES, ONE_NODE, TWO_NODES, type Bounds } from '../../src/fleet/search/bounds.ts';
import { search } from '../../src/fleet/search/search.ts';
import { transcriptOf } from '../../src/fleet/search/transcript.ts';
import { hasSlot, isDown, isResting, type StateAt } from '../../src/fleet/search/world-state.ts';

/** The whole searches, for a change that could make a difference: SEARCH=all, about a minute. */
const SEARCHES: readonly Bounds[] =
  process.env['SEARCH'] === 'all'
    ? DEFAULT_SEARCHES
    : [
        { ...ONE_NODE, crashes: 1, faults: 1, requests: 0 },
        { ...ONE_NODE, crashes: 0, faults: 0, requests: 1 },
        { ...ONE_NODE, crashes: 0, faults: 2, requests: 0, isRestless: false },
        { ...TWO_NODES, crashes: 1, faults: 0 },
        { ...TWO_NODES, crashes: 0, faults: 1 },
      ];

describe('every state of a small fleet', () => {
  it.each(SEARCHES)(
    'nothing that must not happens to $nodes nodes with $crashes crashes, $faults faults, $requests requests',
    (bounds) => {
      const { violation, isComplete, states, collisionOdds } = search(bounds);
      const way = violation === undefined ? [] : transcriptOf(bounds, violation);
      expect({ violation: violation?.message, way }).toEqual({ violation: undefined, way: [] });
      expect(isComplete).toBe(true);
      expect(states).toBeGreaterThan(1000);
      expect(collisionOdds).toBeLessThan(1e-6);
    },
    300_000,
  );

  it.each<Pick<Bounds, 'nodes' | 'slots' | 'crashes' | 'faults'>>([
    { nodes: 2, slots: 1, crashes: 0, faults: 0 },
    { nodes: 2, slots: 2, crashes: 0, faults: 0 },
    { nodes: 2, slots: 1, crashes: 1, faults: 0 },
    { nodes: 3, slots: 1, crashes: 0, faults: 0 },
  ])('looks the same where nodes take turns only where it matters: %o', (few) => {
    const [reduced, full] = [false, true].map((isFull) => {
      const seen = new Set<string>();
      const found = search({ ...TWO_NODES, ...few, isFull }, undefined, (state) => seen.add(outside(state)));
      expect(found).toMatchObject({ violation: undefined, isComplete: true });
      return { seen: [...seen].toSorted(), states: found.states };
    });
    expect(reduced?.seen).toEqual(full?.seen);
    expect(reduced?.states).toBeLessThan(full?.states ?? 0);
  });
});

/** What is to be seen of a state where every node is at something that others can notice; otherwise nothing. */
function outside({ nodes, lent }: StateAt): string {
  const views = nodes.map((node, place) => {
    const { effect } = node.machine;
    const isSeen =
      node.account.isGoingDown ||
      isResting(node) ||
      ['acquire-slot', 'release-slot', 'finalize'].includes(effect.kind);
    const booted = node.deployments.find((deployment) => deployment.booted)?.version;
    return isSeen ? [effect.kind, booted, isDown(node), hasSlot(lent, place)].join(' ') : '';
  });
  return views.includes('') ? '' : views.toSorted().join(' | ');
}
