import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { encodeMessage } from '../../../src/dbus/codec.ts';
import { LARGEST_WRITE_BACKLOG_BYTES } from '../../../src/dbus/link.ts';
import { BUS_NAME, ERROR_NAME, MESSAGE_TYPE, NO_REPLY_EXPECTED } from '../../../src/dbus/message.ts';
import { Variant, type BusSignal, type ExportedInterface } from '../../../src/dbus/types.ts';
import { BusError, CancelledError } from '../../../src/errors.ts';
import { typedValue } from '../../support/bus-values.ts';
import { MemoryPeer } from '../../support/memory-peer.ts';

const NEVER = new AbortController().signal;
const CALL = { path: '/a', interface: 'org.example.I', member: 'M' };
const SIGNAL = { type: MESSAGE_TYPE.signal, path: '/a', interface: 'org.example.I', member: 'S' };

async function peerLink(): Promise<MemoryPeer> {
  const peer = new MemoryPeer();
  await peer.link.open(NEVER);
  return peer;
}

async function busLink(): Promise<MemoryPeer> {
  const bus = new MemoryPeer({ isBus: true });
  const opened = bus.link.open(NEVER);
  bus.welcome(await bus.sent(1), ':1.7');
  await opened;
  return bus;
}

describe('calls', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  test('a reply settles the call with its serial', async () => {
    const peer = await peerLink();
    const calls = [peer.link.call(CALL), peer.link.call({ ...CALL, signature: 's', body: ['x'] })];
    const second = await peer.sent(2);
    expect(second).toMatchObject({
      ...CALL,
      type: MESSAGE_TYPE.methodCall,
      args: ['x'],
      destination: undefined,
    });
    peer.reply(second, 'u', [2]);
    peer.reply(peer.received[0]!, 'u', [1]);
    const replies = await Promise.all(calls);
    expect(replies.map((reply) => reply.body)).toEqual([[1], [2]]);
  });

  test('an error becomes BusError with its name', async () => {
    const peer = await peerLink();
    const call = peer.link.call(CALL);
    const { serial } = await peer.sent(1);
    const failed = { type: MESSAGE_TYPE.error, replySerial: serial, errorName: 'org.example.Error.No' };
    peer.send({ ...failed, signature: 's', body: ['line\nline'] });
    await expect(call).rejects.toMatchObject({
      kind: 'bus_remote_error',
      errorName: 'org.example.Error.No',
      message: 'cannot call org.example.I.M: line line (org.example.Error.No)',
    });
  });

  test('the deadline rejects', async () => {
    const peer = await peerLink();
    const call = peer.link.call({ ...CALL, timeoutMs: 5000 });
    const outcome = expect(call).rejects.toMatchObject({ kind: 'bus_call_timeout' });
    await vi.advanceTimersByTimeAsync(4999);
    await vi.advanceTimersByTimeAsync(1);
    await outcome;
  });

  test('without a deadline of its own a call has 300 s', async () => {
    const peer = await peerLink();
    const settled = vi.fn();
    const call = peer.link.call(CALL).catch(settled);
    await vi.advanceTimersByTimeAsync(299_999);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await call;
    expect(settled).toHaveBeenCalledWith(expect.objectContaining({ kind: 'bus_call_timeout' }));
  });

  test('a signal cancels, and the late reply changes nothing', async () => {
    const peer = await peerLink();
    const control = new AbortController();
    const call = peer.link.call(CALL, control.signal);
    const sent = await peer.sent(1);
    control.abort();
    await expect(call).rejects.toBeInstanceOf(CancelledError);
    peer.reply(sent);
    await peer.settled();
    expect(peer.faults).toEqual([]);
    expect(peer.link.gone.aborted).toBe(false);
    await expect(peer.link.call(CALL, control.signal)).rejects.toBeInstanceOf(CancelledError);
    expect(peer.received).toHaveLength(1);
  });

  test('what cannot be encoded is not sent', async () => {
    const peer = await peerLink();
    await expect(peer.link.call({ ...CALL, path: 'x' })).rejects.toMatchObject({
      kind: 'bus_malformed_message',
    });
    expect(peer.received).toEqual([]);
  });

  test('a malformed reply rejects its call at once', async () => {
    const peer = await peerLink();
    const call = peer.link.call(CALL);
    const { serial } = await peer.sent(1);
    const reply = encodeMessage({
      type: MESSAGE_TYPE.methodReturn,
      serial: 9,
      replySerial: serial,
      signature: 'b',
      body: [true],
    });
    reply.writeUInt32LE(2, reply.length - 4);
    peer.stream.write(reply);
    await expect(call).rejects.toMatchObject({ kind: 'bus_malformed_message' });
  });

  test.each<[string, string, boolean]>([
    [':1.5', ':1.5', true],
    [':1.5', ':1.66', false],
    [':1.5', 'org.freedesktop.DBus', false],
    ['org.freedesktop.DBus', 'org.freedesktop.DBus', true],
    ['org.freedesktop.DBus', ':1.66', false],
    ['org.example.Name', ':1.66', true],
  ])('of a call to %s a return from %s counts: %s', async (destination, sender, counts) => {
    const bus = await busLink();
    const call = bus.link.call({ ...CALL, destination });
    const { serial } = await bus.sent(2);
    bus.sendFrom(sender, {
      type: MESSAGE_TYPE.methodReturn,
      replySerial: serial,
      signature: 's',
      body: [sender],
    });
    if (!counts) {
      bus.sendFrom(destination, {
        type: MESSAGE_TYPE.methodReturn,
        replySerial: serial,
        signature: 's',
        body: ['right'],
      });
    }
    await expect(call).resolves.toMatchObject({ body: [counts ? sender : 'right'] });
  });

  test('the bus may say that the callee is gone', async () => {
    const bus = await busLink();
    const call = bus.link.call({ ...CALL, destination: ':1.5' });
    const { serial } = await bus.sent(2);
    const errorName = 'org.freedesktop.DBus.Error.ServiceUnknown';
    bus.sendFrom(':1.66', { type: MESSAGE_TYPE.error, replySerial: serial, errorName: 'org.example.Forged' });
    bus.sendFrom('org.freedesktop.DBus', { type: MESSAGE_TYPE.error, replySerial: serial, errorName });
    await expect(call).rejects.toMatchObject({ errorName });
  });
});

