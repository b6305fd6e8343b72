/**
 * Values to bytes, in little-endian order. Pure.
 *
 * Invariants:
 * - What is written decodes to the same value: the sign of zero, the smallest INT64 and NaN included.
 * - A value that does not fit its type is refused with TypeError or RangeError, in a sentence that says why.
 * - Nothing is written that a bus would disconnect the sender for: bad object paths, texts with NUL, long arrays.
 * - Descriptors (`h`) are refused: none is ever sent.
 */
import { printable } from '../text/printable.ts';
import { LARGEST_ARRAY_BYTES, LARGEST_MESSAGE_BYTES } from './frames.ts';
import { DEEPEST_CONTAINERS } from './message.ts';
import { isObjectPath } from './names.ts';
import { isAlignedTo8, parseSignature, signatureOf, type TypeTree } from './signature.ts';
import { type BusValue, isDictionary, isList, Variant } from './types.ts';

const SMALLEST_STORE_BYTES = 256;

interface IntegerType {
  readonly least: number;
  readonly most: number;
  readonly bytes: number;
}

interface LongType {
  readonly least: bigint;
  readonly most: bigint;
}

const BYTE: IntegerType = { least: 0, most: 0xff, bytes: 1 };
const UINT32: IntegerType = { least: 0, most: 0xffff_ffff, bytes: 4 };

const INTEGERS: ReadonlyMap<string, IntegerType> = new Map([
  ['y', BYTE],
  ['n', { least: -0x8000, most: 0x7fff, bytes: 2 }],
  ['q', { least: 0, most: 0xffff, bytes: 2 }],
  ['i', { least: -0x8000_0000, most: 0x7fff_ffff, bytes: 4 }],
  ['u', UINT32],
]);

const LONGS: ReadonlyMap<string, LongType> = new Map([
  ['x', { least: -(2n ** 63n), most: 2n ** 63n - 1n }],
  ['t', { least: 0n, most: 2n ** 64n - 1n }],
]);

export class Writer {
  /** Zeros beyond `#length`, so that padding need not be written. */
  #store: Buffer = Buffer.alloc(SMALLEST_STORE_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** All that was written. It shares the writer's memory. */
  bytes(): Buffer {
    return this.#store.subarray(0, this.#length);
  }

  /** Pads to the next multiple of `boundary`. */
  align(boundary: number): void {
    this.#extend((boundary - (this.#length % boundary)) % boundary);
  }

  /** Writes one value for each type. `depth`: how many containers are around them. */
  writeAll(types: readonly TypeTree[], values: readonly BusValue[], depth = 0): void {
    if (types.length !== values.length) {
      throw new TypeError(
        `values for ${types.map(signatureOf).join('')} must be ${types.length}, got ${values.length}`,
      );
    }
    types.forEach((type, index) => this.#write(type, values[index], depth));
  }

  #write(type: TypeTree, value: BusValue | undefined, depth: number): void {
    const [element] = type.child;
    if (type.type !== 'v' && element === undefined) {
      this.#writeBasic(type, value);
      return;
    }
    if (depth === DEEPEST_CONTAINERS) {
      throw new TypeError(`containers must be at most ${DEEPEST_CONTAINERS} deep`);
    }
    if (element === undefined) {
      this.#writeVariant(type, value, depth + 1);
    } else if (type.type === 'a') {
      this.#writeArray(type, element, value, depth + 1);
    } else if (isList(value)) {
      this.align(8);
      this.writeAll(type.child, value, depth + 1);
    } else {
      throw misfit(type, value);
    }
  }

