import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { nameHasOwner } from '../../src/dbus/calls.ts';
import { connectBus, connectPeer } from '../../src/dbus/connect.ts';
import { SystemBus } from '../../src/dbus/system-bus.ts';
import { type BusSignal, Variant } from '../../src/dbus/types.ts';
import { CancelledError } from '../../src/errors.ts';
import { BusFixture, SERVICE, TEST_OBJECT } from '../support/bus-fixture.ts';

const NEVER = new AbortController().signal;
const TO_SERVICE = { ...TEST_OBJECT, destination: SERVICE };

let fixture: BusFixture;

beforeAll(async () => {
  fixture = await BusFixture.start();
});
afterAll(async () => fixture.stop());

describe('the bus goes away', () => {
  test('calls under way reject at once, and SystemBus connects again to the next bus', async () => {
    const systemBus = new SystemBus({ address: fixture.bus.address });
    const first = await systemBus.link(NEVER);
    const service = await fixture.service();
    const calls = Array.from({ length: 5 }, () => first.call({ ...TO_SERVICE, member: 'Hang' }));
    await service.line('hanging');
    const outcomes = Promise.allSettled(calls);
    await fixture.bus.stop();
    const lost = { status: 'rejected', reason: expect.objectContaining({ kind: 'bus_closed' }) as unknown };
    expect(await outcomes).toEqual(calls.map(() => lost));
    expect(first.gone.reason).toMatchObject({ kind: 'bus_closed' });
    await expect(systemBus.link(NEVER)).rejects.toMatchObject({ kind: 'bus_unreachable' });

    await fixture.restartBus();
    await fixture.service();
    const [second, same] = await Promise.all([systemBus.link(NEVER), systemBus.link(NEVER)]);
    expect(second).not.toBe(first);
    expect(same).toBe(second);
    expect(await nameHasOwner(second, SERVICE)).toBe(true);
    await systemBus.close();
    await expect(systemBus.link(NEVER)).rejects.toMatchObject({ kind: 'bus_closed' });
  });

  test('the service dies in mid-call: the bus says so', async () => {
    const link = await connectBus(fixture.bus.address, NEVER);
    const service = await fixture.service();
    const call = link.call({ ...TO_SERVICE, member: 'Hang' });
    const outcome = expect(call).rejects.toMatchObject({ errorName: 'org.freedesktop.DBus.Error.NoReply' });
    await service.line('hanging');
    await service.kill();
    await outcome;
    await link.close();
  });
});

describe('a peer without a bus', () => {
  async function welcomed(address: string) {
    const link = await connectPeer(address, NEVER);
    // The server sends this as soon as it has accepted us. It must not be lost between authentication and the
    // first handler.
    const welcome = await new Promise<BusSignal>((resolve) =>
      link.onSignal({ interface: TEST_OBJECT.interface }, resolve),
    );
    return { link, welcome };
  }

  test('calls, signals and errors, without Hello', async () => {
    const { address } = await fixture.peer();
    const { link, welcome } = await welcomed(address);
    expect(welcome).toMatchObject({ member: 'Welcome', path: '/test', sender: undefined });
    expect(link.uniqueName).toBeUndefined();
    const reply = await link.call({
      ...TEST_OBJECT,
      member: 'Parse',
      signature: 's',
      body: ["{'a': <[1]>}"],
    });
    expect(reply).toEqual({
      signature: 'v',
      body: [new Variant('a{sv}', new Map([['a', new Variant('ai', [1])]]))],
      sender: undefined,
    });
    const tick = new Promise<BusSignal>((resolve) =>
      link.onSignal({ interface: TEST_OBJECT.interface, member: 'Tick' }, resolve),
    );
    await link.call({
      ...TEST_OBJECT,
      member: 'Emit',
      signature: 'sv',
      body: ['Tick', new Variant('(s)', ['x'])],
    });
    expect((await tick).body).toEqual(['x']);
    const fail = { ...TEST_OBJECT, member: 'Fail', signature: 'ss', body: ['org.example.Error.No', 'why'] };
    await expect(link.call(fail)).rejects.toMatchObject({ errorName: 'org.example.Error.No' });
    await link.close();
  });

  test('it calls what we export, and learns that we hung up', async () => {
    const { address } = await fixture.peer();
    const { link } = await welcomed(address);
    link.export({
      path: '/mine',
      name: 'org.example.Mine',
      methods: [{ member: 'Twice', in: 'u', out: 'u', handle: ([number]) => [Number(number) * 2] }],
    });
    const callBack = { ...TEST_OBJECT, member: 'CallBack', signature: 'sossv' };
    const body = ['', '/mine', 'org.example.Mine', 'Twice', new Variant('(u)', [21])];
    expect((await link.call({ ...callBack, body })).body).toEqual(['(uint32 42,)']);
    await link.close();

    const { link: next } = await welcomed(address);
    expect((await next.call({ ...TEST_OBJECT, member: 'Hangups' })).body).toEqual([1]);
    await next.close();
  });

  test('it dies in mid-call', async () => {
    const { address, helper } = await fixture.peer();
    const link = await connectPeer(address, NEVER);
    const call = link.call({ ...TEST_OBJECT, member: 'Hang' });
    const outcome = expect(call).rejects.toMatchObject({ kind: 'bus_closed' });
    await helper.line('hanging');
    await helper.kill();
    await outcome;
    expect(link.gone.aborted).toBe(true);
  });

  test('as a bus it is refused: it knows no Hello', async () => {
    const { address } = await fixture.peer();
    await expect(connectBus(address, NEVER)).rejects.toMatchObject({
      kind: 'bus_unreachable',
      message: expect.stringContaining('cannot call org.freedesktop.DBus.Hello') as string,
    });
  });
});

