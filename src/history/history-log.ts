/**
 * The history on disk: ROOT/var/lib/zincati/history.log, readable by root and the agent alone.
 *
 * Invariants:
 * - Entries are appended one after the other, and each is flushed. SIGKILL loses at most the one being written.
 * - A torn last line is ended before the next entry is appended, so it spoils nothing but itself.
 * - The file stays below {@link MOST_BYTES}: it is then written anew, whole, without the entries of least worth.
 * - Nothing here rejects or waits for long: a history that cannot be written is told once, and the agent goes on.
 * - Only what is no regular file of ours, or far too large, is put aside.
 */
import { constants } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';

import { writeFileAtomically } from '../files/atomic-file.ts';
import { isMissing } from '../files/error-code.ts';
import { readFileStart, SmallFileError } from '../files/read-small-file.ts';
import { messageOf } from '../errors.ts';
import { KIBIBYTE, MEBIBYTE } from '../text/units.ts';
import type { Entry } from './entry.ts';
import { lineOf, readEntries, type ReadEntries } from './entry-text.ts';
import { pruned } from './prune.ts';

const FOLDER = 'var/lib/zincati';
const FILE = 'history.log';
const ASIDE = 'history.log.old';

export const MOST_BYTES = MEBIBYTE;
/** After pruning: room for some hundred entries until the next time. */
const PRUNED_BYTES = 768 * KIBIBYTE;
/** Twice what we write: more was not written by us. */
const READ_BYTES = 2 * MEBIBYTE;
/** Entries that wait for a disk. More are lost. */
const MOST_WAITING = 256;

const NOTHING: ReadEntries = { entries: [], damaged: 0, endsWhole: true };

export interface HistoryLogOptions {
  /** "/" on a host. */
  readonly root: string;
  /** Told once about each trouble. */
  readonly warn: (text: string) => void;
}

export class HistoryLog {
  readonly #options: HistoryLogOptions;
  readonly #folder: string;
  readonly #listeners = new Set<(entry: Entry) => void>();
  #waiting: Entry[] = [];
  #lost = 0;
  #isTroubled = false;
  #endsWhole = true;
  #bytes = 0;
  #work: Promise<void> = Promise.resolve();
  #isWriting = false;

  constructor(options: HistoryLogOptions) {
    this.#options = options;
    this.#folder = path.join(options.root, FOLDER);
  }

  get file(): string {
    return historyFile(this.#options.root);
  }

  /** Resolves with what is there, the oldest first. Never rejects. */
  async open(): Promise<readonly Entry[]> {
    try {
      const { size, isWhole, read } = await readHistory(this.file);
      if (!isWhole) {
        await this.#putAside(`it must have at most ${READ_BYTES} bytes, got ${size}`);
        return [];
      }
      this.#endsWhole = read.endsWhole;
      this.#bytes = size;
      if (read.damaged > 0) {
        this.#options.warn(`${this.file}: ${read.damaged} damaged lines are left out`);
      }
      return read.entries;
    } catch (error) {
      if (error instanceof SmallFileError && error.kind === 'not_regular') {
        await this.#putAside(messageOf(error));
      } else {
        this.#options.warn(`cannot read ${this.file}: ${messageOf(error)}`);
      }
      return [];
    }
  }

  /** Never throws and never waits. The listeners hear of it at once. */
  append(entry: Entry): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#waiting.shift();
      this.#lost += 1;
    }
    this.#waiting.push(entry);
    for (const listener of this.#listeners) {
      listener(entry);
    }
    this.#write();
  }

  /** Returns the way to stop it. `listener` must not throw. */
  onAppended(listener: (entry: Entry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Everything that is kept, the oldest first. What cannot be read is empty. Never rejects. */
  async entries(): Promise<readonly Entry[]> {
    await this.#work;
    const { read } = await readHistory(this.file).catch(() => ({ read: NOTHING }));
    return [...read.entries, ...this.#waiting];
  }

  /** Resolves when everything so far is on disk, or cannot be written for now. Never rejects. */
  async written(): Promise<void> {
    await this.#work;
  }

  /** Resolves when everything that can be written is written. */
  async close(): Promise<void> {
    await this.#work;
  }

  #write(): void {
    if (this.#isWriting) {
      return;
    }
    this.#isWriting = true;
    this.#work = this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    for (;;) {
      const [entry] = this.#waiting;
      if (entry === undefined) {
        this.#isWriting = false;
        return;
      }
      try {
        await this.#appendLine(lineOf(entry));
      } catch (error) {
        if (!this.#isTroubled) {
          this.#isTroubled = true;
          this.#options.warn(`cannot write ${this.file}: ${messageOf(error)}; the history waits`);
        }
        // With the next entry it is tried again.
        this.#isWriting = false;
        return;
      }
      if (this.#isTroubled) {
        this.#isTroubled = false;
        const lost = this.#lost === 0 ? '' : `; ${this.#lost} entries are lost`;
        this.#options.warn(`${this.file} can be written again${lost}`);
        this.#lost = 0;
      }
      // It may have been dropped to make room while it was written.
      if (this.#waiting[0] === entry) {
        this.#waiting.shift();
      }
    }
  }

  async #appendLine(line: string): Promise<void> {
    const text = this.#endsWhole ? line : `\n${line}`;
    const length = Buffer.byteLength(text);
    if (this.#bytes + length > MOST_BYTES) {
      await this.#prune();
    }
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    const handle = await open(this.file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    try {
      if (!(await handle.stat()).isFile()) {
        throw new Error('it must be a regular file');
      }
      // Until the line is known to be whole it may be torn.
      this.#endsWhole = false;
      await handle.writeFile(text);
      await handle.datasync();
      this.#endsWhole = true;
      this.#bytes += length;
    } finally {
      await handle.close();
    }
  }

  async #prune(): Promise<void> {
    const { read } = await readHistory(this.file);
    const lines = pruned(read.entries, PRUNED_BYTES).join('');
    await writeFileAtomically(this.file, lines, 0o600);
    this.#bytes = Buffer.byteLength(lines);
    this.#endsWhole = true;
  }

  async #putAside(why: string): Promise<void> {
    const aside = path.join(this.#folder, ASIDE);
    const moved = await rename(this.file, aside).then(
      () => `it was put aside as ${aside}`,
      (error: unknown) => `it cannot be put aside: ${messageOf(error)}`,
    );
    this.#options.warn(`cannot use ${this.file}: ${why}; ${moved}`);
  }
}

/** `root` is "/" on a host. */
export function historyFile(root: string): string {
  return path.join(root, FOLDER, FILE);
}

/** Reads a history, also without the agent. A file that is not there is empty. Follows no link in its last part. */
export async function readHistory(
  file: string,
): Promise<{ readonly size: number; readonly isWhole: boolean; readonly read: ReadEntries }> {
  try {
    const { size, isWhole, bytes } = await readFileStart(file, READ_BYTES, 'refuse');
    return { size, isWhole, read: readEntries(bytes) };
  } catch (error) {
    if (isMissing(error)) {
      return { size: 0, isWhole: true, read: NOTHING };
    }
    throw error;
  }
}
