/**
 * The system bus: connects when it is first needed, and again after the connection was lost.
 *
 * Invariants:
 * - There is at most one connection and one attempt at a time, shared by all callers.
 * - An attempt is cancelled once all its callers have cancelled.
 * - The caller is responsible for the back-off between attempts.
 */
import { BusError, CancelledError } from '../errors.ts';
import { connectBus } from './connect.ts';
import type { FaultSink } from './link.ts';
import type { BusLink, CallGuard, SystemBus as SystemBusPort } from './types.ts';

export interface SystemBusOptions {
  readonly address: string;
  readonly onFault?: FaultSink;
  /** Decides about incoming calls. */
  readonly guard?: CallGuard;
  /** Opens a link. Default connectBus; tests replace it. */
  readonly connect?: typeof connectBus;
}

interface Attempt {
  readonly result: Promise<BusLink>;
  readonly abort: AbortController;
  waiting: number;
}

export class SystemBus implements SystemBusPort {
  readonly #options: SystemBusOptions;
  #link: BusLink | undefined;
  #attempt: Attempt | undefined;
  #closed = false;

  constructor(options: SystemBusOptions) {
    this.#options = options;
  }

  async link(signal: AbortSignal): Promise<BusLink> {
    if (signal.aborted) {
      throw givenUp(signal);
    }
    if (this.#closed) {
      throw new BusError('bus_closed', 'cannot connect to the system bus: it was closed on this side');
    }
    if (this.#link !== undefined && !this.#link.gone.aborted) {
      return this.#link;
    }
    this.#attempt ??= this.#start();
    return this.#wait(this.#attempt, signal);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const attempt = this.#attempt;
    attempt?.abort.abort();
    const late = await attempt?.result.catch(() => undefined);
    await Promise.all([late?.close(), this.#link?.close()]);
    this.#link = undefined;
  }

  #start(): Attempt {
    const { address, onFault, guard, connect = connectBus } = this.#options;
    const abort = new AbortController();
    const attempt: Attempt = {
      result: connect(address, abort.signal, { onFault, guard }),
      abort,
      waiting: 0,
    };
    attempt.result.then(
      (link) => {
        if (this.#finish(attempt) && !this.#closed) {
          this.#link = link;
        } else {
          // It connected just when it was no longer wanted.
          void link.close();
        }
      },
      () => this.#finish(attempt),
    );
    return attempt;
  }

  /** True when `attempt` was the current one. It no longer is. */
  #finish(attempt: Attempt): boolean {
    const isCurrent = this.#attempt === attempt;
    if (isCurrent) {
      this.#attempt = undefined;
    }
    return isCurrent;
  }

  async #wait(attempt: Attempt, signal: AbortSignal): Promise<BusLink> {
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = () => reject(givenUp(signal));
    signal.addEventListener('abort', abort, { once: true });
    attempt.waiting += 1;
    try {
      return await Promise.race([attempt.result, promise]);
    } finally {
      signal.removeEventListener('abort', abort);
      attempt.waiting -= 1;
      if (attempt.waiting === 0 && this.#finish(attempt)) {
        attempt.abort.abort();
      }
    }
  }
}

function givenUp(signal: AbortSignal): CancelledError {
  return new CancelledError('cannot connect to the system bus: the wait was given up', {
    cause: signal.reason,
  });
}
