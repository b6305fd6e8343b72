/**
 * The metrics socket. A client that sends nothing gets bare text, as Zincati's readers expect it. One that sends a
 * request gets HTTP.
 *
 * Invariants:
 * - No byte of a request is lost on its way to the HTTP server.
 * - A request that arrives within the grace is answered as such, however busy the event loop is meanwhile.
 * - Every connection ends within its lifetime, whatever its client does or omits.
 * - Only a socket is ever replaced, and none that a process still serves.
 * - A socket file that somebody removed is noticed at once, or within {@link LOOK_MS} where the kernel tells nothing.
 */
import { once } from 'node:events';
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';

import type { Clock } from '../agent/ports.ts';
import { errorCode } from '../files/error-code.ts';
import { untilGone } from '../files/until-gone.ts';
import { MINUTE_MS, SECOND_MS } from '../text/units.ts';
import type { Listening } from './keep-listening.ts';

/** A client that has sent nothing for this long waits for bare text. An HTTP request comes with the connection. */
export const SILENCE_GRACE_MS = 50;
/** As long as Prometheus waits for a scrape by default. */
export const CONNECTION_LIFETIME_MS = 10 * SECOND_MS;
/** More than this at one time are no scrapes. Further ones are turned away at once. */
export const MOST_CONNECTIONS = 64;

/** How often it looks after its file. No scraper comes more often, and an idle host does not notice one lstat. */
export const LOOK_MS = MINUTE_MS;

/** Every user may scrape, as collectors do not run as root. Zincati's socket has 0755, so only root can connect. */
const SOCKET_MODE = 0o666;
/** As the tmpfiles configuration has it. */
const DIRECTORY_MODE = 0o775;

export interface UnixListenerOptions {
  readonly path: string;
  readonly render: () => Promise<string>;
  /** Takes over a connection that is paused and has its first bytes still unread. May reject. */
  readonly serveHttp: (connection: Socket) => Promise<void>;
  readonly clock: Pick<Clock, 'sleep'>;
}

/** Rejects with the reason if the socket cannot be made. */
export async function listenOnUnix(options: UnixListenerOptions): Promise<Listening> {
  await makeRoom(options.path);
  const connections = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    connections.add(connection);
    const lifetime = setTimeout(() => connection.destroy(), CONNECTION_LIFETIME_MS);
    connection.once('close', () => {
      clearTimeout(lifetime);
      connections.delete(connection);
    });
    serve(connection, options);
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.listen(options.path);
  await once(server, 'listening');
  const fault = new Promise<unknown>((resolve) => server.on('error', resolve));
  const life = new AbortController();
  const close = async (): Promise<void> => {
    life.abort();
    await closeServer(server, connections);
  };
  try {
    await chmod(options.path, SOCKET_MODE);
  } catch (error) {
    await close();
    throw error;
  }
  return { fault: Promise.race([fault, whenGone(options, life.signal)]), close };
}

/**
 * Resolves with an error when nothing has this name any more, or with undefined when `signal` is aborted. What somebody
 * put in its place is left alone: closing would remove that, since the system's library removes by name.
 */
async function whenGone(
  { path: socketPath, clock }: UnixListenerOptions,
  signal: AbortSignal,
): Promise<unknown> {
  const isGone = await untilGone(socketPath, {
    sleep: (ms, over) => clock.sleep(ms, over),
    lookMs: LOOK_MS,
    signal,
  });
  return isGone ? new Error(`somebody removed ${socketPath}`) : undefined;
}

function serve(connection: Socket, { render, serveHttp }: UnixListenerOptions): void {
  let verdict: NodeJS.Immediate | undefined;
  const stopWaiting = (): void => {
    clearTimeout(grace);
    clearImmediate(verdict);
  };
  const decide = (): void => {
    stopWaiting();
    connection.off('data', onData).off('end', sendText);
  };
  const sendText = (): void => {
    decide();
    // What comes now is too late. Left unread, it would make the client see a reset instead of the text.
    connection.resume();
    render().then(
      (text) => connection.end(text, () => connection.destroy()),
      () => connection.destroy(),
    );
  };
  const onData = (bytes: Buffer): void => {
    decide();
    connection.pause();
    connection.unshift(bytes);
    serveHttp(connection).catch(() => connection.destroy());
  };
  // When the event loop was busy, this timer fires before a request that has long arrived is read. Reads come before
  // the next immediate, so what is still silent then has sent nothing.
  const grace = setTimeout(() => {
    verdict = setImmediate(sendText);
  }, SILENCE_GRACE_MS);
  connection.once('close', stopWaiting);
  // A client may go away in the middle. "close" follows.
  connection.on('error', () => undefined);
  connection.on('data', onData).on('end', sendText);
}

async function makeRoom(socketPath: string): Promise<void> {
  await mkdir(path.dirname(socketPath), { recursive: true, mode: DIRECTORY_MODE });
  const found = await lstat(socketPath).catch(() => undefined);
  if (found === undefined) {
    return;
  }
  if (!found.isSocket()) {
    throw new Error(`cannot listen on ${socketPath}: it must be a socket or missing, got something else`);
  }
  if (await isServed(socketPath)) {
    throw new Error(`cannot listen on ${socketPath}: another process listens there`);
  }
  await rm(socketPath);
}

function isServed(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socketPath);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // EAGAIN: the queue is full, so somebody owns it.
    probe.once('error', (error) => resolve(errorCode(error) === 'EAGAIN'));
  });
}

async function closeServer(server: Server, connections: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    // Its argument may say that it was not listening any more, which is as good.
    server.close(() => resolve());
  });
  for (const connection of connections) {
    connection.destroy();
  }
  await closed;
}
