import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseAddress, prefixAddress, unixAddress } from '../../../src/dbus/address.ts';
import { BusError } from '../../../src/errors.ts';

const GUID = '0123456789abcdef0123456789abcdef';

describe('parseAddress', () => {
  test.each([
    [
      'unix:path=/run/dbus/system_bus_socket',
      [{ socketPath: '/run/dbus/system_bus_socket', guid: undefined }],
    ],
    [`unix:path=/a,guid=${GUID.toUpperCase()}`, [{ socketPath: '/a', guid: GUID }]],
    ['unix:abstract=name', [{ socketPath: '\0name', guid: undefined }]],
    ['unix:path=/a%20b%2cc%c3%a4', [{ socketPath: '/a b,cä', guid: undefined }]],
    [
      'tcp:host=h,port=1;unix:path=/a;unix:path=/b;',
      [
        { socketPath: '/a', guid: undefined },
        { socketPath: '/b', guid: undefined },
      ],
    ],
  ])('%s', (address, expected) => {
    expect(parseAddress(address)).toEqual(expected);
  });

  test.each([
    ['', 'transport must be unix'],
    ['tcp:host=localhost,port=1', 'transport must be unix'],
    ['/run/socket', 'TRANSPORT:KEY=VALUE'],
    ['unix:', 'either path or abstract'],
    ['unix:runtime=yes', 'either path or abstract'],
    ['unix:path=/a,abstract=b', 'either path or abstract'],
    ['unix:path=relative', 'path must be absolute'],
    ['unix:path', 'a key must have a value'],
    ['unix:path=/a,path=/b', 'given once'],
    ['unix:path=/%zz', 'percent escapes'],
    ['unix:path=/%ff', 'percent escapes'],
    ['unix:path=/%00', 'percent escapes'],
    [`unix:path=/${'x'.repeat(107)}`, 'at most 107 bytes, got 108'],
  ])('refuses %j', (address, why) => {
    const parse = () => parseAddress(address);
    expect(parse).toThrow(BusError);
    expect(parse).toThrow(why);
    expect(parse).toThrow(expect.objectContaining({ kind: 'bus_unreachable' }));
  });

  test('reads back every path that unixAddress writes', () => {
    const path = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(path, (text) => {
        expect(parseAddress(unixAddress(`/${text}`))).toEqual([{ socketPath: `/${text}`, guid: undefined }]);
      }),
    );
  });

  test('throws nothing but BusError, whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(unix|tcp):[a-z=%,;:/]*$/)), (text) => {
        try {
          parseAddress(text);
        } catch (error) {
          expect(error).toBeInstanceOf(BusError);
        }
      }),
    );
  });
});

describe('prefixAddress', () => {
  test.each([
    ['unix:path=/run/a', '/host', 'unix:path=/host/run/a'],
    ['unix:path=/run/a', '/host/', 'unix:path=/host/run/a'],
    ['unix:path=/run/a', '/', 'unix:path=/run/a'],
    ['unix:path=/run/a', '', 'unix:path=/run/a'],
    [`unix:path=/a,guid=${GUID};unix:path=/b`, '/h h', `unix:path=/h%20h/a,guid=${GUID};unix:path=/h%20h/b`],
    ['unix:abstract=a', '/host', 'unix:abstract=a'],
    ['tcp:host=h,port=1', '/host', 'tcp:host=h,port=1'],
  ])('%s below %j', (address, root, expected) => {
    expect(prefixAddress(address, root)).toBe(expected);
  });
});
