/**
 * Opens a socket to a D-Bus server, bus or peer, and authenticates as this process's user (SASL EXTERNAL).
 *
 * Invariants:
 * - The resulting socket is paused at the first byte of the message stream.
 * - On failure and on abort, the socket is destroyed.
 * - The server can make us keep no more than one short line.
 */
import { connect, type Socket } from 'node:net';

import { BusError, messageOf } from '../errors.ts';
import { printable } from '../text/printable.ts';
import type { ServerAddress } from './address.ts';

/** The expected line is `OK` with 32 digits, or `REJECTED` with the names of a few mechanisms. */
const LONGEST_LINE_BYTES = 4096;

/**
 * How the server learns who we are:
 * - `implied`: from the kernel alone, as sd-bus has it. So it is right in a user namespace too, where our own number
 *   is not the server's. A server that rejects this is told.
 * - `told`: our number is sent. GLib before 2.74 hangs up on anything else.
 */
export type Identity = 'implied' | 'told';

/**
 * Rejects with BusError `bus_unreachable` or `bus_auth_failed`, or with the signal's reason. The caller limits the
 * time.
 */
export function dial(server: ServerAddress, identity: Identity, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(asError(signal.reason));
      return;
    }
    const socket = connect({ path: server.socketPath });
    let received = Buffer.alloc(0);
    let isImplied = identity === 'implied';

    const release = () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', fail).off('close', closed).off('connect', greet).off('data', read);
    };
    const fail = (error: Error) => {
      release();
      // A socket emits errors until it is closed. Without a listener, they would end the process.
      socket.on('error', ignore);
      socket.destroy();
      reject(
        error instanceof BusError || signal.aborted ? error : unreachable(server, messageOf(error), error),
      );
    };
    const abort = () => fail(asError(signal.reason));
    const closed = () => fail(refused(server, 'the server closed the connection'));
    const told = `AUTH EXTERNAL ${ownUserInHex()}\r\n`;
    const greet = () => socket.write(isImplied ? '\0AUTH EXTERNAL\r\n' : `\0${told}`);
    const read = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf('\r\n');
      if (end < 0 ? received.length > LONGEST_LINE_BYTES : end > LONGEST_LINE_BYTES) {
        fail(refused(server, `the answer must have at most ${LONGEST_LINE_BYTES} bytes`));
      } else if (end >= 0) {
        const line = received.toString('latin1', 0, end);
        const rest = received.subarray(end + 2);
        if (isImplied && rest.length === 0 && (line === 'DATA' || line.startsWith('REJECTED'))) {
          received = Buffer.alloc(0);
          isImplied = line === 'DATA';
          socket.write(isImplied ? 'DATA\r\n' : told);
        } else {
          accept(line, rest);
        }
      }
    };
    const accept = (line: string, rest: Buffer) => {
      const guid = /^OK ([0-9a-fA-F]{32})$/.exec(line)?.[1]?.toLowerCase();
      if (guid === undefined) {
        fail(refused(server, `the answer must be OK and a GUID, got ${printable(line)}`));
      } else if (server.guid !== undefined && server.guid !== guid) {
        fail(refused(server, `the server's GUID must be ${printable(server.guid)}, got ${guid}`));
      } else {
        release();
        socket.on('error', ignore);
        socket.pause();
        if (rest.length > 0) {
          socket.unshift(rest);
        }
        socket.write('BEGIN\r\n');
        resolve(socket);
      }
    };

    signal.addEventListener('abort', abort, { once: true });
    socket.on('error', fail).on('close', closed).on('connect', greet).on('data', read);
  });
}

/** The server compares this with the credentials that the kernel reports, which are the effective ones. */
function ownUserInHex(): string {
  return Buffer.from(String(process.geteuid?.() ?? 0)).toString('hex');
}

function ignore(): void {
  // The owner of the socket learns of its end from `close`.
}

function unreachable(server: ServerAddress, why: string, cause?: unknown): BusError {
  return new BusError('bus_unreachable', `cannot reach D-Bus at ${shown(server)}: ${why}`, { cause });
}

function refused(server: ServerAddress, why: string): BusError {
  return new BusError('bus_auth_failed', `cannot authenticate to D-Bus at ${shown(server)}: ${why}`);
}

function shown(server: ServerAddress): string {
  return printable(server.socketPath.replace('\0', '@'));
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
