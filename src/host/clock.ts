/** The real clock: wall time, monotonic time, and a sleep that can be given up. */
import { CancelledError } from '../errors.ts';
import type { Clock } from '../agent/ports.ts';

/** setTimeout takes at most 2^31-1 ms, so a longer sleep takes several turns. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const NS_PER_MS = 1e6;
/** `performance` would be the same clock, and loads nine modules of the runtime. */
const START_NS = process.hrtime.bigint();

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  monotonic: () => Number(process.hrtime.bigint() - START_NS) / NS_PER_MS,
  sleep,
};

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  let left = ms;
  do {
    const turn = Math.min(left, LONGEST_TIMER_MS);
    await oneTimer(turn, signal);
    left -= turn;
  } while (left > 0);
}

function oneTimer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancelled = (): void => {
      clearTimeout(timer);
      reject(new CancelledError('the sleep was given up', { cause: signal.reason }));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', cancelled);
      resolve();
    }, ms);
    if (signal.aborted) {
      cancelled();
    } else {
      signal.addEventListener('abort', cancelled, { once: true });
    }
  });
}
