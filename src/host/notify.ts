/**
 * What the agent tells the service manager: ready, its status in one line, alive, stopping (sd_notify). The only file
 * that knows node-unix-socket, which is loaded only where NOTIFY_SOCKET is the way.
 *
 * Invariants: without a service manager nothing happens; no method throws or waits; messages leave in the order in which
 * they were given, each as one datagram; trouble is told once until it is over; children do not inherit the socket.
 */
import { write } from 'node:fs';

import { messageOf, printable } from '../errors.ts';
import { SECOND_MS } from '../text/units.ts';

export interface Notifier {
  /** Starting is done. The status goes along in the same message. */
  ready(status: string): void;
  status(text: string): void;
  /** Feeds the watchdog. */
  alive(): void;
  /** The configuration is read anew; `ready` ends it. */
  reloading(): void;
  /** Also empties the status. */
  stopping(): void;
  /** Resolves when everything is sent, within a second; nothing can be told after it. Never rejects. */
  close(): Promise<void>;
}

type Environment = Record<string, string | undefined>;

/** Sends one datagram, or rejects with the reason. */
interface Transport {
  send(message: Buffer): Promise<void>;
  close(): void;
}

/** The first descriptor that a service manager passes. */
const FIRST_DESCRIPTOR = 3;
/** Names the descriptor of an already connected notification socket (`OpenFile=/run/systemd/notify:notify`). */
const DESCRIPTOR_NAME = 'notify';
/** A manager that has not read so many is in trouble, and the older ones tell nothing by then. */
const MOST_PENDING = 64;
const CLOSE_TIMEOUT_MS = SECOND_MS;

/** Takes what it needs out of `env`. `warn` hears why nothing can be told. */
export async function createNotifier(
  env: Environment,
  pid: number,
  warn: (text: string) => void,
): Promise<Notifier> {
  const complain = (reason: string): void => warn(`cannot notify the service manager: ${reason}`);
  let transport: Transport | undefined;
  try {
    transport = await findTransport(env, pid);
  } catch (error) {
    complain(messageOf(error));
  }
  const queue = new SendQueue(transport ?? NOWHERE, complain);
  return {
    ready: (status) => queue.add(`READY=1\nSTATUS=${printable(status)}`),
    status: (text) => queue.add(`STATUS=${printable(text)}`),
    alive: () => queue.add('WATCHDOG=1'),
    // hrtime reads CLOCK_MONOTONIC, which is what the manager compares with.
    reloading: () => queue.add(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => queue.add('STOPPING=1\nSTATUS='),
    close: () => queue.close(),
  };
}

/** Half of what the service manager allows between two signs of life, milliseconds; undefined: it does not ask us. */
export function watchdogIntervalMs(env: Readonly<Environment>, pid: number): number | undefined {
  const usec = Number(env['WATCHDOG_USEC']);
  const forPid = env['WATCHDOG_PID'];
  if (!Number.isSafeInteger(usec) || usec <= 0) {
    return undefined;
  }
  return forPid === undefined || forPid === String(pid) ? Math.max(Math.floor(usec / 2000), 1) : undefined;
}

class SendQueue {
  readonly #transport: Transport;
  readonly #complain: (reason: string) => void;
  #last: Promise<void> = Promise.resolve();
  #pending = 0;
  #isTroubled = false;
  #closed = false;

  constructor(transport: Transport, complain: (reason: string) => void) {
    this.#transport = transport;
    this.#complain = complain;
  }

  add(message: string): void {
    if (this.#closed) {
      return;
    }
    if (this.#pending >= MOST_PENDING) {
      this.#failed(`it must read its messages, got ${MOST_PENDING} of them waiting`);
      return;
    }
    this.#pending += 1;
    this.#last = this.#last.then(async () => {
      try {
        await this.#transport.send(Buffer.from(message));
        this.#isTroubled = false;
      } catch (error) {
        this.#failed(messageOf(error));
      }
      this.#pending -= 1;
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    });
    await Promise.race([this.#last, limit]);
    clearTimeout(timer);
    this.#transport.close();
  }

  #failed(reason: string): void {
    if (!this.#isTroubled) {
      this.#complain(reason);
    }
    this.#isTroubled = true;
  }
}

const NOWHERE: Transport = { send: () => Promise.resolve(), close: () => undefined };

/** Undefined: nobody wants to be told. Rejects when somebody does and cannot. */
async function findTransport(env: Environment, pid: number): Promise<Transport | undefined> {
  const descriptor = passedDescriptor(env, pid);
  const address = env['NOTIFY_SOCKET'] ?? '';
  for (const name of ['NOTIFY_SOCKET', 'LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) {
    Reflect.deleteProperty(env, name);
  }
  if (descriptor !== undefined) {
    return descriptorTransport(descriptor);
  }
  if (address === '') {
    return undefined;
  }
  if (!address.startsWith('/')) {
    // The library pads every address to its full length, which is another name in the abstract namespace.
    throw new Error(`NOTIFY_SOCKET must be an absolute path, got "${printable(address)}"`);
  }
  return socketTransport(address);
}

function passedDescriptor(env: Environment, pid: number): number | undefined {
  if (env['LISTEN_PID'] !== String(pid)) {
    return undefined;
  }
  const index = (env['LISTEN_FDNAMES'] ?? '').split(':').indexOf(DESCRIPTOR_NAME);
  return index < 0 || index >= Number(env['LISTEN_FDS']) ? undefined : FIRST_DESCRIPTOR + index;
}

/** Connected: one write is one datagram. Not written synchronously, since a manager that is stuck would block it. */
function descriptorTransport(descriptor: number): Transport {
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        write(descriptor, message, (error) => {
          if (error === null) {
            resolve();
          } else {
            reject(error);
          }
        });
      }),
    close: () => undefined,
  };
}

async function socketTransport(address: string): Promise<Transport> {
  const { DgramSocket } = await import('node-unix-socket');
  const socket = new DgramSocket();
  // What fails in sending is reported with the message.
  socket.on('error', () => undefined);
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        socket.sendTo(message, 0, message.length, address, (error) => {
          if (error instanceof Error) {
            reject(error);
          } else {
            resolve();
          }
        });
      }),
    close: () => socket.close(),
  };
}
