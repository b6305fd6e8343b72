/**
 * Asks for a program's slot, again and again if there is time.
 *
 * Invariants:
 * - A request that is under way is awaited, unless the caller gives up: one that is cut off may have taken a slot.
 * - That a slot may be held is known until a clear answer of the server says otherwise.
 * - A server that says when to ask again is not asked before.
 */
import type { Clock, SlotAnswer } from '../agent/ports.ts';
import { CancelledError, FleetLockError, messageOf } from '../errors.ts';
import { SECOND_MS } from '../text/units.ts';

/** `mayBeHeld`: nobody knows whether there is something to give back. */
export type Taking =
  | { readonly kind: 'granted' }
  | { readonly kind: 'refused'; readonly reason: string; readonly mayBeHeld: false }
  | { readonly kind: 'failed'; readonly error: unknown; readonly mayBeHeld: boolean }
  | { readonly kind: 'unknown'; readonly reason: string; readonly mayBeHeld: true }
  /** The caller gave up. */
  | { readonly kind: 'given-up'; readonly mayBeHeld: boolean };

export interface TakeSlotOptions {
  readonly take: (signal: AbortSignal) => Promise<SlotAnswer>;
  readonly clock: Clock;
  /** How long it is asked again; 0: once. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Told when the reason for waiting is a new one, one sentence. */
  readonly onWait: (reason: string) => void;
}

const PAUSE_MS = 15 * SECOND_MS;
const SHORTEST_PAUSE_MS = SECOND_MS;

/** One answer, and when it can be asked again. */
interface Round {
  readonly taking: Taking;
  readonly reason: string;
  /** Undefined: asking again makes no sense. */
  readonly pauseMs: number | undefined;
  /** The server named the instant. */
  readonly isNamed: boolean;
}

/** Rejects only with what is no failure of the lock server. */
export async function takeSlot(options: TakeSlotOptions): Promise<Taking> {
  const { clock, waitMs, signal, onWait } = options;
  const endMono = clock.monotonic() + waitMs;
  let mayBeHeld = false;
  let told = '';
  for (;;) {
    const { taking, reason, pauseMs, isNamed } = await ask(options, mayBeHeld);
    mayBeHeld = taking.kind !== 'granted' && taking.mayBeHeld;
    const leftMs = endMono - clock.monotonic();
    if (taking.kind === 'granted' || pauseMs === undefined || leftMs <= 0 || (isNamed && pauseMs > leftMs)) {
      return taking;
    }
    if (reason !== told) {
      told = reason;
      onWait(reason);
    }
    try {
      await clock.sleep(Math.min(Math.max(pauseMs, SHORTEST_PAUSE_MS), leftMs), signal);
    } catch {
      return { kind: 'given-up', mayBeHeld };
    }
  }
}

async function ask({ take, clock, signal }: TakeSlotOptions, mayBeHeld: boolean): Promise<Round> {
  const once = (taking: Taking): Round => ({ taking, reason: '', pauseMs: undefined, isNamed: false });
  if (signal.aborted) {
    return once({ kind: 'given-up', mayBeHeld });
  }
  try {
    const answer = await take(signal);
    switch (answer.kind) {
      case 'granted':
        return once({ kind: 'granted' });
      case 'refused': {
        const { reason, untilAt } = answer;
        return {
          taking: { kind: 'refused', reason, mayBeHeld: false },
          reason,
          pauseMs: untilAt === undefined ? PAUSE_MS : untilAt - clock.now(),
          isNamed: untilAt !== undefined,
        };
      }
      case 'may-be-held': {
        const { reason, askAgainMs, untilAt } = answer;
        return {
          taking: { kind: 'unknown', reason, mayBeHeld: true },
          reason,
          pauseMs: askAgainMs,
          isNamed: untilAt !== undefined,
        };
      }
    }
  } catch (error) {
    if (error instanceof CancelledError || isAborted(signal)) {
      // The request may have arrived.
      return once({ kind: 'given-up', mayBeHeld: true });
    }
    if (!(error instanceof FleetLockError)) {
      throw error;
    }
    const { retryAfterMs = 0 } = error;
    const isPassing = error.kind === 'fleet_lock_unreachable' || error.kind === 'fleet_lock_unavailable';
    return {
      taking: { kind: 'failed', error, mayBeHeld },
      reason: messageOf(error),
      pauseMs: isPassing ? Math.max(PAUSE_MS, retryAfterMs) : undefined,
      isNamed: retryAfterMs > 0,
    };
  }
}

/** A function of its own, since the compiler would otherwise take it for still false. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
