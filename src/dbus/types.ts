/**
 * The D-Bus vocabulary of the agent: all that adapters see of a bus. No type of a library appears here.
 */

/**
 * A decoded value:
 *
 * - Integers of up to 32 bits and doubles are numbers; 64-bit integers are bigints.
 * - `ay` is a Uint8Array, a copy. Other arrays, and structs, are arrays.
 * - Dictionaries are Maps. Any key is an ordinary key, `__proto__` too.
 * - Variants are {@link Variant}.
 * - A descriptor (`h`) is its index, a number. No descriptor is ever accepted.
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
  /** A bus name; undefined on a peer connection. */
  readonly destination?: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** The signature of the arguments; undefined when there are none. */
  readonly signature?: string;
  readonly body?: readonly BusValue[];
  /** From the call to the reply. Default five minutes, because a daemon may take minutes to start. */
  readonly timeoutMs?: number;
}

export interface Reply {
  readonly signature: string;
  readonly body: readonly BusValue[];
  /** The unique name of the sender; undefined on a peer connection. */
  readonly sender: string | undefined;
}

export interface BusSignal {
  /** The unique name of the sender; undefined on a peer connection. */
  readonly sender: string | undefined;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly body: readonly BusValue[];
}

/** A method of an exported object. It throws a BusError with `errorName` to answer with that D-Bus error. */
export interface ExportedMethod {
  readonly member: string;
  /** The signature of the arguments. A call with any other is refused. */
  readonly in: string;
  readonly out: string;
  /** Of the arguments, in their order, for introspection. Those that have none are left without. */
  readonly argNames?: readonly string[];
  /** Of the values that are returned. */
  readonly outNames?: readonly string[];
  handle(args: readonly BusValue[], caller: Caller): Promise<readonly BusValue[]> | readonly BusValue[];
}

/** Who calls. */
export interface Caller {
  /** The unique name; empty on a peer connection. */
  readonly sender: string;
  /** The caller waits as long as it takes to ask somebody for a password. */
  readonly mayAsk: boolean;
}

export interface ExportedProperty {
  readonly name: string;
  readonly signature: string;
  /** As the annotation EmitsChangedSignal says it. Default: `true`. */
  readonly emits?: 'true' | 'const' | 'false';
  get(): BusValue;
  /** Left out: it cannot be set. Throws a BusError with `errorName` as a method does. */
  set?(value: BusValue, caller: Caller): Promise<void> | void;
}

export interface ExportedSignal {
  readonly member: string;
  readonly signature: string;
  readonly argNames?: readonly string[];
}

export interface ExportedInterface {
  readonly path: string;
  readonly name: string;
  readonly methods: readonly ExportedMethod[];
  readonly properties?: readonly ExportedProperty[];
  readonly signals?: readonly ExportedSignal[];
}

/** An incoming call, with the interface that the method was found in. */
export interface IncomingCall extends Caller {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
}

/**
 * Decides about each incoming call before its arguments are decoded. `run` runs it; a BusError with `errorName` refuses
 * it.
 */
export type CallGuard = <T>(call: IncomingCall, run: () => Promise<T>) => Promise<T>;

/**
 * One connection, to a bus or to a peer. On a bus, Hello has been answered. All waits are bounded. Calls reject with
 * BusError or CancelledError.
 */
export interface BusLink {
  /** Our unique name; undefined on a peer connection. */
  readonly uniqueName: string | undefined;
  /** Aborts when the connection ends, whichever side ended it. The reason is a BusError. */
  readonly gone: AbortSignal;
  call(call: MethodCall, signal?: AbortSignal): Promise<Reply>;
  /**
   * Passes each matching signal to `handler`, in the order of arrival, until the returned function is called. Bodies of
   * other signals are not decoded. On a bus, the caller must also add a match rule (see `addMatch`).
   */
  onSignal(
    filter: { readonly interface: string; readonly member?: string; readonly path?: string },
    handler: (signal: BusSignal) => void,
  ): () => void;
  /**
   * Asks the bus for signals. The returned function withdraws the rule. Rejects with TypeError on a peer connection.
   */
  addMatch(rule: string, signal?: AbortSignal): Promise<() => Promise<void>>;
  /**
   * Serves an interface until the returned function is called, together with Introspectable, Peer and Properties. An
   * interface of one of these names takes the place of the standard one.
   */
  export(object: ExportedInterface): () => void;
  /** Sends a signal. One that cannot be encoded is a fault of the link. After the end it does nothing. */
  sendSignal(signal: Omit<BusSignal, 'sender'>): void;
  /** Ends the connection. Pending calls reject. Idempotent. */
  close(): Promise<void>;
}

/** The system bus: connects when it is first needed, and again after the connection was lost. */
export interface SystemBus {
  /** The current link, or a new one. Rejects within 10 s with BusError `bus_unreachable` when there is no bus. */
  link(signal: AbortSignal): Promise<BusLink>;
  close(): Promise<void>;
}

/**
 * Opens a peer-to-peer connection, without Hello, to a D-Bus address such as
 * `unix:path=/run/rpm-ostree-transaction.sock`.
 */
export type ConnectPeer = (address: string, signal: AbortSignal) => Promise<BusLink>;
