/**
 * The D-Bus vocabulary of the agent: what adapters see of a bus. No library shows through.
 */

/**
 * A decoded value. Integers up to 32 bits and doubles are numbers, 64-bit integers bigints, `ay` a Uint8Array (a copy),
 * arrays and structs arrays, dictionaries Maps (keys kept as they came, `__proto__` included), variants {@link Variant}.
 * Descriptors (`h`) decode to their index as a number; no descriptor is ever taken.
 */
export type BusValue = BasicValue | Uint8Array | Variant | readonly BusValue[] | Dictionary;

/** A value that can be the key of a dictionary. */
export type BasicValue = string | number | bigint | boolean;

export type Dictionary = ReadonlyMap<BasicValue, BusValue>;

export class Variant {
  readonly signature: string;
  readonly value: BusValue;

  constructor(signature: string, value: BusValue) {
    this.signature = signature;
    this.value = value;
  }
}

/** An array or a struct. `Array.isArray` does not narrow readonly arrays. */
export function isList(value: BusValue | undefined): value is readonly BusValue[] {
  return Array.isArray(value);
}

/** `instanceof` does not narrow to readonly maps. */
export function isDictionary(value: BusValue | undefined): value is Dictionary {
  return value instanceof Map;
}

export interface MethodCall {
  /** Bus name; left out on a peer connection. */
  readonly destination?: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** Of the arguments; left out when there are none. */
  readonly signature?: string;
  readonly body?: readonly BusValue[];
  /** Deadline in milliseconds, from the call to the reply. Default 300,000 (the daemon may take minutes to start). */
  readonly timeoutMs?: number;
}

export interface Reply {
  readonly signature: string;
  readonly body: readonly BusValue[];
  /** Unique name of who answered; undefined on a peer connection. */
  readonly sender: string | undefined;
}

export interface BusSignal {
  /** Unique name of the sender; undefined on a peer connection. */
  readonly sender: string | undefined;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly body: readonly BusValue[];
}

/** What an exported object offers. A method throws a BusError with `errorName` to answer with that D-Bus error. */
export interface ExportedMethod {
  readonly member: string;
  /** Signature of the arguments; a call with another one is refused. */
  readonly in: string;
  readonly out: string;
  handle(
    args: readonly BusValue[],
    caller: { readonly sender: string },
  ): Promise<readonly BusValue[]> | readonly BusValue[];
}

export interface ExportedInterface {
  readonly path: string;
  readonly name: string;
  readonly methods: readonly ExportedMethod[];
}

/** One connection: to a bus (Hello said) or to a peer. All waits are bounded; calls reject with BusError or CancelledError. */
export interface BusLink {
  /** Our unique name; undefined on a peer connection. */
  readonly uniqueName: string | undefined;
  /** Aborted, with a BusError as reason, when the connection is gone, whoever ended it. */
  readonly gone: AbortSignal;
  call(call: MethodCall, signal?: AbortSignal): Promise<Reply>;
  /**
   * Hands each arriving signal that fits to `handler`, in the order of arrival, until the returned function is called.
   * Bodies of signals that nobody wants are not decoded. On a bus the caller adds its own match rule (see `addMatch`).
   */
  onSignal(
    filter: { readonly interface: string; readonly member?: string; readonly path?: string },
    handler: (signal: BusSignal) => void,
  ): () => void;
  /** Asks the bus for signals; the returned function withdraws the rule. Not on a peer connection. */
  addMatch(rule: string, signal?: AbortSignal): Promise<() => Promise<void>>;
  /** Serves an interface to callers until the returned function is called. Introspection and Peer come with it. */
  export(object: ExportedInterface): () => void;
  /** Ends the connection; pending calls reject. Idempotent. */
  close(): Promise<void>;
}

/** The system bus, connected when first needed and again after it was lost. */
export interface SystemBus {
  /** The live link, or a new one; rejects with BusError `bus_unreachable` within 10 s when there is no bus. */
  link(signal: AbortSignal): Promise<BusLink>;
  close(): Promise<void>;
}

/** Opens a peer-to-peer connection (no Hello) to a D-Bus address such as `unix:path=/run/rpm-ostree-transaction.sock`. */
export type ConnectPeer = (address: string, signal: AbortSignal) => Promise<BusLink>;
