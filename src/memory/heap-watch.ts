/**
 * Keeps the heap near its live size. The runtime lets it grow to several times that before it collects. A host would pay
 * for that all day, although the agent has work for a few milliseconds in five minutes.
 *
 * Invariants:
 * - Between two pieces of work, at most {@link MOST_AT_WORK_BYTES} gather.
 * - At rest at most {@link MOST_AT_REST_BYTES} do.
 * - What only the start needed is given back at the rests whose number is a power of four. Before the first of them, at most
 *   {@link MOST_AT_START_BYTES} gather: a start is not made to wait for what is mostly still in use.
 */
import { MEBIBYTE } from '../text/units.ts';
import { collect, type Collection } from './collector.ts';

export const MOST_AT_WORK_BYTES = 4 * MEBIBYTE;
export const MOST_AT_REST_BYTES = 2 * MEBIBYTE;
export const MOST_AT_START_BYTES = 8 * MEBIBYTE;
/** The first rests are for what is loaded late: HTTP, and the first readings. */
const FIRST_DUE = 4;

export interface HeapWatchOptions {
  /** Bytes of the heap in use, garbage included. */
  readonly used: () => number;
  readonly collect: (how?: Collection) => void;
}

const OF_THIS_PROCESS: HeapWatchOptions = {
  used: () => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
  collect,
};

export class HeapWatch {
  readonly #options: HeapWatchOptions;
  /** In use after the last collection; before the first one: at the start. */
  #floorBytes: number;
  #rests = 0;
  #dueAtRest = FIRST_DUE;

  constructor(options: HeapWatchOptions = OF_THIS_PROCESS) {
    this.#options = options;
    this.#floorBytes = options.used();
  }

  /** A piece of work is over. */
  worked(): void {
    this.#collectBeyond(MOST_AT_WORK_BYTES, 'regular');
  }

  /** Nothing is to be done for a while. */
  rests(): void {
    this.#rests += 1;
    let most = this.#rests < FIRST_DUE ? MOST_AT_START_BYTES : MOST_AT_REST_BYTES;
    if (this.#rests === this.#dueAtRest) {
      this.#dueAtRest *= 4;
      // The runtime may have collected since, and less be in use than then.
      most = Number.NEGATIVE_INFINITY;
    }
    this.#collectBeyond(most, 'last-resort');
  }

  #collectBeyond(bytes: number, flavor: Collection['flavor']): void {
    const { used, collect: run } = this.#options;
    if (used() - this.#floorBytes > bytes) {
      run({ type: 'major', flavor });
      this.#floorBytes = used();
    }
  }
}
