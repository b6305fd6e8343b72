/**
 * The agent's record on disk: ROOT/var/lib/zincati/state.json, readable by root and the agent alone.
 *
 * Invariants:
 * - Loading never fails. A file that is no record is put aside with a warning, and the agent starts with an empty
 *   record.
 * - A file of any size, kind or content does no harm.
 * - A store whose files went bad twice refuses to save. A record that cannot be relied on must not lead to reboots.
 * - A file that cannot be read for now (permissions, descriptors, the disk) is no bad file. It stays where it is, is never
 *   written over, and no reboot is asked for.
 * - A file of a newer version is not a bad one: the disk kept what was written.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

import type { RecordStore } from '../agent/ports.ts';
import { EMPTY_RECORD, type AgentRecord } from '../agent/record.ts';
import { FORMAT, readText, toText } from '../agent/record-text.ts';
import { reasonOf, RecordError } from '../errors.ts';
import { belongsTo, of, type Installation } from './installation.ts';
import { writeFileAtomically } from '../files/atomic-file.ts';
import { errorCode, isMissing } from '../files/error-code.ts';
import { readFileStart, SmallFileError } from '../files/read-small-file.ts';
import { RECORD_JSON } from '../text/bounded-json.ts';
import { SECOND_MS } from '../text/units.ts';

const FOLDER = 'var/lib/zincati';
const FILE = 'state.json';
const BAD = 'state.json.bad-';
/** Put aside as it was after a downgrade, for the next upgrade to find it whole. */
const NEWER = 'state.json.newer-';
/** Put aside as it was: /var outlived a reinstallation. */
const OTHER = 'state.json.other-';
/** With so many files that went bad, the store cannot be relied on. They are kept as evidence. */
const MOST_BAD = 2;
/** Nobody looks at more files of one kind than this, so the oldest goes. */
const MOST_KEPT = 5;
/** A warning names so many of the entries that were left out. */
const MOST_NAMED = 5;

/** Reads of a file that cannot be read for now. */
const ATTEMPTS = 3;
const PAUSE_MS = SECOND_MS;
/** What the system says of itself, not of the file's content. */
const FOR_NOW: readonly string[] = [
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'EIO',
  'ENOMEM',
  'ENOSPC',
  'EAGAIN',
  'EBUSY',
  'EINTR',
  'ESTALE',
  'ETIMEDOUT',
];

/** How the file is read, and how time passes between two attempts. */
interface Reading {
  readonly read: (file: string) => Promise<string>;
  readonly pause: (ms: number) => Promise<unknown>;
}

export interface LoadedRecord {
  readonly record: AgentRecord;
  /** What was wrong, in one sentence. Undefined: nothing. */
  readonly warning: string | undefined;
}

export class FileRecordStore implements RecordStore {
  readonly #folder: string;
  readonly #installation: Installation;
  readonly #reading: Reading;
  #unreliable: string | undefined;

  /** `root` is "/" on a host. */
  constructor(
    root: string,
    // Stryker disable next-line ObjectLiteral: without its parts it says the same.
    installation: Installation = { id: undefined, firstBoot: false },
    reading: Reading = { read: readRecord, pause: setTimeout },
  ) {
    this.#folder = path.join(root, FOLDER);
    this.#installation = installation;
    this.#reading = reading;
  }

