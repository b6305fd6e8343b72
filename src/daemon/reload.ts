/**
 * The configuration in use, and how another one takes its place. It is read again, and refused without effect when it
 * cannot be used. Otherwise it is taken into use between two effects.
 *
 * Invariant: whatever can fail comes before anything is changed.
 */
import type { Runner } from '../agent/runner.ts';
import { ConfigError, linesOf } from '../errors.ts';
import type { Notifier } from '../host/notify.ts';
import { tellReading, tellRestart, tellStrategies } from './tell-configuration.ts';
import { isSameConfiguration, readConfiguration } from './configuration.ts';
import { configure, type Configured } from './configured.ts';
import type { Lasting } from './lasting.ts';

export interface ReloadOptions {
  readonly lasting: Lasting;
  readonly notifier: Pick<Notifier, 'reloading' | 'ready'>;
  /** As it is at the start. */
  readonly configured: Configured;
  readonly runner: Pick<Runner<Configured>, 'reconfigure'>;
}

export class ConfigurationInUse {
  readonly #options: ReloadOptions;
  #configured: Configured;
  #problem: unknown;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#configured = options.configured;
  }

  /** Never rejects: a configuration that cannot be used is told in the log, the status and the metrics. */
  async reload(): Promise<void> {
    this.#problem = undefined;
    const { lasting, notifier } = this.#options;
    notifier.reloading();
    try {
      await this.#takeNext();
    } catch (error) {
      lasting.log.error(
        `the configuration was read again and is refused, the one before it stays in use: ${linesOf(error)}`,
      );
      if (error instanceof ConfigError) {
        for (const note of error.notes) {
          lasting.log.warn(note);
        }
      }
      this.#problem = error;
      lasting.reporter.configurationRefused(linesOf(error));
    }
    notifier.ready(lasting.reporter.status);
    lasting.heap.worked();
  }

  /** What was wrong at the last reload; undefined: nothing. */
  get problem(): unknown {
    return this.#problem;
  }

  async #takeNext(): Promise<void> {
    const { lasting, runner } = this.#options;
    const { root, log, metrics, clock, reporter } = lasting;
    const before = this.#configured;
    const reading = await readConfiguration(root, log);
    const isSame = isSameConfiguration(before.reading, reading);
    const next = isSame ? before : await configure(reading, before.policy.bootId, lasting, before);
    reporter.configurationAccepted();
    tellReading(log, metrics, reading, clock.now(), isSame);
    if (isSame) {
      return;
    }
    tellRestart(log, before.reading, reading);
    await tellStrategies(log, reading, next.gates, clock.now());
    this.#configured = next;
    runner.reconfigure(next);
  }
}
