/**
 * A clock that moves only when told to. Sleepers wake in the order of their instants. Between two of them,
 * everything that needs no time runs to its end.
 */
import type { Clock } from '../../src/agent/ports.ts';
import { CancelledError } from '../../src/errors.ts';

interface Sleeper {
  readonly atMono: number;
  readonly order: number;
  wake(): void;
}

export class VirtualClock implements Clock {
  #mono = 0;
  #offset: number;
  #order = 0;
  #sleepers: Sleeper[] = [];

  constructor(startAt: number = Date.UTC(2026, 0, 1)) {
    this.#offset = startAt;
  }

  now(): number {
    return this.#mono + this.#offset;
  }

  monotonic(): number {
    return this.#mono;
  }

  /** Sets the wall clock; the monotonic clock does not change. */
  setWall(at: number): void {
    this.#offset = at - this.#mono;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(new CancelledError('the sleep was given up'));
      };
      const sleeper: Sleeper = {
        atMono: this.#mono + Math.max(ms, 0),
        order: this.#order++,
        wake: () => {
          signal.removeEventListener('abort', cancel);
          resolve();
        },
      };
      if (signal.aborted) {
        reject(new CancelledError('the sleep was given up'));
        return;
      }
      signal.addEventListener('abort', cancel, { once: true });
      this.#sleepers.push(sleeper);
    });
  }

  get sleepers(): number {
    return this.#sleepers.length;
  }

  /** Lets `ms` pass, and wakes every sleeper at its instant. */
  async advance(ms: number): Promise<void> {
    const end = this.#mono + ms;
    for (;;) {
      await settle();
      const next = this.#sleepers.toSorted((a, b) => a.atMono - b.atMono || a.order - b.order)[0];
      if (next === undefined || next.atMono > end) {
        break;
      }
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      this.#mono = Math.max(this.#mono, next.atMono);
      next.wake();
    }
    this.#mono = end;
    await settle();
  }
}

/** Runs everything that waits neither for time nor for I/O. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
