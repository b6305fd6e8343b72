/**
 * Collects a body that comes in pieces. Pure.
 *
 * Invariants:
 * - However small the pieces are, at most twice their bytes are kept: no piece stays an object of its own.
 * - Each byte is copied a constant number of times.
 */
import { KIBIBYTE } from '../text/units.ts';

const SMALLEST_STORE_BYTES = 4 * KIBIBYTE;

export class BodyStore {
  #store: Buffer = Buffer.alloc(0);
  #length = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Everything so far, as a view. */
  get bytes(): Buffer {
    return this.#store.subarray(0, this.#length);
  }

  add(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#store.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#store.length, SMALLEST_STORE_BYTES));
      this.#store.copy(grown, 0, 0, this.#length);
      this.#store = grown;
    }
    this.#store.set(piece, this.#length);
    this.#length = length;
  }
}
