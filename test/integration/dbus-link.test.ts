import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import {
  getAllProperties,
  getNameOwner,
  getProperty,
  nameHasOwner,
  requestName,
  signalRule,
} from '../../src/dbus/calls.ts';
import { connectBus } from '../../src/dbus/connect.ts';
import { type BusLink, type BusSignal, type BusValue, Variant } from '../../src/dbus/types.ts';
import { BusError, CancelledError } from '../../src/errors.ts';
import { BusFixture, SERVICE, TEST_OBJECT } from '../support/bus-fixture.ts';
import type { PythonHelper } from '../support/python-helper.ts';

const run = promisify(execFile);
const NEVER = new AbortController().signal;
const TO_SERVICE = { ...TEST_OBJECT, destination: SERVICE };

let fixture: BusFixture;
let service: PythonHelper;
let link: BusLink;

beforeAll(async () => {
  fixture = await BusFixture.start();
  service = await fixture.service();
});
afterAll(async () => fixture.stop());
beforeEach(async () => {
  link = await connectBus(fixture.bus.address, NEVER);
});
afterEach(async () => link.close());

/** The next signals that the service sends to us. */
function nextSignals(member: string, count: number): Promise<readonly BusSignal[]> {
  const seen: BusSignal[] = [];
  return new Promise((resolve) => {
    const stop = link.onSignal({ interface: TEST_OBJECT.interface, member }, (signal) => {
      seen.push(signal);
      if (seen.length === count) {
        stop();
        resolve(seen);
      }
    });
  });
}

/** Every type that the two sides can disagree about, in GLib's notation and in ours. */
const VALUES: readonly (readonly [text: string, value: Variant])[] = [
  ['byte 0xff', new Variant('y', 255)],
  ['true', new Variant('b', true)],
  ['int16 -32768', new Variant('n', -32768)],
  ['uint16 65535', new Variant('q', 65535)],
  ['-2147483648', new Variant('i', -2147483648)],
  ['uint32 4294967295', new Variant('u', 4294967295)],
  ['int64 -9223372036854775807', new Variant('x', -9223372036854775807n)],
  ['uint64 18446744073709551615', new Variant('t', 18446744073709551615n)],
  ['0.10000000000000001', new Variant('d', 0.1)],
  ["'grüße €'", new Variant('s', 'grüße €')],
  ["objectpath '/a/b_1'", new Variant('o', '/a/b_1')],
  ["signature 'a{sv}(i)'", new Variant('g', 'a{sv}(i)')],
  ['[byte 0x00, 0xff]', new Variant('ay', new Uint8Array([0, 255]))],
  ['@as []', new Variant('as', [])],
  ["['a', '']", new Variant('as', ['a', ''])],
  ['[uint64 1]', new Variant('at', [1n])],
  ['@a{sv} {}', new Variant('a{sv}', new Map())],
  [
    "{'__proto__': <1>, 'x': <<true>>}",
    new Variant(
      'a{sv}',
      new Map<string, BusValue>([
        ['__proto__', new Variant('i', 1)],
        ['x', new Variant('v', new Variant('b', true))],
      ]),
    ),
  ],
  [
    '{byte 0x01: (uint64 2, [(int16 3, 4.5)])}',
    new Variant('a{y(ta(nd))}', new Map<number, BusValue>([[1, [2n, [[3, 4.5]]]]])),
  ],
];

describe('calls to a GLib service', () => {
  test.each(VALUES)('%s both ways', async (text, value) => {
    const parsed = await link.call({ ...TO_SERVICE, member: 'Parse', signature: 's', body: [text] });
    expect(parsed).toEqual({
      signature: 'v',
      body: [value],
      sender: expect.stringMatching(/^:1\.\d+$/) as string,
    });
    const printed = await link.call({ ...TO_SERVICE, member: 'Print', signature: 'v', body: [value] });
    expect(printed.body).toEqual([text]);
  });

  test('an error keeps its name', async () => {
    const call = { ...TO_SERVICE, member: 'Fail', signature: 'ss', body: ['org.example.Error.No', 'why'] };
    await expect(link.call(call)).rejects.toMatchObject({
      kind: 'bus_remote_error',
      errorName: 'org.example.Error.No',
      message: 'cannot call org.example.Test.Fail: why (org.example.Error.No)',
    });
  });

  test('nobody of that name', async () => {
    await expect(
      link.call({ ...TO_SERVICE, destination: 'org.example.Nobody', member: 'X' }),
    ).rejects.toMatchObject({
      errorName: 'org.freedesktop.DBus.Error.ServiceUnknown',
    });
  });

  test('a service that does not answer: deadline and cancellation', async () => {
    const hang = { ...TO_SERVICE, member: 'Hang' };
    await expect(link.call({ ...hang, timeoutMs: 50 })).rejects.toMatchObject({ kind: 'bus_call_timeout' });
    await service.line('hanging');
    const control = new AbortController();
    const call = link.call(hang, control.signal);
    await service.line('hanging');
    control.abort();
    await expect(call).rejects.toBeInstanceOf(CancelledError);
  });

  test('properties', async () => {
    const all = await getAllProperties(link, TO_SERVICE);
    expect(all).toEqual(
      new Map<string, BusValue>([
        ['Text', 'some text'],
        ['Numbers', [1n, 18446744073709551615n]],
        [
          'Nested',
          new Map([
            ['__proto__', new Map([['a', new Variant('i', 1)]])],
            ['x', new Map()],
          ]),
        ],
      ]),
    );
    expect(await getProperty(link, TO_SERVICE, 'Text')).toBe('some text');
    await expect(getProperty(link, TO_SERVICE, 'Nope')).rejects.toMatchObject({ kind: 'bus_remote_error' });
  });

  test('names', async () => {
    expect(await nameHasOwner(link, SERVICE)).toBe(true);
    expect(await nameHasOwner(link, 'org.example.Nobody')).toBe(false);
    expect(await getNameOwner(link, SERVICE)).toMatch(/^:1\./);
    expect(await getNameOwner(link, 'org.example.Nobody')).toBeUndefined();
    expect(await requestName(link, 'org.example.Mine')).toBe(true);
    expect(await requestName(link, 'org.example.Mine')).toBe(true);
    expect(await requestName(link, SERVICE)).toBe(false);
    expect(await getNameOwner(link, 'org.example.Mine')).toBe(link.uniqueName);
  });
});

