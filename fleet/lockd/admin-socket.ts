/**
 * Makes room for the socket of administrators.
 *
 * Invariants:
 * - Only a socket at which nobody listens any more is removed. What cannot be told stays, and so does what is no socket.
 */
import { lstat, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { printable, reasonOf } from '../../src/errors.ts';
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
  await refuseServed(path);
  await rm(path, { force: true });
}

/** Rejects unless the system says that nobody listens there. A full queue, or no right to connect, says that somebody may. */
function refuseServed(path: string): Promise<void> {
  const shown = printable(path);
  return new Promise((resolve, reject) => {
    const connection = createConnection(path);
    connection.once('connect', () => {
      connection.destroy();
      reject(new Error(`admin.socket must be free, got ${shown}, where another program answers`));
    });
    connection.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') {
        resolve();
      } else {
        reject(new Error(`admin.socket must be free, got ${shown}: ${reasonOf(error)}`, { cause: error }));
      }
    });
  });
}
