/** A child process that reads and writes lines. Its lines are awaited one by one. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export class LineProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<unknown>;
  complaint = '';

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(command, args, { env: { ...process.env, ...env } });
    this.#child.stderr.on('data', (chunk: Buffer) => (this.complaint += chunk.toString()));
    // The process may be gone before it has read its input.
    this.#child.stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#exited = once(this.#child, 'exit');
  }

  tell(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** The next line of its standard output. */
  async line(): Promise<string> {
    const next = await this.#lines.next();
    if (next.done === true) {
      throw new Error(`the process must print a line, got its end: ${this.complaint}`);
    }
    return next.value;
  }

  /** Stops the process where it is, or lets it go on. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Ends the process at once, like a crash. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}
