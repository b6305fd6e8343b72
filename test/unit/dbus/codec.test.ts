import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { decodeMessage, encodeMessage } from '../../../src/dbus/codec.ts';
import {
  bodyOffset,
  Framer,
  LARGEST_ARRAY_BYTES,
  LARGEST_MESSAGE_BYTES,
  LITTLE_ENDIAN,
} from '../../../src/dbus/frames.ts';
import { MESSAGE_TYPE, type OutgoingMessage } from '../../../src/dbus/message.ts';
import { MOST_VALUES, Reader } from '../../../src/dbus/reader.ts';
import { type BusValue, Variant } from '../../../src/dbus/types.ts';
import { BusError } from '../../../src/errors.ts';
import { typedValue } from '../../support/bus-values.ts';

const SIGNAL = { type: MESSAGE_TYPE.signal, serial: 1, path: '/a', interface: 'org.example.I', member: 'M' };

function withBody(signature: string, ...body: readonly BusValue[]): Buffer {
  return encodeMessage({ ...SIGNAL, signature, body });
}

type Field = readonly [code: number, type: string, text: string];

const SIGNAL_FIELDS: readonly Field[] = [
  [1, 'o', '/a'],
  [2, 's', 'org.example.I'],
  [3, 's', 'M'],
];

/** A signal with exactly these bytes as its body, whether or not they fit the signature. */
function raw(signature: string, body: Buffer, fields: readonly Field[] = SIGNAL_FIELDS): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  const push = (bytes: Buffer) => {
    parts.push(bytes);
    length += bytes.length;
  };
  for (const [code, type, text] of [...fields, [8, 'g', signature] as const]) {
    push(Buffer.alloc((8 - (length % 8)) % 8));
    const size = Buffer.alloc(type === 'g' ? 1 : 4);
    size.writeUIntLE(Buffer.byteLength(text), 0, size.length);
    push(Buffer.concat([Buffer.of(code, 1, type.charCodeAt(0), 0), size, Buffer.from(text), Buffer.of(0)]));
  }
  const fixed = Buffer.concat([Buffer.of(0x6c, MESSAGE_TYPE.signal, 0, 1), u32(body.length, 1, length)]);
  const padding = Buffer.alloc((8 - ((16 + length) % 8)) % 8);
  return Buffer.concat([fixed, ...parts, padding, body]);
}

function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32LE(value, index * 4));
  return bytes;
}

function expectMalformed(run: () => unknown, why: string | RegExp): void {
  expect(run).toThrow(expect.objectContaining({ kind: 'bus_malformed_message' }));
  expect(run).toThrow(why);
}

