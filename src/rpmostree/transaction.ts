/**
 * Follows one of rpm-ostree's transactions over its peer connection, from Start to Finished.
 *
 *   connect -> listen -> Start -> progress… -> Finished -> close
 *
 * Invariants:
 * - Listening begins before Start, so no signal is missed.
 * - Every wait ends: by Finished, loss of the daemon, a stall, the caller's limit or an abort.
 * - The connection is closed in every case.
 * - Aborting a wait on a transaction of our own cancels the transaction, and takes less than a second.
 */
import type { Clock, Progress } from '../agent/ports.ts';
import type { BusLink, ConnectPeer } from '../dbus/types.ts';
import { BusError, CancelledError } from '../errors.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../text/units.ts';
import { fingerprintOf, LayerCount, progressOf } from './progress.ts';

export const TRANSACTION_INTERFACE = 'org.projectatomic.rpmostree1.Transaction';
/** The path of every transaction, each on a connection of its own. */
export const TRANSACTION_PATH = '/';

/** A download without progress for this long is stuck. libostree itself gives up a silent server after half a minute. */
export const STALL_LIMIT_MS = 10 * MINUTE_MS;
/**
 * Everything else may be silent for hours. Of a container's layer, only beginning and end are told, however large it is
 * and however slow the line.
 */
export const SILENCE_LIMIT_MS = 6 * HOUR_MS;
/** The daemon's main loop answers Start and Cancel, whatever the transaction does. */
export const ANSWER_LIMIT_MS = 30 * SECOND_MS;
/**
 * A cancelled transaction gets this long to end; after that, it is left behind. A pull takes up to 30 s to notice when
 * its server is silent, and rpm-ostree is busy that long.
 */
export const CANCEL_LIMIT_MS = 45 * SECOND_MS;
/** Whoever waits is told that nothing moves after so long, and again each time that it has passed. */
export const QUIET_STEP_MS = MINUTE_MS;
/** After an abort, on SIGTERM, there is a second in all: to reach the transaction, and to wait for its end. */
const LATE_CONNECT_LIMIT_MS = 200;
const ABORT_LIMIT_MS = 400;

export type TransactionEnd =
  | { readonly kind: 'succeeded' }
  /** It ended with Finished(false, text). */
  | { readonly kind: 'failed'; readonly text: string }
  /** The daemon went away before Finished, so the outcome is unknown. */
  | { readonly kind: 'lost' }
  /** It made no progress for `afterMs`. It was cancelled if it was ours. */
  | { readonly kind: 'stalled'; readonly afterMs: number }
  /** `limitMs` has passed. The transaction continues. */
  | { readonly kind: 'limit' };

/** How long a transaction may make no progress, milliseconds. */
export interface Patience {
  /** While it downloads: the last signal told how far a download is. */
  readonly stallLimitMs: number;
  /** At any other time. Not less than `stallLimitMs`. */
  readonly silenceLimitMs: number;
}

export interface FollowOptions {
  readonly onProgress: (progress: Progress) => void;
  /** True for a transaction of our own: it is cancelled when it stalls and when the wait is aborted. */
  readonly ours: boolean;
  /** How long it may make no progress; undefined: without limit. */
  readonly patience?: Patience;
  /** How long to follow it; undefined: to its end. */
  readonly limitMs?: number;
}

