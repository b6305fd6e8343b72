/**
 * One agent for each state folder. Each agent has a socket of its own there, ROOT/var/lib/zincati/lock.RANDOM, and starts
 * only if nobody listens on any other.
 *
 * The kernel answers for an agent, and stops doing so when the agent ends, however that comes about. So what was left
 * behind is told from what is held, without process ids and without clocks. Only the folder's owner and root reach the
 * sockets, so nobody else can keep an agent from starting.
 *
 * Invariants:
 * - Of several that ask at the same time, at most one gets it: of any two, one finds the socket of the other.
 * - A socket whose owner lives is never removed by another. Names are never used again.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { reasonOf } from '../errors.ts';
import { errorCode } from '../files/error-code.ts';
import { SECOND_MS } from '../text/units.ts';

const FOLDER = 'var/lib/zincati';
const NAME = /^lock\.[0-9a-f]{12}$/;
/** Two that start in the same moment step back from each other, and one of them is first the next time. */
const ATTEMPTS = 8;
const LONGEST_PAUSE_MS = 80;
/** The kernel itself answers. Only a machine that hardly runs at all takes longer. */
const ANSWER_LIMIT_MS = 5 * SECOND_MS;

export type FolderLock =
  /** `file`: the socket of this agent. The lock lasts for as long as that is there. */
  | { readonly kind: 'held'; readonly file: string; readonly release: () => Promise<void> }
  /** Another agent has it. `file`: its socket. */
  | { readonly kind: 'taken'; readonly file: string }
  /** No lock can be made here; the reason, for people. */
  | { readonly kind: 'none'; readonly why: string };

/** `root` is "/" on a host. `below`: the folder, which only its owner and root may enter. Never rejects. */
export async function lockFolder(root: string, below: string = FOLDER): Promise<FolderLock> {
  const folder = path.join(root, below);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(folder, 'r');
    try {
      for (let attempt = 1; ; attempt += 1) {
        // A socket's path has 107 bytes at most, and the folder's own may have more.
        const lock = await lockOnce(folder, `/proc/self/fd/${handle.fd}`);
        if (lock.kind === 'held' || attempt === ATTEMPTS) {
          return lock;
        }
        await pause(randomInt(1, LONGEST_PAUSE_MS));
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    return { kind: 'none', why: reasonOf(error) };
  }
}

async function lockOnce(folder: string, short: string): Promise<FolderLock> {
  const own = `lock.${randomBytes(6).toString('hex')}`;
  const server = createServer((socket) => socket.destroy());
  server.unref();
  const release = async (): Promise<void> => {
    await rm(path.join(folder, own), { force: true }).catch(() => undefined);
    await closed(server);
  };
  try {
    await listening(server, path.join(short, own));
    for (const other of await readdir(folder)) {
      if (other === own || !NAME.test(other)) {
        continue;
      }
      if (await isOwned(path.join(short, other))) {
        await release();
        return { kind: 'taken', file: path.join(folder, other) };
      }
      await rm(path.join(folder, other), { force: true, recursive: true });
    }
    return { kind: 'held', file: path.join(folder, own), release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Whether anybody listens. */
function isOwned(place: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path: place });
    const over = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(ANSWER_LIMIT_MS, () => over(true));
    socket.once('connect', () => over(true));
    // EAGAIN: somebody listens, and has more callers than the kernel keeps.
    socket.once('error', (error) => over(errorCode(error) === 'EAGAIN'));
  });
}

function listening(server: Server, place: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(place, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
