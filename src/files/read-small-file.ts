/**
 * The one reader of small files: of the host's facts, of configuration, of credentials, of the agent's own record.
 *
 * Invariants:
 * - Only a regular file is read. What is said of it and its bytes come from one opened descriptor.
 * - Opening waits for nobody: not for the writer of a FIFO, not for a device or a lease.
 * - The limit counts whatever `stat` says. Files of /proc have size 0, and a file may grow while it is read.
 * - Every call ends within {@link READ_LIMIT_MS}, even on a file system that hangs.
 * - Errors of the system come through as they are, with their code.
 */
import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

import { KIBIBYTE, SECOND_MS } from '../text/units.ts';
import { READ_FLAGS } from './read-now.ts';

/** A local disk answers within milliseconds. Only a network file system that is gone takes longer than this. */
export const READ_LIMIT_MS = 10 * SECOND_MS;

/** More than any file of /proc has that the agent reads; a kernel command line has some 4 KiB at most. */
export const DEFAULT_MAX_BYTES = 64 * KIBIBYTE;

/** Read first where `stat` tells nothing. */
const PAGE_BYTES = 4 * KIBIBYTE;

export type SmallFileErrorKind = 'not_regular' | 'too_large' | 'timed_out';

/** Why a file that can be opened is not read. The message begins with "it must"; the caller says which file it is. */
export class SmallFileError extends Error {
  readonly kind: SmallFileErrorKind;

  constructor(kind: SmallFileErrorKind, message: string) {
    super(message);
    this.name = new.target.name;
    this.kind = kind;
  }
}

/** What to do with a symbolic link in the last part of the path. Links in the folders before it are always followed. */
export type LastLink = 'follow' | 'refuse';

export interface FileStart {
  /** When it was opened. */
  readonly stats: Stats;
  /** Bytes of the file as far as known: what `stat` says, or what was read if that is more. */
  readonly size: number;
  /** At most `maxBytes`. */
  readonly bytes: Buffer;
  /** Whether these are all bytes of the file. */
  readonly isWhole: boolean;
}

/**
 * Reads the first `maxBytes` of a regular file, for callers that look at its owner or mode, or word their own errors.
 *
 * Rejects with the system's error (a refused link is `ELOOP`), or with SmallFileError `not_regular` or `timed_out`.
 */
export async function readFileStart(
  path: string,
  maxBytes: number,
  lastLink: LastLink = 'follow',
): Promise<FileStart> {
  return withinLimit(openAndRead(path, maxBytes, lastLink));
}

/** Reads a whole regular file. Rejects as {@link readFileStart} does, and with SmallFileError `too_large`. */
export async function readSmallFile(path: string, maxBytes: number = DEFAULT_MAX_BYTES): Promise<Buffer> {
  const { bytes, isWhole } = await readFileStart(path, maxBytes);
  if (!isWhole) {
    throw new SmallFileError('too_large', `it must be at most ${maxBytes} bytes long`);
  }
  return bytes;
}

/** The same as text. What is not UTF-8 becomes U+FFFD. */
export async function readSmallText(path: string, maxBytes?: number): Promise<string> {
  return (await readSmallFile(path, maxBytes)).toString('utf8');
}

async function openAndRead(path: string, maxBytes: number, lastLink: LastLink): Promise<FileStart> {
  const file = await open(path, lastLink === 'refuse' ? READ_FLAGS | constants.O_NOFOLLOW : READ_FLAGS);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) {
      throw new SmallFileError('not_regular', 'it must be a regular file');
    }
    // One byte more than allowed tells whether the file ends there.
    const bytes = await readUpTo(file, maxBytes + 1, stats.size + 1);
    return {
      stats,
      size: Math.max(stats.size, bytes.length),
      bytes: bytes.subarray(0, maxBytes),
      isWhole: bytes.length <= maxBytes,
    };
  } finally {
    await file.close();
  }
}

/** `expected`: how many bytes a first read should have room for, so that most files need one buffer. */
async function readUpTo(file: FileHandle, limit: number, expected: number): Promise<Buffer> {
  let buffer = Buffer.alloc(Math.min(limit, Math.max(expected, PAGE_BYTES)));
  let length = 0;
  while (length < limit) {
    if (length === buffer.length) {
      buffer = Buffer.concat([buffer], Math.min(limit, 2 * length));
    }
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
    if (bytesRead === 0) {
      break;
    }
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** A system call cannot be called off: when it returns after all, its descriptor is closed and its outcome dropped. */
async function withinLimit<T>(reading: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new SmallFileError('timed_out', `it must be readable within ${READ_LIMIT_MS / SECOND_MS} s`));
    }, READ_LIMIT_MS);
  });
  try {
    return await Promise.race([reading, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
