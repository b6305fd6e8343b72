/**
 * The two internals of dbus-next 0.10.2 that codec.ts builds on; the package ships no types for them. Pinned to exactly
 * that version: internals may change without notice.
 */

declare module 'dbus-next/lib/dbus-buffer.js' {
  interface TypeTree {
    readonly type: string;
    readonly child: readonly TypeTree[];
  }

  /** A read cursor. Every read method calls the others through `this`, so a subclass can tighten any of them. */
  class DBusBuffer {
    constructor(
      buffer: Buffer,
      startPos: number,
      endian: number,
      fds: null,
      options: { readonly ayBuffer: boolean },
    );
    readonly buffer: Buffer;
    readonly endian: number;
    pos: number;
    align(power: number): void;
    readInt8(): number;
    readInt16(): number;
    readSInt16(): number;
    readInt32(): number;
    readSInt32(): number;
    readDouble(): number;
    readString(byteLength: number): string;
    readTree(tree: TypeTree): unknown;
    readStruct(trees: readonly TypeTree[]): unknown;
    readVariant(): unknown;
    readArray(element: TypeTree, byteLength: number): unknown;
    readSimpleType(type: string): unknown;
  }

  export = DBusBuffer;
}

declare module 'dbus-next/lib/message.js' {
  /** Body in the marshaller's own format: a variant is `[signature, value]`, a dictionary an array of `[key, value]`. */
  interface MarshallableMessage {
    readonly type: number;
    readonly serial: number;
    readonly flags: number;
    readonly path?: string | undefined;
    readonly interface?: string | undefined;
    readonly member?: string | undefined;
    readonly errorName?: string | undefined;
    readonly replySerial?: number | undefined;
    readonly destination?: string | undefined;
    readonly signature?: string | undefined;
    readonly body?: readonly unknown[];
  }

  const message: {
    /** Returns the bytes of the message and its descriptors. Throws on a value that does not fit its type. */
    marshall(message: MarshallableMessage): [bytes: Buffer, descriptors: unknown[]];
  };

  export = message;
}
