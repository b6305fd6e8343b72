/**
 * One D-Bus connection over one authenticated socket, to a bus or to a peer. It makes calls, receives signals and
 * answers calls.
 *
 * Invariants:
 * - Nothing that arrives throws out of the socket's handlers.
 * - A malformed message is reported as a fault; a stream that cannot be followed ends the link.
 * - `gone` aborts exactly once. Every pending call rejects then, and no timer, listener or socket stays behind.
 * - The bytes that the other side does not read are bounded.
 */
import type { Duplex } from 'node:stream';

import { BusError, CancelledError, messageOf } from '../errors.ts';
import { KIBIBYTE, MEBIBYTE, SECOND_MS } from '../text/units.ts';
import { decodeMessage, encodeMessage } from './codec.ts';
import { type Answer, ExportedObjects, replyTo, UNSPEAKABLE } from './exported-objects.ts';
import { Framer } from './frames.ts';
import {
  BUS_NAME,
  BUS_PATH,
  type IncomingMessage,
  MESSAGE_TYPE,
  NO_REPLY_EXPECTED,
  type OutgoingMessage,
} from './message.ts';
import { cancelled, cannot, PendingCalls } from './pending-calls.ts';
import { SignalHandlers } from './signal-handlers.ts';
import type { BusLink, BusSignal, CallGuard, ExportedInterface, MethodCall, Reply } from './types.ts';

/** Everything that the agent sends is small, so this many unread bytes mean that the other side is stuck. */
export const LARGEST_WRITE_BACKLOG_BYTES = 16 * MEBIBYTE;
/** The runtime reads 64 KiB at most. Less than this means that there was no more to read. */
const LARGE_CHUNK_BYTES = 32 * KIBIBYTE;
/** How long a closing socket may take to send what was written last. */
const CLOSE_TIMEOUT_MS = SECOND_MS;
/** The bus itself answers AddMatch and RemoveMatch. */
const MATCH_TIMEOUT_MS = 10 * SECOND_MS;
const LAST_SERIAL = 0xffff_ffff;

/**
 * Receives faults that end neither a call nor the link: malformed messages and errors thrown by handlers. `count` is
 * the number of faults on this link. Only the 1st, 10th, 100th and so on are passed on, because any local user can
 * cause them.
 */
export type FaultSink = (error: unknown, count: number) => void;

export class Link implements BusLink {
  readonly #socket: Duplex;
  readonly #isBus: boolean;
  readonly #onFault: FaultSink;
  readonly #framer = new Framer();
  readonly #pending = new PendingCalls();
  readonly #signals = new SignalHandlers();
  readonly #objects: ExportedObjects;
  readonly #gone = new AbortController();
  readonly #closed = Promise.withResolvers<undefined>();
  #uniqueName: string | undefined;
  #lastSerial = 0;
  #faults = 0;

  /** `socket`: authenticated and paused at the first message, as `dial` leaves it. Nothing happens before `open`. */
  constructor(socket: Duplex, isBus: boolean, onFault: FaultSink, guard?: CallGuard) {
    this.#objects = new ExportedObjects(guard);
    this.#socket = socket;
    this.#isBus = isBus;
    this.#onFault = onFault;
  }

