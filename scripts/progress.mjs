// Tells whoever waits for a long script which step is under way, in plain lines on standard error.
//
// For example:
//   package: [4/8] x86_64: make the RPM
//   package: [4/8] 10 s so far
//   package: [4/8] took 14 s
import process from 'node:process';

/** A step that lasts longer says that it is still under way. */
const REMINDER_MS = 10_000;
/** A step that took longer says how long. */
const LONG_MS = 2000;

export class Progress {
  #script;
  #total;
  #done = 0;

  /** `total` is the number of steps that are known so far. */
  constructor(script, total) {
    this.#script = script;
    this.#total = total;
  }

  /** More steps turn out to be needed. */
  expect(more) {
    this.#total += more;
  }

  /** Announces the next step, and returns what its later lines begin with. */
  begin(what) {
    this.#done += 1;
    const place = `${this.#script}: [${this.#done}/${this.#total}]`;
    process.stderr.write(`${place} ${what}\n`);
    return place;
  }

  /**
   * Runs `work` as the next step, and resolves with its result. `work` gets a function that takes the words for the next
   * reminder, for example `43 %`. It must not block the process for long, or the reminders are late.
   */
  async step(what, work) {
    const place = this.begin(what);
    const startMs = performance.now();
    const elapsed = () => `${Math.round((performance.now() - startMs) / 1000)} s`;
    let detail = '';
    const reminder = setInterval(() => {
      process.stderr.write(`${place} ${elapsed()} so far${detail === '' ? '' : `, ${detail}`}\n`);
    }, REMINDER_MS);
    let outcome = 'failed after';
    try {
      const result = await work((text) => (detail = text));
      outcome = 'took';
      return result;
    } finally {
      clearInterval(reminder);
      if (performance.now() - startMs >= LONG_MS) {
        process.stderr.write(`${place} ${outcome} ${elapsed()}\n`);
      }
    }
  }
}