describe('the end of a link', () => {
  test('the other side closes: pending calls reject, gone aborts, later calls reject', async () => {
    const peer = await peerLink();
    const call = peer.link.call(CALL);
    await peer.sent(1);
    peer.stream.end();
    await expect(call).rejects.toMatchObject({ kind: 'bus_closed' });
    expect(peer.link.gone.reason).toBeInstanceOf(BusError);
    await expect(peer.link.call(CALL)).rejects.toMatchObject({ kind: 'bus_closed' });
    await peer.link.close();
  });

  test('close rejects pending calls and may be called twice', async () => {
    const peer = await peerLink();
    const call = expect(peer.link.call(CALL)).rejects.toMatchObject({ kind: 'bus_closed' });
    await Promise.all([peer.link.close(), peer.link.close()]);
    await call;
    expect(peer.stream.writable && !peer.stream.readableEnded).toBe(false);
  });

  test('a peer that does not read ends the link, in bounded memory', async () => {
    const peer = await peerLink();
    peer.stream.pause();
    const body = ['x'.repeat(1024 * 1024)];
    const calls = Array.from({ length: 20 }, () =>
      peer.link.call({ ...CALL, signature: 's', body }).catch((error: unknown) => error),
    );
    expect(peer.link.gone.reason).toMatchObject({
      kind: 'bus_closed',
      message: expect.stringContaining('must read') as string,
    });
    const outcomes = await Promise.all(calls);
    expect(outcomes.every((outcome) => outcome instanceof BusError)).toBe(true);
    expect(LARGEST_WRITE_BACKLOG_BYTES).toBeLessThan(20 * 1024 * 1024);
  });

  test('a refused Hello closes the link', async () => {
    const bus = new MemoryPeer({ isBus: true });
    const opened = bus.link.open(NEVER);
    const { serial } = await bus.sent(1);
    const refusal = { type: MESSAGE_TYPE.error, replySerial: serial, errorName: ERROR_NAME.limitsExceeded };
    bus.sendFrom(BUS_NAME, refusal);
    await expect(opened).rejects.toMatchObject({ errorName: ERROR_NAME.limitsExceeded });
    expect(bus.link.gone.aborted).toBe(true);
  });

  test('lost framing ends it, and says why', async () => {
    const peer = await peerLink();
    const call = peer.link.call(CALL);
    await peer.sent(1);
    peer.stream.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(call).rejects.toThrow('byte order');
    expect(peer.link.gone.reason).toMatchObject({ kind: 'bus_malformed_message' });
  });
});

