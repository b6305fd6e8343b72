/**
 * Where libostree keeps whether the staged deployment is locked. Since v2024.6, rpm-ostree's deployment dictionary does
 * not say it any more.
 *
 * Invariants:
 * - A file that cannot be read says nothing. It never makes a deployment locked or unlocked.
 * - Both files belong to the stamp, so a change of the lock alone is noticed.
 */
import { join } from 'node:path';
import { readFileStart } from '../files/read-small-file.ts';
import { fileStamp } from './file-stamp.ts';
import { flagOfDictionary } from './gvariant.ts';

/** A GVariant `a{sv}`. It gets the key `locked` when a deployment is staged with a lock, and when its lock is changed. */
const STAGED_PATH = 'run/ostree/staged-deployment';
/** Its existence is the lock of versions before v2024.6. */
const OLD_LOCK_PATH = 'run/ostree/staged-deployment-locked';

/** Real ones have some 600 bytes; kernel arguments and initrds may make it longer. */
const LARGEST_STAGED_BYTES = 1024 * 1024;

/** What the files say of the staged deployment; undefined: nothing. Never rejects. */
export async function readStagedLock(root: string): Promise<boolean | undefined> {
  if ((await fileStamp(join(root, OLD_LOCK_PATH))) !== undefined) {
    return true;
  }
  try {
    const { bytes, isWhole } = await readFileStart(join(root, STAGED_PATH), LARGEST_STAGED_BYTES);
    if (!isWhole || bytes.length === 0) {
      return undefined;
    }
    const locked = flagOfDictionary(bytes, 'locked');
    // What was never locked has no key, nor has any deployment of versions that keep the lock in the other file.
    return locked === 'absent' ? false : locked;
  } catch {
    return undefined;
  }
}

/** A text that changes whenever one of the files does. */
export async function stagedLockStamp(root: string): Promise<string> {
  const paths = [STAGED_PATH, OLD_LOCK_PATH];
  const stamps = await Promise.all(paths.map((path) => fileStamp(join(root, path))));
  return stamps.map((stamp) => stamp ?? 'none').join(' ');
}
