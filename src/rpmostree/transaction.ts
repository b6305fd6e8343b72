/**
 * Follows one of rpm-ostree's transactions over its peer connection, from Start to Finished.
 *
 *   connect -> listen -> Start -> progress… -> Finished -> close
 *
 * Invariants: listening begins before Start, so no signal is missed; every wait ends (Finished, loss of the daemon, no
 * progress for the stall limit, the caller's limit or abort); the connection is closed on every way out; an aborted
 * wait on a transaction of our own cancels it, and is over within a second.
 */
import type { Clock, Progress } from '../agent/ports.ts';
import type { BusLink, ConnectPeer } from '../dbus/types.ts';
import { BusError, CancelledError } from '../errors.ts';
import { MINUTE_MS, SECOND_MS } from '../text/units.ts';
import { fingerprintOf, progressOf } from './progress.ts';

export const TRANSACTION_INTERFACE = 'org.projectatomic.rpmostree1.Transaction';
/** Every transaction's object on its own connection. */
export const TRANSACTION_PATH = '/';

/** A transaction that shows no progress for so long is stuck: the slowest real steps say something every minute or two. */
export const STALL_LIMIT_MS = 10 * MINUTE_MS;
/** Start and Cancel are answered from the daemon's main loop, whatever the transaction does. */
export const ANSWER_LIMIT_MS = 30 * SECOND_MS;
/** A cancelled transaction winds down by then, or is left behind. */
export const CANCEL_LIMIT_MS = 10 * SECOND_MS;
/** With the owner gone (SIGTERM) there is a second in all: for reaching the transaction, and for its end. */
const LATE_CONNECT_LIMIT_MS = 200;
const ABORT_LIMIT_MS = 400;

export type TransactionEnd =
  | { readonly kind: 'succeeded' }
  /** Finished(false, text). */
  | { readonly kind: 'failed'; readonly text: string }
  /** The daemon went away before Finished: the outcome is unknown. */
  | { readonly kind: 'lost' }
  /** No progress for the stall limit; cancelled if that was allowed. */
  | { readonly kind: 'stalled' }
  /** `limitMs` is over; the transaction runs on. */
  | { readonly kind: 'limit' };

export interface FollowOptions {
  readonly onProgress: (progress: Progress) => void;
  /** The transaction is ours to cancel: when it stalls, and when we are aborted. */
  readonly ours: boolean;
  /** Left out: it may be quiet for as long as it likes. */
  readonly stallLimitMs?: number;
  /** No longer than this; left out: to the end. */
  readonly limitMs?: number;
}

/**
 * Connects to `address` and follows; rejects with BusError when there is no such peer, CancelledError when aborted.
 * A transaction of ours is reached even then: one that is never started blocks everybody else.
 */
export async function followTransaction(
  connectPeer: ConnectPeer,
  clock: Clock,
  address: string,
  options: FollowOptions,
  signal: AbortSignal,
): Promise<TransactionEnd> {
  const connected = new AbortController();
  try {
    const reach = options.ours ? abortedLater(signal, clock, connected.signal) : signal;
    const peer = await connectPeer(address, reach);
    connected.abort();
    try {
      return await new Follower(peer, clock, options).run(signal);
    } finally {
      await peer.close();
    }
  } finally {
    connected.abort();
  }
}

class Follower {
  readonly #peer: BusLink;
  readonly #clock: Clock;
  readonly #options: FollowOptions;
  /** Settles at Finished. */
  readonly #finished: Promise<TransactionEnd>;
  readonly #stopListening: () => void;
  #lastProgressAt: number;
  #fingerprint = '';

