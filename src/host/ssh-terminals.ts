/**
 * The terminals of people who are logged in over ssh, where logind does not know them.
 *
 * sshd opens a session before it opens a terminal, and pam_systemd leaves the terminal out (openssh, PAM_TTY_KLUDGE in
 * auth-pam.c; systemd 257, pam_systemd.c). logind learns it later from /run/utmp. A host without that file has no other way.
 * But sshd opens a terminal after the session, and makes it the user's own (openssh, pty_allocate and pty_setowner). The
 * kernel stamps its inode then. An older one belongs to something else, such as the console of a container.
 *
 * Invariant: where nobody can tell, somebody sits there.
 */
import type { Stats } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

import { isMissing } from '../files/error-code.ts';
import { SECOND_MS } from '../text/units.ts';

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

/** Of a session, as far as its terminals are looked for. */
export interface Guest {
  readonly uid: number;
  /** Wall clock, milliseconds. Undefined: not known, and any terminal may be of this session. */
  readonly sinceAt: number | undefined;
}

/** Both are stamped by the same clock, in this order; the kernel stamps inodes with its last tick. */
const SLACK_MS = SECOND_MS;

/**
 * The pseudo terminals that may be of a session, such as `pts/0`, the oldest number first. Undefined: nobody can tell.
 */
export async function terminalsOf(
  root: string,
  { uid, sinceAt = Number.NEGATIVE_INFINITY }: Guest,
): Promise<readonly string[] | undefined> {
  try {
    const numbers = (await readdir(path.join(root, FOLDER))).filter((name) => NUMBER.test(name)).map(Number);
    const terminals = await Promise.all(
      numbers.map((number) => lookAt(path.join(root, FOLDER, `${number}`))),
    );
    const isOurs = (terminal: Stats | undefined): boolean =>
      terminal?.uid === uid && terminal.ctimeMs >= sinceAt - SLACK_MS;
    return numbers
      .filter((_, index) => isOurs(terminals[index]))
      .sort((a, b) => a - b)
      .map((number) => `pts/${number}`);
  } catch {
    return undefined;
  }
}

/** Undefined: it was closed meanwhile. */
async function lookAt(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file);
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}
