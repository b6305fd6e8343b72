/**
 * Bytes to values: the only file that knows the D-Bus library.
 *
 * Of dbus-next it uses the read cursor alone, subclassed here; nothing is patched. Its connection, message loop,
 * signature parser and proxies would let any local user kill the process with one message. They would also let a
 * message take a hundred times the memory that was sent. Its marshaller loses the sign of zero.
 *
 * Invariants:
 * - No more than MOST_VALUES values are read, and no container deeper than DEEPEST_CONTAINERS.
 * - Every length is checked before it is followed.
 * - Nothing that is read shares memory with the message.
 */
import { isUtf8 } from 'node:buffer';

import DBusBuffer from 'dbus-next/lib/dbus-buffer.js';

import { printable } from '../text/printable.ts';
import { LARGEST_ARRAY_BYTES, LITTLE_ENDIAN } from './frames.ts';
import { DEEPEST_CONTAINERS } from './message.ts';
import { isObjectPath } from './names.ts';
import { isAlignedTo8, parseSignature, type TypeTree } from './signature.ts';
import { type BasicValue, type BusValue, type Dictionary, Variant } from './types.ts';

/**
 * Values in one message, containers included. Each takes about 100 bytes. rpm-ostree's largest reply has a few
 * thousand.
 */
export const MOST_VALUES = 50_000;

/**
 * dbus-next's cursor, made to distrust what it reads and to return this agent's values. Throws RangeError or TypeError.
 */
export class Reader extends DBusBuffer {
  #values = 0;
  #depth = 0;

  constructor(buffer: Buffer, pos: number, endian: number) {
    super(buffer, 0, endian, null, { ayBuffer: true });
    this.pos = pos;
  }

  override readTree(tree: TypeTree): BusValue {
    this.#values += 1;
    if (this.#values > MOST_VALUES) {
      throw new RangeError(`values must be at most ${MOST_VALUES}`);
    }
    if (tree.child.length === 0 && tree.type !== 'v') {
      return this.readSimpleType(tree.type);
    }
    this.#depth += 1;
    if (this.#depth > DEEPEST_CONTAINERS) {
      throw new RangeError(`containers must be at most ${DEEPEST_CONTAINERS} deep`);
    }
    const value = this.#readContainer(tree);
    this.#depth -= 1;
    return value;
  }

  #readContainer(tree: TypeTree): BusValue {
    const [element] = tree.child;
    if (tree.type === 'v') {
      return this.readVariant();
    }
    if (tree.type === 'a' && element !== undefined) {
      return this.readArray(element, this.readInt32());
    }
    this.align(3);
    return this.readStruct(tree.child);
  }

  override readStruct(trees: readonly TypeTree[]): readonly BusValue[] {
    return trees.map((tree) => this.readTree(tree));
  }

  override readVariant(): Variant {
    const signature = this.#readSignature();
    const [tree, ...more] = parseSignature(signature);
    if (tree === undefined || more.length > 0) {
      throw new TypeError(`variant must have one complete type, got ${JSON.stringify(signature)}`);
    }
    return new Variant(signature, this.readTree(tree));
  }

  override readArray(element: TypeTree, byteLength: number): BusValue {
    if (byteLength > LARGEST_ARRAY_BYTES) {
      throw new RangeError(`array must be at most ${LARGEST_ARRAY_BYTES} bytes, got ${byteLength}`);
    }
    if (isAlignedTo8(element.type)) {
      this.align(3);
    }
    const start = this.pos;
    const end = start + byteLength;
    this.#within(end);
    if (element.type === 'y') {
      this.pos = end;
      // A copy, because a view would keep the whole message in memory.
      return new Uint8Array(this.buffer.subarray(start, end));
    }
    const value = element.type === '{' ? this.#readEntries(element, end) : this.#readElements(element, end);
    if (this.pos !== end) {
      throw new RangeError(`array must end at byte ${end}, got ${this.pos}`);
    }
    return value;
  }

  #readElements(element: TypeTree, end: number): readonly BusValue[] {
    const values: BusValue[] = [];
    while (this.pos < end) {
      values.push(this.readTree(element));
    }
    return values;
  }

  /** A Map, because `__proto__` would not be an ordinary key of an object. */
  #readEntries(entry: TypeTree, end: number): Dictionary {
    const [keyType, valueType] = entry.child;
    if (keyType === undefined || valueType === undefined) {
      throw new TypeError('dictionary entry must have a key and a value');
    }
    const entries = new Map<BasicValue, BusValue>();
    while (this.pos < end) {
      this.align(3);
      this.#values += 1;
      const key = this.readSimpleType(keyType.type);
      entries.set(key, this.readTree(valueType));
    }
    return entries;
  }

  override readSimpleType(type: string): BasicValue {
    switch (type) {
      case 'y':
        return this.readInt8();
      case 'b':
        return this.#readBoolean();
      case 'n':
        return this.readSInt16();
      case 'q':
        return this.readInt16();
      case 'i':
        return this.readSInt32();
      case 'u':
      case 'h': // The index alone: no descriptor is ever accepted, so there is none to look up.
        return this.readInt32();
      case 'x':
      case 't':
        return this.#readInt64(type === 'x');
      case 'd':
        return this.readDouble();
      case 's':
        return this.readString(this.readInt32());
      case 'o':
        return this.#readObjectPath();
      case 'g': {
        const signature = this.#readSignature();
        parseSignature(signature);
        return signature;
      }
      default:
        throw new TypeError(`type must be a basic one, got ${JSON.stringify(type)}`);
    }
  }

  override readInt8(): number {
    const value = this.buffer.readUInt8(this.pos);
    this.pos += 1;
    return value;
  }

  override readString(byteLength: number): string {
    const start = this.pos;
    const end = start + byteLength;
    this.#within(end + 1);
    const bytes = this.buffer.subarray(start, end);
    if (this.buffer[end] !== 0 || bytes.includes(0) || !isUtf8(bytes)) {
      throw new TypeError('string must be UTF-8 with one NUL at its end');
    }
    this.pos = end + 1;
    return bytes.toString('utf8');
  }

  #readSignature(): string {
    return this.readString(this.readInt8());
  }

  #readObjectPath(): string {
    const path = this.readString(this.readInt32());
    if (!isObjectPath(path)) {
      throw new TypeError(`object path must be valid, got ${printable(path)}`);
    }
    return path;
  }

  #readBoolean(): boolean {
    const value = this.readInt32();
    if (value > 1) {
      throw new RangeError(`boolean must be 0 or 1, got ${value}`);
    }
    return value === 1;
  }

  #readInt64(signed: boolean): bigint {
    this.align(3);
    const at = this.pos;
    this.pos += 8;
    if (this.endian === LITTLE_ENDIAN) {
      return signed ? this.buffer.readBigInt64LE(at) : this.buffer.readBigUInt64LE(at);
    }
    return signed ? this.buffer.readBigInt64BE(at) : this.buffer.readBigUInt64BE(at);
  }

  #within(end: number): void {
    if (end > this.buffer.length) {
      throw new RangeError(`length must stay within ${this.buffer.length} bytes, got ${end}`);
    }
  }
}
