/**
 * A request from outside that may come at any time and any number of times, such as SIGHUP, and its one answer.
 *
 * Invariants: answers never overlap; whoever rings while an answer is under way, or before anybody answers, gets one
 * answer after it; rings that come together are answered together.
 */
export class Doorbell {
  #answer: (() => Promise<void>) | undefined;
  #rung = false;
  #answering: Promise<void> | undefined;

  ring(): void {
    this.#rung = true;
    this.#start();
  }

  /** `answer` must not reject. */
  onRing(answer: () => Promise<void>): void {
    this.#answer = answer;
    this.#start();
  }

  /** Resolves when the answer under way is over; nothing is answered after it. */
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