describe('signals', () => {
  test('to us, in order', async () => {
    const seen = nextSignals('Tick', 500);
    await link.call({ ...TO_SERVICE, member: 'EmitMany', signature: 'su', body: ['Tick', 500] });
    const signals = await seen;
    expect(signals.map(({ body }) => body[0])).toEqual(Array.from({ length: 500 }, (_, index) => index));
    expect(signals[0]?.sender).toBe(await getNameOwner(link, SERVICE));
  });

  test('broadcasts come while a match rule stands', async () => {
    const observed: BusValue[] = [];
    link.onSignal({ interface: 'org.freedesktop.DBus', member: 'NameOwnerChanged' }, ({ body }) => {
      observed.push(body[0] ?? '');
    });
    const rule = signalRule({
      interface: 'org.freedesktop.DBus',
      member: 'NameOwnerChanged',
      arg0: "org.example.Rule's",
    });
    const remove = await link.addMatch(
      signalRule({ member: 'NameOwnerChanged', arg0: 'org.example.Watched' }),
    );
    const removeQuoted = await link.addMatch(rule);
    const other = await connectBus(fixture.bus.address, NEVER);
    await requestName(other, 'org.example.Watched');
    await requestName(other, 'org.example.Unwatched');
    // The bus answers in order: everything that it sent before this reply has arrived.
    await nameHasOwner(link, SERVICE);
    expect(observed).toEqual(['org.example.Watched']);
    await Promise.all([remove(), removeQuoted()]);
    await other.close();
    await nameHasOwner(link, SERVICE);
    expect(observed).toEqual(['org.example.Watched']);
    await expect(link.addMatch('nonsense')).rejects.toMatchObject({ kind: 'bus_remote_error' });
  });
});

describe('what we export, called from GLib', () => {
  const OBJECT = { path: '/org/example/Mine', name: 'org.example.Mine' };

  beforeEach(() => {
    link.export({
      ...OBJECT,
      methods: [
        {
          member: 'Join',
          in: 'asu',
          out: 'sv',
          handle: ([words = '', count = 0]) => [JSON.stringify(words), new Variant('u', count)],
        },
        { member: 'Crash', in: '', out: '', handle: () => Promise.reject(new Error('at secret.ts:1')) },
        {
          member: 'Refuse',
          in: '',
          out: '',
          handle: () =>
            Promise.reject(new BusError('bus_remote_error', 'no', { errorName: 'org.example.Error.No' })),
        },
      ],
    });
  });

  async function callBack(member: string, args: Variant): Promise<BusValue | undefined> {
    const body = [link.uniqueName ?? '', OBJECT.path, OBJECT.name, member, args];
    return (await link.call({ ...TO_SERVICE, member: 'CallBack', signature: 'sossv', body })).body[0];
  }

  test.each([
    ['Join', new Variant('(asu)', [['a', 'b'], 2]), `('["a","b"]', <uint32 2>)`],
    ['Join', new Variant('(s)', ['a']), 'org.freedesktop.DBus.Error.InvalidArgs: '],
    ['Nope', new Variant('(s)', ['a']), 'org.freedesktop.DBus.Error.UnknownMethod: '],
    ['Refuse', new Variant('(as)', [[]]), 'org.freedesktop.DBus.Error.InvalidArgs: '],
  ])('%s', async (member, args, expected) => {
    expect(await callBack(member, args)).toContain(expected);
  });

  test('gdbus: introspection, a call, a crash', async () => {
    const target = ['--address', fixture.bus.address, '--dest', link.uniqueName ?? ''];
    const { stdout } = await run('gdbus', ['introspect', ...target, '--object-path', '/', '--recurse']);
    expect(stdout).toContain('node /org/example/Mine {');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'Join(in as arg_0, in u arg_1, out s arg_2, out v arg_3);',
    );
    const call = ['call', ...target, '--object-path', OBJECT.path, '--method'];
    const reply = await run('gdbus', [...call, 'org.example.Mine.Join', "['x']", '7']);
    expect(reply.stdout).toBe(`('["x"]', <uint32 7>)\n`);
    await expect(run('gdbus', [...call, 'org.example.Mine.Refuse'])).rejects.toThrow(
      'org.example.Error.No: no',
    );
    const crash = run('gdbus', [...call, 'org.example.Mine.Crash']);
    await expect(crash).rejects.toThrow('org.freedesktop.DBus.Error.Failed: the call failed');
    await expect(crash).rejects.not.toThrow('secret');
  });
});