describe('codec', () => {
  test('what is encoded decodes to itself', () => {
    fc.assert(
      fc.property(fc.array(typedValue, { maxLength: 4 }), (values) => {
        const signature = values.map((value) => value.signature).join('');
        fc.pre(signature.length <= 255);
        const body = values.map(({ value }) => value);
        const message = decodeMessage(withBody(signature, ...body));
        expect(message).toMatchObject({ ...SIGNAL, signature });
        expect(message.body()).toEqual(body);
      }),
      { numRuns: 500 },
    );
  });

  test.each<[string, string, BusValue]>([
    ['a zero below zero', 'd', -0],
    ['a zero below zero in containers', 'a((qa{bn})adu)', [[[0, new Map()], [-0], 0]]],
    ['a zero below zero in a variant', 'v', new Variant('d', -0)],
    ['no number', 'd', Number.NaN],
    ['infinity', 'd', Number.NEGATIVE_INFINITY],
    ['the smallest INT64', 'x', -(2n ** 63n)],
    ['a text longer than the first store', 's', 'ü'.repeat(1000)],
    ['bytes longer than the first store', 'ay', new Uint8Array(1000).fill(7)],
    ['an array without elements, padded', 'at', []],
  ])('decodes to itself: %s', (_what, signature, value) => {
    expect(decodeMessage(withBody(signature, value)).body()).toEqual([value]);
  });

  test('writes the bytes that GLib writes', () => {
    const hex =
      '2a00000001000000fefffffffdffffffffffffff000000000000000000000080ffffffffffffffff000000000000f83f00000000000000' +
      '80060000006772c3bcc39f0000020000002f780005617b73767d0000000600000062797465730000002c00000000000000090000005f5f' +
      '70726f746f5f5f00056128697329000000000c0000000000000001000000030000006f6e65000176000173000000040000006465657000' +
      '0000000000000000000000';
    const body = [
      0x2a,
      true,
      -2,
      65535,
      -3,
      4294967295,
      -(2n ** 63n),
      2n ** 64n - 1n,
      1.5,
      -0,
      'grüß',
      '/x',
      'a{sv}',
      new Uint8Array(Buffer.from('bytes\0')),
      new Map([['__proto__', new Variant('a(is)', [[1, 'one']])]]),
      new Variant('v', new Variant('s', 'deep')),
      [],
    ];
    const frame = withBody('ybnqiuxtddsogaya{sv}vat', ...body);
    expect(frame.subarray(bodyOffset(frame.readUInt32LE(12))).toString('hex')).toBe(hex);
  });

  test('reads what GLib wrote in big-endian order', () => {
    const hex =
      '420401010000009d000000070000006807017300000000043a312e390000000001016f00000000042f612f6200000000020173000000' +
      '000d6f72672e6578616d706c652e49000000080167001479626e716975787464736f676179617b73767d760000000000000003017300' +
      '000000074368616e676564002a00000000000001fffefffffffffffdffffffff00000000fffffffffffffffcffffffffffffffff3ff8' +
      '000000000000000000047465787400000000000000022f780005617b73767d0000000000000662797465730000000000002c00000000' +
      '000000095f5f70726f746f5f5f00056128697329000000000000000c0000000000000001000000036f6e650001760001730000000000' +
      '00046465657000';
    const message = decodeMessage(Buffer.from(hex, 'hex'));
    expect(message).toMatchObject({ sender: ':1.9', path: '/a/b', member: 'Changed', serial: 7 });
    expect(message.body()).toEqual([
      0x2a,
      true,
      -2,
      65535,
      -3,
      4294967295,
      -4n,
      18446744073709551615n,
      1.5,
      'text',
      '/x',
      'a{sv}',
      new Uint8Array(Buffer.from('bytes\0')),
      new Map([['__proto__', new Variant('a(is)', [[1, 'one']])]]),
      new Variant('v', new Variant('s', 'deep')),
    ]);
  });

  test('a dictionary key is only a key', () => {
    const frame = withBody(
      'a{sv}',
      new Map([['__proto__', new Variant('a{sv}', new Map([['polluted', new Variant('b', true)]]))]]),
    );
    const [dictionary] = decodeMessage(frame).body();
    expect(dictionary).toBeInstanceOf(Map);
    expect((dictionary as ReadonlyMap<string, BusValue>).has('__proto__')).toBe(true);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf(dictionary)).toBe(Map.prototype);
  });

  test('bytes are a copy', () => {
    const frame = withBody('ay', new Uint8Array([1, 2, 3]));
    const [bytes] = decodeMessage(frame).body();
    frame.fill(0);
    expect(bytes).toEqual(new Uint8Array([1, 2, 3]));
    expect((bytes as Uint8Array).buffer.byteLength).toBe(3);
  });

  test('a descriptor is its index', () => {
    expect(decodeMessage(raw('h', u32(5))).body()).toEqual([5]);
  });

  test.each<[string, string, Buffer, string | RegExp]>([
    ['body without signature', '', u32(1), 'length must be 0'],
    ['body too short', 'uu', u32(1), /out of range/],
    ['body too long', 'u', u32(1, 2), 'length must be 4'],
    ['unknown type', 'z', u32(1), 'signature must be'],
    ['unbalanced signature', '(u', u32(1), 'signature must be'],
    ['empty struct in an array', 'a()', u32(1024, 0), 'signature must be'],
    ['boolean of 2', 'b', u32(2), 'boolean must be 0 or 1'],
    [
      'string beyond the end',
      's',
      Buffer.concat([u32(100), Buffer.from('abc\0')]),
      'length must stay within',
    ],
    [
      'string of 4 GB',
      's',
      Buffer.concat([u32(0xffff_ffff), Buffer.from('abc\0')]),
      'length must stay within',
    ],
    ['string without NUL', 's', Buffer.concat([u32(3), Buffer.from('abcd')]), 'string must be UTF-8'],
    ['string with NUL inside', 's', Buffer.concat([u32(3), Buffer.from('a\0c\0')]), 'string must be UTF-8'],
    ['string of bad UTF-8', 's', Buffer.concat([u32(1), Buffer.of(0xff, 0)]), 'string must be UTF-8'],
    ['object path', 'o', Buffer.concat([u32(1), Buffer.from('x\0')]), 'object path must be valid'],
    ['array beyond the end', 'ay', u32(100), 'length must stay within'],
    ['array of 64 MiB, most of it claimed', 'ay', u32(64 * 1024 * 1024), 'length must stay within'],
    ['array over 64 MiB', 'ay', u32(64 * 1024 * 1024 + 1), 'array must be at most'],
    [
      'array that ends inside an element',
      'au',
      Buffer.concat([u32(6), Buffer.alloc(8)]),
      'array must end at',
    ],
    ['signature value', 'g', Buffer.from('\u0001z\0', 'latin1'), 'signature must be'],
    ['variant of two types', 'v', Buffer.from('\u0002yy\0\0\0', 'latin1'), 'one complete type'],
    ['variant of no type', 'v', Buffer.from('\0\0', 'latin1'), 'one complete type'],
    ['byte beyond the end', 'yy', Buffer.of(1), /out of range/],
  ])('malformed: %s', (_what, signature, body, why) => {
    expectMalformed(() => decodeMessage(raw(signature, body)).body(), why);
  });

  test.each<[string, (frame: Buffer) => void]>([
    ['type', (frame) => frame.writeUInt8(0, 1)],
    ['serial', (frame) => frame.writeUInt32LE(0, 8)],
  ])('malformed header: %s of 0', (_what, change) => {
    const frame = withBody('');
    change(frame);
    expectMalformed(() => decodeMessage(frame), 'must not be 0');
  });

  test.each<[string, readonly Field[], string]>([
    [
      'a signal without its interface',
      [SIGNAL_FIELDS[0]!, SIGNAL_FIELDS[2]!],
      'field interface must be present',
    ],
    ['a path that is text', [[1, 's', '/a'], ...SIGNAL_FIELDS.slice(1)], 'field path must have signature o'],
    ['a sender that is a path', [...SIGNAL_FIELDS, [7, 'o', '/a']], 'field sender must have signature s'],
    ['a path that is none', [[1, 'o', 'a'], ...SIGNAL_FIELDS.slice(1)], 'object path must be valid'],
  ])('malformed header: %s', (_what, fields, why) => {
    expectMalformed(() => decodeMessage(raw('', Buffer.alloc(0), fields)), why);
  });

  test('malformed header: fields that do not end where they should', () => {
    const frame = raw('u', u32(1));
    frame.writeUInt32LE(frame.readUInt32LE(12) - 3, 12);
    expectMalformed(() => decodeMessage(frame), 'array must end');
  });

  test('a type from the future and unknown fields are read all the same', () => {
    const frame = raw('', Buffer.alloc(0), [...SIGNAL_FIELDS, [99, 's', 'what?']]);
    frame.writeUInt8(77, 1);
    expect(decodeMessage(frame)).toMatchObject({ type: 77, path: '/a' });
  });

  test('variants in variants: 64 deep and no deeper', () => {
    const nested = (depth: number): Buffer =>
      Buffer.concat([
        ...Array.from({ length: depth }, () => Buffer.from('\u0001v\0', 'latin1')),
        Buffer.from('\u0001y\0\u0007', 'latin1'),
      ]);
    expect(decodeMessage(raw('v', nested(63))).body()).toHaveLength(1);
    expectMalformed(() => decodeMessage(raw('v', nested(64))).body(), '64 deep');
    expectMalformed(() => decodeMessage(raw('v', nested(1_000_000))).body(), '64 deep');
  });

  test('no more than 50,000 values, found out early', () => {
    const bytes = 28 * 1024 * 1024;
    // The smallest possible variants: one byte of content in four bytes.
    const message = decodeMessage(
      raw('av', Buffer.concat([u32(bytes), Buffer.alloc(bytes, Buffer.from('\u0001y\0\u0007', 'latin1'))])),
    );
    const before = process.memoryUsage().heapUsed;
    expectMalformed(() => message.body(), `at most ${MOST_VALUES}`);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * 1024 * 1024);
    expect(
      decodeMessage(
        withBody(
          'ai',
          Array.from({ length: 1000 }, () => 1),
        ),
      ).body(),
    ).toHaveLength(1);
  });

  test.each([
    ['ai', 1, (count: number) => Array.from({ length: count }, (_, index) => index)],
    ['a{uy}', 2, (count: number) => new Map(Array.from({ length: count }, (_, index) => [index, 7]))],
    ['a(i)', 2, (count: number) => Array.from({ length: count }, (_, index) => [index])],
  ])('values of %s are counted, those in containers and the containers too', (signature, each, make) => {
    const most = Math.floor((MOST_VALUES - 1) / each);
    expect(decodeMessage(withBody(signature, make(most))).body()).toEqual([make(most)]);
    expectMalformed(
      () => decodeMessage(withBody(signature, make(most + 1))).body(),
      `values must be at most ${MOST_VALUES}`,
    );
  });

  test('a type that no signature has is refused', () => {
    const reader = new Reader(Buffer.alloc(16), 0, LITTLE_ENDIAN);
    expect(() => reader.readSimpleType('z')).toThrow(new TypeError('type must be a basic one, got "z"'));
    const byte = { type: 'y', child: [] };
    for (const child of [[], [byte]]) {
      expect(() => reader.readArray({ type: '{', child }, 0)).toThrow(
        new TypeError('dictionary entry must have a key and a value'),
      );
    }
  });

  test('the error of a message that cannot be read or sent has its cause', () => {
    const cause = expect.any(Error) as Error;
    expect(() => decodeMessage(raw('z', u32(1))).body()).toThrow(expect.objectContaining({ cause }));
    expect(() => encodeMessage({ ...SIGNAL, serial: 0 })).toThrow(expect.objectContaining({ cause }));
  });

  test('unwanted bodies cost nothing: the header alone is read', () => {
    expect(decodeMessage(raw('av', Buffer.alloc(1000, 0xff)))).toMatchObject({ signature: 'av' });
  });

  test('random bytes and mutated messages throw nothing but BusError', () => {
    const mutation = fc.record({ at: fc.nat(), value: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(typedValue, fc.array(mutation, { maxLength: 6 }), ({ signature, value }, mutations) => {
        const frame = withBody(signature, value);
        for (const { at, value: byte } of mutations) {
          frame.writeUInt8(byte, at % frame.length);
        }
        expectOnlyBusErrors(frame);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 200 }), (bytes) =>
        expectOnlyBusErrors(Buffer.from(bytes)),
      ),
    );
  });
});

