/**
 * How each state of a search was reached first: from which one, and by which of its moves. In typed arrays that grow. Pure.
 *
 * Invariant: a state comes after the one that it was reached from. So every path leads back to the first state.
 */
const FIRST_SIZE = 1 << 12;
const NOWHERE = -1;

export class PathStore {
  #parents = new Int32Array(FIRST_SIZE);
  #moves = new Uint16Array(FIRST_SIZE);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The number of the new state. `parent`: left out for the first one. */
  add(parent = NOWHERE, move = 0): number {
    if (this.#size === this.#parents.length) {
      const [parents, moves] = [this.#parents, this.#moves];
      this.#parents = new Int32Array(parents.length * 2);
      this.#parents.set(parents);
      this.#moves = new Uint16Array(moves.length * 2);
      this.#moves.set(moves);
    }
    this.#parents[this.#size] = parent;
    this.#moves[this.#size] = move;
    return this.#size++;
  }

  /** The moves from the first state to `state`, in order. */
  pathTo(state: number): readonly number[] {
    const moves: number[] = [];
    for (let at = state; at > 0; at = this.#parents[at] ?? 0) {
      moves.push(this.#moves[at] ?? 0);
    }
    return moves.toReversed();
  }
}
