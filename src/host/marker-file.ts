/**
 * Reads the permission file of strategy `marker`.
 *
 * Invariants: what is told about it and its bytes come from one opened descriptor, so that nothing can be swapped
 * between the two; the last component of the path is never followed; nothing blocks on a FIFO or a device.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf } from '../errors.ts';
import { type MarkerReading, MAX_MARKER_BYTES } from '../strategies/marker.ts';

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** `path` as the host sees it, `root` where the host's files are. */
export async function readMarkerFile(root: string, path: string): Promise<MarkerReading> {
  let file: FileHandle;
  try {
    file = await open(join(root, path), FLAGS);
  } catch (error) {
    switch (codeOf(error)) {
      case 'ENOENT':
      case 'ENOTDIR':
        return { kind: 'missing' };
      case 'ELOOP':
        return { kind: 'symbolic-link' };
      case 'ENXIO':
        return { kind: 'special' };
      default:
        return { kind: 'unreadable', message: messageOf(error) };
    }
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) {
      return { kind: 'special' };
    }
    const { uid, nlink: links } = stats;
    return { kind: 'file', uid, mode: stats.mode & 0o7777, links, bytes: await readStart(file) };
  } catch (error) {
    return { kind: 'unreadable', message: messageOf(error) };
  } finally {
    await file.close();
  }
}

async function readStart(file: FileHandle): Promise<Uint8Array> {
  const buffer = new Uint8Array(MAX_MARKER_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
    if (bytesRead === 0) {
      break;
    }
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