  #writeVariant(type: TypeTree, value: BusValue | undefined, depth: number): void {
    if (!(value instanceof Variant)) {
      throw misfit(type, value);
    }
    const [inner, ...more] = parseSignature(value.signature);
    if (inner === undefined || more.length > 0) {
      throw new TypeError(`variant must have one complete type, got ${JSON.stringify(value.signature)}`);
    }
    this.#writeSignature(value.signature);
    this.#write(inner, value.value, depth);
  }

  /** The length does not count the padding between itself and the first element. */
  #writeArray(type: TypeTree, element: TypeTree, value: BusValue | undefined, depth: number): void {
    const lengthAt = this.#extendAligned(4);
    if (isAlignedTo8(element.type)) {
      this.align(8);
    }
    const start = this.#length;
    if (element.type === '{') {
      this.#writeEntries(type, element, value, depth);
    } else if (element.type === 'y' && value instanceof Uint8Array) {
      const at = this.#extend(value.length);
      this.#store.set(value, at);
    } else if (isList(value)) {
      for (const item of value) {
        this.#write(element, item, depth);
      }
    } else {
      throw misfit(type, value);
    }
    const bytes = this.#length - start;
    if (bytes > LARGEST_ARRAY_BYTES) {
      throw new RangeError(`array must be at most ${LARGEST_ARRAY_BYTES} bytes, got ${bytes}`);
    }
    this.#store.writeUInt32LE(bytes, lengthAt);
  }

  #writeEntries(type: TypeTree, entry: TypeTree, value: BusValue | undefined, depth: number): void {
    const [keyType, valueType] = entry.child;
    if (keyType === undefined || valueType === undefined || !isDictionary(value)) {
      throw misfit(type, value);
    }
    for (const [key, item] of value) {
      this.align(8);
      this.#writeBasic(keyType, key);
      this.#write(valueType, item, depth);
    }
  }

  #writeBasic(type: TypeTree, value: BusValue | undefined): void {
    const integer = INTEGERS.get(type.type);
    const long = LONGS.get(type.type);
    if (integer !== undefined && typeof value === 'number') {
      this.#writeInteger(value, integer);
    } else if (long !== undefined && typeof value === 'bigint') {
      this.#writeLong(value, long);
    } else if (type.type === 'b' && typeof value === 'boolean') {
      this.#writeInteger(value ? 1 : 0, UINT32);
    } else if (type.type === 'd' && typeof value === 'number') {
      const at = this.#extendAligned(8);
      this.#store.writeDoubleLE(value, at);
    } else if (type.type === 's' && typeof value === 'string') {
      this.#writeText(value);
    } else if (type.type === 'o' && typeof value === 'string') {
      if (!isObjectPath(value)) {
        throw new TypeError(`object path must be valid, got ${printable(value)}`);
      }
      this.#writeText(value);
    } else if (type.type === 'g' && typeof value === 'string') {
      parseSignature(value);
      this.#writeSignature(value);
    } else {
      throw misfit(type, value);
    }
  }

  #writeInteger(value: number, { least, most, bytes }: IntegerType): void {
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RangeError(`integer must be a whole number from ${least} to ${most}, got ${value}`);
    }
    const at = this.#extendAligned(bytes);
    if (least < 0) {
      this.#store.writeIntLE(value, at, bytes);
    } else {
      this.#store.writeUIntLE(value, at, bytes);
    }
  }

  #writeLong(value: bigint, { least, most }: LongType): void {
    if (value < least || value > most) {
      throw new RangeError(`integer must be a whole number from ${least} to ${most}, got ${value}`);
    }
    const at = this.#extendAligned(8);
    this.#store.writeBigUInt64LE(BigInt.asUintN(64, value), at);
  }

  #writeText(value: string): void {
    if (value.includes('\0')) {
      throw new TypeError('text must be without NUL');
    }
    const bytes = Buffer.byteLength(value);
    this.#writeInteger(bytes, UINT32);
    const at = this.#extend(bytes + 1);
    this.#store.write(value, at);
  }

  /** `value` was parsed before, so it is short and ASCII. */
  #writeSignature(value: string): void {
    this.#writeInteger(value.length, BYTE);
    const at = this.#extend(value.length + 1);
    this.#store.write(value, at);
  }

  /** Adds `bytes` zeros and returns their place. May exchange `#store`, so it is called before `#store` is used. */
  #extend(bytes: number): number {
    const start = this.#length;
    const length = start + bytes;
    if (length > LARGEST_MESSAGE_BYTES) {
      throw new RangeError(`size must be at most ${LARGEST_MESSAGE_BYTES} bytes, got more`);
    }
    if (length > this.#store.length) {
      const store = Buffer.alloc(Math.max(length, this.#store.length * 2));
      this.#store.copy(store, 0, 0, start);
      this.#store = store;
    }
    this.#length = length;
    return start;
  }

  /** The same for a number of `bytes` bytes, which starts at a multiple of its size. */
  #extendAligned(bytes: number): number {
    this.align(bytes);
    return this.#extend(bytes);
  }
}

function misfit(type: TypeTree, value: BusValue | undefined): TypeError {
  const got = typeof value === 'object' ? value.constructor.name : typeof value;
  return new TypeError(`value must fit D-Bus type ${signatureOf(type)}, got ${got}`);
}
