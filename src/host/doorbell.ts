/**
 * A request from outside that may come at any time and any number of times, such as SIGHUP, and its answer.
 *
 * Invariants:
 * - Answers never overlap.
 * - A ring during an answer, or before anybody is there to answer, gets one answer afterwards.
 * - Rings that come together get one answer together.
 */
export class Doorbell {
  #answer: (() => Promise<void>) | undefined;
  #rung = false;
  #answering: Promise<void> | undefined;

  ring(): void {
    this.#rung = true;
    this.#start();
  }

  /** As `ring`. Resolves when an answer that began after it is over; at once where nobody answers. */
  async rung(): Promise<void> {
    this.ring();
    await this.#answering;
  }

  /** `answer` must not reject. */
  onRing(answer: () => Promise<void>): void {
    this.#answer = answer;
    this.#start();
  }

  /** Resolves when the answer under way is over. Later rings get no answer. */
  async close(): Promise<void> {
    this.#answer = undefined;
    await this.#answering;
  }

  #start(): void {
    if (this.#rung && this.#answer !== undefined) {
      this.#answering ??= this.#run();
    }
  }

  async #run(): Promise<void> {
    while (this.#rung && this.#answer !== undefined) {
      this.#rung = false;
      await this.#answer();
    }
    this.#answering = undefined;
  }
}
