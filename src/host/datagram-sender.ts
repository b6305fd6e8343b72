/**
 * Sends datagrams to one address with node-unix-socket.
 *
 * Invariants:
 * - Each message leaves from a socket that never had to wait, and that has reported no error.
 * - One message is on its way at a time: the next one is given when the last one was sent or rejected.
 * - A message that was given is sent or rejected, unless `close` comes first.
 *
 * Facts, from src/dgram.rs and js/dgram.js of node-unix-socket 0.2.7. A message that finds the receiver's queue full is
 * sent when there is room. From then on the library is woken for that room without end, and keeps a core busy. A socket
 * that has reported an error is closed, and its messages are lost without a word.
 */

/** Sends one datagram, or rejects with the reason. */
export interface Transport {
  send(message: Buffer): Promise<void>;
  close(): void;
}

/** What of node-unix-socket's DgramSocket is used. */
export interface Datagrams {
  on(event: 'error', listener: (error: Error) => void): void;
  sendTo(
    message: Buffer,
    offset: number,
    length: number,
    path: string,
    sent: (error: Error | undefined) => void,
  ): void;
  close(): void;
}

/** `open` makes a socket; what it throws rejects the message. */
export function datagramSender(address: string, open: () => Datagrams): Transport {
  return new DatagramSender(address, open);
}

class DatagramSender implements Transport {
  readonly #address: string;
  readonly #open: () => Datagrams;
  #socket: Datagrams | undefined;
  #lost: (error: Error) => void = () => undefined;

  constructor(address: string, open: () => Datagrams) {
    this.#address = address;
    this.#open = open;
  }

  send(message: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = (this.#socket ??= this.#fresh());
      this.#lost = reject;
      let hasWaited = false;
      socket.sendTo(message, 0, message.length, this.#address, (error) => {
        if (hasWaited) {
          this.#retire(socket);
        }
        if (error instanceof Error) {
          reject(error);
        } else {
          resolve();
        }
      });
      hasWaited = true;
    });
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  #fresh(): Datagrams {
    const socket = this.#open();
    socket.on('error', (error) => {
      this.#forget(socket);
      this.#lost(error);
    });
    return socket;
  }

  /** The library still runs the callback of this socket: it is closed afterwards. */
  #retire(socket: Datagrams): void {
    this.#forget(socket);
    setImmediate(() => socket.close());
  }

  #forget(socket: Datagrams): void {
    if (this.#socket === socket) {
      this.#socket = undefined;
    }
  }
}
