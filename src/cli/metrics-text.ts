/**
 * The agent's metrics, from its socket.
 *
 * Invariants:
 * - Root connects to a socket in the agent's folder alone. No link in that folder, or in its place, is followed.
 * - Nothing is sent. What comes is bounded in bytes and time.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';

import { METRICS_SOCKET } from '../metrics/server.ts';
import { MEBIBYTE, SECOND_MS } from '../text/units.ts';

const LIMIT_MS = 5 * SECOND_MS;
const MOST_BYTES = MEBIBYTE;
/** Names a file without opening it, as a socket cannot be opened. Node does not have the constant. */
const O_PATH = 0o10000000;

/** Rejects with the reason. */
export async function readMetrics(root: string): Promise<string> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const handles: FileHandle[] = [];
  try {
    const file = path.join(root, METRICS_SOCKET);
    const folder = await open(path.dirname(file), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    handles.push(folder);
    const socket = await open(`/proc/self/fd/${folder.fd}/${path.basename(file)}`, O_PATH | O_NOFOLLOW);
    handles.push(socket);
    if (!(await socket.stat()).isSocket()) {
      throw new Error(`${file} must be a socket`);
    }
    return await readAll(`/proc/self/fd/${socket.fd}`);
  } finally {
    await Promise.all(handles.map((handle) => handle.close()));
  }
}

function readAll(place: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const connection = connect({ path: place });
    const timer = setTimeout(
      () => connection.destroy(new Error('the metrics did not come in time')),
      LIMIT_MS,
    );
    connection.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > MOST_BYTES) {
        connection.destroy(new Error('the metrics must be at most 1 MiB'));
      }
    });
    connection.once('error', reject);
    connection.once('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
  });
}
