/**
 * The handlers for the signals of a link.
 *
 * Invariants:
 * - A body is decoded once for all handlers, and never when there is none.
 * - An error thrown by a handler is reported, and the other handlers still get the signal.
 */
import type { IncomingMessage } from './message.ts';
import type { BusSignal, BusLink } from './types.ts';

type Filter = Parameters<BusLink['onSignal']>[0];
type Handler = Parameters<BusLink['onSignal']>[1];

export class SignalHandlers {
  readonly #wanted = new Set<{ readonly filter: Filter; readonly handler: Handler }>();

  add(filter: Filter, handler: Handler): () => void {
    const entry = { filter, handler };
    this.#wanted.add(entry);
    return () => this.#wanted.delete(entry);
  }

  clear(): void {
    this.#wanted.clear();
  }

  /** Passes the signal to its handlers. `onError` receives errors of the decoder and of handlers. */
  dispatch(message: IncomingMessage, onError: (error: unknown) => void): void {
    const takers = [...this.#wanted].filter(({ filter }) => fits(filter, message));
    if (takers.length === 0) {
      return;
    }
    try {
      const signal = toSignal(message);
      for (const taker of takers) {
        // An earlier handler may have withdrawn this one.
        if (this.#wanted.has(taker)) {
          attempt(() => taker.handler(signal), onError);
        }
      }
    } catch (error) {
      onError(error);
    }
  }
}

function fits(filter: Filter, message: IncomingMessage): boolean {
  return (
    filter.interface === message.interface &&
    (filter.member === undefined || filter.member === message.member) &&
    (filter.path === undefined || filter.path === message.path)
  );
}

function toSignal(message: IncomingMessage): BusSignal {
  return {
    sender: message.sender,
    path: message.path ?? '',
    interface: message.interface ?? '',
    member: message.member ?? '',
    signature: message.signature,
    body: message.body(),
  };
}

function attempt(run: () => void, onError: (error: unknown) => void): void {
  try {
    run();
  } catch (error) {
    onError(error);
  }
}
