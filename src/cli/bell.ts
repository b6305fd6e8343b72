/** Wakes one waiter. A ring that comes while nobody waits is not lost. */
export class Bell {
  #hasRung = false;
  #wake: () => void = () => undefined;

  ring(): void {
    this.#hasRung = true;
    this.#wake();
  }

  /** Resolves at the next ring, at once for one since the last wait, and when `signal` aborts. */
  async rung(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const wake = (): void => resolve(undefined);
    this.#wake = wake;
    signal.addEventListener('abort', wake, { once: true });
    if (this.#hasRung || signal.aborted) {
      wake();
    }
    await promise;
    signal.removeEventListener('abort', wake);
    this.#hasRung = false;
  }
}
