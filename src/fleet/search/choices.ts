/**
 * All ways in which a step can go: each question that the step asks is answered with every option in turn. Pure.
 *
 * Invariants:
 * - The ways come in an order of their own. So the number of a way is enough to take it again.
 * - The first way answers every question with its first option.
 */
export class Choices {
  readonly #taken: number[] = [];
  readonly #sizes: number[] = [];
  #place = 0;

  /** One of 0 to `options` - 1. */
  choose(options: number): number {
    if (options <= 1) {
      return 0;
    }
    const place = this.#place++;
    if (place === this.#taken.length) {
      this.#taken.push(0);
      this.#sizes.push(options);
    }
    return this.#taken[place] ?? 0;
  }

  /** Goes on to the next way, from its beginning. False: all ways are taken, and the next one is the first again. */
  next(): boolean {
    this.#place = 0;
    for (let last = this.#taken.length - 1; last >= 0; last--) {
      const option = (this.#taken[last] ?? 0) + 1;
      if (option < (this.#sizes[last] ?? 0)) {
        this.#taken[last] = option;
        return true;
      }
      this.#taken.pop();
      this.#sizes.pop();
    }
    return false;
  }

  /** To the first way of another step, whatever was taken of this one. */
  clear(): void {
    this.#taken.length = 0;
    this.#sizes.length = 0;
    this.#place = 0;
  }
}

/** Where there is nothing to choose: the first option always. */
export const FIRST_OPTION: Pick<Choices, 'choose'> = { choose: () => 0 };