describe('connecting', () => {
  test('nobody there', async () => {
    await expect(connectBus(`unix:path=${fixture.directory}/none`, NEVER)).rejects.toMatchObject({
      kind: 'bus_unreachable',
      message: expect.stringMatching(/cannot reach D-Bus at .*\/none: .*ENOENT/) as string,
    });
  });

  test('the second of two addresses, with the right GUID and with a wrong one', async () => {
    const link = await connectBus(`unix:path=${fixture.directory}/none;${fixture.bus.address}`, NEVER);
    await link.close();
    const guid = '0'.repeat(32);
    await expect(connectBus(`${fixture.bus.address},guid=${guid}`, NEVER)).rejects.toMatchObject({
      kind: 'bus_auth_failed',
      message: expect.stringContaining(`must be ${guid}`) as string,
    });
  });

  /** A server that treats each connection as the test says. */
  async function listen(name: string, serve: (socket: Socket) => void) {
    const path = join(fixture.directory, name);
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
      serve(socket);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const stop = () => {
      sockets.forEach((socket) => socket.destroy());
      return new Promise((resolve) => server.close(resolve));
    };
    return { address: `unix:path=${path}`, sockets, stop };
  }

  test.each([
    ['rejects', 'REJECTED KERBEROS\r\n', 'got REJECTED KERBEROS'],
    ['speaks HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'got HTTP/1.1 400 Bad Request'],
    ['never ends its line', 'x'.repeat(5000), 'at most 4096 bytes'],
  ])('a server that %s', async (_what, answer, why) => {
    const server = await listen('bad.sock', (socket) => socket.write(answer));
    await expect(connectPeer(server.address, NEVER)).rejects.toMatchObject({
      kind: 'bus_auth_failed',
      message: expect.stringContaining(why) as string,
    });
    await server.stop();
  });

  /** What a client says to a server that answers its lines like this, up to the first message. */
  async function handshake(connect: typeof connectBus, answers: Readonly<Record<string, string>>) {
    const said: string[] = [];
    const server = await listen('auth.sock', (socket) => {
      socket.on('data', (chunk: Buffer) => {
        for (const line of chunk.toString('latin1').split('\r\n').filter(Boolean)) {
          if (said.at(-1) !== 'BEGIN') {
            said.push(line);
            socket.write(answers[line] ?? '');
          }
        }
        if (said.at(-1) === 'BEGIN') {
          socket.destroy();
        }
      });
    });
    await connect(server.address, NEVER).then(
      (link) => link.close(),
      () => undefined,
    );
    await server.stop();
    return said;
  }
  const own = Buffer.from(String(process.geteuid?.() ?? 0)).toString('hex');
  const OK = `OK ${'a'.repeat(32)}\r\n`;

  test('to a bus it says no number, as sd-bus does, since that may be another one there', async () => {
    const said = await handshake(connectBus, { '\0AUTH EXTERNAL': 'DATA\r\n', DATA: OK });
    expect(said).toEqual(['\0AUTH EXTERNAL', 'DATA', 'BEGIN']);
  });

  test('a bus that wants the number gets it', async () => {
    const said = await handshake(connectBus, {
      '\0AUTH EXTERNAL': 'REJECTED EXTERNAL\r\n',
      [`AUTH EXTERNAL ${own}`]: OK,
    });
    expect(said).toEqual(['\0AUTH EXTERNAL', `AUTH EXTERNAL ${own}`, 'BEGIN']);
  });

  test('a bus that rejects both is not asked for ever', async () => {
    const no = 'REJECTED EXTERNAL\r\n';
    const said = await handshake(connectBus, {
      '\0AUTH EXTERNAL': 'DATA\r\n',
      DATA: no,
      [`AUTH EXTERNAL ${own}`]: no,
    });
    expect(said).toEqual(['\0AUTH EXTERNAL', 'DATA', `AUTH EXTERNAL ${own}`]);
  });

  test('to a peer it says its number: older versions of GLib hang up on anything else', async () => {
    const said = await handshake(connectPeer, { [`\0AUTH EXTERNAL ${own}`]: OK });
    expect(said[0]).toBe(`\0AUTH EXTERNAL ${own}`);
  });

  test('a server that hangs up', async () => {
    const server = await listen('shut.sock', (socket) => socket.end());
    await expect(connectPeer(server.address, NEVER)).rejects.toMatchObject({ kind: 'bus_auth_failed' });
    await server.stop();
  });

  test('a server that says nothing: the wait can be given up, and leaves no connection', async () => {
    const accepted = Promise.withResolvers<Socket>();
    const server = await listen('mute.sock', accepted.resolve);
    const control = new AbortController();
    const link = connectBus(server.address, control.signal);
    const socket = await accepted.promise;
    const closed = new Promise((resolve) => socket.resume().once('close', resolve));
    control.abort();
    await expect(link).rejects.toBeInstanceOf(CancelledError);
    await closed;
    await server.stop();
  });

  test('an abstract socket', async () => {
    const name = `dbus-link-test-${process.pid}`;
    const server = createServer((socket) => socket.resume().end('REJECTED\r\n'));
    await new Promise<void>((resolve) => server.listen(`\0${name}`, resolve));
    await expect(connectPeer(`unix:abstract=${name}`, NEVER)).rejects.toThrow(
      `at @${name}: the answer must be OK`,
    );
    await new Promise((resolve) => server.close(resolve));
  });
});
