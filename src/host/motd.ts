/**
 * Notices that people see when they log in. They are files in the agent's own folder, so neither root nor a helper is
 * needed. Links in /run/motd.d show them; the package's tmpfiles configuration makes the links.
 *
 * Invariants:
 * - A file says what is true now, or is not there.
 * - What cannot be written is told once. It is tried again with the next change and every hour.
 * - Nothing here makes the agent wait for a disk while it has work to do.
 */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';

import { messageOf, printable } from '../errors.ts';
import { writeFileAtomically } from '../files/atomic-file.ts';

/** Below the root. The links in /run/motd.d have the same names as the files here. */
export const MOTD_FOLDER = 'run/zincati/motd';
export const MOTD_FILES = { deadend: '85-zincati-deadend.motd', health: '86-zincati-health.motd' } as const;
export type Notice = keyof typeof MOTD_FILES;

/** For everybody to read. */
const MODE = 0o644;

export function deadendNotice(reason: string): string {
  return `This release is a dead-end and will not further auto-update: ${printable(reason)}`;
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
        await rm(file, { force: true });
      } else {
        await mkdir(this.#folder, { recursive: true, mode: 0o755 });
        await writeFileAtomically(file, `${text}\n`, MODE);
      }
      this.#shown.set(notice, text);
      this.#troubled = false;
    } catch (error) {
      if (!this.#troubled) {
        this.#warn(`cannot write the login notice ${file}: ${messageOf(error)}`);
      }
      this.#troubled = true;
    }
  }
}
