import { beforeEach, describe, expect, it } from 'vitest';
import { datagramSender, type Datagrams } from '../../../src/host/datagram-sender.ts';

type Sent = (error: Error | undefined) => void;

/** A socket whose receiver has room or has none. */
class FakeSocket implements Datagrams {
  isFull = false;
  isClosed = false;
  readonly messages: string[] = [];
  readonly waiting: Sent[] = [];
  fail: (error: Error) => void = () => undefined;

  on(_event: 'error', listener: (error: Error) => void): void {
    this.fail = listener;
  }

  sendTo(message: Buffer, offset: number, length: number, path: string, sent: Sent): void {
    if (this.isClosed) {
      throw new Error('it is closed');
    }
    this.messages.push(`${path} ${message.toString('utf8', offset, offset + length)}`);
    if (this.isFull) {
      this.waiting.push(sent);
    } else {
      sent(undefined);
    }
  }

  close(): void {
    this.isClosed = true;
  }
}

let sockets: FakeSocket[] = [];
let isFull = false;
const open = (): FakeSocket => {
  const socket = new FakeSocket();
  socket.isFull = isFull;
  sockets.push(socket);
  return socket;
};
beforeEach(() => {
  sockets = [];
  isFull = false;
});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('datagramSender', () => {
  it('opens one socket, for the first message, and keeps it while there is room', async () => {
    const sender = datagramSender('/x', open);
    expect(sockets).toHaveLength(0);
    await sender.send(Buffer.from('a'));
    await sender.send(Buffer.from('b'));
    expect(sockets.map(({ messages }) => messages)).toEqual([['/x a', '/x b']]);
    sender.close();
    expect(sockets[0]?.isClosed).toBe(true);
  });

  it('gives up a socket that had to wait, once it has sent', async () => {
    isFull = true;
    const sender = datagramSender('/x', open);
    const sending = sender.send(Buffer.from('a'));
    isFull = false;
    sockets[0]?.waiting[0]?.(undefined);
    expect(sockets[0]?.isClosed).toBe(false);
    await sending;
    await sender.send(Buffer.from('b'));
    await turn();
    expect(sockets.map((socket) => [socket.isClosed, ...socket.messages])).toEqual([
      [true, '/x a'],
      [false, '/x b'],
    ]);
  });

  it('rejects what was waiting in a socket that fails, and goes on with another', async () => {
    isFull = true;
    const sender = datagramSender('/x', open);
    const sending = sender.send(Buffer.from('a'));
    isFull = false;
    sockets[0]?.fail(new Error('recv msg failed'));
    await expect(sending).rejects.toThrow('recv msg failed');
    await sender.send(Buffer.from('b'));
    expect(sockets[1]?.messages).toEqual(['/x b']);
  });

  it('rejects what could not be sent, and goes on', async () => {
    const failing = new FakeSocket();
    failing.sendTo = (_message, _offset, _length, _path, sent) => sent(new Error('ECONNREFUSED'));
    const sender = datagramSender('/x', () => failing);
    await expect(sender.send(Buffer.from('a'))).rejects.toThrow('ECONNREFUSED');
    failing.sendTo = (_message, _offset, _length, _path, sent) => sent(undefined);
    await sender.send(Buffer.from('b'));
    expect(failing.isClosed).toBe(false);
  });

  it('rejects while no socket can be made, and tries again', async () => {
    let isPossible = false;
    const sender = datagramSender('/x', () => {
      if (!isPossible) {
        throw new Error('EMFILE');
      }
      return open();
    });
    await expect(sender.send(Buffer.from('a'))).rejects.toThrow('EMFILE');
    isPossible = true;
    await sender.send(Buffer.from('b'));
    expect(sockets[0]?.messages).toEqual(['/x b']);
  });
});
