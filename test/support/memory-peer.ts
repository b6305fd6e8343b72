/** The far end of a link, in memory. It reads what the link writes, and writes what the test wants. */
import { type Duplex, duplexPair } from 'node:stream';

import { decodeMessage, encodeMessage } from '../../src/dbus/codec.ts';
import { Framer } from '../../src/dbus/frames.ts';
import { Link } from '../../src/dbus/link.ts';
import { BUS_NAME, type MessageHeader, MESSAGE_TYPE, type OutgoingMessage } from '../../src/dbus/message.ts';
import type { BusValue } from '../../src/dbus/types.ts';

export interface Received extends MessageHeader {
  readonly args: readonly BusValue[];
}

export class MemoryPeer {
  readonly received: Received[] = [];
  readonly faults: { readonly error: unknown; readonly count: number }[] = [];
  readonly link: Link;
  readonly stream: Duplex;
  #serial = 1000;
  #waiting: (() => void)[] = [];

  constructor({ isBus = false }: { readonly isBus?: boolean } = {}) {
    const [near, far] = duplexPair();
    this.link = new Link(near, isBus, (error, count) => this.faults.push({ error, count }));
    this.stream = far;
    const framer = new Framer();
    far.on('data', (chunk: Buffer) => {
      framer.push(chunk, (frame) => {
        const message = decodeMessage(frame);
        this.received.push({ ...message, args: message.body() });
      });
      this.#waiting.splice(0).forEach((wake) => wake());
    });
    far.on('error', () => undefined);
  }

  /** Waits until the link has sent `count` messages and returns the last of them. */
  async sent(count: number): Promise<Received> {
    while (this.received.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.received[count - 1]!;
  }

  send(message: Omit<OutgoingMessage, 'serial'>): void {
    this.#serial += 1;
    this.stream.write(encodeMessage({ ...message, serial: this.#serial }));
  }

  /** The message as a bus forwards it: with a sender, which our own encoder never writes. */
  sendFrom(sender: string, message: Omit<OutgoingMessage, 'serial'>): void {
    this.#serial += 1;
    this.stream.write(withSender(sender, encodeMessage({ ...message, serial: this.#serial })));
  }

  reply(to: Received, signature = '', body: readonly BusValue[] = []): void {
    this.send({ type: MESSAGE_TYPE.methodReturn, replySerial: to.serial, signature, body });
  }

  /** Answers Hello, as the bus does. */
  welcome(hello: Received, uniqueName: string): void {
    const reply = { type: MESSAGE_TYPE.methodReturn, replySerial: hello.serial };
    this.sendFrom(BUS_NAME, { ...reply, signature: 's', body: [uniqueName] });
  }

  /** Resolves when the link has read everything written so far, or is gone. */
  async settled(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.link.gone.addEventListener('abort', () => resolve(), { once: true });
      this.stream.write(Buffer.alloc(0), () => resolve());
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Puts field 7 before the others. Its length is a multiple of 8, so that the rest keeps its alignment. */
export function withSender(sender: string, message: Buffer): Buffer {
  const field = Buffer.alloc(Math.ceil((8 + sender.length + 1) / 8) * 8);
  field.set([7, 1, 's'.charCodeAt(0), 0]);
  field.writeUInt32LE(sender.length, 4);
  field.write(sender, 8);
  const head = Buffer.from(message.subarray(0, 16));
  head.writeUInt32LE(message.readUInt32LE(12) + field.length, 12);
  return Buffer.concat([head, field, message.subarray(16)]);
}