describe('signals', () => {
  test('go to whom they fit, in order, until withdrawn', async () => {
    const peer = await peerLink();
    const seen: string[] = [];
    const log = (name: string) => (signal: BusSignal) => void seen.push(`${name}:${signal.member}`);
    const withdraw = peer.link.onSignal({ interface: 'org.example.I' }, log('all'));
    peer.link.onSignal({ interface: 'org.example.I', member: 'S' }, log('member'));
    peer.link.onSignal({ interface: 'org.example.I', path: '/b' }, log('path'));
    peer.link.onSignal({ interface: 'org.example.Other' }, log('other'));
    peer.send(SIGNAL);
    peer.send({ ...SIGNAL, member: 'T' });
    peer.send({ ...SIGNAL, path: '/b', member: 'T' });
    await peer.settled();
    withdraw();
    withdraw();
    peer.send(SIGNAL);
    await peer.settled();
    expect(seen).toEqual(['all:S', 'member:S', 'all:T', 'all:T', 'path:T', 'member:S']);
  });

  test('a handler that throws is a fault, and the others still get the signal', async () => {
    const peer = await peerLink();
    const handler = vi.fn();
    peer.link.onSignal({ interface: SIGNAL.interface }, () => {
      throw new Error('mine');
    });
    peer.link.onSignal({ interface: SIGNAL.interface }, handler);
    peer.send({ ...SIGNAL, signature: 's', body: ['x'] });
    await peer.settled();
    expect(handler).toHaveBeenCalledWith({
      ...CALL,
      member: 'S',
      sender: undefined,
      signature: 's',
      body: ['x'],
    });
    expect(peer.faults).toEqual([{ error: new Error('mine'), count: 1 }]);
  });

  test('a malformed body is a fault only when somebody wants the signal', async () => {
    const peer = await peerLink();
    const frame = encodeMessage({ ...SIGNAL, serial: 1, signature: 'b', body: [true] });
    frame.writeUInt32LE(2, frame.length - 4);
    peer.stream.write(frame);
    await peer.settled();
    expect(peer.faults).toEqual([]);
    const handler = vi.fn();
    peer.link.onSignal({ interface: SIGNAL.interface }, handler);
    peer.stream.write(frame);
    await peer.settled();
    expect(handler).not.toHaveBeenCalled();
    expect(peer.faults).toEqual([
      { error: expect.objectContaining({ kind: 'bus_malformed_message' }) as unknown, count: 1 },
    ]);
  });

  test('of a flood of faults the 1st, 10th, 100th and so on are told', async () => {
    const peer = await peerLink();
    const frame = encodeMessage({ ...SIGNAL, serial: 1 });
    frame.writeUInt8(0, 1);
    peer.stream.write(Buffer.concat(Array.from({ length: 1500 }, () => frame)));
    await peer.settled();
    expect(peer.faults.map(({ count }) => count)).toEqual([1, 10, 100, 1000]);
    expect(peer.link.gone.aborted).toBe(false);
  });

  test('addMatch withdraws what a cancelled call may have left', async () => {
    const bus = await busLink();
    const control = new AbortController();
    const added = bus.link.addMatch("type='signal'", control.signal);
    await bus.sent(2);
    control.abort();
    await expect(added).rejects.toBeInstanceOf(CancelledError);
    expect(await bus.sent(3)).toMatchObject({
      member: 'RemoveMatch',
      args: ["type='signal'"],
      flags: NO_REPLY_EXPECTED,
    });
    await expect(bus.link.addMatch('x', control.signal)).rejects.toBeInstanceOf(CancelledError);
    expect(bus.received).toHaveLength(3);
  });

  test('a peer has no match rules', async () => {
    const peer = await peerLink();
    await expect(peer.link.addMatch("type='signal'")).rejects.toThrow('must be to a bus');
  });
});

