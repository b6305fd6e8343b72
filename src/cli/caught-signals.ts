/**
 * Signals that would end this process, caught as long as it has something to put in order.
 *
 * Invariant: none of them is lost. Whoever asks later hears of the first one.
 */
import { constants } from 'node:os';

export const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const satisfies NodeJS.Signals[];
/** What programs use among themselves. */
const OTHER_SIGNALS = ['SIGUSR1', 'SIGUSR2'] as const satisfies NodeJS.Signals[];

export class CaughtSignals implements Disposable {
  /** Aborts at the first signal that asks for an end. */
  readonly signal: AbortSignal;
  #first: NodeJS.Signals | undefined;
  #listener: (name: NodeJS.Signals) => void = () => undefined;
  readonly #life = new AbortController();
  readonly #caught = (name: NodeJS.Signals): void => {
    if (ENDING_SIGNALS.some((ending) => ending === name)) {
      this.#first ??= name;
      this.#life.abort();
    }
    this.#listener(name);
  };

  constructor() {
    this.signal = this.#life.signal;
    for (const name of [...ENDING_SIGNALS, ...OTHER_SIGNALS]) {
      process.on(name, this.#caught);
    }
  }

  [Symbol.dispose](): void {
    for (const name of [...ENDING_SIGNALS, ...OTHER_SIGNALS]) {
      process.off(name, this.#caught);
    }
  }

  /** The first signal that asked for an end. */
  get first(): NodeJS.Signals | undefined {
    return this.#first;
  }

  /** Hears each signal from now on. */
  passTo(listener: (name: NodeJS.Signals) => void): void {
    this.#listener = listener;
  }
}

/** As a shell tells that a signal ended a program: 130 for SIGINT. */
export function exitCodeOfSignal(name: NodeJS.Signals): number {
  return SIGNAL_BASE + constants.signals[name];
}

const SIGNAL_BASE = 128;
