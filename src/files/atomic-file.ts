/**
 * Writes files that are whole or not there. The content goes into a file beside the place, which is flushed and then
 * renamed; at last the folder is flushed. So neither SIGKILL nor a loss of power leaves half a file.
 *
 * Invariants:
 * - When the promise resolves, content and name are on disk.
 * - When it rejects before the renaming, the file is as it was.
 * - A temporary file, `.NAME.RANDOM.tmp`, outlives only a crash.
 */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * `mode` holds whatever the umask is. `mayLackModes`: the file system may have none, as FAT. Rejects with the system's
 * error, which does not name the temporary file.
 */
export async function writeFileAtomically(
  file: string,
  content: string | Uint8Array,
  mode: number,
  { mayLackModes = false }: { readonly mayLackModes?: boolean } = {},
): Promise<void> {
  const folder = path.dirname(file);
  // Each write has a name of its own: two at one time end in the content of one, not in a mixture.
  const temporary = path.join(folder, `.${path.basename(file)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    // Exclusive: a link that somebody put under this name is not followed.
    const handle = await open(temporary, 'wx', mode);
    try {
      // The umask takes bits away from the mode that `open` is given.
      await handle.chmod(mode).catch((error: unknown) => {
        if (!mayLackModes) {
          throw error;
        }
      });
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    // A random name says nothing to people, and would make each repetition of one error look like a new one.
    if (error instanceof Error) {
      error.message = error.message.replaceAll(temporary, file);
    }
    throw error;
  }
  await syncFolder(folder);
}

/** A new name is on disk only after its folder is flushed. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
