/**
 * Numbers by 64-bit hashes, in typed arrays with open addressing. Pure.
 *
 * Invariants:
 * - A hash is two unsigned 32-bit halves.
 * - At most {@link FULLEST} of the places are taken, so that a search for a place is short.
 */
const FIRST_SIZE = 1 << 12;
/** Of the places. */
const FULLEST = 0.6;
const FREE = -1;

export class HashTable {
  #low = new Uint32Array(FIRST_SIZE);
  #high = new Uint32Array(FIRST_SIZE);
  #values = new Int32Array(FIRST_SIZE).fill(FREE);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Undefined: the hash is not there. */
  get(low: number, high: number): number | undefined {
    const value = this.#values[this.#placeOf(low, high)] ?? FREE;
    return value === FREE ? undefined : value;
  }

  /** Whether the hash is new; otherwise nothing changes. `value`: 0 or more. */
  add(low: number, high: number, value: number): boolean {
    const place = this.#placeOf(low, high);
    if (this.#values[place] !== FREE) {
      return false;
    }
    this.#low[place] = low;
    this.#high[place] = high;
    this.#values[place] = value;
    this.#size += 1;
    if (this.#size > this.#values.length * FULLEST) {
      this.#grow();
    }
    return true;
  }

  /** Of the hash, or of the free place where it belongs. */
  #placeOf(low: number, high: number): number {
    const mask = this.#values.length - 1;
    let place = (low ^ Math.imul(high, 0x9e3779b1)) & mask;
    while (
      this.#values[place] !== FREE &&
      (this.#low[place] !== low >>> 0 || this.#high[place] !== high >>> 0)
    ) {
      place = (place + 1) & mask;
    }
    return place;
  }

  #grow(): void {
    const [low, high, values] = [this.#low, this.#high, this.#values];
    const length = values.length * 2;
    this.#low = new Uint32Array(length);
    this.#high = new Uint32Array(length);
    this.#values = new Int32Array(length).fill(FREE);
    for (let from = 0; from < values.length; from++) {
      const value = values[from] ?? FREE;
      if (value !== FREE) {
        const place = this.#placeOf(low[from] ?? 0, high[from] ?? 0);
        this.#low[place] = low[from] ?? 0;
        this.#high[place] = high[from] ?? 0;
        this.#values[place] = value;
      }
    }
  }
}

/** The odds that two of `states` different states have the same hash, 0 to 1. */
export function collisionOdds(states: number): number {
  return -Math.expm1((-states * (states - 1)) / 2 ** 65);
}
