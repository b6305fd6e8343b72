/**
 * Files that are whole or not there: written beside their place, flushed, renamed, and the folder flushed as well, so
 * that neither SIGKILL nor power loss leaves half of one.
 *
 * Invariants: when the promise resolves, content and name are on disk; when it rejects before the renaming, the file is
 * as it was; a temporary file, `.NAME.RANDOM.tmp`, outlives only a crash.
 */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** `mode` holds whatever the umask is. Rejects with the system's error, which does not name the temporary file. */
export async function writeFileAtomically(
  file: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  const folder = path.dirname(file);
  // A name of its own for each write: two at one time end in the content of one, not in a mixture.
  const temporary = path.join(folder, `.${path.basename(file)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    // Exclusive: a link that waits under this name is not followed.
    const handle = await open(temporary, 'wx', mode);
    try {
      // The mode of open is cut by the umask.
      await handle.chmod(mode);
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    // A random name says nothing to people, and makes each repetition of one error look like another.
    if (error instanceof Error) {
      error.message = error.message.replaceAll(temporary, file);
    }
    throw error;
  }
  await syncFolder(folder);
}

/** A new name is on disk only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
