/**
 * The node's identity towards update and lock servers. It stays the same over reboots and when the agent is installed
 * anew. It is not the machine id itself, which is confidential.
 */
import { createHmac } from 'node:crypto';
import { join } from 'node:path';

import { IdentityError, printable, reasonOf } from '../errors.ts';
import { errorCode } from '../files/error-code.ts';
import { readSmallText, SmallFileError } from '../files/read-small-file.ts';

/** Zincati's application id. With it, a node keeps the identity that it had. */
export const ZINCATI_APP_ID = 'de35106b6ec24688b63afddaa156679b';

const MACHINE_ID = /^[0-9a-f]{32}$/i;
const UUID_BYTES = 16;

/** What systemd calls an app-specific machine id, as 32 lower-hex digits. Both arguments have 32 hex digits. Pure. */
export function appSpecificId(machineId: string, appId: string): string {
  return derivedId(Buffer.from(machineId, 'hex'), Buffer.from(appId, 'hex'));
}

/** HMAC-SHA256 of `message`, cut to a UUID of version 4, as 32 lower-hex digits. Pure. */
export function derivedId(key: Buffer, message: Buffer): string {
  const digest = createHmac('sha256', key).update(message).digest();
  const uuid = digest.subarray(0, UUID_BYTES);
  // RFC 4122: version 4, variant 1.
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | 0x40, 6);
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8);
  return uuid.toString('hex');
}

/** Derives the node's identity from `root`/etc/machine-id. Rejects with IdentityError `identity_machine_id`. */
export async function nodeUuid(root: string): Promise<string> {
  return appSpecificId(await readMachineId(root), ZINCATI_APP_ID);
}

/** `root`/etc/machine-id, 32 lower-hex digits. It is confidential. Rejects with IdentityError `identity_machine_id`. */
export async function readMachineId(root: string): Promise<string> {
  const file = join(root, '/etc/machine-id');
  let text: string;
  try {
    text = await readSmallText(file);
  } catch (cause) {
    throw unusable(`cannot read ${file}: ${reasonOf(cause)}`, remedyFor(cause), {
      cause,
      mayCome: errorCode(cause) !== undefined,
    });
  }
  const machineId = text.trim();
  if (machineId === 'uninitialized' || machineId === '') {
    throw unusable(
      `cannot derive the node's identity: ${file} must hold a machine id, got ${quoted(machineId)}`,
      SET_UP,
      // systemd writes it while the machine starts.
      { mayCome: true },
    );
  }
  // systemd takes 32 zeros for no id as well. Every node of a fleet would have the same.
  if (!MACHINE_ID.test(machineId) || /^0+$/.test(machineId)) {
    throw unusable(
      `cannot derive the node's identity: ${file} must hold 32 hexadecimal digits that are not all zero, got ${quoted(machineId)}`,
      SET_UP,
    );
  }
  return machineId.toLowerCase();
}

const LONGEST_SHOWN = 60;

function quoted(text: string): string {
  return JSON.stringify(printable(text.slice(0, LONGEST_SHOWN)));
}

const SET_UP = 'run systemd-machine-id-setup';

/** What helps depends on what is there. */
export function remedyFor(cause: unknown): string {
  if (cause instanceof SmallFileError) {
    return `remove it, and ${SET_UP}`;
  }
  switch (errorCode(cause)) {
    case 'EACCES':
    case 'EPERM':
      return 'let everybody read it (mode 0444) and enter the folder';
    case 'ENOENT':
    case 'ENOTDIR':
      return SET_UP;
    default:
      return 'look at the disk and its file system';
  }
}

function unusable(
  message: string,
  remedy: string,
  options?: ErrorOptions & { readonly mayCome?: boolean },
): IdentityError {
  return new IdentityError(
    'identity_machine_id',
    `${message}; ${remedy}, or set identity.node_uuid to 32 hexadecimal digits`,
    options,
  );
}
