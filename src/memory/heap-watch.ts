/**
 * Keeps the heap near its live size. The runtime lets it grow to several times that before it collects. A host would pay
 * for that all day, although the agent has work for a few milliseconds in five minutes.
 *
 * Invariants:
 * - Between two pieces of work, at most {@link MOST_AT_WORK_BYTES} gather.
 * - At rest at most {@link MOST_AT_REST_BYTES} do.
 * - What only the start needed is given back at the rests whose number is a power of four.
 */
import { MEBIBYTE } from '../text/units.ts';
import { collect, type Collection } from './collector.ts';

export const MOST_AT_WORK_BYTES = 4 * MEBIBYTE;
export const MOST_AT_REST_BYTES = 2 * MEBIBYTE;

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
  /** The first rests are for what is loaded late: HTTP, and the first readings. */
  #dueAtRest = 4;

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
    const isDue = this.#rests === this.#dueAtRest;
    if (isDue) {
      this.#dueAtRest *= 4;
    }
    this.#collectBeyond(isDue ? 0 : MOST_AT_REST_BYTES, 'last-resort');
  }

  #collectBeyond(bytes: number, flavor: Collection['flavor']): void {
    const { used, collect: run } = this.#options;
    if (used() - this.#floorBytes > bytes) {
      run({ type: 'major', flavor });
      this.#floorBytes = used();
    }
  }
}