  constructor(peer: BusLink, clock: Clock, options: FollowOptions) {
    this.#peer = peer;
    this.#clock = clock;
    this.#options = options;
    this.#lastProgressAt = clock.monotonic();
    const { promise, resolve } = Promise.withResolvers<TransactionEnd>();
    this.#finished = promise;
    this.#stopListening = peer.onSignal(
      { interface: TRANSACTION_INTERFACE, path: TRANSACTION_PATH },
      (arrived) => {
        if (arrived.member === 'Finished') {
          const [success, text] = arrived.body;
          if (success === true) {
            resolve({ kind: 'succeeded' });
          } else {
            resolve({ kind: 'failed', text: typeof text === 'string' ? text : '' });
          }
          return;
        }
        const fingerprint = fingerprintOf(arrived);
        if (fingerprint !== this.#fingerprint) {
          this.#fingerprint = fingerprint;
          this.#lastProgressAt = this.#clock.monotonic();
        }
        const progress = progressOf(arrived);
        if (progress !== undefined) {
          options.onProgress(progress);
        }
      },
    );
  }

  async run(signal: AbortSignal): Promise<TransactionEnd> {
    const stop = new AbortController();
    const { limitMs, ours, stallLimitMs } = this.#options;
    try {
      // Start goes out whatever happens next, so that a Cancel has something to cancel.
      const started = this.#start();
      const waits = [
        this.#finished,
        started,
        this.#whenLost(stop.signal),
        this.#whenAborted(signal, stop.signal),
      ];
      if (stallLimitMs !== undefined) {
        waits.push(this.#whenStalled(stallLimitMs, stop.signal));
      }
      if (limitMs !== undefined) {
        waits.push(this.#after(limitMs, { kind: 'limit' }, stop.signal));
      }
      const end = await Promise.race(waits);
      if (end.kind === 'stalled' && ours) {
        await this.#cancel(CANCEL_LIMIT_MS);
      }
      return end;
    } catch (error) {
      if (error instanceof CancelledError && ours) {
        await this.#cancel(ABORT_LIMIT_MS);
      }
      throw error;
    } finally {
      stop.abort();
      this.#stopListening();
    }
  }

  /** Never resolves by itself: what it starts is reported by signals. Rejects when Start is refused. */
  async #start(): Promise<TransactionEnd> {
    try {
      await this.#call('Start', ANSWER_LIMIT_MS);
    } catch (error) {
      // A connection that ends is reported once, as a loss.
      const lost = this.#peer.gone.aborted || (error instanceof BusError && error.kind === 'bus_closed');
      if (!lost) {
        throw error;
      }
    }
    return forever();
  }

  /** Asks for the end and waits for it, a bounded while; failures to do so change nothing. */
  async #cancel(limitMs: number): Promise<void> {
    const stop = new AbortController();
    try {
      const asked = this.#call('Cancel', limitMs).then(
        () => forever(),
        (): TransactionEnd => ({ kind: 'lost' }),
      );
      await Promise.race([
        asked,
        this.#finished,
        this.#whenLost(stop.signal),
        this.#after(limitMs, { kind: 'limit' }, stop.signal),
      ]);
    } finally {
      stop.abort();
    }
  }

  async #call(member: string, timeoutMs: number): Promise<void> {
    await this.#peer.call({ path: TRANSACTION_PATH, interface: TRANSACTION_INTERFACE, member, timeoutMs });
  }

  async #whenStalled(stallLimitMs: number, stop: AbortSignal): Promise<TransactionEnd> {
    for (;;) {
      const quietMs = this.#clock.monotonic() - this.#lastProgressAt;
      const leftMs = stallLimitMs - quietMs;
      if (leftMs <= 0) {
        return { kind: 'stalled' };
      }
      await this.#after(leftMs, { kind: 'stalled' }, stop);
      if (stop.aborted) {
        return forever();
      }
    }
  }

  /** `end` after a while; never, once stopped. */
  async #after(ms: number, end: TransactionEnd, stop: AbortSignal): Promise<TransactionEnd> {
    try {
      await this.#clock.sleep(ms, stop);
      return end;
    } catch (error) {
      if (stop.aborted) {
        return forever();
      }
      throw error;
    }
  }

  async #whenLost(stop: AbortSignal): Promise<TransactionEnd> {
    await aborted(this.#peer.gone, stop);
    // Finished may be in the same packet as the end of the connection: it wins.
    return Promise.race([this.#finished, Promise.resolve<TransactionEnd>({ kind: 'lost' })]);
  }

  async #whenAborted(signal: AbortSignal, stop: AbortSignal): Promise<never> {
    await aborted(signal, stop);
    throw new CancelledError('the wait for the transaction was given up', { cause: signal.reason });
  }
}

/** Aborts a little later than `signal` does, until stopped. */
function abortedLater(signal: AbortSignal, clock: Clock, stop: AbortSignal): AbortSignal {
  const later = new AbortController();
  void aborted(signal, stop)
    .then(() => clock.sleep(LATE_CONNECT_LIMIT_MS, stop))
    .then(
      () => later.abort(signal.reason),
      () => undefined,
    );
  return later.signal;
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}

/** Resolves when `signal` aborts; leaves no listener behind once stopped. */
function aborted(signal: AbortSignal, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    } else {
      signal.addEventListener('abort', () => resolve(), { once: true, signal: stop });
    }
  });
}
