/**
 * People who are logged in, from logind over D-Bus, and messages to their terminals.
 *
 * Invariants: what logind says is parsed, never trusted; no login manager means nobody, one that answers nonsense is an
 * error (the caller then waits as if somebody were there); a terminal that takes no more output never blocks.
 */
import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import path from 'node:path';
import type { Session, Sessions } from '../agent/ports.ts';
import type { BusLink, BusValue, SystemBus } from '../dbus/types.ts';
import { Variant } from '../dbus/types.ts';
import { BusError } from '../errors.ts';

const LOGIND = 'org.freedesktop.login1';
const MANAGER_PATH = '/org/freedesktop/login1';
const SESSION_INTERFACE = 'org.freedesktop.login1.Session';
/** logind answers from memory; a host where it takes longer has other troubles. */
const CALL_TIMEOUT_MS = 10_000;
/** More sessions than this are not told apart: somebody is logged in. */
const MOST_SESSIONS = 256;

const OVERRIDE_FILE = 'run/zincati/override-interactive-check';

/** The errors by which the bus says that there is no such service, and none to start. */
const NO_LOGIND: ReadonlySet<string> = new Set([
  'org.freedesktop.DBus.Error.ServiceUnknown',
  'org.freedesktop.DBus.Error.NameHasNoOwner',
  'org.freedesktop.DBus.Error.Spawn.ServiceNotFound',
]);

export class LogindSessions implements Sessions {
  readonly #bus: SystemBus;
  readonly #root: string;

  /** `root` moves the override file and the terminals. */
  constructor(bus: SystemBus, root: string) {
    this.#bus = bus;
    this.#root = root;
  }

  async list(signal: AbortSignal): Promise<readonly Session[]> {
    if (await exists(path.join(this.#root, OVERRIDE_FILE))) return [];
    const link = await this.#bus.link(signal);
    let paths: string[];
    try {
      paths = await sessionPaths(link, signal);
    } catch (error) {
      if (error instanceof BusError && NO_LOGIND.has(error.errorName ?? '')) return [];
      throw error;
    }
    const found = await Promise.all(
      paths.slice(0, MOST_SESSIONS).map((object) => readSession(link, object, signal)),
    );
    return found.flatMap((session) => (session === undefined ? [] : [session]));
  }

  async broadcast(sessions: readonly Session[], text: string): Promise<void> {
    const terminals = new Set(sessions.map((session) => session.tty));
    await Promise.all([...terminals].map((tty) => writeTo(path.join(this.#root, 'dev'), tty, text)));
  }
}

async function sessionPaths(link: BusLink, signal: AbortSignal): Promise<string[]> {
  const reply = await link.call(
    {
      destination: LOGIND,
      path: MANAGER_PATH,
      interface: `${LOGIND}.Manager`,
      member: 'ListSessions',
      timeoutMs: CALL_TIMEOUT_MS,
    },
    signal,
  );
  const list = reply.body[0];
  if (reply.signature !== 'a(susso)' || !Array.isArray(list)) {
    throw new BusError(
      'bus_malformed_message',
      `cannot list sessions: logind must answer with a(susso), got "${reply.signature}"`,
    );
  }
  const rows: readonly BusValue[] = list;
  return rows.map((row) => {
    const object: unknown = Array.isArray(row) ? row[4] : undefined;
    if (typeof object !== 'string')
      throw new BusError('bus_malformed_message', 'cannot list sessions: a session must have an object path');
    return object;
  });
}

/** Undefined: no terminal, on its way out, or gone since it was listed. */
async function readSession(link: BusLink, object: string, signal: AbortSignal): Promise<Session | undefined> {
  let body: readonly BusValue[];
  try {
    const reply = await link.call(
      {
        destination: LOGIND,
        path: object,
        interface: 'org.freedesktop.DBus.Properties',
        member: 'GetAll',
        signature: 's',
        body: [SESSION_INTERFACE],
        timeoutMs: CALL_TIMEOUT_MS,
      },
      signal,
    );
    body = reply.body;
  } catch (error) {
    if (error instanceof BusError && error.kind === 'bus_remote_error') return undefined;
    throw error;
  }
  const properties = body[0];
  const text = (key: string): string => {
    const variant = properties instanceof Map ? (properties.get(key) as unknown) : undefined;
    return variant instanceof Variant && typeof variant.value === 'string' ? variant.value : '';
  };
  const tty = text('TTY');
  return tty === '' || text('State') === 'closing' ? undefined : { user: text('Name'), tty };
}

/** As kernel and logind name terminals: `tty1`, `pts/0`, `ttyS0`. */
const TERMINAL = /^[A-Za-z0-9_]+(\/[A-Za-z0-9_]+)?$/;

async function writeTo(devices: string, tty: string, text: string): Promise<void> {
  if (!TERMINAL.test(tty)) return;
  try {
    // Without O_NONBLOCK a terminal stopped by flow control would hold the write for as long as it likes.
    const file = await open(
      path.join(devices, tty),
      constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK,
    );
    try {
      if ((await file.stat()).isCharacterDevice()) await file.write(text);
    } finally {
      await file.close();
    }
  } catch {
    // Logged out since, not ours to write to, or full: none of it may hold the agent.
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
