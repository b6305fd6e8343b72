/**
 * Writes files that a web server hands out, also onto sticks with a file system for cameras.
 *
 * Invariants:
 * - Whoever reads meanwhile gets the old file or the new one, whole. A loss of power leaves one of the two.
 * - Everybody may read it, where the file system has such rights.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

const FOR_ALL_TO_READ = 0o644;
const FOR_ALL_TO_ENTER = 0o755;

/** Makes the folders of the file. Rejects with the system's error. */
export async function writeServedFile(file: string, content: string | Uint8Array): Promise<void> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true, mode: FOR_ALL_TO_ENTER });
  const temporary = path.join(folder, `.${path.basename(file)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', FOR_ALL_TO_READ);
    try {
      await allowReading(handle);
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await flush(folder);
}

/** FAT has no rights, and refuses to change them. */
async function allowReading(handle: FileHandle): Promise<void> {
  await handle.chmod(FOR_ALL_TO_READ).catch(() => undefined);
}

async function flush(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
