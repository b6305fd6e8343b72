/**
 * How many bytes an answer takes on the line. What frames its body has no limit elsewhere: extensions of chunks, and answers
 * such as 103 before the answer. Pure.
 */
import { MEBIBYTE } from '../text/units.ts';

/** Six times the largest body, which is what that takes in chunks of one byte. With room for headers. */
export const MOST_LINE_BYTES = 32 * MEBIBYTE;

export class LineBytes {
  #count = 0;

  /** A request leaves: what comes next is of its answer. */
  requestSent(): void {
    this.#count = 0;
  }

  /** Whether the answer takes more than {@link MOST_LINE_BYTES} with these. */
  isTooMuch(bytes: number): boolean {
    this.#count += bytes;
    return this.#count > MOST_LINE_BYTES;
  }
}
