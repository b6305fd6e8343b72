/**
 * Tells whether a version stands in an answer twice, without making a string of any. Pure.
 *
 * Invariant: time and memory are bounded, whatever the versions are.
 */
import { QUOTE } from '../../text/json-bytes.ts';

/** More than twice as many as there can be versions. */
const TABLE_SIZE = 2 ** 15;
/** Bytes that are compared, if somebody chose versions that meet in the table. */
const MOST_STEPS = 2 ** 20;

/** Each version has a quote behind it and none within. */
export class SeenVersions {
  readonly #bytes: Buffer;
  /** By the hash: where a text begins; 0 where there is none. */
  readonly #table = new Int32Array(TABLE_SIZE);
  #stepsLeft = MOST_STEPS;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** False when the text was there, or when it takes too long to tell. */
  add(start: number, end: number): boolean {
    const bytes = this.#bytes;
    const table = this.#table;
    let hash = 0;
    for (let at = start; at < end; at += 1) {
      hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0;
    }
    let slot = (hash ^ (hash >>> 15)) & (TABLE_SIZE - 1);
    for (let known = table[slot] ?? 0; known !== 0; known = table[slot] ?? 0) {
      let length = 0;
      while (bytes[known + length] === bytes[start + length] && start + length < end) {
        length += 1;
      }
      this.#stepsLeft -= 1 + length;
      if ((start + length === end && bytes[known + length] === QUOTE) || this.#stepsLeft < 0) {
        return false;
      }
      slot = (slot + 1) & (TABLE_SIZE - 1);
    }
    table[slot] = start;
    return true;
  }
}
