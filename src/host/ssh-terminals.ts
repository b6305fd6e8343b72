/**
 * The terminals of people who are logged in over ssh, where logind does not know them.
 *
 * sshd opens a session before it opens a terminal, and pam_systemd leaves the terminal out (openssh, PAM_TTY_KLUDGE in
 * auth-pam.c; systemd 257, pam_systemd.c). logind learns it later from /run/utmp. A host without that file has no other way.
 * But sshd makes a terminal that it opens the user's own (openssh, pty_setowner).
 *
 * Invariant: where nobody can tell, somebody sits there.
 */
import { access, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

import { isMissing } from '../files/error-code.ts';

const UTMP = 'run/utmp';
const FOLDER = 'dev/pts';
/** The kernel's names; `ptmx` is none of them. */
const NUMBER = /^\d{1,7}$/;

/** Whether logind learns the terminals of ssh by itself. Without one it then knows that there is none. */
export function hasUtmp(root: string): Promise<boolean> {
  return access(path.join(root, UTMP)).then(
    () => true,
    (error: unknown) => !isMissing(error),
  );
}

/**
 * The pseudo terminals of user `uid`, such as `pts/0`, the oldest number first. Undefined: nobody can tell.
 */
export async function terminalsOf(root: string, uid: number): Promise<readonly string[] | undefined> {
  try {
    const numbers = (await readdir(path.join(root, FOLDER))).filter((name) => NUMBER.test(name)).map(Number);
    const owners = await Promise.all(numbers.map((number) => ownerOf(path.join(root, FOLDER, `${number}`))));
    return numbers
      .filter((_, index) => owners[index] === uid)
      .sort((a, b) => a - b)
      .map((number) => `pts/${number}`);
  } catch {
    return undefined;
  }
}

/** Undefined: it was closed meanwhile. */
async function ownerOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).uid;
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}
