/**
 * The internals of dbus-next 0.10.2 that reader.ts builds on; the package ships no types for them. The dependency is
 * pinned to exactly that version, for internals may change without notice.
 */

declare module 'dbus-next/lib/dbus-buffer.js' {
  interface TypeTree {
    readonly type: string;
    readonly child: readonly TypeTree[];
  }

  /** A read cursor. Its read methods call each other through `this`, so a subclass can tighten any of them. */
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
