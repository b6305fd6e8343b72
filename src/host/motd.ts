/**
 * Notices that people see when they log in. They are files in the agent's own folder, so neither root nor a helper is
 * needed. Links beside that folder show them; the package's tmpfiles configuration makes folder and links.
 *
 * The folder is inside /run/motd.d, because files inherit its SELinux type. Programs for logging in may read that type,
 * and no other below /run. They pass folders over.
 *
 * Invariants:
 * - A file says what is true now, or is not there.
 * - What cannot be written is told once. It is tried again with the next change and every hour.
 * - The folder itself is never a link. So root can write here too: nobody but root can replace what is in /run/motd.d.
 * - Nothing here makes the agent wait for a disk while it has work to do.
 */
import { lstat, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';

import { reasonOf, printable } from '../errors.ts';
import { writeFileAtomically } from '../files/atomic-file.ts';
import { isMissing } from '../files/error-code.ts';

/** Below the root. Login programs show what is in here. */
export const MOTD_LINKS = 'run/motd.d';
/** Below the root. The links have the same names as the files here. */
export const MOTD_FOLDER = `${MOTD_LINKS}/zincati`;
export const MOTD_FILES = { deadend: '85-zincati-deadend.motd', health: '86-zincati-health.motd' } as const;
export type Notice = keyof typeof MOTD_FILES;

/** For everybody to read. */
const MODE = 0o644;

export function deadendNotice(reason: string): string {
  return `This release is a dead-end and will not further auto-update: ${printable(reason)}`;
}

/**
 * Writes a notice for everybody to read. `folder`: in the host's tree. No link that its owner plants in it is
 * followed. The content goes to a new file, which takes the place of whatever has the name. Rejects with the system's error,
 * and when the folder is none.
 */
export async function writeNotice(folder: string, notice: Notice, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await mustBeFolder(folder);
  await writeFileAtomically(path.join(folder, MOTD_FILES[notice]), `${text}\n`, MODE);
}

/** Removes the name, and nothing that a link leads to. Rejects as {@link writeNotice} does. */
export async function removeNotice(folder: string, notice: Notice): Promise<void> {
  try {
    await mustBeFolder(folder);
  } catch (error) {
    if (isMissing(error)) {
      return;
    }
    throw error;
  }
  await rm(path.join(folder, MOTD_FILES[notice]), { force: true });
}

async function mustBeFolder(folder: string): Promise<void> {
  if (!(await lstat(folder)).isDirectory()) {
    throw new Error(`ENOTDIR: ${folder} must be a folder, and not a link to one`);
  }
}

export class Motd {
  readonly #folder: string;
  readonly #warn: (text: string) => void;
  readonly #shown = new Map<Notice, string | undefined>();
  readonly #wanted = new Map<Notice, string | undefined>();
  #troubled = false;
  #running: Promise<void> = Promise.resolve();

  constructor(root: string, warn: (text: string) => void) {
    this.#folder = path.join(root, MOTD_FOLDER);
    this.#warn = warn;
  }

  /** `text`: without end of line. Undefined: the notice goes. Returns at once. */
  show(notice: Notice, text: string | undefined): void {
    this.#wanted.set(notice, text);
    this.#running = this.#running.then(() => this.#settle(notice));
  }

  /** Tries again to write what could not be written. */
  retry(): void {
    for (const [notice, text] of this.#wanted) {
      if (!this.#isShown(notice, text)) {
        this.show(notice, text);
      }
    }
  }

  /** Resolves when all writing is over. Never rejects. */
  async close(): Promise<void> {
    await this.#running;
  }

  #isShown(notice: Notice, text: string | undefined): boolean {
    return this.#shown.has(notice) && this.#shown.get(notice) === text;
  }

  async #settle(notice: Notice): Promise<void> {
    const text = this.#wanted.get(notice);
    if (this.#isShown(notice, text)) {
      return;
    }
    const file = path.join(this.#folder, MOTD_FILES[notice]);
    try {
      if (text === undefined) {
        await removeNotice(this.#folder, notice);
      } else {
        await writeNotice(this.#folder, notice, text);
      }
      this.#shown.set(notice, text);
      this.#troubled = false;
    } catch (error) {
      if (!this.#troubled) {
        this.#warn(`cannot write the login notice ${file}: ${reasonOf(error)}`);
      }
      this.#troubled = true;
    }
  }
}
