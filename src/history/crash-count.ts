/**
 * How many starts of the agent in a row ended without a clean stop: ROOT/var/lib/zincati/starts.json.
 *
 * Invariants:
 * - The file is written before anything is done that may crash, and removed by a clean stop or after a calm hour.
 * - Starts in another boot of the machine do not count: a power cut is no crash.
 * - Trouble with the file never stops the agent. It then counts nothing.
 */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';

import { writeFileAtomically } from '../files/atomic-file.ts';
import { readSmallText } from '../files/read-small-file.ts';
import { parseJsonText, SMALL_JSON } from '../text/bounded-json.ts';
import { HOUR_MS, MINUTE_MS } from '../text/units.ts';

const FOLDER = 'var/lib/zincati';
const FILE = 'starts.json';

/** A start that went well for so long is forgotten. */
export const CALM_MS = HOUR_MS;
/** So many starts in a row may crash before the agent rests: one or two are no pattern. */
export const CRASHES_BEFORE_REST = 3;
const FIRST_REST_MS = 10 * MINUTE_MS;
const LONGEST_REST_MS = 12 * HOUR_MS;
const MOST_COUNTED = 1000;

/** How long to rest after so many crashes in a row; 0: not at all. */
export function restMs(crashes: number): number {
  if (crashes < CRASHES_BEFORE_REST) {
    return 0;
  }
  return Math.min(FIRST_REST_MS * 2 ** Math.min(crashes - CRASHES_BEFORE_REST, 20), LONGEST_REST_MS);
}

export class CrashCount {
  readonly #file: string;
  readonly #bootId: string;

  /** `root` is "/" on a host. */
  constructor(root: string, bootId: string) {
    this.#file = path.join(root, FOLDER, FILE);
    this.#bootId = bootId;
  }

  /** Counts this start, and resolves with the number of those before it that crashed. `at`: now. Never rejects. */
  async begin(at: number): Promise<number> {
    const crashes = await this.#before(at);
    await this.#write(crashes + 1, at);
    return crashes;
  }

  /** A rest is over and work begins: what crashes from now on is the next crash, however long the rest was. */
  async resume(crashes: number, at: number): Promise<void> {
    await this.#write(crashes + 1, at);
  }

  /** A clean stop, or a calm hour. Never rejects. */
  async clear(): Promise<void> {
    await rm(this.#file, { force: true }).catch(() => undefined);
  }

  async #before(at: number): Promise<number> {
    let found: unknown;
    try {
      found = parseJsonText(await readSmallText(this.#file), SMALL_JSON);
    } catch {
      return 0;
    }
    if (
      typeof found !== 'object' ||
      found === null ||
      !('count' in found) ||
      !('at' in found) ||
      !('bootId' in found)
    ) {
      return 0;
    }
    const { count, at: lastAt, bootId } = found;
    const isRecent = typeof lastAt === 'number' && Math.abs(at - lastAt) < CALM_MS;
    return typeof count === 'number' &&
      Number.isSafeInteger(count) &&
      count > 0 &&
      bootId === this.#bootId &&
      isRecent
      ? Math.min(count, MOST_COUNTED)
      : 0;
  }

  async #write(count: number, at: number): Promise<void> {
    const text = `${JSON.stringify({ count, at, bootId: this.#bootId })}\n`;
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 })
      .then(() => writeFileAtomically(this.#file, text, 0o600))
      .catch(() => undefined);
  }
}
