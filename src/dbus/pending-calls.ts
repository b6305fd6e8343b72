/**
 * The calls of one link that wait for their reply.
 *
 * Invariants: each entry settles exactly once, through its reply, its deadline, its caller's signal or the end of the
 * link, and takes its timer and its listener with it; a reply that nobody waits for, or that another than the callee
 * sent, changes nothing and is not decoded.
 */
import { BusError, CancelledError, messageOf } from '../errors.ts';
import { printable } from '../text/printable.ts';
import { MINUTE_MS } from '../text/units.ts';
import { BUS_NAME, type IncomingMessage, MESSAGE_TYPE } from './message.ts';
import { isUniqueName } from './names.ts';
import type { BusValue, MethodCall, Reply } from './types.ts';

/** Long enough for a daemon that has to be started and to load its state first. */
export const DEFAULT_CALL_TIMEOUT_MS = 5 * MINUTE_MS;
/** What a timer can hold; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Pending {
  readonly call: MethodCall;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly release: () => void;
}

export class PendingCalls {
  readonly #calls = new Map<number, Pending>();

  get size(): number {
    return this.#calls.size;
  }

  add(serial: number, call: MethodCall, signal: AbortSignal | undefined): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const timeoutMs = Math.min(call.timeoutMs ?? DEFAULT_CALL_TIMEOUT_MS, LONGEST_TIMER_MS);
      const timer = setTimeout(() => {
        this.reject(
          serial,
          new BusError('bus_call_timeout', `${cannot(call)}: no reply within ${timeoutMs} ms`),
        );
      }, timeoutMs);
      const abort = () => this.reject(serial, cancelled(call, signal));
      signal?.addEventListener('abort', abort, { once: true });
      const release = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      this.#calls.set(serial, { call, resolve, reject, release });
    });
  }

  /** Takes a method return or an error message. */
  settle(message: IncomingMessage): void {
    const serial = message.replySerial;
    const pending = serial === undefined ? undefined : this.#calls.get(serial);
    if (serial === undefined || pending === undefined || !mayAnswer(pending.call, message)) {
      return;
    }
    const { call, resolve } = pending;
    let body: readonly BusValue[];
    try {
      body = message.body();
    } catch (error) {
      this.reject(
        serial,
        new BusError('bus_malformed_message', `${cannot(call)}: ${messageOf(error)}`, { cause: error }),
      );
      return;
    }
    if (message.type === MESSAGE_TYPE.error) {
      this.reject(serial, remoteError(call, message.errorName ?? '', body[0]));
      return;
    }
    this.#remove(serial, pending);
    resolve({ signature: message.signature, body, sender: message.sender });
  }

  reject(serial: number, error: Error): void {
    const pending = this.#calls.get(serial);
    if (pending !== undefined) {
      this.#remove(serial, pending);
      pending.reject(error);
    }
  }

  rejectAll(errorFor: (call: MethodCall) => Error): void {
    for (const [serial, { call }] of [...this.#calls]) {
      this.reject(serial, errorFor(call));
    }
  }

  #remove(serial: number, pending: Pending): void {
    this.#calls.delete(serial);
    pending.release();
  }
}

/** The start of every sentence about a call that failed. */
export function cannot(call: MethodCall): string {
  return `cannot call ${printable(`${call.interface}.${call.member}`)}`;
}

export function cancelled(call: MethodCall, signal: AbortSignal | undefined): CancelledError {
  return new CancelledError(`${cannot(call)}: the wait was given up`, { cause: signal?.reason });
}

/**
 * A hostile client can send a reply to a serial it guesses. A bus names the true sender on everything it hands on, so
 * where the callee was called by its unique name, or is the bus, nobody else may answer; errors may come from the bus in
 * anybody's place. The unique name behind a well-known one is not known here: there the bus's own policy against
 * unrequested replies has to hold. What has no sender came from no bus but from a peer.
 */
function mayAnswer({ destination }: MethodCall, { type, sender }: IncomingMessage): boolean {
  const isNamed = destination !== undefined && (destination === BUS_NAME || isUniqueName(destination));
  if (!isNamed || sender === undefined || sender === destination) {
    return true;
  }
  return type === MESSAGE_TYPE.error && sender === BUS_NAME;
}

function remoteError(call: MethodCall, errorName: string, text: BusValue | undefined): BusError {
  const why = typeof text === 'string' && text !== '' ? `${printable(text)} (${errorName})` : errorName;
  return new BusError('bus_remote_error', `${cannot(call)}: ${why}`, { errorName });
}