  get uniqueName(): string | undefined {
    return this.#uniqueName;
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Starts reading, and says Hello to a bus. On failure, the link is closed. */
  async open(signal: AbortSignal): Promise<void> {
    let failure: unknown;
    this.#socket.on('error', (error) => (failure = error));
    this.#socket.once('close', () => {
      this.#closed.resolve(undefined);
      this.#end(lost(failure === undefined ? 'the other side closed it' : messageOf(failure), failure));
    });
    // The other side sends nothing more, so it counts as gone even if it still reads.
    this.#socket.once('end', () => this.#end(lost('the other side closed it')));
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#socket.on('drain', () => this.#socket.resume());
    if (this.#socket.closed) {
      this.#closed.resolve(undefined);
      this.#end(lost('the other side closed it'));
    }
    this.#socket.resume();
    if (this.#isBus) {
      await this.#hello(signal);
    }
  }

  async call(call: MethodCall, signal?: AbortSignal): Promise<Reply> {
    if (signal?.aborted === true) {
      throw cancelled(call, signal);
    }
    if (this.gone.aborted) {
      throw this.#goneDuring(call);
    }
    const serial = this.#nextSerial();
    const bytes = encodeMessage({ ...fieldsOf(call), type: MESSAGE_TYPE.methodCall, serial });
    const reply = this.#pending.add(serial, call, signal);
    this.#write(bytes);
    return reply;
  }

  onSignal(
    filter: { readonly interface: string; readonly member?: string; readonly path?: string },
    handler: (signal: BusSignal) => void,
  ): () => void {
    return this.#signals.add(filter, handler);
  }

  async addMatch(rule: string, signal?: AbortSignal): Promise<() => Promise<void>> {
    if (!this.#isBus) {
      throw new TypeError('cannot add a match rule: the link must be to a bus, got a peer');
    }
    const sent = signal?.aborted !== true;
    try {
      await this.call(matchCall('AddMatch', rule), signal);
    } catch (error) {
      if (sent && (error instanceof CancelledError || isTimeout(error))) {
        // The bus may have added the rule, and the caller has no way to withdraw it.
        this.#send({
          ...fieldsOf(matchCall('RemoveMatch', rule)),
          type: MESSAGE_TYPE.methodCall,
          flags: NO_REPLY_EXPECTED,
        });
      }
      throw error;
    }
    return async () => {
      if (!this.gone.aborted) {
        // The bus drops a rule together with its link, so there is nothing to withdraw then.
        await this.call(matchCall('RemoveMatch', rule)).catch((error: unknown) => {
          if (!this.gone.aborted) {
            throw error;
          }
        });
      }
    };
  }

  export(object: ExportedInterface): () => void {
    return this.#objects.add(object);
  }

  sendSignal({ path, interface: name, member, signature, body }: Omit<BusSignal, 'sender'>): void {
    try {
      this.#send({ type: MESSAGE_TYPE.signal, path, interface: name, member, signature, body });
    } catch (error) {
      this.#fault(error);
    }
  }

  async close(): Promise<void> {
    this.#end(lost('it was closed on this side'));
    await this.#closed.promise;
  }

  async #hello(signal: AbortSignal): Promise<void> {
    try {
      const call = { destination: BUS_NAME, path: BUS_PATH, interface: BUS_NAME, member: 'Hello' };
      const { body } = await this.call(call, signal);
      const [name] = body;
      if (typeof name !== 'string') {
        throw new BusError('bus_malformed_message', `${cannot(call)}: the reply must be a name`);
      }
      this.#uniqueName = name;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  #read(chunk: Buffer): void {
    if (this.gone.aborted) {
      return;
    }
    try {
      this.#framer.push(chunk, (frame) => this.#receive(frame));
    } catch (error) {
      this.#end(error instanceof BusError ? error : lost(messageOf(error), error));
    }
    if (this.#socket.writableNeedDrain) {
      // Calls arrive faster than our answers are read, so they must wait on the other side.
      this.#socket.pause();
    } else if (chunk.length >= LARGE_CHUNK_BYTES) {
      // There is more: the runtime would read up to 32 such chunks in a row, and nothing else had its turn.
      this.#socket.pause();
      setImmediate(() => {
        if (!this.#socket.writableNeedDrain) {
          this.#socket.resume();
        }
      });
    }
  }

  #receive(frame: Buffer): void {
    if (this.gone.aborted) {
      return;
    }
    try {
      this.#dispatch(decodeMessage(frame));
    } catch (error) {
      this.#fault(error);
    }
  }

  #dispatch(message: IncomingMessage): void {
    switch (message.type) {
      case MESSAGE_TYPE.methodReturn:
      case MESSAGE_TYPE.error:
        this.#pending.settle(message);
        break;
      case MESSAGE_TYPE.signal:
        this.#signals.dispatch(message, (error) => this.#fault(error));
        break;
      case MESSAGE_TYPE.methodCall:
        this.#objects
          .answer(message)
          .then((answer) => this.#answer(message, answer))
          .catch((error: unknown) => this.#fault(error));
        break;
      default:
        // The specification demands that unknown types are ignored.
        break;
    }
  }

  #answer(call: IncomingMessage, answer: Answer): void {
    if (answer.kind === 'error' && answer.fault !== undefined) {
      this.#fault(answer.fault);
    }
    if ((call.flags & NO_REPLY_EXPECTED) !== 0) {
      return;
    }
    // A peer may claim to be any sender, and needs no destination on its answer.
    const to = { destination: this.#isBus ? call.sender : undefined, serial: call.serial };
    try {
      this.#send(replyTo(to, answer));
    } catch (error) {
      this.#fault(error);
      this.#send(replyTo(to, UNSPEAKABLE));
    }
  }

  #send(message: Omit<OutgoingMessage, 'serial'>): void {
    if (!this.gone.aborted) {
      this.#write(encodeMessage({ ...message, serial: this.#nextSerial() }));
    }
  }

  #write(bytes: Buffer): void {
    if (this.#socket.writableLength + bytes.length > LARGEST_WRITE_BACKLOG_BYTES) {
      this.#end(lost(`the other side must read, got ${this.#socket.writableLength} bytes unread`));
      return;
    }
    this.#socket.write(bytes);
  }

  #nextSerial(): number {
    this.#lastSerial = this.#lastSerial === LAST_SERIAL ? 1 : this.#lastSerial + 1;
    return this.#lastSerial;
  }

  #fault(error: unknown): void {
    this.#faults += 1;
    if (/^10*$/.test(String(this.#faults))) {
      this.#onFault(error, this.#faults);
    }
  }

  #goneDuring(call: MethodCall): BusError {
    const reason: unknown = this.gone.reason;
    return new BusError('bus_closed', `${cannot(call)}: ${messageOf(reason)}`, { cause: reason });
  }

  #end(reason: BusError): void {
    if (this.gone.aborted) {
      return;
    }
    this.#gone.abort(reason);
    this.#pending.rejectAll((call) => this.#goneDuring(call));
    this.#signals.clear();
    if (this.#socket.destroyed) {
      return;
    }
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS);
    this.#socket.once('close', () => clearTimeout(timer));
    this.#socket.end(() => this.#socket.destroy());
  }
}

function fieldsOf(call: MethodCall): Omit<OutgoingMessage, 'type' | 'serial'> {
  const { destination, path, interface: name, member, signature, body } = call;
  return { destination, path, interface: name, member, signature, body };
}

function matchCall(member: 'AddMatch' | 'RemoveMatch', rule: string): MethodCall {
  const address = { destination: BUS_NAME, path: BUS_PATH, interface: BUS_NAME };
  return { ...address, member, signature: 's', body: [rule], timeoutMs: MATCH_TIMEOUT_MS };
}

function isTimeout(error: unknown): boolean {
  return error instanceof BusError && error.kind === 'bus_call_timeout';
}

function lost(why: string, cause?: unknown): BusError {
  return new BusError('bus_closed', `the D-Bus connection is gone: ${why}`, { cause });
}
