/**
 * Every state that a small fleet can get into, breadth first. Pure.
 *
 * Invariants:
 * - A state is looked at once. Which states are the same, canonical.ts says.
 * - The first violation that is found has the shortest way to it.
 * - A way is kept as numbers of moves, and walked again to be told.
 */
import type { Bounds } from './bounds.ts';
import { Choices } from './choices.ts';
import { collisionOdds, HashTable } from './hash-table.ts';
import { movers } from './interleaving.ts';
import { Liveness } from './liveness.ts';
import { PathStore } from './path-store.ts';
import { Player } from './player.ts';
import { Violation, type Property } from './safety.ts';
import { stateHash } from './state-hash.ts';
import type { StateAt } from './world-state.ts';

export interface Found {
  readonly bounds: Bounds;
  readonly states: number;
  readonly moves: number;
  /** Moves from the beginning to the last state that was looked at. */
  readonly depth: number;
  /** Every state within the bounds was looked at. */
  readonly isComplete: boolean;
  /** Steps of each node until all are where they should be, from any state, once everything works. */
  readonly stepsToGood: number;
  /** That two different states were taken for one, 0 to 1. */
  readonly collisionOdds: number;
  readonly violation: FoundViolation | undefined;
}

export interface FoundViolation {
  readonly property: Property;
  readonly message: string;
  /** Moves from the beginning. */
  readonly depth: number;
  /** The moves that lead there, the last one included. */
  readonly path: readonly number[];
}

/** Hears of each state that is looked at. */
export type OnState = (state: StateAt) => void;

export function search(
  bounds: Bounds,
  onLevel?: (depth: number, states: number) => void,
  onState?: OnState,
): Found {
  const search = new Search(bounds, onState);
  return search.run(onLevel);
}

interface Reached {
  readonly state: StateAt;
  readonly number: number;
}

class Search {
  readonly #bounds: Bounds;
  readonly #player: Player;
  readonly #liveness: Liveness;
  readonly #seen = new HashTable();
  readonly #paths = new PathStore();
  readonly #choices = new Choices();
  readonly #onState: OnState | undefined;
  #moves = 0;
  #depth = 0;
  #violation: FoundViolation | undefined;

  constructor(bounds: Bounds, onState: OnState | undefined) {
    this.#bounds = bounds;
    this.#player = new Player(bounds);
    this.#liveness = new Liveness(this.#player, bounds);
    this.#onState = onState;
  }

  run(onLevel: ((depth: number, states: number) => void) | undefined): Found {
    let level: Reached[] = [];
    try {
      this.#reach(this.#player.begin(), undefined, 0, level);
    } catch (error) {
      this.#note(error, []);
    }
    while (level.length > 0 && !this.#isOver()) {
      onLevel?.(this.#depth, this.#seen.size);
      const next: Reached[] = [];
      for (const reached of level) {
        this.#expand(reached, next);
        if (this.#isOver()) {
          break;
        }
      }
      level = next;
      this.#depth += level.length > 0 ? 1 : 0;
    }
    return {
      bounds: this.#bounds,
      states: this.#seen.size,
      moves: this.#moves,
      depth: this.#depth,
      isComplete: level.length === 0 && !this.#isOver(),
      stepsToGood: this.#liveness.most,
      collisionOdds: collisionOdds(this.#seen.size),
      violation: this.#violation,
    };
  }

  #isOver(): boolean {
    return this.#violation !== undefined || this.#seen.size >= this.#bounds.mostStates;
  }

  #expand({ state, number }: Reached, next: Reached[]): void {
    const places = movers(state, this.#bounds.isFull);
    this.#choices.clear();
    let move = 0;
    do {
      this.#moves += 1;
      try {
        const place = places[this.#choices.choose(places.length)] ?? 0;
        this.#reach(this.#player.move(state, place, this.#choices), number, move, next);
      } catch (error) {
        this.#note(error, [...this.#paths.pathTo(number), move]);
        return;
      }
      move += 1;
    } while (!this.#isOver() && this.#choices.next());
  }

  #reach(state: StateAt, parent: number | undefined, move: number, next: Reached[]): void {
    const { low, high } = stateHash(state, true);
    if (!this.#seen.add(low, high, 0)) {
      return;
    }
    this.#liveness.check(state);
    this.#onState?.(state);
    next.push({ state, number: this.#paths.add(parent, move) });
  }

  #note(error: unknown, path: readonly number[]): void {
    if (!(error instanceof Violation)) {
      throw error;
    }
    this.#violation = { property: error.property, message: error.message, depth: path.length, path };
  }
}
