/**
 * Reads a file that proves who this node is, or who a server must be: tokens, keys, certificates.
 *
 * Invariants: what is checked and what is read come from one opened descriptor; nothing blocks on a FIFO or a device; an
 * error names the key and the file, and never repeats a byte of what is in it. Files are small and requests rare, so they
 * are read anew for each request: a rotated one counts at once.
 */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

import { resolveBelow } from './resolve-below.ts';
import { HttpError, messageOf, printable } from '../errors.ts';

export interface CredentialFile {
  /** The configuration key that names it, for people. */
  readonly key: string;
  /** As the host sees it; symbolic links are followed. */
  readonly path: string;
  readonly maxBytes: number;
  /** Others must not be able to read it, nor the group to change it. */
  readonly secret: boolean;
}

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
/** 0600 and 0640 are fine: the agent is no root, and reads it as its owner or through its group. */
const NOT_FOR_SECRETS = 0o027;

/** `root`: where the host's files are. Rejects with HttpError `http_bad_credentials`. */
export async function readCredentialFile(root: string, file: CredentialFile): Promise<Buffer> {
  let handle: FileHandle;
  try {
    const found = await resolveBelow(root, file.path);
    if (found.kind !== 'found') {
      throw badCredential(file, found.kind === 'null-device' ? 'be a regular file, got /dev/null' : 'exist');
    }
    handle = await open(found.path, FLAGS);
  } catch (error) {
    throw asBadCredential(file, error);
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) {
      throw badCredential(file, 'be a regular file, got something else');
    }
    if (file.secret && (stats.mode & NOT_FOR_SECRETS) !== 0) {
      const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
      throw badCredential(
        file,
        `not be readable by others nor writable by its group, got mode ${mode}; chmod 0640`,
      );
    }
    const bytes = await readStart(handle, file.maxBytes + 1);
    if (bytes.length > file.maxBytes) {
      throw badCredential(file, `be at most ${file.maxBytes} bytes long`);
    }
    return bytes;
  } catch (error) {
    throw asBadCredential(file, error);
  } finally {
    await handle.close();
  }
}

/** "KEY: PATH must REQUIREMENT". */
export function badCredential(file: CredentialFile, requirement: string, cause?: unknown): HttpError {
  return new HttpError(
    'http_bad_credentials',
    `${file.key}: ${printable(file.path)} must ${requirement}`,
    cause === undefined ? undefined : { cause },
  );
}

function asBadCredential(file: CredentialFile, error: unknown): HttpError {
  return error instanceof HttpError
    ? error
    : badCredential(file, `be readable, got: ${messageOf(error)}`, error);
}

async function readStart(handle: FileHandle, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, null);
    if (bytesRead === 0) {
      break;
    }
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
