/**
 * Keeps the history: hears of what happens, and writes down what will matter to people later.
 *
 * Invariants:
 * - It never throws and never waits; the history writes when it can.
 * - A whole update is told once, when the node has booted into it.
 */
import type { Health } from '../agent/health.ts';
import type { Happening } from '../agent/happenings.ts';
import type { Progress } from '../agent/ports.ts';
import type { Target } from '../agent/release.ts';
import type { Model } from '../agent/state.ts';
import type { HistoryLog } from '../history/history-log.ts';
import { wholeUpdate, type WholeUpdate } from '../history/whole-update.ts';
import { entryOf, payloadText } from './entries-of.ts';

export class Historian {
  readonly #log: Pick<HistoryLog, 'append' | 'entries'>;
  readonly #onUpdated: (update: WholeUpdate) => void;
  /** Of the release that is being staged; undefined: rpm-ostree has said nothing yet. */
  #bytes: number | undefined;
  #isStalled = false;

  /** `onUpdated` hears of each whole update. It must not throw. */
  constructor(
    log: Pick<HistoryLog, 'append' | 'entries'>,
    onUpdated: (update: WholeUpdate) => void = () => undefined,
  ) {
    this.#log = log;
    this.#onUpdated = onUpdated;
  }

  happened(happening: Happening, at: number, model: Model): void {
    const entry = entryOf(happening, at, model);
    if (happening.kind === 'selected') {
      this.#bytes = undefined;
    }
    if (entry === undefined) {
      return;
    }
    const bytes = entry.kind === 'staged' && this.#bytes !== undefined ? { bytes: this.#bytes } : {};
    this.#log.append({ ...entry, fields: { ...entry.fields, ...bytes } });
    if (happening.kind === 'booted-as-asked') {
      void this.#updated(happening.target, at);
    }
  }

  progress({ bytesTransferred }: Progress): void {
    if (bytesTransferred !== undefined) {
      this.#bytes = Math.max(this.#bytes ?? 0, bytesTransferred);
    }
  }

  /** Told of each change of the health. */
  healthIs({ cause, text, sinceAt }: Health, at: number): void {
    const isStalled = cause === 'not_getting_on';
    if (isStalled && !this.#isStalled) {
      this.#log.append({ at, kind: 'stalled', text, fields: sinceAt === undefined ? {} : { sinceAt } });
    }
    this.#isStalled = isStalled;
  }

  /** `reason`: one sentence. */
  configurationRefused(reason: string, at: number): void {
    const text = `the configuration on disk cannot be used: ${reason}`;
    this.#log.append({ at, kind: 'configuration-refused', text, fields: {} });
  }

  async #updated({ version, payload }: Target, at: number): Promise<void> {
    const update = wholeUpdate(await this.#log.entries(), version, payloadText(payload), at);
    const { text, fields } = update;
    this.#log.append({ at, kind: 'updated', text, fields });
    this.#onUpdated(update);
  }
}