  get file(): string {
    return path.join(this.#folder, FILE);
  }

  /** Never rejects. */
  async load(): Promise<LoadedRecord> {
    let text: string;
    try {
      text = await this.#readPatiently();
    } catch (error) {
      if (isMissing(error)) {
        return this.#start(undefined);
      }
      return isForNow(error) ? this.#leave(reasonOf(error)) : this.#putAside(reasonOf(error));
    }
    const read = readText(text);
    switch (read.kind) {
      case 'none':
        return this.#putAside(read.why);
      case 'newer':
        return this.#putAside(
          `it was written by a newer version of this program (format ${read.format}, this one knows ${FORMAT})`,
          NEWER,
        );
      case 'record':
        if (!belongsTo(read.record, this.#installation)) {
          // A slot that the old installation took is still taken.
          const { slots } = read.record;
          return this.#putAside('another installation of this machine wrote it', OTHER, {
            ...EMPTY_RECORD,
            slots,
          });
        }
        return this.#start(
          read.dropped.length === 0 ? undefined : `${this.file}: ${namesOf(read.dropped)}`,
          read.record,
        );
    }
  }

  /** Resolves when the record is on disk. Rejects with RecordError. */
  async save(record: AgentRecord): Promise<void> {
    if (this.#unreliable !== undefined) {
      throw new RecordError(this.#unreliable);
    }
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFileAtomically(this.file, toText(record), 0o600);
    } catch (error) {
      throw new RecordError(`cannot write ${this.file}: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** Descriptors and memory come back, and disks recover, within seconds or not at all. */
  async #readPatiently(): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#reading.read(this.file);
      } catch (error) {
        if (attempt === ATTEMPTS || !isForNow(error)) {
          throw error;
        }
      }
      await this.#reading.pause(PAUSE_MS);
    }
  }

  #leave(why: string): LoadedRecord {
    this.#unreliable = `cannot read ${this.file}: ${why}; it is left as it is, and no reboot is asked for until it can be read and the agent is restarted`;
    return { record: of(this.#installation, EMPTY_RECORD), warning: this.#unreliable };
  }

  async #putAside(why: string, prefix = BAD, left = EMPTY_RECORD): Promise<LoadedRecord> {
    const kept = await this.#asideFiles(prefix);
    const aside = path.join(this.#folder, `${prefix}${(kept.at(-1) ?? 0) + 1}`);
    const moved = await rename(this.file, aside).then(
      () => `it was put aside as ${aside}`,
      (error: unknown) => `it cannot be put aside: ${reasonOf(error)}`,
    );
    const surplus = kept
      .slice(0, 1 - MOST_KEPT)
      .map((number) => path.join(this.#folder, `${prefix}${number}`));
    // What cannot be removed now is tried again next time.
    await Promise.allSettled(surplus.map((file) => rm(file, { recursive: true })));
    return this.#start(`cannot use ${this.file}: ${why}; ${moved}; starting without a record`, left);
  }

  async #start(warning: string | undefined, record: AgentRecord = EMPTY_RECORD): Promise<LoadedRecord> {
    const bad = (await this.#asideFiles(BAD)).map((number) => `${BAD}${number}`);
    if (bad.length >= MOST_BAD) {
      this.#unreliable = `cannot rely on ${this.#folder}: ${bad.length} state files went bad there (${bad.join(', ')}); remove them once the cause is mended`;
    }
    const warnings = [warning, this.#unreliable].filter((text) => text !== undefined);
    return {
      record: of(this.#installation, record),
      warning: warnings.length === 0 ? undefined : warnings.join('; '),
    };
  }

  /** The numbers of the files that were put aside, ascending. */
  async #asideFiles(prefix: string): Promise<number[]> {
    // Stryker disable next-line ArrayDeclaration: a name that is no aside file's is left out below.
    const names = await readdir(this.#folder).catch(() => []);
    return names
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .filter((digits) => /^[1-9]\d{0,8}$/.test(digits))
      .map(Number)
      .sort((a, b) => a - b);
  }
}

function namesOf(dropped: readonly string[]): string {
  const more = dropped.length - MOST_NAMED;
  const names = dropped.slice(0, MOST_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return `left out what makes no sense (${dropped.length} in all): ${names}; the rest is used`;
}

/** The record below `root` as it is, with nothing put aside; undefined: none that can be read. Never rejects. */
export async function peekRecord(root: string): Promise<AgentRecord | undefined> {
  try {
    const read = readText(await readRecord(path.join(root, FOLDER, FILE)));
    return read.kind === 'record' ? read.record : undefined;
  } catch {
    return undefined;
  }
}

async function readRecord(file: string): Promise<string> {
  const { size, bytes, isWhole } = await readFileStart(file, RECORD_JSON.bytes);
  if (!isWhole) {
    throw new Error(`it must have at most ${RECORD_JSON.bytes} bytes, got ${size}`);
  }
  return bytes.toString('utf8');
}

/** Exported for its tests: whether a later attempt to read may succeed. */
export function isForNow(error: unknown): boolean {
  return error instanceof SmallFileError
    ? error.kind === 'timed_out'
    : FOR_NOW.includes(errorCode(error) ?? '');
}
