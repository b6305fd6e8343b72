/**
 * Makes room for the socket of administrators.
 *
 * Invariants:
 * - A socket at which a program answers stays, and so does what is no socket.
 */
import { lstat, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { printable } from '../../src/errors.ts';
import { isMissing } from '../../src/files/error-code.ts';

/** Removes what a server that was killed has left. Rejects where something else is in the way. */
export async function clearSocket(path: string): Promise<void> {
  try {
    if (!(await lstat(path)).isSocket()) {
      throw new Error(`admin.socket must name a socket or nothing, got something else at ${printable(path)}`);
    }
  } catch (error) {
    if (isMissing(error)) {
      return;
    }
    throw error;
  }
  if (await isAnswered(path)) {
    throw new Error(`admin.socket must be free, got ${printable(path)}, where another program answers`);
  }
  await rm(path, { force: true });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(path);
    const settle = (is: boolean) => (): void => {
      connection.destroy();
      resolve(is);
    };
    connection.once('connect', settle(true));
    connection.once('error', settle(false));
  });
}
