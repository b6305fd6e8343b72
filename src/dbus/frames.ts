/**
 * Cuts a byte stream into D-Bus messages.
 *
 * Invariants:
 * - At most twice the bytes received for the current message are kept. A length that is only claimed reserves nothing.
 * - Each byte is copied at most a constant number of times, however small the chunks are.
 * - A frame that was handed on is never written to again.
 * - A message larger than `mostBytesOf` allows is passed over: its frame is its header alone, and the stream goes on.
 */
import { BusError } from '../errors.ts';
import { bytesRead, freeGarbage } from '../memory/free-garbage.ts';
import { KIBIBYTE, MEBIBYTE } from '../text/units.ts';

/** Endianness, type, flags, version, body length, serial, length of the header fields. */
const FIXED_HEADER_BYTES = 16;
/** The specification's limits. */
export const LARGEST_MESSAGE_BYTES = 128 * MEBIBYTE;
export const LARGEST_ARRAY_BYTES = 64 * MEBIBYTE;
export const PROTOCOL_VERSION = 1;

/**
 * Of a reply that is kept whole. The largest real one lists the deployments, with 0.6 MB of metadata for each image.
 */
export const LARGEST_REPLY_BYTES = 8 * MEBIBYTE;
/** Of any other message. Every local user may send calls and signals, and none that this agent takes has 1 KiB. */
export const LARGEST_UNASKED_BYTES = 256 * KIBIBYTE;
const METHOD_RETURN = 2;

export const LITTLE_ENDIAN = 0x6c;
export const BIG_ENDIAN = 0x42;

const SMALLEST_STORE_BYTES = 4096;

export class Framer {
  #store: Buffer = Buffer.alloc(0);
  #stored = 0;
  /** The bytes of the current message that are needed to get any further. */
  #needed = FIXED_HEADER_BYTES;
  /** The bytes still to come of a message that is passed over. */
  #toSkip = 0;

  /**
   * Takes the next bytes and passes every message that they complete to `onFrame`. Throws BusError
   * `bus_malformed_message` when the start of a message makes no sense. The stream is lost then, because the start of
   * the next one is unknown.
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    const skipped = Math.min(this.#toSkip, chunk.length);
    this.#toSkip -= skipped;
    if (skipped > 0) {
      // Messages of 28 MB, one after the other, would otherwise gather faster than the runtime collects them.
      bytesRead(skipped);
      freeGarbage();
    }
    this.#cut(chunk.subarray(skipped), onFrame);
  }

  #cut(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    // Stryker disable next-line ConditionalExpression: appending to nothing does the same, with a copy more.
    const data = this.#stored === 0 ? chunk : this.#append(chunk);
    let at = 0;
    this.#needed = FIXED_HEADER_BYTES;
    while (data.length - at >= FIXED_HEADER_BYTES) {
      const size = frameSize(data, at);
      const kept = size <= mostBytesOf(data, at) ? size : headBytes(data, at);
      if (data.length - at < kept) {
        this.#needed = kept;
        break;
      }
      onFrame(data.subarray(at, at + kept));
      const there = Math.min(size, data.length - at);
      this.#toSkip = size - there;
      at += there;
    }
    if (data === chunk || at > 0) {
      this.#keep(data.subarray(at));
    }
  }

  #append(chunk: Buffer): Buffer {
    const length = this.#stored + chunk.length;
    // Stryker disable next-line EqualityOperator: a store that is just large enough may be replaced.
    if (length > this.#store.length) {
      // Doubling bounds the copying. Going no further than the message needs bounds the memory.
      const grown = Math.max(length, Math.min(this.#store.length * 2, this.#needed));
      const store = Buffer.allocUnsafeSlow(grown);
      this.#store.copy(store, 0, 0, this.#stored);
      this.#store = store;
    }
    chunk.copy(this.#store, this.#stored);
    this.#stored = length;
    return this.#store.subarray(0, length);
  }

  /** Uses a fresh store each time, because frames that were handed on may share the old one. */
  #keep(rest: Buffer): void {
    this.#stored = rest.length;
    // Stryker disable next-line ConditionalExpression,BlockStatement: a store that holds nothing may have any size.
    if (rest.length === 0) {
      this.#store = Buffer.alloc(0);
      return;
    }
    this.#store = Buffer.allocUnsafeSlow(Math.max(rest.length, SMALLEST_STORE_BYTES));
    rest.copy(this.#store);
  }
}

/** Exported for its tests: the largest message of the type at `at` that is kept whole. */
export function mostBytesOf(data: Buffer, at: number): number {
  return data[at + 1] === METHOD_RETURN ? LARGEST_REPLY_BYTES : LARGEST_UNASKED_BYTES;
}

/** The header, or the fixed part of it where the fields are too long as well. */
function headBytes(data: Buffer, at: number): number {
  const little = data[at] === LITTLE_ENDIAN;
  const head = bodyOffset(little ? data.readUInt32LE(at + 12) : data.readUInt32BE(at + 12));
  return head <= LARGEST_UNASKED_BYTES ? head : FIXED_HEADER_BYTES;
}

function frameSize(data: Buffer, at: number): number {
  const endian = data[at];
  if (endian !== LITTLE_ENDIAN && endian !== BIG_ENDIAN) {
    throw lostFraming(`byte order must be "l" or "B", got byte ${String(endian)}`);
  }
  const version = data[at + 3];
  if (version !== PROTOCOL_VERSION) {
    throw lostFraming(`protocol version must be ${PROTOCOL_VERSION}, got ${String(version)}`);
  }
  const little = endian === LITTLE_ENDIAN;
  const bodyBytes = little ? data.readUInt32LE(at + 4) : data.readUInt32BE(at + 4);
  const fieldBytes = little ? data.readUInt32LE(at + 12) : data.readUInt32BE(at + 12);
  if (fieldBytes > LARGEST_ARRAY_BYTES) {
    throw lostFraming(`header fields must be at most ${LARGEST_ARRAY_BYTES} bytes, got ${fieldBytes}`);
  }
  const size = bodyOffset(fieldBytes) + bodyBytes;
  if (size > LARGEST_MESSAGE_BYTES) {
    throw lostFraming(`size must be at most ${LARGEST_MESSAGE_BYTES} bytes, got ${size}`);
  }
  return size;
}

/** The body starts at the next multiple of 8 after the header fields. */
export function bodyOffset(fieldBytes: number): number {
  return Math.ceil((FIXED_HEADER_BYTES + fieldBytes) / 8) * 8;
}

function lostFraming(why: string): BusError {
  return new BusError('bus_malformed_message', `cannot read the D-Bus stream: ${why}`);
}
