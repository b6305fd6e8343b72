/**
 * Which node is visited next: the earliest instant, and of several the lowest number. A binary heap with a place for
 * each number. Pure.
 *
 * Invariant: a number is in it once at most. Putting it again moves it.
 */
const NOWHERE = -1;

export class VisitQueue {
  readonly #at: Float64Array;
  readonly #heap: Int32Array;
  readonly #place: Int32Array;
  #size = 0;

  /** Numbers are below `most`. */
  constructor(most: number) {
    this.#at = new Float64Array(most);
    this.#heap = new Int32Array(most);
    this.#place = new Int32Array(most).fill(NOWHERE);
  }

  get size(): number {
    return this.#size;
  }

  atOf(number: number): number | undefined {
    return this.#place[number] === NOWHERE ? undefined : this.#at[number];
  }

  put(number: number, at: number): void {
    this.#at[number] = at;
    let place = this.#place[number] ?? NOWHERE;
    if (place === NOWHERE) {
      place = this.#size;
      this.#size += 1;
      this.#set(place, number);
    }
    this.#sink(this.#rise(place));
  }

  /** The next one, taken out. Undefined: it is empty. */
  take(): { readonly number: number; readonly at: number } | undefined {
    const number = this.#size === 0 ? undefined : this.#heap[0];
    if (number === undefined) {
      return undefined;
    }
    this.#place[number] = NOWHERE;
    this.#size -= 1;
    const last = this.#heap[this.#size];
    if (this.#size > 0 && last !== undefined) {
      this.#set(0, last);
      this.#sink(0);
    }
    return { number, at: this.#at[number] ?? Number.NaN };
  }

  #rise(from: number): number {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!this.#isBefore(place, above)) {
        break;
      }
      this.#swap(place, above);
      place = above;
    }
    return place;
  }

  #sink(from: number): void {
    let place = from;
    for (;;) {
      const left = 2 * place + 1;
      const right = left + 1;
      let first = place;
      if (left < this.#size && this.#isBefore(left, first)) {
        first = left;
      }
      if (right < this.#size && this.#isBefore(right, first)) {
        first = right;
      }
      if (first === place) {
        return;
      }
      this.#swap(place, first);
      place = first;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const one = this.#heap[a] ?? 0;
    const other = this.#heap[b] ?? 0;
    const oneAt = this.#at[one] ?? 0;
    const otherAt = this.#at[other] ?? 0;
    return oneAt < otherAt || (oneAt === otherAt && one < other);
  }

  #swap(a: number, b: number): void {
    const one = this.#heap[a] ?? 0;
    this.#set(a, this.#heap[b] ?? 0);
    this.#set(b, one);
  }

  #set(place: number, number: number): void {
    this.#heap[place] = number;
    this.#place[number] = place;
  }
}
