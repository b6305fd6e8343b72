import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';

import { decodeMessage, encodeMessage } from '../../../src/dbus/codec.ts';
import {
  bodyOffset,
  Framer,
  LARGEST_ARRAY_BYTES,
  LARGEST_MESSAGE_BYTES,
  LARGEST_REPLY_BYTES,
  LARGEST_UNASKED_BYTES,
  mostBytesOf,
} from '../../../src/dbus/frames.ts';
import { MESSAGE_TYPE } from '../../../src/dbus/message.ts';
import { BusError } from '../../../src/errors.ts';

function message(bytes: number, serial: number): Buffer {
  return encodeMessage({
    type: MESSAGE_TYPE.methodReturn,
    serial,
    replySerial: 1,
    signature: 'ay',
    body: [new Uint8Array(bytes).fill(serial)],
  });
}

function start(change: (header: Buffer) => void): Buffer {
  const header = Buffer.alloc(16);
  header.set([0x6c, 1, 0, 1]);
  change(header);
  return header;
}

describe('Framer', () => {
  test('gives back each message, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 9000 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }),
        (sizes, cuts) => {
          const messages = sizes.map((size, index) => message(size, index + 1));
          const stream = Buffer.concat(messages);
          const framer = new Framer();
          const frames: Buffer[] = [];
          for (let at = 0, turn = 0; at < stream.length; turn += 1) {
            const length = cuts[turn % cuts.length]!;
            framer.push(Buffer.from(stream.subarray(at, at + length)), (frame) => frames.push(frame));
            at += length;
          }
          expect(frames).toEqual(messages);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('a megabyte byte by byte copies little', () => {
    const whole = message(1_000_000, 7);
    const framer = new Framer();
    const frames: Buffer[] = [];
    for (const byte of whole) {
      framer.push(Buffer.of(byte), (frame) => frames.push(frame));
    }
    expect(frames).toHaveLength(1);
    expect(frames[0]?.equals(whole)).toBe(true);
  });

  test.each([
    ['signal', LARGEST_UNASKED_BYTES],
    ['methodReturn', LARGEST_REPLY_BYTES],
  ] as const)('F2: a %s of more than %d bytes is passed over, and the stream goes on', (type, most) => {
    const large = encodeMessage({
      type: MESSAGE_TYPE[type],
      serial: 7,
      ...(type === 'signal' ? { path: '/a', interface: 'a.b', member: 'C' } : { replySerial: 1 }),
      signature: 'ay',
      body: [new Uint8Array(most)],
    });
    const small = message(10, 2);
    for (const cut of [1000, 65_536, large.length, large.length + small.length]) {
      const framer = new Framer();
      const frames: Buffer[] = [];
      const stream = Buffer.concat([small, large, small]);
      for (let at = 0; at < stream.length; at += cut) {
        framer.push(stream.subarray(at, at + cut), (frame) => frames.push(Buffer.from(frame)));
      }
      expect([frames.length, frames[0], frames[2]]).toEqual([3, small, small]);
      expect(frames[1]!.length).toBeLessThan(200);
      const head = decodeMessage(frames[1]!);
      expect(head.serial).toBe(7);
      expect(() => head.body()).toThrow(/body of a D-Bus message: it must be smaller, got \d+ bytes/);
    }
  });

  test('a length that is only claimed reserves nothing', () => {
    const before = process.memoryUsage().arrayBuffers;
    const framers = Array.from({ length: 20 }, () => {
      const framer = new Framer();
      const header = start((bytes) => {
        bytes.writeUInt8(MESSAGE_TYPE.methodReturn, 1);
        bytes.writeUInt32LE(LARGEST_REPLY_BYTES - 16, 4);
      });
      framer.push(header, () => undefined);
      framer.push(Buffer.alloc(5000), () => undefined);
      return framer;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
    expect(framers).toHaveLength(20);
  });

  test('garbage of what is passed over is noted, chunk by chunk, and of nothing else', async () => {
    const noted = { bytes: [] as number[], freed: 0 };
    vi.doMock(import('../../../src/memory/free-garbage.ts'), () => ({
      bytesRead: (bytes) => void noted.bytes.push(bytes),
      freeGarbage: () => void (noted.freed += 1),
    }));
    // The module may be there already, with what it really imports.
    vi.resetModules();
    const watched = await import('../../../src/dbus/frames.ts');
    vi.doUnmock('../../../src/memory/free-garbage.ts');
    const framer = new watched.Framer();
    framer.push(message(10, 2), () => undefined);
    expect(noted).toEqual({ bytes: [], freed: 0 });
    framer.push(
      start((header) => header.writeUInt32LE(LARGEST_UNASKED_BYTES, 4)),
      () => undefined,
    );
    framer.push(Buffer.alloc(LARGEST_UNASKED_BYTES - 1), () => undefined);
    framer.push(Buffer.concat([Buffer.alloc(1), message(10, 2)]), () => undefined);
    expect(noted).toEqual({ bytes: [LARGEST_UNASKED_BYTES - 1, 1], freed: 2 });
  });

  test('a message in big-endian order has its lengths in that order', () => {
    const frame = Buffer.alloc(bodyOffset(9) + 300);
    frame.set([0x42, 2, 0, 1]);
    frame.writeUInt32BE(300, 4);
    frame.writeUInt32BE(9, 12);
    const frames: Buffer[] = [];
    new Framer().push(Buffer.concat([frame, frame, message(1, 1)]), (cut) => frames.push(cut));
    expect(frames).toEqual([frame, frame, message(1, 1)]);
    const large = Buffer.from(frame);
    large.writeUInt8(MESSAGE_TYPE.signal, 1);
    large.writeUInt32BE(LARGEST_UNASKED_BYTES, 4);
    const heads: Buffer[] = [];
    new Framer().push(large, (cut) => heads.push(cut));
    expect(heads).toEqual([large.subarray(0, 32)]);
  });

  test.each([
    [
      'a message of the largest size',
      (header: Buffer) => header.writeUInt32LE(LARGEST_MESSAGE_BYTES - 16, 4),
    ],
    ['header fields of the largest size', (header: Buffer) => header.writeUInt32LE(LARGEST_ARRAY_BYTES, 12)],
    ['fields too long to be kept', (header: Buffer) => header.writeUInt32LE(LARGEST_UNASKED_BYTES - 15, 12)],
  ])('%s is passed over by its fixed header alone', (_what, change) => {
    const heads: Buffer[] = [];
    const header = start(change);
    new Framer().push(header, (frame) => heads.push(Buffer.from(frame)));
    expect(heads).toEqual([header]);
  });

  test('fields as long as they may be are kept of a message that is passed over', () => {
    const head = Buffer.alloc(LARGEST_UNASKED_BYTES);
    start((header) => {
      header.writeUInt32LE(1, 4);
      header.writeUInt32LE(LARGEST_UNASKED_BYTES - 16, 12);
    }).copy(head);
    const frames: Buffer[] = [];
    const framer = new Framer();
    framer.push(head, (frame) => frames.push(frame));
    framer.push(Buffer.concat([Buffer.of(0), message(1, 1)]), (frame) => frames.push(frame));
    expect(frames).toEqual([head, message(1, 1)]);
  });

  test.each([
    [MESSAGE_TYPE.methodReturn, LARGEST_REPLY_BYTES],
    [MESSAGE_TYPE.methodCall, LARGEST_UNASKED_BYTES],
  ])('a message of type %i may have %i bytes', (type, most) => {
    const whole = Buffer.alloc(most);
    start((header) => {
      header.writeUInt8(type, 1);
      header.writeUInt32LE(most - 16, 4);
    }).copy(whole);
    expect(mostBytesOf(whole, 0)).toBe(most);
    const frames: Buffer[] = [];
    new Framer().push(whole, (frame) => frames.push(frame));
    expect(frames.map(({ length }) => length)).toEqual([most]);
  });

  test.each([
    ['byte order', start((header) => header.writeUInt8(0x58, 0)), 'byte order'],
    ['version', start((header) => header.writeUInt8(2, 3)), 'protocol version'],
    ['fields', start((header) => header.writeUInt32LE(LARGEST_ARRAY_BYTES + 1, 12)), 'header fields'],
    ['size', start((header) => header.writeUInt32LE(LARGEST_MESSAGE_BYTES - 15, 4)), 'size must be at most'],
  ])('ends the stream at a wrong %s', (_what, bytes, why) => {
    const push = () => new Framer().push(bytes, () => undefined);
    expect(push).toThrow(BusError);
    expect(push).toThrow(why);
  });
});
