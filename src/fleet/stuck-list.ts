/** Nodes that have not left where they began, counted by what holds them. Pure. */
import type { Stuck } from './outcome.ts';
import type { PlannedGroup } from './plan.ts';

export class StuckList {
  readonly #groups = new Map<PlannedGroup, Map<string, Stuck>>();

  /** Of several nodes that the same thing holds, the reason of the first one is kept. */
  add(group: PlannedGroup, found: Omit<Stuck, 'nodes'>): void {
    const holders = this.#groups.get(group) ?? new Map<string, Stuck>();
    const known = holders.get(found.by) ?? { ...found, nodes: 0 };
    holders.set(found.by, { ...known, nodes: known.nodes + 1 });
    this.#groups.set(group, holders);
  }

  /** Of each group, the most first. */
  sorted(): ReadonlyMap<PlannedGroup, readonly Stuck[]> {
    return new Map(
      [...this.#groups].map(([group, holders]) => [group, [...holders.values()].toSorted(mostFirst)]),
    );
  }
}

function mostFirst(a: Stuck, b: Stuck): number {
  return b.nodes - a.nodes || (a.by < b.by ? -1 : 1);
}
