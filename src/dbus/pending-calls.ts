/**
 * The calls of one link that wait for their reply.
 *
 * Invariants:
 * - Each call settles exactly once: by its reply, its deadline, its caller's signal or the end of the link.
 * - A call that settles leaves neither a timer nor a listener behind.
 * - A reply that no call waits for, or that came from another sender than the callee, is ignored and not decoded.
 */
import { BusError, CancelledError, messageOf } from '../errors.ts';
import { printable } from '../text/printable.ts';
import { MINUTE_MS } from '../text/units.ts';
import { BUS_NAME, type IncomingMessage, MESSAGE_TYPE } from './message.ts';
import { isUniqueName } from './names.ts';
import type { BusValue, MethodCall, Reply } from './types.ts';

/** Long enough for a daemon that must first start and load its state. */
export const DEFAULT_CALL_TIMEOUT_MS = 5 * MINUTE_MS;
/** The longest time that a timer supports. A longer one would fire at once. */
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

  /** Settles the call that a method return or an error message answers. */
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

/** The beginning of every message about a failed call. */
export function cannot(call: MethodCall): string {
  return `cannot call ${printable(`${call.interface}.${call.member}`)}`;
}

export function cancelled(call: MethodCall, signal: AbortSignal | undefined): CancelledError {
  return new CancelledError(`${cannot(call)}: the wait was given up`, { cause: signal?.reason });
}

/**
 * A hostile client can reply to a serial that it guessed. A bus puts the true sender on every message that it forwards.
 *
 * - A callee that is the bus, or was called by its unique name, must answer itself. The bus may send an error in its
 *   place.
 * - The unique name behind a well-known name is unknown here. There, the bus's policy against unrequested replies must
 *   hold.
 * - A message without a sender came from a peer, not from a bus.
 */
function mayAnswer({ destination }: MethodCall, { type, sender }: IncomingMessage): boolean {
  const isNamed = destination !== undefined && (destination === BUS_NAME || isUniqueName(destination));
  if (!isNamed || sender === undefined || sender === destination) {
    return true;
  }
  return type === MESSAGE_TYPE.error && sender === BUS_NAME;
}

function remoteError(call: MethodCall, errorName: string, text: BusValue | undefined): BusError {
  const remoteText = typeof text === 'string' && text !== '' ? printable(text) : undefined;
  const why = remoteText === undefined ? errorName : `${remoteText} (${errorName})`;
  return new BusError('bus_remote_error', `${cannot(call)}: ${why}`, { errorName, remoteText });
}
