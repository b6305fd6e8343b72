/**
 * Waits for what the configuration needs and the host does not have yet: Afterburn's file, a directory, the machine id.
 *
 * Invariants:
 * - What a person must mend in a file ends the wait, and is thrown as it came. Only a slot to be given back comes before.
 * - It reads again after growing pauses, and soon after one of the files has changed.
 * - The same reason is told once.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../agent/ports.ts';
import { ATTRIBUTES_FILE } from '../config/attribute-template.ts';
import { DROP_IN_DIRECTORIES } from '../config/drop-ins.ts';
import { type ConfigError, type IdentityError, isSetupError, messageOf } from '../errors.ts';
import { MINUTE_MS, SECOND_MS } from '../text/units.ts';

export type AwaitedError = ConfigError | IdentityError;

/** Whether waiting may help. False for every fault that a person must mend. Pure. */
export function mayCome(error: unknown): error is AwaitedError {
  return isSetupError(error) && error.mayCome;
}

export const FIRST_PAUSE_MS = 2 * SECOND_MS;
export const LONGEST_PAUSE_MS = MINUTE_MS;
/** How often the files are looked at. A look costs a few system calls, and there is nothing else to do. */
export const LOOK_EVERY_MS = SECOND_MS;

export interface AwaitOptions<R> {
  /** Whether the agent goes on waiting after such an error; asked anew after each. */
  readonly isAwaited: (error: unknown) => error is AwaitedError;
  /** Rejects with ConfigError or IdentityError. */
  readonly read: () => Promise<R>;
  /** Changes when one of the files changes. Must not reject. */
  readonly look: () => Promise<string>;
  /** Called with each reason that differs from the one before. */
  readonly onWaiting: (error: AwaitedError) => void;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly signal: AbortSignal;
}

/** A wait that somebody can cut short. */
export class ConfigurationWait<R> {
  readonly #options: AwaitOptions<R>;
  #isRung = false;

  constructor(options: AwaitOptions<R>) {
    this.#options = options;
  }

  /** The next look reads again, whatever it sees. */
  ring(): void {
    this.#isRung = true;
  }

  /**
   * `first`: why the configuration could not be read. Resolves with the reading, or with undefined when the signal is
   * aborted. Rejects with the error that a person must mend.
   */
  async reading(first: AwaitedError): Promise<R | undefined> {
    const { isAwaited, read, look, onWaiting, signal } = this.#options;
    let told = first.message;
    onWaiting(first);
    let seen = await look();
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      await this.#pause(pauseMs, seen);
      if (isAborted(signal)) {
        return undefined;
      }
      this.#isRung = false;
      // Looked at before it is read: what changes meanwhile is read once more.
      seen = await look();
      try {
        return await read();
      } catch (error) {
        if (!isAwaited(error)) {
          throw error;
        }
        if (error.message !== told) {
          told = error.message;
          onWaiting(error);
        }
      }
    }
  }

  async #pause(pauseMs: number, seen: string): Promise<void> {
    const { look, clock, signal } = this.#options;
    const untilMono = clock.monotonic() + pauseMs;
    while (!isAborted(signal) && clock.monotonic() < untilMono) {
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
      if (this.#isRung || (await look()) !== seen) {
        return;
      }
    }
  }
}

/** A function of its own, since the compiler would otherwise take the loop's condition for still true. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** What the start reads, and what may appear late. */
const WATCHED = [ATTRIBUTES_FILE, '/etc/machine-id', ...DROP_IN_DIRECTORIES];

/** The state of those files below `root` as a text to compare. Never rejects. */
export async function lookAtFiles(root: string): Promise<string> {
  const states = await Promise.all(
    WATCHED.map((file) =>
      lstat(join(root, file)).then(
        ({ dev, ino, size, mode, mtimeMs, ctimeMs }) => [dev, ino, size, mode, mtimeMs, ctimeMs].join(' '),
        messageOf,
      ),
    ),
  );
  return states.join('\n');
}
