/**
 * Reads the permission file of strategy `marker`.
 *
 * Invariants:
 * - Facts and bytes come from one opened descriptor, so nothing can be swapped between the two.
 * - A symbolic link in the last part of the path is never followed.
 * - Neither a FIFO nor a device holds the agent.
 */
import { join } from 'node:path';

import { reasonOf } from '../errors.ts';
import { errorCode, isMissingOrNotDirectory } from '../files/error-code.ts';
import { readFileStart, SmallFileError } from '../files/read-small-file.ts';
import { type MarkerReading, MAX_MARKER_BYTES } from '../strategies/marker.ts';

/** `path`: as the host sees it. `root`: where the host's files are. Never rejects. */
export async function readMarkerFile(root: string, path: string): Promise<MarkerReading> {
  try {
    // The byte beyond the limit tells the strategy that the file is too long.
    const { stats, bytes } = await readFileStart(join(root, path), MAX_MARKER_BYTES + 1, 'refuse');
    return { kind: 'file', uid: stats.uid, mode: stats.mode & 0o7777, links: stats.nlink, bytes };
  } catch (error) {
    return readingOf(error);
  }
}

function readingOf(error: unknown): MarkerReading {
  if (isMissingOrNotDirectory(error)) {
    return { kind: 'missing' };
  }
  if (error instanceof SmallFileError && error.kind === 'not_regular') {
    return { kind: 'special' };
  }
  switch (errorCode(error)) {
    case 'ELOOP':
      return { kind: 'symbolic-link' };
    // A socket, or a device that is not there.
    case 'ENXIO':
      return { kind: 'special' };
    default:
      return { kind: 'unreadable', message: reasonOf(error) };
  }
}
