/**
 * Writes files that a web server hands out, also onto sticks with a file system for cameras.
 *
 * Invariants:
 * - Whoever reads meanwhile gets the old file or the new one, whole. A loss of power leaves one of the two.
 * - Everybody may read it, where the file system has such rights.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { writeFileAtomically } from '../../src/files/atomic-file.ts';

const FOR_ALL_TO_READ = 0o644;
const FOR_ALL_TO_ENTER = 0o755;

/** Makes the folders of the file. Rejects with the system's error. */
export async function writeServedFile(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: FOR_ALL_TO_ENTER });
  await writeFileAtomically(file, content, FOR_ALL_TO_READ, { mayLackModes: true });
}
