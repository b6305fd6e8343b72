/**
 * Frees what large answers and messages left behind. The runtime lets some 64 MB of buffers gather before it looks for garbage, which
 * is as much as the agent has in all.
 *
 * Invariant: bytes that were read never gather beyond {@link MOST_GARBAGE_BYTES} and what is being read.
 */
import { MEBIBYTE } from '../text/units.ts';
import { collect } from './collector.ts';

/** Real answers have 0.07 MB: with them alone, garbage is collected every few hours. */
const MOST_GARBAGE_BYTES = 2 * MEBIBYTE;

let gathered = 0;

/** Notes that so many bytes were read, packed or unpacked. What was noted before is freed if it is much. */
export function bytesRead(bytes: number): void {
  gathered += bytes;
}

/** Collects garbage if there is much of it. It takes some milliseconds, so it is called between two answers or messages. */
export function freeGarbage(): void {
  if (gathered < MOST_GARBAGE_BYTES) {
    return;
  }
  gathered = 0;
  collect();
}