describe('exported interfaces', () => {
  const echo: ExportedInterface = {
    path: '/org/example/Object',
    name: 'org.example.I',
    methods: [
      { member: 'Echo', in: 's', out: 's', handle: ([text = '']) => [text] },
      { member: 'Who', in: '', out: 's', handle: (_args, { sender }) => [sender] },
      { member: 'Crash', in: '', out: '', handle: () => Promise.reject(new Error('secret /path')) },
      { member: 'Lie', in: '', out: 's', handle: () => [5] },
      {
        member: 'Refuse',
        in: '',
        out: '',
        handle: () => {
          throw new BusError('bus_remote_error', 'not today', { errorName: 'org.example.Error.Later' });
        },
      },
    ],
  };
  const TO_ECHO = { type: MESSAGE_TYPE.methodCall, path: echo.path, interface: echo.name };

  test.each<[string, object, object]>([
    ['a reply', { member: 'Echo', signature: 's', body: ['x'] }, { signature: 's', args: ['x'] }],
    [
      'no interface named',
      { member: 'Echo', interface: undefined, signature: 's', body: ['x'] },
      { args: ['x'] },
    ],
    ['the caller', { member: 'Who' }, { args: [':1.9'] }],
    ['wrong signature', { member: 'Echo', signature: 'u', body: [1] }, { errorName: ERROR_NAME.invalidArgs }],
    ['unknown member', { member: 'Nope' }, { errorName: ERROR_NAME.unknownMethod }],
    [
      'unknown interface',
      { member: 'Echo', interface: 'org.example.X' },
      { errorName: ERROR_NAME.unknownInterface },
    ],
    ['unknown object', { member: 'Echo', path: '/x' }, { errorName: ERROR_NAME.unknownObject }],
    [
      'an error of its own',
      { member: 'Refuse' },
      { errorName: 'org.example.Error.Later', args: ['not today'] },
    ],
    ['a crash', { member: 'Crash' }, { errorName: ERROR_NAME.failed, args: ['the call failed'] }],
    [
      'a reply that does not fit',
      { member: 'Lie' },
      { errorName: ERROR_NAME.failed, args: ['the call failed'] },
    ],
    ['ping', { path: '/any', interface: 'org.freedesktop.DBus.Peer', member: 'Ping' }, { args: [] }],
    [
      'machine id',
      { interface: 'org.freedesktop.DBus.Peer', member: 'GetMachineId' },
      { errorName: ERROR_NAME.notSupported },
    ],
  ])('%s', async (_what, call, answer) => {
    const bus = await busLink();
    bus.link.export(echo);
    bus.sendFrom(':1.9', { ...TO_ECHO, ...call });
    expect(await bus.sent(2)).toMatchObject({ destination: ':1.9', replySerial: 1002, ...answer });
  });

  test('a crash and a lie are told to the operator', async () => {
    const peer = await peerLink();
    peer.link.export(echo);
    peer.send({ ...TO_ECHO, member: 'Crash' });
    await peer.sent(1);
    expect(peer.faults).toEqual([{ error: new Error('secret /path'), count: 1 }]);
  });

  test('no answer when none is expected', async () => {
    const peer = await peerLink();
    peer.link.export(echo);
    peer.send({ ...TO_ECHO, member: 'Nope', flags: NO_REPLY_EXPECTED });
    peer.send({ ...TO_ECHO, member: 'Echo', flags: NO_REPLY_EXPECTED, signature: 's', body: ['silent'] });
    peer.send({ ...TO_ECHO, member: 'Echo', signature: 's', body: ['heard'] });
    expect(await peer.sent(1)).toMatchObject({ args: ['heard'] });
  });

  test('introspection of the object and of what is above it', async () => {
    const peer = await peerLink();
    const withdraw = peer.link.export(echo);
    const introspect = {
      type: MESSAGE_TYPE.methodCall,
      interface: 'org.freedesktop.DBus.Introspectable',
      member: 'Introspect',
    };
    peer.send({ ...introspect, path: '/' });
    peer.send({ ...introspect, path: '/org/example' });
    peer.send({ ...introspect, path: echo.path });
    await peer.sent(3);
    const [root, parent, object] = peer.received.map(({ args }) => args[0]);
    expect(root).toContain('<node name="org"/>');
    expect(parent).toContain('<node name="Object"/>');
    expect(object).toContain(
      '<method name="Echo">\n      <arg type="s" direction="in"/>\n      <arg type="s" direction="out"/>',
    );
    withdraw();
    peer.send({ ...introspect, path: echo.path });
    expect(await peer.sent(4)).toMatchObject({ errorName: ERROR_NAME.unknownObject });
  });

  test('diff 11: names of arguments are in the introspection', async () => {
    const peer = await peerLink();
    const method = { member: 'Add', in: 'ss', out: '', argNames: ['first'], handle: () => [] };
    peer.link.export({ ...echo, methods: [method] });
    peer.send({
      type: MESSAGE_TYPE.methodCall,
      path: echo.path,
      interface: 'org.freedesktop.DBus.Introspectable',
      member: 'Introspect',
    });
    expect((await peer.sent(1)).args[0]).toContain(
      '<arg name="first" type="s" direction="in"/>\n      <arg type="s" direction="in"/>',
    );
    const bad = { ...method, argNames: ['a"b'] };
    expect(() => peer.link.export({ ...echo, path: '/other', methods: [bad] })).toThrow('must be valid');
  });

  const PROPERTIES = 'org.freedesktop.DBus.Properties';

  test.each([
    ['all of an interface', 'GetAll', 's', [echo.name], { signature: 'a{sv}', args: [new Map()] }],
    ['all of another', 'GetAll', 's', ['org.example.X'], { errorName: ERROR_NAME.unknownInterface }],
    ['one', 'Get', 'ss', [echo.name, 'P'], { errorName: ERROR_NAME.unknownProperty }],
    ['one of another', 'Get', 'ss', ['org.example.X', 'P'], { errorName: ERROR_NAME.unknownInterface }],
    [
      'a new value',
      'Set',
      'ssv',
      [echo.name, 'P', new Variant('s', 'v')],
      { errorName: ERROR_NAME.unknownProperty },
    ],
  ] as const)(
    'diff 11: properties of an object that has none: %s',
    async (_, member, signature, body, answer) => {
      const peer = await peerLink();
      peer.link.export(echo);
      const call = { type: MESSAGE_TYPE.methodCall, path: echo.path, interface: PROPERTIES, member };
      peer.send({ ...call, signature, body });
      expect(await peer.sent(1)).toMatchObject(answer);
    },
  );

  test('diff 11: an object may answer for its properties itself', async () => {
    const peer = await peerLink();
    const own = { member: 'GetAll', in: 's', out: 's', handle: () => ['its own'] };
    peer.link.export(echo);
    peer.link.export({ path: echo.path, name: PROPERTIES, methods: [own] });
    const call = { type: MESSAGE_TYPE.methodCall, path: echo.path };
    peer.send({ ...call, interface: PROPERTIES, member: 'GetAll', signature: 's', body: ['x'] });
    expect(await peer.sent(1)).toMatchObject({ args: ['its own'] });
    peer.send({ ...call, interface: 'org.freedesktop.DBus.Introspectable', member: 'Introspect' });
    const { args } = await peer.sent(2);
    expect(JSON.stringify(args).split(PROPERTIES)).toHaveLength(2);
  });

  test('at most 64 handlers at a time', async () => {
    const peer = await peerLink();
    const open = Promise.withResolvers<readonly []>();
    peer.link.export({ ...echo, methods: [{ member: 'Wait', in: '', out: '', handle: () => open.promise }] });
    for (let count = 0; count < 65; count += 1) {
      peer.send({ ...TO_ECHO, member: 'Wait' });
    }
    expect(await peer.sent(1)).toMatchObject({ errorName: ERROR_NAME.limitsExceeded });
    open.resolve([]);
    await peer.sent(65);
    peer.send({ ...TO_ECHO, member: 'Wait' });
    expect(await peer.sent(66)).toMatchObject({ type: MESSAGE_TYPE.methodReturn });
  });

  test('a name that is none, or twice the same, is refused', async () => {
    const peer = await peerLink();
    peer.link.export(echo);
    expect(() => peer.link.export(echo)).toThrow('has it already');
    expect(() => peer.link.export({ ...echo, path: 'x' })).toThrow('must be valid');
    expect(() => peer.link.export({ ...echo, name: 'x"y' })).toThrow('must be valid');
  });
});