function expectOnlyBusErrors(stream: Buffer): void {
  try {
    new Framer().push(stream, (frame) => decodeMessage(frame).body());
  } catch (error) {
    expect(error).toBeInstanceOf(BusError);
  }
}

describe('encodeMessage refuses', () => {
  test.each<[string, Partial<OutgoingMessage>, string]>([
    ['a path', { path: 'a' }, 'path must be valid'],
    ['an interface', { interface: 'noDots' }, 'interface must be valid'],
    ['a member', { member: 'a.b' }, 'member must be valid'],
    ['a destination', { destination: 'a b' }, 'destination must be valid'],
    ['an error name', { errorName: 'x' }, 'error name must be valid'],
    ['too few values', { signature: 'ss', body: ['a'] }, 'must be 2, got 1'],
    ['a body without signature', { body: ['a'] }, 'must be 0, got 1'],
    ['a number as text', { signature: 's', body: [1] }, 'must fit D-Bus type s, got number'],
    ['a plain number as INT64', { signature: 'x', body: [1] }, 'must fit D-Bus type x, got number'],
    ['a serial of 0', { serial: 0 }, 'serial must not be 0'],
    ['a number above its range', { signature: 'y', body: [256] }, 'from 0 to 255, got 256'],
    ['a number below its range', { signature: 'n', body: [-32_769] }, 'from -32768 to 32767, got -32769'],
    ['a long below its range', { signature: 't', body: [-1n] }, 'got -1'],
    ['a long above its range', { signature: 'x', body: [2n ** 63n] }, 'got 9223372036854775808'],
    ['a fraction', { signature: 'i', body: [1.5] }, 'must be a whole number'],
    ['no number', { signature: 'u', body: [Number.NaN] }, 'must be a whole number'],
    ['NUL in text', { signature: 's', body: ['a\0b'] }, 'text must be without NUL'],
    ['a list as text', { signature: 's', body: [['a']] }, 'must fit D-Bus type s, got Array'],
    ['a text as a list', { signature: 'as', body: ['a'] }, 'must fit D-Bus type as, got string'],
    ['a text as a struct', { signature: '(s)', body: ['a'] }, 'must fit D-Bus type (s), got string'],
    ['a key of another type', { signature: 'a{us}', body: [new Map([['a', 'b']])] }, 'must fit D-Bus type u'],
    [
      'an array over 64 MiB',
      { signature: 'ay', body: [new Uint8Array(LARGEST_ARRAY_BYTES + 1)] },
      'array must be at most',
    ],
    [
      'more than 128 MiB',
      { signature: 'ayayay', body: Array.from({ length: 3 }, () => new Uint8Array(LARGEST_ARRAY_BYTES)) },
      'size must be at most',
    ],
    ['65 containers in each other', { signature: 'v', body: [nestedVariant(65)] }, 'at most 64 deep'],
    ['an object path value', { signature: 'o', body: ['x'] }, 'object path must be valid'],
    ['a signature value', { signature: 'g', body: ['('] }, 'signature must be'],
    ['a variant that is none', { signature: 'v', body: ['x'] }, 'must fit D-Bus type v, got string'],
    ['a variant of two types', { signature: 'v', body: [new Variant('ss', 'x')] }, 'one complete type'],
    ['a dictionary that is none', { signature: 'a{sv}', body: [[]] }, 'must fit D-Bus type a{sv}, got Array'],
    ['descriptors', { signature: 'h', body: [0] }, 'must fit D-Bus type h'],
    ['a bad signature', { signature: 'a()', body: [[]] }, 'signature must be'],
  ])('%s', (_what, part, why) => {
    expectMalformed(() => encodeMessage({ ...SIGNAL, ...part }), why);
  });
});

test('encodeMessage counts the header in, to the byte', () => {
  const half = new Uint8Array(LARGEST_MESSAGE_BYTES / 2);
  const head = withBody('ayay', half, new Uint8Array(0)).length - half.length;
  const exactly = LARGEST_MESSAGE_BYTES - head - half.length;
  expect(withBody('ayay', half, new Uint8Array(exactly)).length).toBe(LARGEST_MESSAGE_BYTES);
  expectMalformed(
    () => withBody('ayay', half, new Uint8Array(exactly + 1)),
    `size must be at most ${LARGEST_MESSAGE_BYTES} bytes, got ${LARGEST_MESSAGE_BYTES + 1}`,
  );
});

function nestedVariant(depth: number): Variant {
  return depth === 1 ? new Variant('y', 7) : new Variant('v', nestedVariant(depth - 1));
}
