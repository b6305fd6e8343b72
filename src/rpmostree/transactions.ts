/**
 * The transactions of rpm-ostree: those that the client begins, and those that it finds running.
 *
 * Invariants:
 * - A transaction of ours is always started, and either followed to its end or cancelled.
 * - A transaction of another client is only watched.
 * - After a transaction of ours, the daemon is made to forget it before it is asked anything else.
 */
import type { ActiveTransaction, Clock, Progress } from '../agent/ports.ts';
import { type BusLink, type ConnectPeer, Variant } from '../dbus/types.ts';
import { CancelledError, RpmOstreeError } from '../errors.ts';
import { printable } from '../text/printable.ts';
import { SECOND_MS } from '../text/units.ts';
import type { DaemonCalls, Options } from './daemon-calls.ts';
import { isBusy, mapFinishedText } from './map-error.ts';
import type { Visit } from './session.ts';
import { transactionAddress } from './transaction-address.ts';
import {
  ANSWER_LIMIT_MS,
  followTransaction,
  type Patience,
  TRANSACTION_INTERFACE,
  TRANSACTION_PATH,
  type TransactionEnd,
} from './transaction.ts';

/** Begins the title of all our transactions, so that an agent recognises those of an agent that was killed. */
const TITLE_PREFIX = 'zincati: ';

/** How long, after an abort, to wait for the answer that names a transaction, in order to cancel it. */
const LATE_ANSWER_LIMIT_MS = 200;

/** A call that returns the address of a new transaction. */
export type Begin = (daemon: DaemonCalls, signal: AbortSignal) => Promise<string>;

export type OnProgress = (progress: Progress) => void;

export interface TransactionsOptions {
  readonly connectPeer: ConnectPeer;
  readonly clock: Clock;
  readonly root: string;
  readonly patience: Patience;
}

/** The option that sets the title of a transaction of ours. `doing` says what it does. */
export function titled(doing: string): Options {
  return { 'initiating-command-line': `${TITLE_PREFIX}${doing}` };
}

export class Transactions {
  readonly #options: TransactionsOptions;

  constructor(options: TransactionsOptions) {
    this.#options = options;
  }

  async #activeAddress(daemon: DaemonCalls, signal: AbortSignal): Promise<string | undefined> {
    const address = await daemon.activeTransactionPath(signal);
    return address === '' ? undefined : transactionAddress(address, this.#options.root);
  }

  async describeActive(daemon: DaemonCalls, signal: AbortSignal): Promise<ActiveTransaction | undefined> {
    const address = await this.#activeAddress(daemon, signal);
    if (address === undefined) {
      return undefined;
    }
    const method = await daemon.activeTransactionMethod(signal);
    const title = await this.#title(address, signal);
    return { method: printable(method), title: printable(title), ours: title.startsWith(TITLE_PREFIX) };
  }

  /** Empty when the transaction has ended in the meantime. */
  async #title(address: string, signal: AbortSignal): Promise<string> {
    try {
      return await readTitle(this.#options.connectPeer, address, signal);
    } catch (error) {
      if (error instanceof CancelledError) {
        throw error;
      }
      return '';
    }
  }

  /** Follows the running transaction, whichever client began it. Undefined when there is none. */
  async join(
    daemon: DaemonCalls,
    limitMs: number,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<TransactionEnd | undefined> {
    const address = await this.#activeAddress(daemon, signal);
    if (address === undefined) {
      return undefined;
    }
    const { connectPeer, clock, patience } = this.#options;
    const ours = (await this.#title(address, signal)).startsWith(TITLE_PREFIX);
    const stall = ours ? { patience } : {};
    try {
      return await followTransaction(
        connectPeer,
        clock,
        address,
        { onProgress, ours, limitMs, ...stall },
        signal,
      );
    } catch (error) {
      if (error instanceof CancelledError) {
        throw error;
      }
      // It may have ended before it was reached.
      await daemon.reload(signal);
      if ((await this.#activeAddress(daemon, signal)) === undefined) {
        return undefined;
      }
      throw error;
    }
  }

  /** Begins a transaction of ours and follows it to success. Any other end is thrown. */
  async run(
    { daemon, link }: Visit,
    doing: string,
    begin: Begin,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<void> {
    const { connectPeer, clock, root, patience } = this.#options;
    const attempt = (): Promise<string> => this.#beginOrLeave(link, (until) => begin(daemon, until), signal);
    const answered = await attempt().catch(async (error: unknown) => {
      if (!isBusy(error)) {
        throw error;
      }
      // The daemon may still hold our last transaction, which has ended. A Reload releases it.
      await daemon.reload(signal);
      if ((await daemon.activeTransactionPath(signal)) !== '') {
        throw error;
      }
      return attempt();
    });
    const address = transactionAddress(answered, root);
    const end = await followTransaction(
      connectPeer,
      clock,
      address,
      { onProgress, ours: true, patience },
      signal,
    );
    if (end.kind !== 'lost') {
      await daemon.letGo(signal);
    }
    if (end.kind !== 'succeeded') {
      throw failureOf(end, doing);
    }
  }

  /**
   * The answer to a call that creates a transaction. An abort does not cancel the call at once, because a transaction
   * that is neither started nor cancelled blocks all others. If the answer is late, leaving the bus makes the daemon
   * drop the transaction.
   */
  async #beginOrLeave(
    link: BusLink,
    begin: (until: AbortSignal) => Promise<string>,
    signal: AbortSignal,
  ): Promise<string> {
    if (signal.aborted) {
      throw new CancelledError('the call was given up', { cause: signal.reason });
    }
    const late = new AbortController();
    const answered = new AbortController();
    const tooLate = async (): Promise<void> => {
      try {
        await this.#options.clock.sleep(LATE_ANSWER_LIMIT_MS, answered.signal);
      } catch {
        return;
      }
      late.abort(signal.reason);
      await link.close();
    };
    const onAbort = (): void => void tooLate();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await begin(late.signal);
    } finally {
      answered.abort();
      signal.removeEventListener('abort', onAbort);
    }
  }
}

function failureOf(end: Exclude<TransactionEnd, { kind: 'succeeded' }>, doing: string): RpmOstreeError {
  switch (end.kind) {
    case 'failed':
      return mapFinishedText(end.text, doing);
    case 'lost': {
      const message = `cannot ${doing}: rpm-ostree's daemon went away in the middle, the outcome is unknown`;
      return new RpmOstreeError('rpm_ostree_transaction_lost', message);
    }
    case 'limit':
      // Only whoever watches somebody else's transaction sets a limit.
      return new RpmOstreeError('rpm_ostree_transaction_stalled', `cannot ${doing}: it is still running`);
    case 'stalled': {
      const message = `cannot ${doing}: no progress for ${Math.round(end.afterMs / SECOND_MS)} s, the transaction was cancelled`;
      return new RpmOstreeError('rpm_ostree_transaction_stalled', message);
    }
  }
}

/** The title of the transaction behind `address`. */
async function readTitle(connectPeer: ConnectPeer, address: string, signal: AbortSignal): Promise<string> {
  const peer = await connectPeer(address, signal);
  try {
    const { body } = await peer.call(
      {
        path: TRANSACTION_PATH,
        interface: 'org.freedesktop.DBus.Properties',
        member: 'Get',
        signature: 'ss',
        body: [TRANSACTION_INTERFACE, 'Title'],
        timeoutMs: ANSWER_LIMIT_MS,
      },
      signal,
    );
    const [title] = body;
    return title instanceof Variant && typeof title.value === 'string' ? title.value : '';
  } finally {
    await peer.close();
  }
}