describe('whatever arrives', () => {
  const mutation = fc.record({ at: fc.nat(), value: fc.nat({ max: 255 }) });
  const garbage = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));
  const mutated = fc
    .tuple(typedValue, fc.constantFrom(1, 2, 3, 4), fc.array(mutation, { maxLength: 4 }))
    .map(([{ signature, value }, type, mutations]) => {
      const fields = { ...SIGNAL, errorName: 'org.example.E', replySerial: 1 };
      const frame = encodeMessage({ ...fields, type, serial: 5, signature, body: [value] });
      mutations.forEach(({ at, value: byte }) => frame.writeUInt8(byte, at % frame.length));
      return frame;
    });

  test('nothing throws, nothing hangs: the link lives or says why not', async () => {
    const chunks = fc.array(fc.oneof({ weight: 4, arbitrary: mutated }, { weight: 1, arbitrary: garbage }), {
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(chunks, async (stream) => {
        const peer = await peerLink();
        peer.link.onSignal({ interface: SIGNAL.interface }, () => undefined);
        const call = peer.link.call(CALL).catch((error: unknown) => error);
        stream.forEach((chunk) => peer.stream.write(chunk));
        await peer.settled();
        const { gone } = peer.link;
        expect(gone.aborted ? gone.reason : undefined).toSatisfy(
          (reason) => reason === undefined || reason instanceof BusError,
        );
        expect(peer.faults.every(({ error }) => error instanceof BusError)).toBe(true);
        await peer.link.close();
        await call;
      }),
      { numRuns: 300 },
    );
  });
});