/**
 * Connects to the transaction at `address` and follows it. Rejects with BusError when there is no such peer, and with
 * CancelledError when aborted. A transaction of ours is reached even after an abort, because it would block all others
 * if it were never started.
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
  readonly #layers = new LayerCount();
  #lastProgressMono: number;
  #fingerprint = '';
  #isDownloading = false;
  #last: Progress = { text: 'waiting for rpm-ostree' };

  constructor(peer: BusLink, clock: Clock, options: FollowOptions) {
    this.#peer = peer;
    this.#clock = clock;
    this.#options = options;
    this.#lastProgressMono = clock.monotonic();
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
        this.#isDownloading = arrived.member === 'DownloadProgress';
        const fingerprint = fingerprintOf(arrived);
        if (fingerprint !== this.#fingerprint) {
          this.#fingerprint = fingerprint;
          this.#lastProgressMono = this.#clock.monotonic();
        }
        const progress = this.#layers.taken(arrived, progressOf(arrived));
        if (progress !== undefined) {
          this.#last = progress;
          options.onProgress(this.#withQuiet(progress));
        }
      },
    );
  }

  async run(signal: AbortSignal): Promise<TransactionEnd> {
    const stop = new AbortController();
    const { limitMs, ours, patience } = this.#options;
    try {
      // Start is sent in any case, so that there is something to cancel.
      const started = this.#start();
      const waits = [
        this.#finished,
        started,
        this.#whenLost(stop.signal),
        this.#whenAborted(signal, stop.signal),
      ];
      if (patience !== undefined) {
        waits.push(this.#whenStalled(patience, stop.signal));
      }
      void this.#tellQuiet(stop.signal);
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

  /** Rejects when Start is refused. Otherwise it never settles, because signals report everything else. */
  async #start(): Promise<TransactionEnd> {
    try {
      await this.#call('Start', ANSWER_LIMIT_MS);
    } catch (error) {
      // The end of the connection is reported as a loss instead.
      const lost = this.#peer.gone.aborted || (error instanceof BusError && error.kind === 'bus_closed');
      if (!lost) {
        throw error;
      }
    }
    return forever();
  }

  /** Asks the transaction to end, and waits for its end for at most `limitMs`. Failures are ignored. */
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

  /** Of a transaction that is silent nobody hears otherwise. */
  async #tellQuiet(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const quietMs = this.#clock.monotonic() - this.#lastProgressMono;
      if (quietMs >= QUIET_STEP_MS) {
        this.#options.onProgress(this.#withQuiet(this.#last));
      }
      await this.#clock.sleep(QUIET_STEP_MS - (quietMs % QUIET_STEP_MS), stop).catch(() => undefined);
    }
  }

  /** The rate that was told before it stood still is that no more. */
  #withQuiet(progress: Progress): Progress {
    const quietMs = this.#clock.monotonic() - this.#lastProgressMono;
    if (quietMs < QUIET_STEP_MS) {
      return progress;
    }
    const told: Progress = { ...progress, quietMs: quietMs - (quietMs % QUIET_STEP_MS) };
    return progress.bytesPerSecond === undefined ? told : { ...told, bytesPerSecond: 0 };
  }

  async #whenStalled(patience: Patience, stop: AbortSignal): Promise<TransactionEnd> {
    for (;;) {
      const quietMs = this.#clock.monotonic() - this.#lastProgressMono;
      const limitMs = quietLimitMs(patience, this.#isDownloading);
      const end: TransactionEnd = { kind: 'stalled', afterMs: limitMs };
      if (quietMs >= limitMs) {
        return end;
      }
      // A download may begin meanwhile, and is not overslept.
      await this.#after(Math.min(limitMs - quietMs, patience.stallLimitMs), end, stop);
      if (stop.aborted) {
        return forever();
      }
    }
  }

  /** Resolves with `end` after `ms`. Once stopped, it never settles. */
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
    // Finished may arrive together with the end of the connection. It takes precedence.
    return Promise.race([this.#finished, Promise.resolve<TransactionEnd>({ kind: 'lost' })]);
  }

  async #whenAborted(signal: AbortSignal, stop: AbortSignal): Promise<never> {
    await aborted(signal, stop);
    throw new CancelledError('the wait for the transaction was given up', { cause: signal.reason });
  }
}

/** How long nothing may move. `isDownloading`: the last signal told how far a download is. */
export function quietLimitMs({ stallLimitMs, silenceLimitMs }: Patience, isDownloading: boolean): number {
  return isDownloading ? stallLimitMs : silenceLimitMs;
}

/** Aborts a little later than `signal`, unless stopped before. */
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

/** Resolves when `signal` aborts. Once stopped, it leaves no listener behind. */
function aborted(signal: AbortSignal, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    } else {
      signal.addEventListener('abort', () => resolve(), { once: true, signal: stop });
    }
  });
}
