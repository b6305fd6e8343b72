/** A program on a real pseudo-terminal (on-terminal.py), and what a person sees on it (screen.ts). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { TerminalScreen } from './screen.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface PtyEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** The terminal has the modes that it had before. */
  readonly isRestored: boolean;
}

export class Pty implements AsyncDisposable {
  /** All that was printed, as it came. */
  output = '';
  readonly screen: TerminalScreen;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #ended: Promise<PtyEnd>;
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor(size: Size, command: readonly string[], env: Readonly<Record<string, string>>) {
    this.screen = new TerminalScreen(size);
    const script = join(import.meta.dirname, 'on-terminal.py');
    const args = [script, String(size.columns), String(size.rows), ...command];
    this.#child = spawn('/usr/bin/python3', args, { stdio: 'pipe', env });
    let told = '';
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (told += text));
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      this.screen.write(text);
      this.#wake();
    });
    this.#closed = once(this.#child, 'close');
    this.#ended = this.#closed.then(() => {
      this.#isOver = true;
      this.#wake();
      return JSON.parse(told) as PtyEnd;
    });
    // Nobody may have asked for the end.
    this.#ended.catch(() => undefined);
  }

  press(keys: string): void {
    this.#child.stdin?.write(`press ${Buffer.from(keys).toString('hex')}\n`);
  }

  resize(size: Size): void {
    this.screen.resize(size);
    this.#child.stdin?.write(`size ${size.columns} ${size.rows}\n`);
  }

  /** Resolves when the lines of the screen are as `isSo` says. Rejects if the program ends before. */
  async shows(isSo: (lines: readonly string[]) => boolean): Promise<void> {
    while (!isSo(this.screen.lines())) {
      if (this.#isOver) {
        throw new Error(`it must not end before, got:\n${this.screen.lines().join('\n')}`);
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  end(): Promise<PtyEnd> {
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Its terminal goes with it, and that ends the program.
    this.#child.kill('SIGKILL');
    await this.#closed;
  }
}
