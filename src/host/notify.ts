/**
 * What the agent tells the service manager (sd_notify): that it is ready, alive or stopping, and its status in one
 * line. The only file that knows node-unix-socket, which is loaded only where NOTIFY_SOCKET is the way.
 *
 * Invariants:
 * - Without a service manager nothing happens.
 * - No method but `close` waits, and none throws.
 * - Messages leave in the order in which they were given, each as one datagram.
 * - Trouble is told once until it is over.
 * - Children do not inherit the socket.
 */
import { write } from 'node:fs';

import { messageOf, printable } from '../errors.ts';
import { SECOND_MS } from '../text/units.ts';
import { datagramSender, type Transport } from './datagram-sender.ts';

export interface Notifier {
  /** The start, or a reload, is over. The status goes along in the same message. */
  ready(status: string): void;
  status(text: string): void;
  /** Feeds the watchdog. */
  alive(): void;
  /** The configuration is being read again. `ready` ends that. */
  reloading(): void;
  /** Also empties the status. */
  stopping(): void;
  /** Resolves when everything is sent, or after a second. Later messages are dropped. Never rejects. */
  close(): Promise<void>;
}

type Environment = Record<string, string | undefined>;

/** The first descriptor that a service manager passes. */
const FIRST_DESCRIPTOR = 3;
/** The name of the descriptor of a notification socket that is connected (`OpenFile=/run/systemd/notify:notify`). */
const DESCRIPTOR_NAME = 'notify';
/** A manager that has left so many unread is in trouble, and these messages are old news by then. */
const MOST_PENDING = 64;
const CLOSE_TIMEOUT_MS = SECOND_MS;

/**
 * Removes from `env` the variables by which a service manager says where it listens: they are not for children.
 *
 * `pid`: of this process. `warn` gets the reason when something cannot be told. Never rejects.
 */
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

/**
 * Half of the time that the service manager allows between two signs of life. Undefined: it expects none from `pid`.
 */
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

/** Undefined: nobody wants to be told. Rejects when somebody wants to be and cannot be. */
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
    // The library pads every address to its full length. In the abstract namespace that is another name.
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

/** The socket is connected: one write is one datagram. A synchronous write would block on a manager that is stuck. */
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
  return datagramSender(address, () => new DgramSocket());
}
