/**
 * D-Bus server addresses: `unix:path=/run/dbus/system_bus_socket,guid=...;...`. Only Unix sockets are supported,
 * because the agent authenticates as its Unix user and talks to this host alone. Pure.
 */
import { BusError } from '../errors.ts';
import { printable } from '../text/printable.ts';

export interface ServerAddress {
  /** The path to connect to. That of an abstract socket starts with NUL. */
  readonly socketPath: string;
  /** The GUID that the server must have; undefined when the address does not say. */
  readonly guid: string | undefined;
}

/** Linux's `sun_path` holds 108 bytes, one of which is the NUL. */
const LONGEST_SOCKET_PATH_BYTES = 107;

/** Characters that need no escape in the value of an address. */
const PLAIN = /^[-0-9A-Za-z_/.\\*~]$/;

interface Entry {
  readonly transport: string;
  readonly keys: ReadonlyMap<string, string>;
}

/**
 * The servers with transport `unix` that `address` lists, in order. Throws BusError `bus_unreachable` when there are
 * none, or when the address is malformed.
 */
export function parseAddress(address: string): readonly ServerAddress[] {
  const entries = parseEntries(address);
  const servers = entries
    .filter((entry) => entry.transport === 'unix')
    .map((entry) => toServer(address, entry));
  if (servers.length === 0) {
    throw unusable(address, 'transport must be unix');
  }
  return servers;
}

/**
 * `address` with every socket path moved below `root`, where the root directory of a host is mounted. Abstract sockets
 * and other transports stay as they are.
 */
export function prefixAddress(address: string, root: string): string {
  const prefix = root.replace(/\/+$/, '');
  return parseEntries(address)
    .map((entry) => {
      const pairs = [...entry.keys].map(([key, value]) => {
        const moved = entry.transport === 'unix' && key === 'path' ? prefix + value : value;
        return `${key}=${escapeValue(moved)}`;
      });
      return `${entry.transport}:${pairs.join(',')}`;
    })
    .join(';');
}

/** The address of a server that listens on the socket at `path`. */
export function unixAddress(path: string): string {
  return `unix:path=${escapeValue(path)}`;
}

function toServer(address: string, { keys }: Entry): ServerAddress {
  const path = keys.get('path');
  const abstract = keys.get('abstract');
  if ((path === undefined) === (abstract === undefined)) {
    throw unusable(address, 'a unix address must have either path or abstract');
  }
  if (path !== undefined && !path.startsWith('/')) {
    throw unusable(address, `path must be absolute, got ${printable(path)}`);
  }
  const socketPath = path ?? `\0${abstract ?? ''}`;
  const bytes = Buffer.byteLength(socketPath);
  if (bytes > LONGEST_SOCKET_PATH_BYTES) {
    throw unusable(address, `path must have at most ${LONGEST_SOCKET_PATH_BYTES} bytes, got ${bytes}`);
  }
  return { socketPath, guid: keys.get('guid')?.toLowerCase() };
}

function parseEntries(address: string): readonly Entry[] {
  return address
    .split(';')
    .filter((part) => part !== '')
    .map((part) => parseEntry(address, part));
}

function parseEntry(address: string, part: string): Entry {
  const colon = part.indexOf(':');
  if (colon < 1) {
    throw unusable(address, 'an entry must look like TRANSPORT:KEY=VALUE');
  }
  const keys = new Map<string, string>();
  for (const pair of part.slice(colon + 1).split(',')) {
    if (pair === '') {
      continue;
    }
    const equals = pair.indexOf('=');
    if (equals < 1) {
      throw unusable(address, `a key must have a value, got ${printable(pair)}`);
    }
    const key = pair.slice(0, equals);
    if (keys.has(key)) {
      throw unusable(address, `a key must be given once, got ${printable(key)} twice`);
    }
    keys.set(key, unescapeValue(address, pair.slice(equals + 1)));
  }
  return { transport: part.slice(0, colon), keys };
}

function unescapeValue(address: string, value: string): string {
  try {
    const text = decodeURIComponent(value);
    if (!text.includes('\0')) {
      return text;
    }
  } catch {
    // Every bad escape gets the message below.
  }
  throw unusable(address, 'percent escapes must spell UTF-8 without NUL');
}

function escapeValue(value: string): string {
  return Array.from(Buffer.from(value), (byte) => {
    const character = String.fromCharCode(byte);
    return PLAIN.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');
}

function unusable(address: string, why: string): BusError {
  return new BusError('bus_unreachable', `cannot use D-Bus address "${printable(address)}": ${why}`);
}
