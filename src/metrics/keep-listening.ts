/**
 * Keeps something listening for the agent's whole life. When it cannot be opened or accepts no more, it is opened
 * again, with growing pauses.
 *
 * Invariants:
 * - It never rejects, and resolves with everything closed.
 * - Trouble is told once when it begins and once when it is over, not at each attempt.
 * - There is a pause after each fault. However fast they come, they cost no CPU.
 */
import type { Clock } from '../agent/ports.ts';
import { reasonOf } from '../errors.ts';
import type { Logger } from '../log/log.ts';
import { MINUTE_MS, SECOND_MS } from '../text/units.ts';

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
  /** Called once the first attempt is over, whatever came of it. Later calls say nothing new. */
  readonly onTried: () => void;
}

const FIRST_PAUSE_MS = SECOND_MS;
const LONGEST_PAUSE_MS = MINUTE_MS;
/** What has listened for this long without a fault counts as well again. */
const STABLE_MS = 10 * SECOND_MS;

/** Resolves when `signal` is aborted and everything is closed. */
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
      log.warn(`${what} does not listen, trying again: ${reasonOf(reason)}`);
    }
    isTroubled = true;
    await clock.sleep(pauseMs, signal).catch(ignore);
    pauseMs = pauseAfter(pauseMs);
  }
}

/** Resolves with the fault that ended it, or with nothing if the signal did. Rejects when it cannot be opened. */
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
  // The wait was given up. The loop sees that by itself.
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

/** A function of its own, since the compiler would otherwise take the loop's condition for still true. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
