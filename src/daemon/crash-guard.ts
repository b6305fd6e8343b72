/**
 * What comes of crash after crash: an agent that is up, does nothing for a while, and says why. Each time it tries again
 * later than before.
 *
 * Invariant: a stop that was asked for, and a configuration that is refused, are no crashes.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Clock } from '../agent/ports.ts';
import { isSetupError } from '../errors.ts';
import { CALM_MS, CrashCount, restMs } from '../history/crash-count.ts';
import type { Logger } from '../log/log.ts';
import type { Reporter } from '../report/reporter.ts';
import { longDate } from '../text/long-date.ts';

export interface CrashGuardOptions {
  readonly root: string;
  readonly bootId: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly signal: AbortSignal;
}

export class CrashGuard {
  readonly #options: CrashGuardOptions;
  readonly #count: CrashCount;
  #crashes = 0;
  #calm: NodeJS.Timeout | undefined;

  constructor(options: CrashGuardOptions) {
    this.#options = options;
    this.#count = new CrashCount(options.root, options.bootId);
  }

  /** Before anything that may crash. Never rejects. */
  async begin(): Promise<void> {
    this.#crashes = await this.#count.begin(this.#options.clock.now());
  }

  /** Runs a part of the start. Rejects as that does. */
  async unlessRefused<T>(start: () => Promise<T>): Promise<T> {
    try {
      return await start();
    } catch (error) {
      if (isSetupError(error)) {
        await this.#count.clear();
      }
      throw error;
    }
  }

  /** Whether the loop has to wait for longer than a moment. */
  get rests(): boolean {
    return restMs(this.#crashes) > 0;
  }

  /** Resolves when the loop may begin: at once, unless several starts before this one crashed. Never rejects. */
  async rest(log: Pick<Logger, 'error' | 'info'>, reporter: Pick<Reporter, 'crashed'>): Promise<void> {
    const { clock, signal } = this.#options;
    const ms = restMs(this.#crashes);
    if (ms > 0) {
      const sinceAt = clock.now();
      const restUntilAt = sinceAt + ms;
      log.error(
        `the last ${this.#crashes} starts crashed: idle until ${longDate(restUntilAt)}, with neither checks nor staging`,
      );
      reporter.crashed({ count: this.#crashes, sinceAt, restUntilAt });
      await sleep(ms, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) {
        return;
      }
      log.info('trying again after the crashes before');
      reporter.crashed({ count: this.#crashes, sinceAt, restUntilAt: undefined });
      await this.#count.resume(this.#crashes, clock.now());
    }
    this.#calm = setTimeout(() => {
      void this.#count.clear();
      reporter.crashed(undefined);
    }, CALM_MS).unref();
  }

  /** A clean stop. Never rejects. */
  async cleared(): Promise<void> {
    await this.#count.clear();
  }

  close(): void {
    clearTimeout(this.#calm);
  }
}
