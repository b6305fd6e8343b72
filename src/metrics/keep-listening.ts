/**
 * Keeps something listening for the agent's whole life: opened again, with growing pauses, whenever it cannot be opened
 * or its accepting fails.
 *
 * Invariants: never rejects; trouble is told once when it begins and once when it is over, not at each attempt; however
 * fast the faults come, there is a pause after each, so they cost no CPU; resolves with everything closed.
 */
import type { Clock } from '../agent/ports.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log/log.ts';

export interface Listening {
  /** Resolves with the reason when connections can no longer be accepted. */
  readonly fault: Promise<unknown>;
  /** Ends it and all its connections. */
  close(): Promise<void>;
}

export interface KeepListeningOptions {
  /** For people: `metrics socket /run/…`. */
  readonly what: string;
  readonly open: () => Promise<Listening>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly signal: AbortSignal;
  /** Called after the first attempt, whatever came of it. */
  readonly onTried: () => void;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** Listening as long as this without a fault, it counts as well again. */
const STABLE_MS = 10_000;

export async function keepListening(options: KeepListeningOptions): Promise<void> {
  const { what, clock, log, signal, onTried } = options;
  let isTroubled = false;
  let pauseMs = FIRST_PAUSE_MS;
  const onStable = (): void => {
    if (isTroubled) {
      log.info(`${what} listens again`);
    }
    isTroubled = false;
    pauseMs = FIRST_PAUSE_MS;
  };
  while (!signal.aborted) {
    const reason = await listenOnce(options, onStable).catch((error: unknown) => error);
    onTried();
    if (isAborted(signal)) {
      return;
    }
    if (!isTroubled) {
      log.warn(`${what} does not listen, trying again: ${messageOf(reason)}`);
    }
    isTroubled = true;
    await clock.sleep(pauseMs, signal).catch(ignore);
    pauseMs = pauseAfter(pauseMs);
  }
}

/** Resolves with the fault that ended it, or with nothing when the signal did; rejects when it cannot be opened. */
async function listenOnce(options: KeepListeningOptions, onStable: () => void): Promise<unknown> {
  const { open, clock, signal, onTried } = options;
  const listening = await open();
  onTried();
  const watch = new AbortController();
  const over = AbortSignal.any([signal, watch.signal]);
  clock.sleep(STABLE_MS, over).then(onStable, ignore);
  try {
    return await Promise.race([listening.fault, whenAborted(over)]);
  } finally {
    watch.abort();
    await listening.close();
  }
}

/** The pause that follows one of `pauseMs`, both in milliseconds. */
export function pauseAfter(pauseMs: number): number {
  return Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
}

function ignore(): void {
  // The wait was given up: the loop sees that by itself.
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    } else {
      signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}

/** Asked anew: the compiler would otherwise take the loop's condition for still true. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
