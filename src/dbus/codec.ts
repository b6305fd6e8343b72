/**
 * Between messages and bytes.
 *
 * Invariants:
 * - Decoding throws BusError `bus_malformed_message` and nothing else.
 * - Encoding refuses, with the same error, what a bus would disconnect us for.
 */
import { BusError, messageOf } from '../errors.ts';
import { bodyOffset, LARGEST_MESSAGE_BYTES, LITTLE_ENDIAN, PROTOCOL_VERSION } from './frames.ts';
import { checkedHeader, outgoingFields } from './header.ts';
import type { IncomingMessage, OutgoingMessage } from './message.ts';
import { Reader } from './reader.ts';
import { parseSignature } from './signature.ts';
import type { BusValue } from './types.ts';
import { Writer } from './writer.ts';

/** Where the array of header fields starts, its length included. */
const FIELDS_OFFSET = 12;
const FIELDS = parseSignature('a(yv)');
const HEADER = parseSignature('yyyyuua(yv)');

/**
 * Decodes the header of one message, as the framer cut it. The body is decoded on demand. Throws BusError
 * `bus_malformed_message`.
 */
export function decodeMessage(frame: Buffer): IncomingMessage {
  return orMalformed('header', () => {
    const endian = frame.readUInt8(0);
    const little = endian === LITTLE_ENDIAN;
    const reader = new Reader(frame, FIELDS_OFFSET, endian);
    const [fields] = reader.readStruct(FIELDS);
    const header = checkedHeader({
      type: frame.readUInt8(1),
      flags: frame.readUInt8(2),
      serial: little ? frame.readUInt32LE(8) : frame.readUInt32BE(8),
      fields,
    });
    const body = frame.subarray(bodyOffset(little ? frame.readUInt32LE(12) : frame.readUInt32BE(12)));
    const bodyBytes = little ? frame.readUInt32LE(4) : frame.readUInt32BE(4);
    return {
      ...header,
      body: () => orMalformed('body', () => decodeBody(header.signature, body, bodyBytes, endian)),
    };
  });
}

/** `bodyBytes`: as the header says. The framer keeps no body of a message that is too large. */
function decodeBody(signature: string, body: Buffer, bodyBytes: number, endian: number): readonly BusValue[] {
  if (body.length < bodyBytes) {
    throw new RangeError(`it must be smaller, got ${bodyBytes} bytes`);
  }
  const reader = new Reader(body, 0, endian);
  const values = reader.readStruct(parseSignature(signature));
  if (reader.pos !== body.length) {
    throw new RangeError(`length must be ${reader.pos} as its signature says, got ${body.length}`);
  }
  return values;
}

/** The bytes of a message. Throws BusError `bus_malformed_message` when it must not be sent. */
export function encodeMessage(message: OutgoingMessage): Buffer {
  try {
    const { type, serial, flags = 0, signature = '', body: values = [] } = message;
    if (serial === 0) {
      throw new RangeError('serial must not be 0');
    }
    const body = new Writer();
    body.writeAll(parseSignature(signature), values);
    const header = new Writer();
    const fields = outgoingFields(message);
    header.writeAll(HEADER, [LITTLE_ENDIAN, type, flags, PROTOCOL_VERSION, body.length, serial, fields]);
    header.align(8);
    const bytes = header.length + body.length;
    if (bytes > LARGEST_MESSAGE_BYTES) {
      throw new RangeError(`size must be at most ${LARGEST_MESSAGE_BYTES} bytes, got ${bytes}`);
    }
    return Buffer.concat([header.bytes(), body.bytes()], bytes);
  } catch (error) {
    const why = `cannot send a D-Bus message: ${messageOf(error)}`;
    throw new BusError('bus_malformed_message', why, { cause: error });
  }
}

function orMalformed<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw new BusError(
      'bus_malformed_message',
      `cannot decode the ${what} of a D-Bus message: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}
