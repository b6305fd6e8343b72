/**
 * Opens links.
 *
 * Invariants:
 * - An attempt takes at most CONNECT_TIMEOUT_MS, from the first socket to the answer to Hello.
 * - An attempt that fails or is cancelled leaves nothing behind.
 */
import type { Socket } from 'node:net';

import { BusError, CancelledError, messageOf } from '../errors.ts';
import { printable } from '../text/printable.ts';
import { SECOND_MS } from '../text/units.ts';
import { parseAddress } from './address.ts';
import { dial } from './dial.ts';
import { type FaultSink, Link } from './link.ts';
import type { BusLink, CallGuard } from './types.ts';

/** A local server accepts at once. One that does not within this time is stuck, and the caller should try later. */
export const CONNECT_TIMEOUT_MS = 10 * SECOND_MS;

export interface ConnectOptions {
  /** Receives malformed messages and errors thrown by handlers; see FaultSink. */
  readonly onFault?: FaultSink | undefined;
  /** Decides about incoming calls. */
  readonly guard?: CallGuard | undefined;
}

/**
 * Connects to a message bus and says Hello. Rejects with BusError `bus_unreachable` or `bus_auth_failed`, or with
 * CancelledError.
 */
export function connectBus(
  address: string,
  signal: AbortSignal,
  options: ConnectOptions = {},
): Promise<BusLink> {
  return connect(address, signal, { isBus: true, ...options });
}

/** Connects to a peer, without Hello and names. Rejects as connectBus does. */
export function connectPeer(
  address: string,
  signal: AbortSignal,
  options: ConnectOptions = {},
): Promise<BusLink> {
  return connect(address, signal, { isBus: false, ...options });
}

async function connect(
  address: string,
  signal: AbortSignal,
  { isBus, onFault = ignore, guard }: ConnectOptions & { readonly isBus: boolean },
): Promise<BusLink> {
  const shown = printable(address);
  const attempt = new AbortController();
  const cancel = () => attempt.abort(new CancelledError(`cannot connect to ${shown}: the wait was given up`));
  const timer = setTimeout(() => {
    const why = `no answer within ${CONNECT_TIMEOUT_MS} ms`;
    attempt.abort(new BusError('bus_unreachable', `cannot connect to ${shown}: ${why}`));
  }, CONNECT_TIMEOUT_MS);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    if (signal.aborted) {
      cancel();
    }
    const link = new Link(await dialAny(address, isBus, attempt.signal), isBus, onFault, guard);
    await link.open(attempt.signal);
    return link;
  } catch (error) {
    // Hello reports only that its wait was cancelled; the reason is known here.
    attempt.signal.throwIfAborted();
    throw asUnreachable(error, shown);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
  }
}

/** Connects to the first server of the address that accepts us; they are alternatives. */
async function dialAny(address: string, isBus: boolean, signal: AbortSignal): Promise<Socket> {
  const failures: BusError[] = [];
  for (const server of parseAddress(address)) {
    try {
      return await dial(server, isBus ? 'implied' : 'told', signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof BusError)) {
        throw error;
      }
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first !== undefined && failures.length === 1) {
    throw first;
  }
  throw new BusError('bus_unreachable', failures.map(messageOf).join('; '), { cause: first });
}

/** A bus that hangs up or answers nonsense before it has assigned our name counts as unreachable. */
function asUnreachable(error: unknown, shown: string): unknown {
  if (!(error instanceof BusError) || error.kind === 'bus_unreachable' || error.kind === 'bus_auth_failed') {
    return error;
  }
  return new BusError('bus_unreachable', `cannot connect to ${shown}: ${messageOf(error)}`, { cause: error });
}

function ignore(): void {
  // Faults are of no interest to this caller.
}
